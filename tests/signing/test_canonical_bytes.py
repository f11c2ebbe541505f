"""The bytes that are let in, and the reason given for each kind that is not."""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.events import canonical
from ledger.events.canonical import DEPTH_MAX, INTEGER_MAX, canonical_bytes, parse_canonical
from ledger.events.refusals import Refusal, Rejected

BYTES_MAX = 48 * 1024
BYTE_CODES = list(Refusal)[: list(Refusal).index(Refusal.NOT_CANONICAL) + 1]
VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "json"
JSON_FILES = sorted((VECTORS / "JSONTestSuite").glob("test_*/*.json"))


def refusal_of(raw: bytes, bytes_max: int = BYTES_MAX) -> Refusal | None:
    """Return the code with which `raw` is refused, None if it is let in."""
    try:
        parse_canonical(raw, bytes_max)
    except Rejected as rejection:
        return rejection.refused.refusal
    return None


def nested(levels: int) -> bytes:
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


REFUSED = [
    (b'{"a":"' + b"x" * BYTES_MAX + b'"}', Refusal.ENVELOPE_TOO_LARGE),
    (b'\xef\xbb\xbf{"a":1}', Refusal.NOT_UTF8),
    (b'{"a":"\xff"}', Refusal.NOT_UTF8),
    (b'{"a":"\xed\xa0\x80"}', Refusal.NOT_UTF8),
    (b'{"a":"\xc0\xaf"}', Refusal.NOT_UTF8),
    ('{"a":1}'.encode("utf-16"), Refusal.NOT_UTF8),
    (nested(DEPTH_MAX + 1), Refusal.TOO_DEEP),
    (b"[" * 40_000, Refusal.TOO_DEEP),
    (b'{"a":' * 8_000, Refusal.TOO_DEEP),
    (b'{"a":"\\"' + b"[" * 13 + b'","b":' + nested(DEPTH_MAX) + b"}", Refusal.TOO_DEEP),
    (b"", Refusal.NOT_JSON),
    (b"{", Refusal.NOT_JSON),
    (b'{"a":1}x', Refusal.NOT_JSON),
    (b'{"a":1,}', Refusal.NOT_JSON),
    (b"{'a':1}", Refusal.NOT_JSON),
    (b'{"a":01}', Refusal.NOT_JSON),
    (b'{"a":"\x01"}', Refusal.NOT_JSON),
    (b'{"a":"\n"}', Refusal.NOT_JSON),
    (b'{"a":"' + b"[" * 13, Refusal.NOT_JSON),
    (b"]" * 13 + b"[" * 13, Refusal.NOT_JSON),
    (b"[1]", Refusal.NOT_JSON),
    (b"null", Refusal.NOT_JSON),
    (b'"a"', Refusal.NOT_JSON),
    (b'{"a":1,"a":1}', Refusal.DUPLICATE_KEY),
    (b'{"a":1,"a":2}', Refusal.DUPLICATE_KEY),
    (b'{"a":1,"\\u0061":1}', Refusal.DUPLICATE_KEY),
    (b'{"b":{"a":1,"c":0,"a":1}}', Refusal.DUPLICATE_KEY),
    (b'{"a":1.0}', Refusal.NUMBER_NOT_INTEGER),
    (b'{"a":1.5}', Refusal.NUMBER_NOT_INTEGER),
    (b'{"a":[0,1.5]}', Refusal.NUMBER_NOT_INTEGER),
    (b'{"a":1e2}', Refusal.NUMBER_NOT_INTEGER),
    (b'{"a":1e+30}', Refusal.NUMBER_NOT_INTEGER),
    (b'{"a":1e400}', Refusal.NUMBER_NOT_INTEGER),
    (b'{"a":-0}', Refusal.NUMBER_NOT_INTEGER),
    (b'{"a":-0.0}', Refusal.NUMBER_NOT_INTEGER),
    (b'{"a":NaN}', Refusal.NUMBER_NOT_INTEGER),
    (b'{"a":-Infinity}', Refusal.NUMBER_NOT_INTEGER),
    (b'{"a":%d}' % (INTEGER_MAX + 1), Refusal.INTEGER_TOO_LARGE),
    (b'{"a":%d}' % (-INTEGER_MAX - 1), Refusal.INTEGER_TOO_LARGE),
    (b'{"a":%d}' % 2**64, Refusal.INTEGER_TOO_LARGE),
    (b'{"a":' + b"9" * 10_000 + b"}", Refusal.INTEGER_TOO_LARGE),
    (b'{"a":"\\ud800"}', Refusal.LONE_SURROGATE),
    (b'{"\\udc00":1}', Refusal.LONE_SURROGATE),
    (b'{"a":"\\ude00\\ud83d"}', Refusal.LONE_SURROGATE),
    ('{"a":"e\u0301"}'.encode(), Refusal.NOT_NFC),
    ('{"e\u0301":1}'.encode(), Refusal.NOT_NFC),
    ('{"a":"\u212b"}'.encode(), Refusal.NOT_NFC),
    ('{"a":"q\u0307\u0323"}'.encode(), Refusal.NOT_NFC),
    (b'{"a":"e\\u0301"}', Refusal.NOT_NFC),
    (b'{"a":"\\u0000"}', Refusal.FORBIDDEN_CHARACTER),
    (b'{"a":"\\t"}', Refusal.FORBIDDEN_CHARACTER),
    (b'{"a":"\\r\\n"}', Refusal.FORBIDDEN_CHARACTER),
    (b'{"a":"\\u001b[31m"}', Refusal.FORBIDDEN_CHARACTER),
    (b'{"\\b":1}', Refusal.FORBIDDEN_CHARACTER),
    (b'{"a":"\x7f"}', Refusal.FORBIDDEN_CHARACTER),
    (b'{ "a":1}', Refusal.NOT_CANONICAL),
    (b'{"a":1}\n', Refusal.NOT_CANONICAL),
    (b'{"b":1,"a":1}', Refusal.NOT_CANONICAL),
    (b'{"a":"\\u0041"}', Refusal.NOT_CANONICAL),
    (b'{"a":"\\/"}', Refusal.NOT_CANONICAL),
    (b'{"a":"\\u000a"}', Refusal.NOT_CANONICAL),
    (b'{"a":"\\u00E9"}', Refusal.NOT_CANONICAL),
    ('{"\uff5e":1,"\U0001f600":1}'.encode(), Refusal.NOT_CANONICAL),
]


