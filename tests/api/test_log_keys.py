"""A server that holds several keys of its log: what it signs with, what it publishes, and when it cannot."""

import base64
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.heads import short_note_of
from api.settings import Settings
from ledger.log.checkpoint import open_checkpoint
from ledger.log.cosignature import TimedSigner, mldsa44_cosigner
from ledger.log.note import KeyKind, ed25519_note_signer, format_vkey, parse_note, parse_vkey
from ledger.signing.mldsa import Mldsa44Key
from tests.acts import ORIGIN, Founding, founding
from tests.api.served import Served, caught_up, found, served, settings_for, signer_of

KEYS = "/.well-known/guarantee-ledger/keys"
PQ, NEXT = Mldsa44Key(secrets.token_bytes(32)), secrets.token_bytes(32)
NEXT_VKEY = format_vkey(ed25519_note_signer(ORIGIN, NEXT).vkey)


@pytest.fixture
def made() -> Founding:
    return founding(further_signers=[TimedSigner(mldsa44_cosigner(ORIGIN, PQ.seed), lambda: 1_700_000_000)])


@pytest.fixture
def settings(made: Founding, database_url: str, tmp_path: Path) -> Settings:
    further = (signer_of(NEXT),)
    return replace(settings_for(made, database_url, tmp_path), mldsa_key=PQ, further_keys=further)


@pytest.fixture
def server(settings: Settings) -> Iterator[Served]:
    with served(settings) as one:
        yield one


def adopting(made: Founding, *keys: str) -> bytes:
    return made.depositary.act("log_keys.adopted", log_keys=list(keys))


def test_both_keys_sign_and_the_header_leaves_the_long_line_out(server: Served, made: Founding) -> None:
    told = server.get("/v1/ledger").json()["log_keys"]
    assert [parse_vkey(key).kind for key in told] == [KeyKind.ED25519, KeyKind.COSIGNATURE_MLDSA44]
    found(server, made)
    assert server.get("/v1/ledger").json()["log_keys"] == told
    answer = server.get("/v1/checkpoint")
    for key in told:
        assert open_checkpoint(answer.content, ORIGIN, [parse_vkey(key)]).tree_size == len(made.raws)
    header = base64.b64decode(answer.headers["ledger-checkpoint"])
    assert len(answer.headers["ledger-checkpoint"]) < 512 < len(answer.content)
    assert open_checkpoint(header, ORIGIN, [parse_vkey(told[0])]).tree_size == len(made.raws)
    assert [line.key_id for line in parse_note(header).signatures] == [parse_vkey(told[0]).key_id]
    assert short_note_of(answer.content) == header
    assert short_note_of(header) == header


def test_the_keys_are_published_and_those_that_were_replaced_stay(server: Served, made: Founding) -> None:
    first = server.get(KEYS)
    assert first.headers["content-type"] == "text/plain; charset=utf-8"
    ed25519, mldsa = server.get("/v1/ledger").json()["log_keys"]
    assert first.text == f"{ed25519}\n{mldsa}\n"
    found(server, made)
    assert server.get(KEYS).text == first.text
    assert server.post(adopting(made, ed25519, NEXT_VKEY, mldsa)).status_code == 201
    assert server.get(KEYS).text == f"{ed25519}\n{NEXT_VKEY}\n{mldsa}\n"
    answer = server.post(adopting(made, NEXT_VKEY))
    assert answer.status_code == 201
    assert server.get(KEYS).text == f"{NEXT_VKEY}\n# retired\n{ed25519}\n{mldsa}\n"
    assert server.get("/v1/ledger").json()["log_keys"] == [NEXT_VKEY]
    assert len(parse_note(server.get("/v1/checkpoint").content).signatures) == 1
    # The pages show a key that signs by now.
    caught_up(server)
    assert NEXT_VKEY.replace("+", "&#43;") in (page := server.get("/verify").text) or NEXT_VKEY in page
    assert ed25519 not in page


def test_a_server_does_not_adopt_keys_that_it_does_not_hold(server: Served, made: Founding) -> None:
    found(server, made)
    stranger = format_vkey(ed25519_note_signer(ORIGIN, bytes(32)).vkey)
    answer = server.post(adopting(made, NEXT_VKEY, stranger))
    assert (answer.status_code, answer.json()["code"]) == (403, "key_unknown")
    assert answer.json()["expected"] == "log_keys that this server holds"
    assert answer.json()["got"] in stranger


def test_a_server_whose_keys_were_replaced_elsewhere_reads_on_and_admits_nothing(
    server: Served, settings: Settings, made: Founding
) -> None:
    found(server, made)
    with served(replace(settings, further_keys=())) as old:
        assert old.get("/readyz").status_code == 200
        raw = made.offices["gb"].renaming()
        assert server.post(adopting(made, NEXT_VKEY)).status_code == 201
        before = server.tree_size()
        answer = old.post(raw)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
        assert answer.json()["expected"] == "a process that holds every key of the log in force"
        assert old.get("/readyz").status_code == 503
        assert old.get("/v1/checkpoint").status_code == 200
        assert server.tree_size() == before
        assert server.post(raw).status_code == 201
