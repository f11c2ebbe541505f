"""Strict bytes: RFC 8785 canonical JSON, written in one way and read only in that way.

Bytes that `parse_canonical` lets through equal the canonical form of what they mean, so the same bytes can be signed,
hashed, stored and served without ever being written anew, and no two parsers can read them differently.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any, Final, NoReturn

import msgspec
import orjson
import rfc8785

from ledger.events.refusals import Refusal, Rejected

DEPTH_MAX: Final = 12
"""Levels of objects and arrays, the outermost counted as one."""

INTEGER_MAX: Final = 2**53 - 1
"""The largest magnitude of an integer that every JSON parser reads exactly."""

SHOWN_CHARACTERS_MAX: Final = 60
"""How much of a submitter's text a refusal repeats."""

_BOM: Final = b"\xef\xbb\xbf"
_SORTED_STRICT: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_DIGITS_MAX: Final = len(str(INTEGER_MAX))

# Controls (all of Cc but the line feed), line separators, bidi controls, zero-width and invisible characters, tags,
# noncharacters. Lone surrogates have a code of their own.
_FORBIDDEN_RANGES: Final = (
    r"\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff"
    r"\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f"
    + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(1, 17))
)
_FORBIDDEN: Final = re.compile(f"[{_FORBIDDEN_RANGES}]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")

# The quick way asks these of bytes that msgspec would write itself. A hit proves nothing: the exact way then decides.
_DOUBTFUL_ESCAPE: Final = re.compile(rb"\\[bfrtu]")
_DOUBTFUL_TEXT: Final = re.compile(f"[{_FORBIDDEN_RANGES}\U00010000-\U0010ffff]")


