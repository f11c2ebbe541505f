"""Bundles of a real server: every act of a random history has one, and both verifiers prove it."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.log.bundle import BUNDLE_HEADER, parse_bundle
from ledger.log.cosignature import TimedSigner, mldsa44_cosigner
from ledger.log.entry import parse_entry
from ledger.log.note import ed25519_note_signer, format_vkey
from ledger.signing.dsse import parse
from ledger.signing.mldsa import Mldsa44Key
from tests.acts import ORIGIN, founding, new_id
from tests.api.served import Served, found, served, settings_for, signer_of
from tests.audit.histories import History
from tests.postgres import fresh_database
from tests.verifier.javascript import NODE, Trust, needs_node, verdicts
from tests.verifier.ledgers import code_of, proved

DRAWS = 120


@pytest.fixture(scope="module")
def history() -> History:
    one = History(11)
    one.run(DRAWS)
    return one


@pytest.fixture(scope="module")
def ledger(postgres_server: str, history: History, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with (
        fresh_database(postgres_server) as url,
        served(settings_for(history.founding, url, tmp_path_factory.mktemp("data"))) as one,
    ):
        answers = one.batch(history.recorder.envelopes).text.splitlines()
        assert {json.loads(answer)["outcome"] for answer in answers} == {"admitted"}
        yield one


@pytest.fixture(scope="module")
def bundles(ledger: Served, history: History) -> list[bytes]:
    """The bundle of every act, in order."""
    ids = [parse(raw).event.id for raw in history.recorder.envelopes]
    return [ledger.get(f"/v1/events/{event_id}/bundle").content for event_id in ids]


@pytest.fixture(scope="module")
def trust(ledger: Served) -> Trust:
    return {"vkeys": ledger.get("/v1/ledger").json()["log_keys"]}


@needs_node
def test_both_prove_every_act_of_a_history(
    history: History, ledger: Served, bundles: list[bytes], trust: Trust
) -> None:
    kinds = {parse(raw).event.type for raw in history.recorder.envelopes}
    assert {"authority.granted", "authority.revoked", "commitment.made", "act.corrected"} <= kinds
    assert [code_of(raw, trust) for raw in bundles] == [0] * len(bundles)
    assert verdicts(trust, bundles) == [0] * len(bundles)
    assert {proved(raw, trust).proven.checkpoint.tree_size for raw in bundles} == {ledger.tree_size()}


def test_a_bundle_holds_what_was_recorded_about_its_authorities(bundles: list[bytes], trust: Trust) -> None:
    """Whoever was revoked, before or after, is told of in the bundle of each of its acts."""
    revoked = {}
    for raw in bundles:
        event = parse(parse_entry(parse_bundle(raw).act.raw).envelope).event
        if event.type == "authority.revoked":
            revoked[getattr(event, "revoked")] = event.id  # noqa: B009
    assert revoked
    told = 0
    for raw in bundles:
        acts = [parse(parse_entry(one.raw).envelope).event for one in parse_bundle(raw).entries]
        signers = {act.authority for act in acts}
        assert {revoked[one] for one in signers & revoked.keys()} <= {act.id for act in acts}
        told += bool(signers & revoked.keys())
    assert 0 < told < len(bundles)


def test_a_bundle_is_plain_text_and_may_change(ledger: Served, bundles: list[bytes], history: History) -> None:
    event_id = parse(history.recorder.envelopes[0]).event.id
    answer = ledger.get(f"/v1/events/{event_id}/bundle")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.content == bundles[0]
    assert answer.content.startswith(BUNDLE_HEADER)
    again = ledger.get(f"/v1/events/{event_id}/bundle", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_an_act_that_is_not_recorded_has_none(ledger: Served) -> None:
    answer = ledger.get(f"/v1/events/{new_id()}/bundle")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_verifier_is_served_under_its_own_policy(ledger: Served) -> None:
    here = Path(__file__).resolve().parents[2] / "docs" / "verifier"
    page = ledger.get("/verifier/")
    assert page.content == (here / "index.html").read_bytes()
    assert ledger.get("/verifier").headers["location"] == "/verifier/"
    for name in ("verify.mjs", "page.js", "page.css", "cli.mjs"):
        answer = ledger.get(f"/verifier/{name}")
        assert answer.content == (here / name).read_bytes()
        assert "'unsafe" not in answer.headers["content-security-policy"]
        assert "connect-src" not in answer.headers["content-security-policy"]
    assert ledger.get("/verifier/verify.mjs").headers["content-type"] == "text/javascript; charset=utf-8"
    assert ledger.get("/verifier/..%2f..%2fsettings.py").status_code == 404
    assert ledger.get("/verifier/secret").json()["code"] == "not_found"


def test_the_bundle_of_a_log_that_replaces_its_keys(database_url: str, tmp_path: Path) -> None:
    """Opened around an Ed25519 and an ML-DSA-44 key, then another is adopted: the same act is proven in both trees."""
    quantum, following = Mldsa44Key(secrets.token_bytes(32)), secrets.token_bytes(32)
    made = founding(further_signers=[TimedSigner(mldsa44_cosigner(ORIGIN, quantum.seed), lambda: 1_780_000_000)])
    settings = replace(
        settings_for(made, database_url, tmp_path), mldsa_key=quantum, further_keys=(signer_of(following),)
    )
    with served(settings) as one:
        found(one, made)
        address = f"/v1/events/{parse(made.raws[-1]).event.id}/bundle"
        first, before = one.get("/v1/ledger").json()["log_keys"][0], one.get(address).content
        adopted = format_vkey(ed25519_note_signer(ORIGIN, following).vkey)
        assert one.post(made.depositary.act("log_keys.adopted", log_keys=[adopted])).is_success
        after = one.get(address).content
    assert [len(parse_bundle(raw).entries) for raw in (before, after)] == [2, 3]
    for raw, key, other in ((before, first, adopted), (after, adopted, first)):
        assert code_of(raw, {"vkeys": [key]}) == 0
        assert code_of(raw, {"vkeys": [other]}) == 1
    if NODE is not None:
        assert verdicts({"vkeys": [first]}, [before, after]) == [0, 1]
        assert verdicts({"vkeys": [adopted]}, [before, after]) == [1, 0]