@pytest.mark.parametrize(("raw", "expected"), REFUSED, ids=lambda value: repr(value)[:40])
def test_each_defect_is_refused_by_its_name(raw: bytes, expected: Refusal) -> None:
    assert refusal_of(raw) == expected


@pytest.mark.parametrize(
    "character",
    [
        *"\x80\x85\x9f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2064\u2066\u2069",
        *"\u206f\ufdd0\ufdef\ufeff\ufff9\ufffe\uffff\U0001fffe\U0010ffff\U000e0041",
    ],
    ids=ascii,
)
def test_invisible_characters_are_refused_in_values_and_keys(character: str) -> None:
    assert refusal_of(f'{{"a":"x{character}"}}'.encode()) == Refusal.FORBIDDEN_CHARACTER
    assert refusal_of(f'{{"x{character}":1}}'.encode()) == Refusal.FORBIDDEN_CHARACTER


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'{"a":[true,false,null,-1,0,9007199254740991,-9007199254740991]}',
        b'{"a":"line\\nline, \\"quoted\\", back\\\\slash, /"}',
        b'{"a":"literally \\\\t and \\\\u0041"}',
        b'{"a":"[[[[[[[[[[[[[[{{{{{{{{{{{{"}',
        b'{"a":"2026-03-01T12:00:00.123Z","b":"at 1.5,2e3]"}',
        nested(DEPTH_MAX),
        b'{"a":[' + b",".join([b"[]"] * 50) + b"]}",
        '{"a":"Київ, Türkiye, Łódź, Ελλάδα, 日本"}'.encode(),
        '{"\U0001f600":1,"\uff5e":1}'.encode(),
        '{"a":"n\\n\u0301"}'.encode(),
    ],
    ids=lambda raw: repr(raw)[:40],
)
def test_canonical_bytes_are_let_in(raw: bytes) -> None:
    assert parse_canonical(raw, BYTES_MAX) == json.loads(raw)


