"""A statement file proves every act of an authority and none missing, or it is refused: the lies, one by one.

The oracle is a plain filter over all entries of the log.
"""

import io
from dataclasses import replace
from random import Random

import msgspec
import pytest

from ledger.client.proof import prove
from ledger.client.statements import Stated, StatementContradicted, check_against, verify_statement
from ledger.events.keys import KeyRecord
from ledger.events.refusals import Rejected
from ledger.log.entry import build_entry, parse_entry
from ledger.log.errors import LogInvalid, StatementInvalid
from ledger.log.statement import STATEMENT_TYPE, parse_statement, sign_statement
from ledger.signing.dsse import PAYLOAD_TYPE, parse
from ledger.signing.keys import BadSignature
from ledger.signing.signer import generate_ed25519, sign_payload
from tests.acts import ORIGIN, Office, log_key, principal
from tests.audit.histories import History
from tests.statements.files import Operator, acts_of, last_act

GB = "gb/principal"
CHANGED_BYTES = 400


def verified(operator: Operator, raw: bytes, records: tuple[KeyRecord, ...] = ()) -> Stated:
    return verify_statement(io.BytesIO(raw), ORIGIN, [operator.log_signer.vkey], records)


def refused(operator: Operator, raw: bytes) -> str:
    with pytest.raises((LogInvalid, Rejected)) as caught:
        verified(operator, raw)
    return str(caught.value)


def every_authority(operator: Operator) -> set[str]:
    return {parse(parse_entry(raw).envelope).event.authority for raw in operator.entries}


def test_every_authority_has_a_statement_that_lists_its_acts(operator: Operator) -> None:
    authorities = every_authority(operator)
    assert len(authorities) >= 6
    for authority in authorities:
        stated = verified(operator, operator.file(authority))
        expected = [(entry.position, entry.sha256) for entry in acts_of(operator.entries, authority)]
        assert [(act.position, act.entry_sha256) for act in stated.acts] == expected
        assert (stated.statement.count, stated.statement.authority) == (len(expected), authority)


def test_revoked_and_compromised_authorities_are_among_them(history: History, operator: Operator) -> None:
    revoked = [type_ for type_, _ in history.kinds() if type_ == "authority.revoked"]
    assert len(revoked) >= 2
    assert any(office.authority in every_authority(operator) for office in history.ministries.values())


def test_an_authority_that_has_not_acted_is_stated_empty(operator: Operator) -> None:
    stated = verified(operator, operator.file("depositary/service"))
    assert (stated.statement.count, stated.statement.last, stated.acts) == (0, None, ())


def test_the_signatures_are_checked_with_the_signers_records(history: History, operator: Operator) -> None:
    office: Office = history.founding.offices["gb"]
    stated = verified(operator, operator.file(GB), office.keys.keys)
    assert stated.checked == (office.signers[0].key_id,)
    other = verified(operator, operator.file(GB), principal("fr").keys.keys)
    assert other.checked == ()


def test_an_act_that_is_left_out_breaks_the_chain(operator: Operator) -> None:
    acts = acts_of(operator.entries, GB)
    for missing in range(len(acts)):
        raw = operator.file(GB, shown=[*acts[:missing], *acts[missing + 1 :]])
        assert "as stated" in refused(operator, raw) or "after" in refused(operator, raw)


def test_hiding_the_last_act_needs_a_signed_lie_which_its_receipt_then_shows(operator: Operator) -> None:
    acts = acts_of(operator.entries, GB)
    lie = operator.file(GB, operator.statement(GB, hidden=2))
    stated = verified(operator, lie)
    assert len(stated.acts) == len(acts) - 2
    for entry in acts[-2:]:
        receipt = operator.receipt(entry)
        proven = prove(receipt, entry.raw, ORIGIN, [operator.log_signer.vkey])
        with pytest.raises(StatementContradicted, match=f"got act {len(acts)}|got act {len(acts) - 1}") as caught:
            check_against(stated, receipt, proven)
        assert caught.value.evidence["entry"].encode() == entry.raw
        assert parse_statement(caught.value.evidence["statement"].encode()).statement == stated.statement


def test_a_receipt_of_a_stated_act_of_another_authority_or_of_a_later_tree_contradicts_nothing(
    operator: Operator,
) -> None:
    stated = verified(operator, operator.file(GB))
    for entry in map(parse_entry, operator.entries):
        receipt = operator.receipt(entry)
        said = check_against(stated, receipt, prove(receipt, entry.raw, ORIGIN, [operator.log_signer.vkey]))
        own = parse(entry.envelope).event.authority == GB
        assert ("as it stands there" in said) == own
    # A statement from before the last acts of the authority.
    last = acts_of(operator.entries, GB)[-1]
    before = replace(operator, entries=operator.entries[: last.position - 1])
    older = verified(before, before.file(GB))
    said = check_against(
        older, operator.receipt(last), prove(operator.receipt(last), last.raw, ORIGIN, [operator.log_signer.vkey])
    )
    assert "no contradiction" in said