def _levels(count: int) -> Any:
    """Return the type of JSON values of at most `count` levels, their numbers integers that every parser reads."""
    integer = Annotated[int, msgspec.Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
    plain = None | bool | integer | str
    inner: Any = plain
    for _ in range(count):
        inner = plain | list[inner] | dict[str, inner]
    return inner


# 2 instead of 8 us for an act: depth and numbers are checked while it is read, and msgspec writes four times as fast.
_QUICK_DECODER: Final = msgspec.json.Decoder(dict[str, _levels(DEPTH_MAX - 1)])  # type: ignore[misc]
_QUICK_ENCODER: Final = msgspec.json.Encoder(order="sorted")

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_TO_BRACES: Final = bytes.maketrans(b"[]", b"{}")
_ASCII: Final = bytes(range(128))
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def canonical_bytes(value: object) -> bytes:
    """Return the RFC 8785 form of `value` (dict, list, tuple, str, int, float, bool, None).

        {"a":1,"b":["x",null]}

    Raises ValueError for an integer beyond 2**53 - 1, NaN, infinities, lone surrogates, keys that are no strings and
    values of other types. `rfc8785` is the reference; where the two provably agree orjson writes the same bytes.
    """
    if _orjson_agrees(value):
        try:
            return orjson.dumps(value, option=_SORTED_STRICT)
        except orjson.JSONEncodeError:
            pass  # The reference refuses it too, and says why.
    return rfc8785.dumps(value)  # type: ignore[arg-type]


def _orjson_agrees(value: object) -> bool:
    """Tell whether `value` has only what both write alike: exact plain types, ASCII keys, no floats."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return True
    if isinstance(value, dict) and kind is dict:
        return all(type(key) is str and key.isascii() and _orjson_agrees(item) for key, item in value.items())
    if isinstance(value, list | tuple) and (kind is list or kind is tuple):
        return all(_orjson_agrees(item) for item in value)
    return False


def parse_canonical(raw: bytes, bytes_max: int) -> dict[str, Any]:
    """Return the object that `raw` holds, if `raw` is at most `bytes_max` bytes of its canonical form.

    Raises Rejected; if several reasons apply, the first of this list is given:

    1. ENVELOPE_TOO_LARGE
    2. NOT_UTF8, or a byte order mark
    3. TOO_DEEP: more than `DEPTH_MAX` levels, counted before parsing
    4. NOT_JSON, or something other than an object
    5. DUPLICATE_KEY, compared after escapes are resolved
    6. NUMBER_NOT_INTEGER: a fraction, an exponent, -0, NaN, Infinity
    7. INTEGER_TOO_LARGE: beyond 2**53 - 1 in magnitude
    8. LONE_SURROGATE
    9. NOT_NFC, in a key or a value (JCS itself does not normalise)
    10. FORBIDDEN_CHARACTER: controls other than the line feed, line separators, bidi controls, zero-width and
        invisible characters, noncharacters. Where a line feed makes sense is for the event's schema to say
    11. NOT_CANONICAL: the bytes differ from their RFC 8785 form
    """
    if len(raw) > bytes_max:
        raise Rejected(Refusal.ENVELOPE_TOO_LARGE, f"at most {bytes_max} bytes", f"{len(raw)} bytes")
    value = _parse_quickly(raw)
    return _parse_exactly(raw) if value is None else value


def _parse_quickly(raw: bytes) -> dict[str, Any] | None:
    """Return what `raw` holds if it is certainly acceptable, None if the exact way has to decide.

    What was read has no number but integers in range and no level too many, by its type. Equality with its own sorted
    output leaves no room for white space, duplicate keys, other ways to write a number or needless escapes. The order
    of keys is by code point and equals RFC 8785's UTF-16 order as long as no character is beyond U+FFFF. Escapes that
    are left stand for forbidden characters, except those of the quote, the backslash and the line feed, with which no
    combining character composes: text that is NFC with them is NFC without them.
    """
    try:
        value: dict[str, Any] = _QUICK_DECODER.decode(raw)
        if _QUICK_ENCODER.encode(value) != raw:
            return None
    except (msgspec.DecodeError, UnicodeError):
        return None
    if b"\\" in raw and _DOUBTFUL_ESCAPE.search(raw):
        return None
    if b"\x7f" in raw:
        return None
    if raw.isascii() or _is_plain_text(raw):
        return value
    return None


def _is_plain_text(utf8: bytes) -> bool:
    """Tell whether the text beyond ASCII is certainly acceptable; without its ASCII bytes UTF-8 stays UTF-8."""
    if _DOUBTFUL_TEXT.search(utf8.translate(None, _ASCII).decode()):
        return False
    return unicodedata.is_normalized("NFC", utf8.decode())


def _parse_exactly(raw: bytes) -> dict[str, Any]:
    """Do what `parse_canonical` promises step by step, as slowly as it takes to name the reason."""
    text = _text(raw)
    depth = _depth(raw)
    if depth > DEPTH_MAX:
        raise Rejected(Refusal.TOO_DEEP, f"at most {DEPTH_MAX} levels", f"{depth} levels")
    notes = _Notes()
    value = notes.parse(text)
    notes.raise_first()
    strings = list(_strings(value, ""))
    for pointer, string in strings:
        if found := _SURROGATE.search(string):
            raise Rejected(Refusal.LONE_SURROGATE, "surrogates in pairs", f"{_name(found[0])} in {_shown(pointer)}")
    for pointer, string in strings:
        if not unicodedata.is_normalized("NFC", string):
            raise Rejected(Refusal.NOT_NFC, "text in Unicode NFC", f"{_shown(string)} in {_shown(pointer)}")
    for pointer, string in strings:
        if found := _FORBIDDEN.search(string):
            got = f"{_name(found[0])} in {_shown(pointer)}"
            raise Rejected(Refusal.FORBIDDEN_CHARACTER, "no control or invisible characters", got)
    canonical = rfc8785.dumps(value)
    if canonical != raw:
        _raise_not_canonical(canonical, raw)
    return value


def _text(raw: bytes) -> str:
    if raw.startswith(_BOM):
        raise Rejected(Refusal.NOT_UTF8, "UTF-8 without a byte order mark", "a byte order mark")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        got = f"byte 0x{raw[error.start]:02x} at offset {error.start}"
        raise Rejected(Refusal.NOT_UTF8, "UTF-8", got) from None


def _depth(raw: bytes) -> int:
    """Count the levels of brackets outside strings, in bytes that need not be JSON."""
    depth = deepest = 0
    for bracket in _STRING.sub(b"", raw).translate(_TO_BRACES, _NOT_BRACKETS):
        depth += 1 if bracket == ord("{") else -1
        deepest = max(deepest, depth)
    return deepest


class _Notes:
    """What the parser's hooks noticed; noted, not raised, because a later syntax error comes first."""

    def __init__(self) -> None:
        self.first: dict[Refusal, Rejected] = {}

    def parse(self, text: str) -> dict[str, Any]:
        try:
            value = json.loads(
                text,
                object_pairs_hook=self._object,
                parse_int=self._integer,
                parse_float=self._no_integer,
                parse_constant=self._no_integer,
            )
        except json.JSONDecodeError as error:
            raise Rejected(Refusal.NOT_JSON, "JSON (RFC 8259)", f"{error.msg} at character {error.pos}") from None
        if not isinstance(value, dict):
            raise Rejected(Refusal.NOT_JSON, "a JSON object", f"{type(value).__name__} at the top")
        return value

    def raise_first(self) -> None:
        for refusal in (Refusal.DUPLICATE_KEY, Refusal.NUMBER_NOT_INTEGER, Refusal.INTEGER_TOO_LARGE):
            if refusal in self.first:
                raise self.first[refusal]

    def _note(self, refusal: Refusal, expected: str, got: str) -> None:
        self.first.setdefault(refusal, Rejected(refusal, expected, got))

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key, item in pairs:
            if key in members:
                self._note(Refusal.DUPLICATE_KEY, "every key once", f"{_shown(key)} twice")
            members[key] = item
        return members

    def _integer(self, digits: str) -> int:
        if digits == "-0":
            return self._no_integer(digits)
        # Python refuses to convert thousands of digits, and there is no need to.
        if len(digits.lstrip("-")) > _DIGITS_MAX or abs(int(digits)) > INTEGER_MAX:
            self._note(Refusal.INTEGER_TOO_LARGE, f"at most {INTEGER_MAX} in magnitude", _shown(digits))
            return 0
        return int(digits)

    def _no_integer(self, digits: str) -> int:
        self._note(Refusal.NUMBER_NOT_INTEGER, "an integer without fraction or exponent", _shown(digits))
        return 0


def _strings(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield every key and every string with the JSON pointer of where it stands."""
    if isinstance(value, str):
        yield pointer or "/", value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"a key of {pointer or '/'}", key
            yield from _strings(item, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, f"{pointer}/{index}")


def _name(character: str) -> str:
    return f"U+{ord(character):04X}"


def _shown(text: str) -> str:
    """Make a submitter's text fit for a message: ASCII, no controls, no longer than `SHOWN_CHARACTERS_MAX`."""
    cut = text[:SHOWN_CHARACTERS_MAX]
    return ascii(cut)[1:-1] + ("…" if len(text) > len(cut) else "")


def _raise_not_canonical(canonical: bytes, raw: bytes) -> NoReturn:
    pairs = zip(canonical, raw, strict=False)
    offset = next((at for at, (wanted, came) in enumerate(pairs) if wanted != came), min(len(canonical), len(raw)))
    wanted, came = (_shown(part[offset : offset + 20].decode(errors="replace")) for part in (canonical, raw))
    got = f"'{came}' where the canonical form has '{wanted}', at byte {offset}"
    raise Rejected(Refusal.NOT_CANONICAL, "the RFC 8785 form", got)
