"""A part of a log: what it gives is what the whole gives of it, and what rests on more is refused."""

from ledger.events.refusals import Refusal, Refused, Rejected
from ledger.events.stages import Admitted
from ledger.rules.decide import keys_of
from ledger.rules.given import Given, decide_given
from ledger.signing.dsse import parse
from ledger.signing.signer import sign_payload
from ledger.signing.verify import verify
from tests.acts import ORIGIN
from tests.world import World, signed_world


def folded(world: World, positions: list[int]) -> Given:
    """Fold the acts at these positions (from 1), all of which must be admitted."""
    given = Given()
    for position in positions:
        assert isinstance(taken(given, world, position), Admitted), position
    return given


def taken(given: Given, world: World, position: int) -> Admitted | Refused:
    """Decide one act on what is given so far, and fold it if it is admitted."""
    raw, recorded_at = world.entered[position - 1]
    envelope = parse(raw)
    try:
        verified = verify(envelope, keys_of(given, envelope.event), ledger=ORIGIN)
    except Rejected as error:
        return error.refused
    outcome = decide_given(given, verified, recorded_at)
    if isinstance(outcome, Admitted):
        given.apply(outcome, position, recorded_at)
    return outcome


def positions_of(world: World, *types: str) -> list[int]:
    events = [parse(raw).event for raw, _ in world.entered]
    return [number for number, event in enumerate(events, start=1) if event.type in types]


def test_acts_that_are_left_out_between_are_not_missed() -> None:
    world = signed_world()
    for number in range(3):
        world.admit("gb", "party.renamed", subject="gb", names=[{"language": "en", "name": f"Name {number}"}])
    world.commits("c-1")
    whole = world.compact.get("commitment/c-1")
    positions = [one for one in range(1, world.size + 1) if one not in positions_of(world, "party.renamed")]
    assert folded(world, positions).get("commitment/c-1") == whole


def test_an_act_whose_authority_text_or_target_is_not_given_is_refused() -> None:
    world = signed_world()
    world.commits("c-1")
    (registered,) = positions_of(world, "instrument.registered")
    (made,) = positions_of(world, "commitment.made")
    admissions = positions_of(world, "party.admitted")
    assert _refusal(taken(Given(), world, made)) is Refusal.AUTHORITY_UNKNOWN
    assert _refusal(taken(folded(world, [1, *admissions]), world, made)) is Refusal.REFERENCE_UNKNOWN
    assert isinstance(taken(folded(world, [1, *admissions, registered]), world, made), Admitted)


def _refusal(outcome: Admitted | Refused) -> Refusal:
    assert isinstance(outcome, Refused)
    return outcome.refusal


def test_a_place_in_the_chain_that_the_acts_given_contradict_is_refused() -> None:
    world = signed_world()
    for number in range(2):
        world.admit("gb", "party.renamed", subject="gb", names=[{"language": "en", "name": f"Name {number}"}])
    first, second = positions_of(world, "party.renamed")
    base = [1, *positions_of(world, "party.admitted")]
    given = folded(world, [*base, second])
    assert _refusal(taken(given, world, first)) is Refusal.SEQUENCE_MISMATCH
    # The next number after the first, but after another act than the first.
    other = world.desks["gb"]
    other.previous = "1" * 64
    raw = sign_payload(
        world.payload("gb", "party.renamed", {"subject": "gb", "names": [{"language": "en", "name": "Other"}]}),
        other.signers,
    )
    world.entered.append((raw, world.now))
    given = folded(world, [*base, first, second])
    assert _refusal(taken(given, world, len(world.entered))) is Refusal.PREVIOUS_MISMATCH


def test_what_is_forced_is_believed_of_the_service_key_alone() -> None:
    world = signed_world(clock={"basis": "notification_received", "convene_within_hours": 24})
    world.attacked("attack")
    (opened,) = positions_of(world, "consultation.opened")
    assert isinstance(taken(folded(world, list(range(1, opened))), world, opened), Admitted)
    raw, recorded_at = world.entered[opened - 1]
    own, desk = parse(raw).event, world.desks["depositary"]
    assert own.authority == "depositary/service"
    place = f'"sequence":{desk.sequence + 1}'.encode()
    payload = parse(raw).payload.replace(b"depositary/service", b"depositary/principal")
    payload = payload.replace(b'"sequence":1', place).replace(b"0" * 64, desk.previous.encode())
    world.entered.append((sign_payload(payload, desk.signers), recorded_at))
    given = folded(world, list(range(1, opened)))
    assert _refusal(taken(given, world, len(world.entered))) is Refusal.SERVICE_KEY_ONLY