def test_the_size_is_counted_in_bytes_and_its_limit_is_let_in() -> None:
    raw = '{"a":"її"}'.encode()
    assert refusal_of(raw, len(raw)) is None
    assert refusal_of(raw, len(raw) - 1) == Refusal.ENVELOPE_TOO_LARGE


def test_of_several_defects_the_first_of_the_list_is_named() -> None:
    """Defects are added from the last of the list to the first; each takes over the verdict."""
    members = ['"z": 1', '"f":"\\t"', '"n":"e\u0301"', '"s":"\\ud800"', f'"i":{2**60}', '"x":1.5', '"d":1,"d":2']
    told = [refusal_of(("{" + ",".join(members[: count + 1]) + "}").encode()) for count in range(len(members))]
    broken = "{" + ",".join(members)
    told += [refusal_of(broken.encode())]
    broken += ',"deep":' + "[" * DEPTH_MAX
    told += [refusal_of(broken.encode()), refusal_of(broken.encode() + b"\xff")]
    told += [refusal_of(broken.encode() + b"\xff", 10)]
    assert told == BYTE_CODES[::-1]


def test_a_refusal_names_the_place_and_stays_short_and_printable() -> None:
    with pytest.raises(Rejected) as caught:
        parse_canonical(('{"note":{"en":["' + "\u202e" * 9000 + '"]}}').encode(), BYTES_MAX)
    assert caught.value.refused.got == "U+202E in /note/en/0"
    with pytest.raises(Rejected) as caught:
        parse_canonical(('{"' + "\u0301" * 9000 + 'e\u0301":1}').encode(), BYTES_MAX)
    assert caught.value.refused.got.isascii() is False  # It ends in an ellipsis.
    assert len(caught.value.refused.got) < 500


# --- Two ways to one verdict ---

KEYS = st.sampled_from(
    [b'"a"', b'"b"', b'"\\u0061"', b'""', '"é"'.encode(), '"\U0001f600"'.encode(), '"\uff5e"'.encode()]
)
TOKENS = st.sampled_from(
    [
        b"1",
        b"-1",
        b"0",
        b"-0",
        b"1.0",
        b"1.5",
        b"1e5",
        b"1E400",
        b"9007199254740991",
        b"9007199254740992",
        b"%d" % 2**64,
    ]
    + [b"-9007199254740991", b"-9007199254740992", b"true", b"null", b"NaN", b'"x"', b'":1.5,"', b'"\\u0041"', b'"\\n"']
    + [
        b'"\\t"',
        b'"\\u001f"',
        b'"\\u001F"',
        b'"\x7f"',
        b'"\\""',
        b'"\\\\"',
        b'"\\\\t"',
        b'"\\ud800"',
        b'"\\/"',
        b'"[{"',
    ]
    + [
        text.encode()
        for text in ('"й"', '"и\u0306"', '"\\n\u0301"', '"\u202e"', '"\U0001f600"', '"\u0085"', '"\ufdd0"')
    ]
)


def _object(pairs: list[tuple[bytes, bytes]]) -> bytes:
    return b"{" + b",".join(b"%b:%b" % pair for pair in pairs) + b"}"


def _array(items: list[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


DOCUMENTS = st.recursive(
    TOKENS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(_array),
        st.lists(st.tuples(KEYS, inner), max_size=3).map(_object),
        st.lists(st.tuples(KEYS, inner), max_size=3, unique_by=lambda pair: pair[0]).map(sorted).map(_object),
        inner.map(lambda raw: b"[" * 6 + raw + b"]" * 6),
    ),
    max_leaves=12,
).map(lambda raw: b'{"a":' + raw + b"}")

CLEAN_TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs", "Cc", "Cf", "Cn", "Zl", "Zp", "Co")))
TEXT = st.one_of(st.text(), CLEAN_TEXT.map(lambda text: unicodedata.normalize("NFC", text)))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-INTEGER_MAX, INTEGER_MAX), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


