"""What is published: a note of the log's own with lines that verify, or nothing."""

from dataclasses import replace

import pytest

from ledger.gathering.published import Published, published
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.cosignature import Cosigner, cosignature_line, ed25519_cosigner, mldsa44_cosigner
from ledger.log.note import NOTE_BYTES_MAX, format_vkey, parse_note
from ledger.log.policy import Policy, judge, parse_policy
from tests.witness.histories import two_faced_log

LOG = two_faced_log("ledger.example/compact")
ROOT, OTHER_ROOT = bytes(32), bytes([1]) * 32
WITNESSES: dict[str, Cosigner] = {
    "north": ed25519_cosigner("witness.example/north", b"n" * 32),
    "south": ed25519_cosigner("witness.example/south", b"s" * 32),
    "east": mldsa44_cosigner("witness.example/east", b"e" * 32),
}
THEN, LATER = 1_800_000_000, 1_800_003_600


def policy(quorum: str = "group two 2 north south east\nquorum two\n") -> Policy:
    witnesses = "".join(f"witness {name} {format_vkey(one.vkey)}\n" for name, one in WITNESSES.items())
    return parse_policy(f"log {format_vkey(LOG.vkey)}\n{witnesses}{quorum}".encode())


def note(tree_size: int = 7, root: bytes = ROOT) -> bytes:
    return sign_checkpoint(Checkpoint(LOG.origin, tree_size, root), LOG.signer)


def line(name: str, raw: bytes, at: int = THEN) -> bytes:
    return cosignature_line(WITNESSES[name], parse_note(raw).text, at)


def good(found: Published | None) -> Published:
    """Return what was published, after the policy was asked about it as anybody would."""
    assert found is not None
    judged = judge(policy(), found.note)
    assert judged.met
    assert judged.witnesses == found.witnesses
    assert judged.checkpoint.tree_size == found.tree_size
    return found


def test_two_of_three_are_published_in_the_order_of_the_policy() -> None:
    raw = note()
    found = good(published(policy(), raw, [line("east", raw), line("north", raw)]))
    assert found.note == raw + line("north", raw) + found.note.splitlines(keepends=True)[-1]
    assert list(found.witnesses) == ["north", "east"]


def test_one_of_three_is_not() -> None:
    raw = note()
    assert published(policy(), raw, [line("north", raw)]) is None
    assert published(policy(), raw, []) is None


def test_without_a_quorum_the_note_itself_is_published() -> None:
    raw = note()
    found = published(policy("quorum none\n"), raw, [])
    assert found == Published(raw, 7, {})


@pytest.mark.parametrize(
    "false",
    [
        line("south", note(8)),
        line("south", note(7, OTHER_ROOT)),
        line("south", note()).replace(b"witness.example/south", b"witness.example/north"),
        line("south", note())[:-5] + b"AAA=\n",
        LOG.note((ROOT,)).splitlines(keepends=True)[-1],
        b"not a line\n",
        b"",
    ],
    ids=["other size", "other root", "other name", "flipped", "of the log itself", "no line", "nothing"],
)
def test_a_false_line_is_left_out_and_spoils_no_other(false: bytes) -> None:
    raw = note()
    assert published(policy(), raw, [false, line("north", raw)]) is None
    found = good(published(policy(), raw, [false, line("north", raw), line("east", raw)]))
    assert false == b"" or false not in found.note


def test_one_witness_counts_once_and_its_later_line_stands() -> None:
    raw = note()
    twice = [line("north", raw, LATER), line("north", raw, THEN)]
    assert published(policy(), raw, twice) is None
    found = good(published(policy(), raw, [*twice, line("south", raw)]))
    assert found.witnesses == {"north": LATER, "south": THEN}
    assert found.note.count("— witness.example/north".encode()) == 1


def test_larger_then_better_witnessed_then_later_is_newer() -> None:
    raw, larger = note(), note(8)
    two = good(published(policy(), raw, [line("north", raw), line("south", raw)]))
    later = good(published(policy(), raw, [line("north", raw, LATER), line("south", raw)]))
    three = good(published(policy(), raw, [line("north", raw), line("south", raw), line("east", raw)]))
    newest = good(published(policy(), larger, [line("north", larger), line("south", larger)]))
    assert two.rank < later.rank < three.rank < newest.rank


def test_a_note_has_no_more_lines_than_it_may() -> None:
    raw = note()
    many = [mldsa44_cosigner(f"witness.example/{number}", number.to_bytes(32)) for number in range(45)]
    lines = [cosignature_line(one, parse_note(raw).text, THEN) for one in many]
    assert sum(map(len, lines)) > NOTE_BYTES_MAX
    witnesses = "".join(f"witness w{number} {format_vkey(one.vkey)}\n" for number, one in enumerate(many))
    wanted = parse_policy(f"{witnesses}group g 30 {' '.join(f'w{n}' for n in range(45))}\nquorum g\n".encode())
    found = published(wanted, raw, lines)
    assert found is not None
    assert len(found.note) <= NOTE_BYTES_MAX
    assert 30 < len(found.witnesses) < 45
    assert parse_note(found.note).text == parse_note(raw).text


def test_the_log_of_the_policy_is_the_one_that_signed() -> None:
    """The judge that the others above rely on can say no."""
    raw = note()
    found = good(published(policy(), raw, [line("north", raw), line("south", raw)]))
    other = replace(policy(), logs=())
    with pytest.raises(Exception, match="a signature by a key of the log"):
        judge(other, found.note)