def test_two_acts_under_one_number_contradict_each_other(history: History, operator: Operator) -> None:
    """The operator shows one history to the party and another to somebody else."""
    stated = verified(operator, operator.file(GB))
    last = acts_of(operator.entries, GB)[-1]
    event = parse(last.envelope).event
    twin = replace(history.founding.offices["gb"], sequence=event.sequence - 1, previous=event.previous)
    other = build_entry(last.position, last.recorded_at, last.previous, twin.renaming("Another history"))
    forked = replace(operator, entries=(*operator.entries[: last.position - 1], other.raw))
    receipt = forked.receipt(other)
    with pytest.raises(StatementContradicted, match=f"expected act {event.sequence} .* got act {event.sequence}"):
        check_against(stated, receipt, prove(receipt, other.raw, ORIGIN, [operator.log_signer.vkey]))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"authority": "de/principal"}, "act 1 of de/principal"),
        ({"origin": "ledger.example/other"}, "a statement of"),
        ({"root": "0" * 64}, "root"),
        ({"tree_size": 999}, "hashes for index"),
    ],
)
def test_a_statement_about_something_else_is_not_borne_out(
    operator: Operator, changed: dict[str, object], expected: str
) -> None:
    said = msgspec.structs.replace(operator.statement(GB), **changed)
    raw = operator.file(GB, said, shown=acts_of(operator.entries, GB))
    assert expected in refused(operator, raw)


def test_a_last_act_that_is_stated_otherwise_is_not_borne_out(operator: Operator) -> None:
    true = operator.statement(GB)
    assert true.last is not None
    for member, value in (("entry_sha256", "0" * 64), ("payload_sha256", "1" * 64), ("position", 1)):
        lie = operator.statement(GB, last=msgspec.structs.replace(true.last, **{member: value}))
        assert "as stated" in refused(operator, operator.file(GB, lie))


def test_the_acts_of_another_authority_are_not_its_own(operator: Operator) -> None:
    others = acts_of(operator.entries, "de/principal")
    raw = operator.file(GB, operator.statement(GB, count=len(others), last=last_act(others[-1])), shown=others)
    assert f"act 1 of {GB}" in refused(operator, raw)


def test_another_key_than_the_service_key_states_nothing(operator: Operator) -> None:
    raw = operator.file(GB)
    other = replace(operator, service=generate_ed25519()).file(GB)
    assert "one signature, by the service key" in refused(operator, other)
    # A true signature of the service key, but over an act: the type is part of what is signed.
    line = raw.split(b"\n")[1]
    statement = parse_statement(line)
    as_event = sign_payload(statement.payload, [operator.service])
    assert PAYLOAD_TYPE.encode() in as_event
    assert STATEMENT_TYPE in refused(operator, raw.replace(line, as_event))
    as_statement = as_event.replace(PAYLOAD_TYPE.encode(), STATEMENT_TYPE.encode())
    assert "one that does not verify" in refused(operator, raw.replace(line, as_statement))
    with pytest.raises(Rejected, match="payload_type_unknown"):
        parse(line)


def test_another_log_is_refused(operator: Operator) -> None:
    raw = operator.file(GB)
    with pytest.raises(LogInvalid, match="a signature by a known key"):
        verify_statement(io.BytesIO(raw), ORIGIN, [log_key().vkey])
    with pytest.raises(LogInvalid):
        verify_statement(io.BytesIO(raw), "ledger.example/other", [operator.log_signer.vkey])
    foreign = replace(operator, log_signer=log_key())
    assert "a signature by a known key" in refused(operator, foreign.file(GB))


def test_an_opening_that_is_left_out_or_comes_later_is_refused(operator: Operator) -> None:
    lines = operator.file(GB).split(b"\n")
    head, opening, act = lines[:2], lines[2:4], lines[4:6]
    assert "ledger.opened" in refused(operator, b"\n".join([*head, *lines[4:]]))
    assert "ledger.opened" in refused(operator, b"\n".join([*head, *act, *opening, *lines[6:]]))
    assert "a position after" in refused(operator, b"\n".join([*head, *opening, *opening, *lines[4:]]))


def test_a_file_that_is_cut_off_anywhere_is_refused(operator: Operator) -> None:
    raw = operator.file(GB)
    lines = raw.splitlines(keepends=True)
    for count in range(len(lines)):
        refused(operator, b"".join(lines[:count]))
        refused(operator, b"".join(lines[:count]) + lines[count][:-1])


def test_every_changed_byte_is_refused(operator: Operator) -> None:
    raw = operator.file(GB)
    verified(operator, raw)
    random = Random(5)
    for at in random.sample(range(len(raw)), CHANGED_BYTES):
        changed = bytearray(raw)
        changed[at] ^= 1 << random.randrange(8)
        with pytest.raises((LogInvalid, Rejected, BadSignature)):
            verified(operator, bytes(changed))


def test_a_line_more_or_less_or_another_order_is_refused(operator: Operator) -> None:
    """Harmless, and the only thing that is: the line of a checkpoint's signature said twice."""
    lines = operator.file(GB).splitlines(keepends=True)
    doubled = [*lines, lines[-1]]
    verified(operator, b"".join(doubled))
    random = Random(6)
    for _ in range(60):
        at, other = random.sample(range(len(lines)), 2)
        swapped = list(lines)
        swapped[at], swapped[other] = swapped[other], swapped[at]
        for edited in (swapped, [*lines[:at], *lines[at + 1 :]], [*lines[:at], lines[at], *lines[at:]]):
            if edited not in (lines, doubled):
                refused(operator, b"".join(edited))


def test_the_same_statement_has_the_same_bytes(operator: Operator) -> None:
    said = operator.statement(GB)
    assert sign_statement(said, operator.service) == sign_statement(said, operator.service)


@pytest.mark.parametrize("member", [("count", 5), ("last", None), ("type", "something"), ("version", 2)])
def test_a_statement_that_contradicts_itself_is_none(operator: Operator, member: tuple[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        msgspec.structs.replace(operator.statement(GB), **dict([member]))


def test_an_event_is_no_statement(operator: Operator) -> None:
    with pytest.raises(StatementInvalid, match="statement"):
        parse_statement(parse_entry(operator.entries[0]).envelope)
