"""CBOR read and written by hand (RFC 8949), as far as COSE needs it, so that the library is not its own oracle."""

from typing import Any

LONGER = ((24, 1), (25, 2), (26, 4), (27, 8))
MAJORS: dict[type, int] = {bytes: 2, str: 3, list: 4, dict: 5}


class Tagged:
    """A tag and its content."""

    def __init__(self, number: int, content: Any) -> None:
        self.number, self.content = number, content


def read(raw: bytes) -> Any:
    """Return the one value that `raw` holds."""
    value, end = _read(raw, 0)
    assert end == len(raw), "bytes after the value"
    return value


def _read(raw: bytes, at: int) -> tuple[Any, int]:
    major, low = raw[at] >> 5, raw[at] & 31
    if major == 7:
        assert low == 22, "null is the only simple value here"
        return None, at + 1
    argument, at = _argument(raw, at + 1, low)
    match major:
        case 0:
            return argument, at
        case 1:
            return -1 - argument, at
        case 2 | 3:
            part = raw[at : at + argument]
            assert len(part) == argument, "cut off"
            return (part if major == 2 else part.decode()), at + argument
        case 4:
            items = []
            for _ in range(argument):
                item, at = _read(raw, at)
                items.append(item)
            return items, at
        case 5:
            pairs: dict[Any, Any] = {}
            last = b""
            for _ in range(argument):
                begins = at
                key, at = _read(raw, at)
                assert raw[begins:at] > last, "keys out of order, or one twice"
                last = raw[begins:at]
                pairs[key], at = _read(raw, at)
            return pairs, at
        case _:
            content, at = _read(raw, at)
            return Tagged(argument, content), at


def _argument(raw: bytes, at: int, low: int) -> tuple[int, int]:
    if low < 24:
        return low, at
    length = {24: 1, 25: 2, 26: 4, 27: 8}[low]
    argument = int.from_bytes(raw[at : at + length])
    assert argument >= (24 if length == 1 else 1 << 4 * length), "longer than it need be"
    return argument, at + length


def write(value: Any) -> bytes:
    """Return the deterministic encoding of a value."""
    if value is None:
        return b"\xf6"
    if isinstance(value, Tagged):
        return head(6, value.number) + write(value.content)
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    parts = value.encode() if isinstance(value, str) else value
    begun = head(MAJORS[type(value)], len(parts))
    if isinstance(value, dict):
        return begun + b"".join(sorted(write(key) + write(one) for key, one in value.items()))
    return begun + (b"".join(map(write, value)) if isinstance(value, list) else parts)


def head(major: int, argument: int) -> bytes:
    """Return the first bytes of an item: its major type, and its value or length in as few bytes as it takes."""
    if argument < 24:
        return bytes([major << 5 | argument])
    low, length = next(
        (low, length) for low, length in ((24, 1), (25, 2), (26, 4), (27, 8)) if argument < 1 << 8 * length
    )
    return bytes([major << 5 | low]) + argument.to_bytes(length)
