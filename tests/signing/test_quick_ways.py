"""The quick ways say yes only where the exact ways do, and then the same; where they are silent the exact way decides.

The oracle of an envelope is `envelope_bytes`, which writes the only bytes there are for a payload and its signatures;
of an entry `parse_entry`; of what workers answer `check` in this process.
"""

from collections.abc import Iterator
from random import Random

import msgspec
import pytest

from ledger.events.refusals import Refusal, Refused, Rejected
from ledger.events.registry import EVENTS, REGISTERING_TYPES, registered_keys
from ledger.events.stages import Signature
from ledger.log.entry import GENESIS_PREVIOUS, build_entry, parse_entry, tail_of
from ledger.log.errors import EntryMalformed
from ledger.signing import dsse
from ledger.signing.checking import Unchecked, answers, check, received
from ledger.signing.signer import sign_payload
from tests.acts import ORIGIN, Founding, founding, one_key
from tests.audit.logs import RECORDED_AT


@pytest.fixture(scope="module")
def founded() -> Founding:
    return founding()


@pytest.fixture(scope="module")
def raws(founded: Founding) -> list[bytes]:
    """Envelopes by one key and by several."""
    gb = founded.offices["gb"]
    many = [sign_payload(gb.payload("party.renamed", subject="gb", names=NAMES), one_key() + one_key()) for _ in "ab"]
    return [*founded.raws, gb.renaming("Great Britain"), *many]


NAMES = [{"language": "en", "name": "Britain"}]


def mutants(raw: bytes, random: Random, count: int) -> Iterator[bytes]:
    """Yield the bytes with one changed, left out, doubled, or two exchanged."""
    for _ in range(count):
        at = random.randrange(len(raw))
        yield raw[:at] + bytes([random.choice(b'"AQgw=+/09afz,:{}[] \\\n\x00')]) + raw[at + 1 :]
        yield raw[:at] + raw[at + 1 :]
        yield raw[: at + 1] + raw[at:]
        yield raw[:at] + raw[at + 1 : at + 2] + raw[at : at + 1] + raw[at + 2 :]


def test_an_envelope_that_is_unwrapped_quickly_is_the_one_of_its_parts(raws: list[bytes]) -> None:
    random = Random(1)
    quick = silent = 0
    for raw in raws:
        found = dsse._unwrapped_quickly(raw)
        assert found is not None
        assert dsse.envelope_bytes(*found) == raw
        for mutant in mutants(raw, random, 120):
            found = dsse._unwrapped_quickly(mutant)
            silent += found is None
            if found is not None:
                quick += 1
                assert dsse.envelope_bytes(*found) == mutant
    assert quick > 100
    assert silent > 100


def test_envelopes_at_the_edges_are_left_to_the_exact_way(raws: list[bytes]) -> None:
    parsed = dsse.parse(raws[-1])
    first, second = parsed.signatures
    document = msgspec.json.decode(raws[-1])
    swapped = raws[-1].replace(first.key_id.encode(), b"#").replace(second.key_id.encode(), first.key_id.encode())
    disordered = swapped.replace(b"#", second.key_id.encode())
    twice = raws[-1].replace(second.key_id.encode(), first.key_id.encode())
    long = dsse.envelope_bytes(parsed.payload, [Signature(first.key_id, b"\1" * 129)])
    crowd = dsse.envelope_bytes(parsed.payload, [Signature(f"{n:064x}", b"\1") for n in range(17)])
    loose = raws[-1].replace(document["payload"].encode(), b"QR==")  # Unused bits that are not zero.
    for raw in (disordered, twice, long, crowd, loose):
        assert dsse._unwrapped_quickly(raw) is None
        with pytest.raises(Rejected) as rejected:
            dsse.parse(raw)
        assert rejected.value.refused.refusal is Refusal.ENVELOPE_MALFORMED


def test_the_tail_of_an_entry_is_the_one_that_is_parsed(raws: list[bytes]) -> None:
    random = Random(2)
    agreed = 0
    for number, raw in enumerate(raws, start=1):
        entry = build_entry(number, RECORDED_AT, GENESIS_PREVIOUS, raw)
        assert tail_of(entry.raw) == (number, entry.raw.rindex(b',"position"'), GENESIS_PREVIOUS)
        ends = [entry.raw[:-170] + mutant for mutant in mutants(entry.raw[-170:], random, 60)]
        at_midnight = entry.raw.replace(b"T12:00", b"T24:00")
        for mutant in (*ends, at_midnight, entry.raw.replace(b'"position":', b'"position":0')):
            tail = tail_of(mutant)
            try:
                parsed = parse_entry(mutant)
            except EntryMalformed:
                assert tail is None or not is_canonical(mutant[12 : tail[1]])
            else:
                agreed += 1
                assert tail == (parsed.position, 12 + len(parsed.envelope), parsed.previous)
    assert agreed > 100


def is_canonical(envelope: bytes) -> bool:
    try:
        dsse.parse(envelope)
    except Rejected:
        return False
    return True


@pytest.mark.parametrize("ledger", [ORIGIN, None, "another.example/log"])
@pytest.mark.parametrize("known", ["all", "none", "others"])
def test_what_a_worker_answers_is_what_is_said_here(
    founded: Founding, raws: list[bytes], ledger: str | None, known: str
) -> None:
    keys = {office.authority: office.keys for office in (founded.depositary, *founded.offices.values())}
    if known != "all":
        keys = {} if known == "none" else dict(zip(keys, reversed(keys.values()), strict=True))
    random = Random(3)
    unknown = founded.offices["gb"].payload("party.renamed", subject="gb", names=NAMES).replace(b"renamed", b"rebaked")
    every = [*raws, sign_payload(unknown, founded.offices["gb"].signers)]
    every += [mutant for raw in raws for mutant in mutants(raw, random, 6)]
    chunk = Unchecked(every, keys, ledger)
    said = check(chunk)
    assert received(chunk, answers(chunk)) == said
    assert any(isinstance(one, Refused) for one in said)
    assert known != "all" or ledger != ORIGIN or any(not isinstance(one, Refused) and one.verified for one in said)


def test_only_the_types_that_say_so_register_keys(founded: Founding) -> None:
    events = [dsse.parse(raw).event for raw in founded.raws]
    assert {event.type for event in events if list(registered_keys(event))} <= REGISTERING_TYPES
    holding = {name for (name, _), kind in EVENTS.items() if "KeySet" in str(msgspec.json.schema(kind))}
    assert holding == REGISTERING_TYPES
