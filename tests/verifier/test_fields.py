"""Acts with wrong fields, signed by those who should sign them and sealed by the log: neither verifier fails over one.

Who holds every key of a ledger can write what no schema allows. The verifier in JavaScript does not know all schemas:
it may let pass what only names or explains, but nothing that says whose keys those are or how a mandate stands.
"""

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, Final

import pytest

from ledger.events.canonical import canonical_bytes
from ledger.signing.dsse import parse
from ledger.signing.signer import sign_payload
from tests.verifier.javascript import Trust, needs_node, verdicts_each
from tests.verifier.ledgers import Cast, Sealed, cast, code_of

pytestmark = needs_node

ACT, BEHIND = 6, (3, 5, 7)
LEFT_OUT: Final = object()
VALUES: Final[Sequence[object]] = (
    *(None, 0, -1, 2**53 - 1, "", "x", [], {}, True, ["x"]),
    *({"keys": None}, [None], LEFT_OUT),
)

UNREAD: Final = frozenset(
    {"basis", "beneficiary", "id", "kind", "language", "name", "names", "office", "purpose", "reason", "roles", "rules"}
    | {"en", "subject"}
)
"""Fields that name or explain: the verifier in JavaScript does not judge them."""

Path = tuple[str | int, ...]
Case = tuple[int, Path, Trust, bytes]


def paths(value: object, at: Path = ()) -> Iterator[Path]:
    if at:
        yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, (*at, index))


def with_value(event: dict[str, Any], path: Path, value: object) -> dict[str, Any]:
    """Return the event with another value at a path, or without what stands there."""
    changed = deepcopy(event)
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    if value is LEFT_OUT:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


def cases(one: Cast) -> Iterator[Case]:
    """Yield each wrong value of each field of the acts in a bundle: position, path, and the bundle with it."""
    acts = [*one.founded.raws, one.granted(one.ministry), one.ministry.renaming("Renamed")]
    lost = {"reason": "compromised", "contested_since": "2026-01-16T00:00:00Z"}
    acts.append(one.gb.act("authority.revoked", revoked=one.ministry.authority, **lost))
    desks = {desk.authority: desk for desk in (one.founded.depositary, one.gb, one.ministry)}
    for position in sorted({1, ACT, *BEHIND}):
        event = json.loads(parse(acts[position - 1]).payload)
        for path in paths(event):
            for value in VALUES:
                payload = canonical_bytes(with_value(event, path, value))
                raw = sign_payload(payload, desks[event["authority"]].signers)
                sealed = Sealed(one.founded, [*acts[: position - 1], raw, *acts[position:]])
                yield position, path, sealed.trust(), sealed.bundle(ACT, *BEHIND)


def check(tried: list[Case]) -> int:
    """Return how many both verifiers refuse. Fails if one fails, or lets pass what the other refuses and must not."""
    own = [code_of(raw, trust) for _, _, trust, raw in tried]
    other = verdicts_each([(trust, raw) for _, _, trust, raw in tried])
    for (position, path, _, _), here, there in zip(tried, own, other, strict=True):
        is_unread = here == 1 and there == 0 and bool(UNREAD & set(path))
        assert here == there or is_unread, f"entry {position}: {path}: {here} and {there}"
    return sum(here == there == 1 for here, there in zip(own, other, strict=True))


def test_wrong_fields_that_matter_are_refused_by_both() -> None:
    tried = list(cases(cast()))[::23]
    assert check(tried) > len(tried) // 2


@pytest.mark.slow
def test_all_wrong_fields_that_matter_are_refused_by_both() -> None:
    tried = list(cases(cast()))
    assert len(tried) > 1_400
    assert check(tried) > len(tried) // 2
