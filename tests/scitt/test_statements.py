"""Statements: an envelope in a COSE_Sign1 by one of its signers, and nothing that only looks like it."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.events.keys import KeySet
from ledger.events.refusals import Refusal, Rejected
from ledger.intake.statements import (
    STATEMENT_BYTES_MAX,
    AlgorithmUnsupported,
    PayloadMissing,
    StatementMalformed,
    StatementMismatch,
    StatementRefused,
    check_statement,
    parse_statement,
)
from ledger.signing.signer import Signer, generate_ed25519, generate_p256
from tests.acts import Office, principal
from tests.scitt.cbor_by_hand import Tagged
from tests.scitt.stated import statement

Headers = dict[int, Any]


@pytest.fixture(scope="module")
def office() -> Office:
    """An authority with a key of each kind, of which one must sign."""
    return Office("gb", "gb/principal", signers=(generate_ed25519(), generate_p256(), generate_ed25519()))


@pytest.fixture(scope="module")
def envelope(office: Office) -> bytes:
    return office.proposed("party.renamed", subject="gb", names=[{"language": "en", "name": "One"}])


def keys_of(*offices: Office) -> Callable[[str], KeySet | None]:
    return {office.authority: office.keys for office in offices}.get


@pytest.mark.parametrize("which", [0, 1, 2])
def test_any_signer_of_the_act_may_make_the_statement(office: Office, envelope: bytes, which: int) -> None:
    opened = parse_statement(statement(envelope, office.signers[which]))
    check_statement(opened, keys_of(office))
    assert opened.envelope.raw == envelope
    assert (opened.issuer, opened.subject) == ("gb/principal", opened.envelope.event.id)


def test_what_is_not_signed_is_not_looked_at(office: Office, envelope: bytes) -> None:
    others: list[dict[Any, Any]] = [{394: [b"a receipt of another service"]}, {4: b"x", 1: -7}, {"a": [{}, None, -1]}]
    for unprotected in others:
        opened = parse_statement(statement(envelope, office.signers[0], unprotected=unprotected))
        check_statement(opened, keys_of(office))
        assert opened == parse_statement(statement(envelope, office.signers[0]))


def without(label: int) -> Callable[[Headers], Headers]:
    return lambda headers: {key: value for key, value in headers.items() if key != label}


def having(**changed: object) -> Callable[[Headers], Headers]:
    """Return a change of headers, whose labels are written `h15`."""
    return lambda headers: {**headers, **{int(name[1:]): value for name, value in changed.items()}}


MALFORMED: dict[str, dict[str, Any]] = {
    "no tag": {"tag": 98},
    "no algorithm": {"headers": without(1)},
    "no content type": {"headers": without(3)},
    "no kid": {"headers": without(4)},
    "no claims": {"headers": without(15)},
    "another content type": {"headers": having(h3="application/json")},
    "a content type by number": {"headers": having(h3=50)},
    "a kid that is a text": {"headers": having(h4="a" * 64)},
    "claims that are no map": {"headers": having(h15=["gb/principal"])},
    "one claim": {"headers": having(h15={1: "gb/principal"})},
    "a third claim": {"headers": lambda it: {**it, 15: {**it[15], 6: 1}}},
    "an issuer that is bytes": {"headers": lambda it: {**it, 15: {**it[15], 1: b"gb/principal"}}},
    "critical headers": {"headers": having(h2=[15])},
    "a certificate": {"headers": having(h33=b"x")},
    "a hash envelope": {"headers": having(h258=-16)},
    "headers that are an array": {"headers": lambda it: list(it)},
    "an unprotected header that is an array": {"unprotected": []},
    "an unprotected header with a tag": {"unprotected": {1: Tagged(1, 1)}},
    "a payload that is a text": {"payload": "x"},
}


@pytest.mark.parametrize("what", MALFORMED)
def test_another_form_is_malformed(office: Office, envelope: bytes, what: str) -> None:
    with pytest.raises(StatementMalformed, match="expected"):
        parse_statement(statement(envelope, office.signers[0], **MALFORMED[what]))


def test_bytes_that_are_no_statement_are_malformed(envelope: bytes, office: Office) -> None:
    raw = statement(envelope, office.signers[0])
    for other in (b"", b"\xd2", b"{}", raw[1:], raw[:-1], raw + b"\0", b"\xd8\x12" + raw[1:], b"\xd2" * 1000, envelope):
        with pytest.raises(StatementMalformed):
            parse_statement(other)


@pytest.mark.parametrize("algorithm", [-8, -7, -35, -37, -48, -49, -65535, 0, "Ed25519"])
def test_another_algorithm_is_not_taken(office: Office, envelope: bytes, algorithm: object) -> None:
    with pytest.raises(AlgorithmUnsupported, match=r"expected one of the algorithms -19 \(ED25519\), -9 \(ESP256\)"):
        parse_statement(statement(envelope, office.signers[0], headers=having(h1=algorithm)))


@pytest.mark.parametrize(("which", "algorithm"), [(0, -9), (1, -19)])
def test_the_algorithm_is_the_keys_and_not_the_statements(
    office: Office, envelope: bytes, which: int, algorithm: int
) -> None:
    opened = parse_statement(statement(envelope, office.signers[which], headers=having(h1=algorithm)))
    with pytest.raises(AlgorithmUnsupported, match="of the key"):
        check_statement(opened, keys_of(office))


def test_a_detached_payload_is_missing(office: Office, envelope: bytes) -> None:
    with pytest.raises(PayloadMissing):
        parse_statement(statement(envelope, office.signers[0], payload=None))


def test_the_envelope_is_read_as_anywhere_else(office: Office, envelope: bytes) -> None:
    for payload, refusal in (
        (b"", Refusal.NOT_JSON),
        (b"{}", Refusal.ENVELOPE_MALFORMED),
        (envelope + b" ", Refusal.NOT_CANONICAL),
        (envelope.replace(b"guarantee-ledger", b"guarantee-lodger"), Refusal.PAYLOAD_TYPE_UNKNOWN),
    ):
        with pytest.raises(Rejected) as caught:
            parse_statement(statement(envelope, office.signers[0], payload=payload))
        assert caught.value.refused.refusal is refusal


def test_the_largest_statement_is_read_and_one_byte_more_is_not(office: Office, envelope: bytes) -> None:
    def padded(length: int) -> bytes:
        return statement(envelope, office.signers[0], unprotected={1: bytes(length)})

    room = STATEMENT_BYTES_MAX - len(padded(4096)) + 4096
    assert len(padded(room)) == STATEMENT_BYTES_MAX
    check_statement(parse_statement(padded(room)), keys_of(office))
    with pytest.raises(Rejected) as caught:
        parse_statement(padded(room + 1))
    assert caught.value.refused.refusal is Refusal.ENVELOPE_TOO_LARGE


def mismatch(office: Office, raw: bytes) -> StatementRefused:
    with pytest.raises(StatementMismatch) as caught:
        check_statement(parse_statement(raw), keys_of(office))
    return caught.value


def test_a_statement_speaks_of_its_own_act(office: Office, envelope: bytes) -> None:
    signer = office.signers[0]
    other = statement(envelope, signer, headers=lambda it: {**it, 15: {**it[15], 1: "gb/defence"}})
    assert mismatch(office, other).expected == "issuer gb/principal, the act's authority"
    other = statement(envelope, signer, headers=lambda it: {**it, 15: {**it[15], 2: "commitment/gb-1"}})
    assert mismatch(office, other).got == "'commitment/gb-1'"


def test_a_statement_by_a_key_that_did_not_sign_the_envelope_is_refused(office: Office) -> None:
    """Also by one of the authority's own."""
    one = Office("gb", "gb/principal", signers=office.signers[:1])
    envelope = one.proposed("party.renamed", subject="gb", names=[{"language": "en", "name": "One"}])
    check_statement(parse_statement(statement(envelope, office.signers[0])), keys_of(office))
    for signer in (*office.signers[1:], generate_ed25519()):
        assert mismatch(office, statement(envelope, signer)).got == signer.key_id


def rejected(raw: bytes, *known: Office) -> Refusal:
    with pytest.raises(Rejected) as caught:
        check_statement(parse_statement(raw), keys_of(*known))
    return caught.value.refused.refusal


def test_keys_are_those_that_are_registered(office: Office) -> None:
    stranger = principal("gb")
    raw = statement(stranger.proposed("party.renamed", subject="gb", names=[]), stranger.signers[0])
    assert rejected(raw) is Refusal.AUTHORITY_UNKNOWN
    assert rejected(raw, office) is Refusal.KEY_UNKNOWN
    check_statement(parse_statement(raw), keys_of(stranger))


@pytest.mark.parametrize("which", [0, 1])
def test_another_signature_is_refused(office: Office, envelope: bytes, which: int) -> None:
    signer: Signer = office.signers[which]
    assert rejected(statement(envelope, signer, signed_payload=b"x"), office) is Refusal.SIGNATURE_INVALID
    raw = statement(envelope, signer)
    for end in (raw[:-1] + bytes([raw[-1] ^ 1]), raw[:-66] + b"\x58\x3f" + raw[-63:], raw[:-64] + bytes(64)):
        assert rejected(end, office) is Refusal.SIGNATURE_INVALID
