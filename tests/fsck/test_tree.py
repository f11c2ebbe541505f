"""Which of two stored hashes is wrong: told by the level above, by a checkpoint, by the head, or by nobody."""

import pytest

from ledger.fsck.findings import Findings
from ledger.fsck.tree import Leaves, hashes_in, report_leaves, settle
from ledger.log.tree import EMPTY, leaf_hash

FIRST = 257
BEFORE, _ = EMPTY.append(leaf_hash(b"%d" % number) for number in range(FIRST - 1))
LEAVES = tuple(leaf_hash(b"leaf %d" % number) for number in range(256))
ABOVE = EMPTY.append(LEAVES)[0].root
OTHER = leaf_hash(b"another")


def with_other(at: int) -> tuple[bytes, ...]:
    return (*LEAVES[:at], OTHER, *LEAVES[at + 1 :])


def root_at(size: int) -> bytes:
    return BEFORE.append(LEAVES[: size - FIRST + 1])[0].root


@pytest.mark.parametrize("bound", [{}, {300: root_at(300)}, {512: root_at(512), 300: root_at(300)}])
@pytest.mark.parametrize("at", [0, 60, 255])
def test_the_level_above_tells(bound: dict[int, bytes], at: int) -> None:
    entry_changed = Leaves(FIRST, with_other(at), LEAVES)
    settled = settle(entry_changed, BEFORE, bound, ABOVE)
    assert (settled.leaves, settled.doubtful) == (LEAVES, frozenset({FIRST + at}))
    tile_changed = Leaves(FIRST, LEAVES, with_other(at))
    settled = settle(tile_changed, BEFORE, bound, ABOVE)
    assert (settled.leaves, settled.doubtful) == (LEAVES, frozenset())


def test_a_stated_root_tells_where_there_is_no_level_above() -> None:
    changed = Leaves(FIRST, LEAVES[:80], with_other(60)[:80])
    settled = settle(changed, BEFORE, {FIRST + 70: root_at(FIRST + 70)}, None)
    assert (settled.leaves, settled.doubtful) == (LEAVES[:80], frozenset())


def test_the_root_of_a_smaller_tree_tells_nothing() -> None:
    """It holds for both: what differs is not in it."""
    changed = Leaves(FIRST, LEAVES[:80], with_other(60)[:80])
    found = Findings()
    settled = settle(changed, BEFORE, {FIRST + 20: root_at(FIRST + 20)}, None)
    report_leaves(changed, settled, found)
    assert settled.doubtful == {FIRST + 60}
    assert [(one.kind, one.key) for one in found.details] == [("hash_disputed", str(FIRST + 60))]


def test_nothing_is_doubtful_where_all_agree() -> None:
    settled = settle(Leaves(FIRST, LEAVES, LEAVES), BEFORE, {}, None)
    assert (settled.leaves, settled.doubtful) == (LEAVES, frozenset())


def test_a_row_that_is_missing_is_replaced_by_the_hash_that_was_kept() -> None:
    settled = settle(Leaves(FIRST, (None, *LEAVES[1:]), LEAVES), BEFORE, {}, ABOVE)
    assert settled.leaves == LEAVES


def test_where_both_are_missing_there_is_no_tree_any_more() -> None:
    gone = (None, *LEAVES[1:])
    assert settle(Leaves(FIRST, gone, gone), BEFORE, {}, ABOVE).leaves is None


def test_hashes_that_a_tile_lacks_are_none() -> None:
    assert hashes_in(b"".join(LEAVES[:2]) + b"half", 4) == (*LEAVES[:2], None, None)
