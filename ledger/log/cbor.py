"""Deterministic CBOR (RFC 8949 §4.2.1) of what COSE needs: integers, byte strings, texts, null, arrays and maps.

One value has one sequence of bytes: what decodes here is what encoding gives. There are no tags, whose meanings a
library would act on; the one tag that COSE writes is a byte that `ledger.log.cose` handles.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

import cbor2

from ledger.log.errors import CoseMalformed, shown

DEPTH_MAX: Final = 8
"""Of arrays and maps within each other; a receipt has four."""

CborValue = int | bytes | str | None | list["CborValue"] | dict[int | bytes | str, "CborValue"]

_SCALARS: Final = (int, bytes, str, type(None))


def encode(value: CborValue) -> bytes:
    """Return the one encoding of `value`: {1: -19, 395: 1} is a2 01 32 19018b 01.

    Raises CoseMalformed for a value of another type.
    """
    return cbor2.dumps(_ordered(value))


def decode(raw: bytes, bytes_max: int) -> CborValue:
    """Return the value that `encode` writes as `raw`, in this order; raises CoseMalformed for all else:

    1. At most `bytes_max` bytes.
    2. CBOR without tags, indefinite lengths and repeated keys, at most DEPTH_MAX deep.
    3. Of the types that are named above.
    4. In its deterministic encoding, and nothing after it.
    """
    if len(raw) > bytes_max:
        raise CoseMalformed(f"at most {bytes_max} bytes", f"{len(raw)} bytes")
    try:
        value = cbor2.loads(
            raw,
            max_depth=DEPTH_MAX,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            semantic_decoders=_NO_TAGS,
            tag_hook=_refuse_tag,
        )
    # Besides its own errors the library lets through those of what it calls, such as that of a key without a hash.
    except (cbor2.CBORError, ValueError, TypeError) as error:
        raise CoseMalformed("plain CBOR without tags and indefinite lengths", f"{shown(raw)}: {error}") from None
    ordered = _ordered(value)
    again = cbor2.dumps(ordered)
    if again != raw:
        raise CoseMalformed(f"the deterministic encoding, {len(again)} bytes", f"{len(raw)} bytes, {shown(raw)}")
    return ordered


def _ordered(value: Any) -> CborValue:
    """Return `value` with the keys of every map in the order of their encodings. Raises CoseMalformed for other types.

    The library's own canonical mode has the order of RFC 7049, in which a shorter key always comes first.
    """
    # Compared by type: to Python a boolean is an integer, and whoever asks for 1 would be content with true.
    if type(value) in _SCALARS:
        return value  # type: ignore[no-any-return]
    if type(value) is list:
        return [_ordered(one) for one in value]
    if type(value) is dict and all(type(key) in (int, bytes, str) for key in value):
        return {key: _ordered(value[key]) for key in sorted(value, key=cbor2.dumps)}
    raise CoseMalformed("integers, byte strings, texts, null, arrays and maps", type(value).__name__)


def _refuse_tag(value: object, immutable: bool) -> NoReturn:
    raise ValueError("a tag")


class _EveryTag(Mapping[int, Any]):
    """What the library is to do with a tag of any number, those included that it would decode by itself."""

    def __getitem__(self, number: int) -> Any:
        return _refuse_tag

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 1


_NO_TAGS: Final = _EveryTag()