def check_that_both_ways_agree(raw: bytes) -> None:
    quick = canonical._parse_quickly(raw)
    if quick is not None:
        assert repr(quick) == repr(canonical._parse_exactly(raw))
        assert rfc8785.dumps(quick) == raw


@settings(max_examples=600, deadline=None)
@given(DOCUMENTS)
@example(b'{"a":"\\n\xcc\x81"}')
@example(b'{"a":{"\xf0\x9f\x98\x80":1,"\xef\xbd\x9e":1}}')
@example(b'{"a":{"\xef\xbd\x9e":1,"\xf0\x9f\x98\x80":1}}')
@example(b'{"a":":-9007199254740992,"}')
def test_what_the_quick_way_lets_in_the_exact_way_lets_in_for_written_json(raw: bytes) -> None:
    check_that_both_ways_agree(raw)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(TEXT, VALUES, max_size=4))
@example({"\U0001f600": 1, "\uff5e": 2})
@example({"a": "\x7f"})
def test_what_the_quick_way_lets_in_the_exact_way_lets_in_for_canonical_values(value: dict[str, Any]) -> None:
    check_that_both_ways_agree(rfc8785.dumps(value))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(TEXT, VALUES, max_size=3), st.data())
def test_what_the_quick_way_lets_in_the_exact_way_lets_in_after_damage(value: dict[str, Any], data: Any) -> None:
    raw = bytearray(rfc8785.dumps(value))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    check_that_both_ways_agree(bytes(raw))
    assert refusal_of(bytes(raw)) in {None, *BYTE_CODES}


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1.0}',
        '{"a":1e2}',
        '{"a":-0}',
        '{"a":01}',
        '{"a":9007199254740992}',
        '{"a":-9007199254740992}',
        '{"a":18446744073709551616}',
        '{"a":1' + "0" * 400 + "}",
        '{"a":[' + "[" * DEPTH_MAX + "]" * DEPTH_MAX + "]}",
        '{"a":1,"a":1}',
        '{"b":1,"a":1}',
        '{"a":1}\n',
        ' {"a":1}',
        '{"a":"\\/"}',
        '{"a":"\\u0041"}',
        '{"a":"\\ud800"}',
        '{"a":"\x7f"}',
        '{"a":NaN}',
        "[]",
        "",
    ],
)
def test_the_quick_way_leaves_to_the_exact_way_what_is_to_be_refused(text: str) -> None:
    assert canonical._parse_quickly(text.encode()) is None
    assert refusal_of(text.encode()) in BYTE_CODES


def test_the_quick_way_is_taken_by_ordinary_acts(act: Any) -> None:
    """Without this the agreement above could be that of a way never taken."""
    assert canonical._parse_quickly(act()) is not None
    assert canonical._parse_quickly(b'{"a":[],"b":' + nested(DEPTH_MAX - 1) + b"}") is not None
    assert canonical._parse_quickly(act(note={"en": 'He said: "1.5 [%]"\\', "tr": "Türkiye\nİstanbul"})) is not None


@settings(max_examples=300, deadline=None)
@given(VALUES)
@example({"\U0001f600": 1, "\uff5e": 2})
@example(['\x7f\x00\x1f\\"/\u2028'])
@example({"a": 1.5, "b": -0.0, "c": 1e21})
def test_written_bytes_are_those_of_the_reference(value: object) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        INTEGER_MAX + 1,
        -INTEGER_MAX - 1,
        float("nan"),
        float("inf"),
        "\ud800",
        {"\ud800": 1},
        {1: 2},
        b"",
        {"a": {1, 2}},
    ],
    ids=repr,
)
def test_what_has_no_canonical_form_is_not_written(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical_bytes(value)


# --- Published vectors ---


INVISIBLE = re.compile("ZERO WIDTH|INVISIBLE|SEPARATOR$|EMBEDDING|OVERRIDE|ISOLATE|POP |WORD JOINER|(LEFT|LETTER) MARK")


def is_clean(value: object) -> bool:
    """Judge a parsed value independently of the code under test: by Unicode's categories and names, not by ranges."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value) == value and not any(is_unseen(one) for one in value)
    if isinstance(value, dict):
        return all(is_clean(key) and is_clean(item) for key, item in value.items())
    if isinstance(value, list):
        return all(is_clean(item) for item in value)
    return not isinstance(value, float) and (not isinstance(value, int) or abs(value) <= INTEGER_MAX)


def is_unseen(one: str) -> bool:
    noncharacter = ord(one) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(one) <= 0xFDEF
    control = unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} and one != "\n"
    named = unicodedata.category(one) == "Cf" and INVISIBLE.search(unicodedata.name(one, ""))
    return noncharacter or control or bool(named)


@pytest.mark.parametrize("path", JSON_FILES, ids=lambda path: path.name)
def test_json_test_suite(path: Path) -> None:
    """n_ and i_ (undefined) never pass, bare or as a member; y_ pass if they are canonical, clean objects."""
    raw = path.read_bytes()
    member = b'{"v":' + raw + b"}"
    if path.name.startswith(("n_", "i_")):
        assert refusal_of(raw) in BYTE_CODES
        assert refusal_of(member) in BYTE_CODES
        return
    for candidate in (raw, member):
        value = json.loads(candidate)
        clean = isinstance(value, dict) and is_clean(value)
        unchanged = clean and rfc8785.dumps(value) == candidate
        assert (refusal_of(candidate) is None) == unchanged
        if clean:
            assert parse_canonical(rfc8785.dumps(value), BYTES_MAX) == value


def test_json_test_suite_is_not_refused_as_a_whole(shared: Path) -> None:
    passed = [path for path in JSON_FILES if refusal_of(b'{"v":' + path.read_bytes().strip() + b"}") is None]
    assert len(passed) > 10
    assert all(path.name.startswith(("y_", "string_", "number_", "object_")) for path in passed)


RFC8785_VERDICTS = {
    "arrays.json": Refusal.NOT_JSON,
    "french.json": None,
    "structures.json": None,
    "unicode.json": Refusal.NOT_NFC,
    "values.json": Refusal.NUMBER_NOT_INTEGER,
    "weird.json": Refusal.NOT_NFC,
}


@pytest.mark.parametrize("name", RFC8785_VERDICTS)
def test_rfc8785_vectors(shared: Path, name: str) -> None:
    """Their canonical form is ours; what of it the ledger lets in is documented in the table above."""
    folder = shared / "vectors" / "json" / "rfc8785" / "testdata"
    output = (folder / "output" / name).read_bytes()
    assert canonical_bytes(json.loads((folder / "input" / name).read_bytes())) == output
    assert bytes.fromhex((folder / "outhex" / name.replace(".json", ".txt")).read_text()) == output
    assert refusal_of(output) == RFC8785_VERDICTS[name]


def test_naughty_strings_pass_unchanged_or_are_refused_for_a_reason(shared: Path) -> None:
    strings = json.loads((shared / "vectors" / "json" / "blns" / "blns.json").read_text())
    verdicts: dict[Refusal | None, int] = {}
    for string in strings:
        raw = canonical_bytes({"text": string, string: 1})
        verdict = refusal_of(raw)
        verdicts[verdict] = verdicts.get(verdict, 0) + 1
        if verdict is None:
            assert is_clean(string)
            assert parse_canonical(raw, BYTES_MAX) == {"text": string, string: 1}
        else:
            assert verdict == Refusal.FORBIDDEN_CHARACTER
            assert any(is_unseen(one) or unicodedata.category(one) == "Cf" for one in string)
    assert set(verdicts) == {None, Refusal.FORBIDDEN_CHARACTER}
    assert verdicts[None] > len(strings) * 0.8
