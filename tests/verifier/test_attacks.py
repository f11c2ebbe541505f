"""What an operator who holds the log's key can seal and bundle, though no honest ledger admits it: both see it.

Each attack is a log whose chain, tree and checkpoint are in order. The control beside it is the same without the lie.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from nacl.signing import SigningKey

from ledger.log.errors import LogInvalid
from ledger.log.note import KeyKind, format_vkey, verifier_key
from ledger.signing.dsse import parse
from ledger.signing.signer import generate_ed25519, key_record
from tests.acts import ISSUED_AT, Office, admission, log_key, principal
from tests.audit.logs import RECORDED_AT, STEP, checkpoint_over
from tests.verifier.javascript import needs_node, verdicts_each, verifier
from tests.verifier.ledgers import Cast, Cosigner, Sealed, cast, code_of, proved

pytestmark = needs_node

Bundled = tuple[Sealed, bytes]

SEEDS_OF_ONE_ID: Final = (43_433, 95_881)


def office(one: Cast, name: str) -> Office:
    made = principal("gb")
    made.authority = f"gb/{name}"
    return made


def bundled(sealed: Sealed, act: int, *others: int) -> Bundled:
    return sealed, sealed.bundle(act, *others)


def granted_and_used(one: Cast, *, standing: str = "delegated", **fields: object) -> Bundled:
    """The ministry acts at 6 under the mandate of 5."""
    return bundled(one.sealed(one.granted(one.ministry, standing, **fields), one.ministry.renaming("Renamed")), 6, 3, 5)


def revocation(one: Cast, revoked: Office) -> bytes:
    return one.gb.act("authority.revoked", revoked=revoked.authority, reason="other")


def honest(one: Cast) -> Bundled:
    return granted_and_used(one)


def act_of_the_revoked(one: Cast) -> Bundled:
    acts = [one.granted(one.ministry), revocation(one, one.ministry), one.ministry.renaming("Renamed")]
    return bundled(one.sealed(*acts), 7, 3, 5, 6)


def threshold_not_met(one: Cast) -> Bundled:
    grant = one.granted(one.ministry)
    one.ministry.signers = one.ministry.signers[:1]
    return bundled(one.sealed(grant, one.ministry.renaming("Renamed")), 6, 3, 5)


def key_of_another(one: Cast) -> Bundled:
    grant = one.granted(one.ministry)
    one.ministry.signers = (one.ministry.signers[0], generate_ed25519())
    return bundled(one.sealed(grant, one.ministry.renaming("Renamed")), 6, 3, 5)


def authority_that_nobody_granted(one: Cast) -> Bundled:
    return bundled(one.sealed(one.ministry.renaming("Renamed")), 5, 3)


def mandate_left_out(one: Cast) -> Bundled:
    return bundled(one.sealed(one.granted(one.ministry), one.ministry.renaming("Renamed")), 6, 3)


def out_of_scope(one: Cast) -> Bundled:
    return granted_and_used(one, scope={"events": ["delivery.*"]})


def expired(one: Cast) -> Bundled:
    return granted_and_used(one, valid_until="2026-01-16T00:00:00Z")


def not_yet_valid(one: Cast) -> Bundled:
    return granted_and_used(one, valid_from="2027-01-01T00:00:00Z")


def recovery_that_does_more_than_recover(one: Cast) -> Bundled:
    return granted_and_used(one, standing="recovery")


def grant_by_a_delegate(one: Cast) -> Bundled:
    deputy = office(one, "deputy")
    grant = one.granted(one.ministry, scope={"events": ["*"]})
    further = one.ministry.act(
        "authority.granted",
        granted=deputy.authority,
        standing="delegated",
        office="deputy",
        basis="full_powers",
        keys=deputy.keys,
        scope={"events": ["party.*"]},
        valid_from="2026-01-15T12:00:00Z",
    )
    return bundled(one.sealed(grant, further, deputy.renaming("Renamed")), 7, 3, 5, 6)


def mandate_beyond_ones_own(one: Cast) -> Bundled:
    second = office(one, "second")
    grant = one.granted(second, "principal", scope={"events": ["authority.*"]})
    one.gb = second
    return bundled(one.sealed(grant, one.granted(one.ministry), one.ministry.renaming("Renamed")), 7, 3, 5, 6)


def admission_by_a_guarantor(one: Cast) -> Bundled:
    newcomer = principal("fr")
    return bundled(one.sealed(admission(one.gb, newcomer), newcomer.renaming("Renamed")), 6, 3, 5)


def mandate_in_another_partys_name(one: Cast) -> Bundled:
    one.ministry.party, one.ministry.authority = "de", "de/ministry"
    return bundled(one.sealed(one.granted(one.ministry), one.ministry.renaming("Renamed")), 6, 3, 5)


def act_in_another_partys_name(one: Cast) -> Bundled:
    one.gb.party = "de"
    return bundled(one.sealed(one.gb.renaming("Renamed")), 5, 3)


def key_that_its_holder_does_not_hold(one: Cast) -> Bundled:
    stolen = key_record(generate_ed25519(), one.founded.origin, "gb/elsewhere")
    keys = one.ministry.keys
    return granted_and_used(one, keys={"keys": [*keys.keys, stolen], "threshold": 2})


def replay_from_another_ledger(one: Cast) -> Bundled:
    one.gb.ledger = "ledger.example/other"
    return bundled(one.sealed(one.gb.renaming("Renamed")), 5, 3)


def act_doubled(one: Cast) -> Bundled:
    grant = one.granted(one.ministry)
    return bundled(one.sealed(grant, grant), 6, 3, 5)


def own_chain_broken(one: Cast) -> Bundled:
    grant = one.granted(one.ministry)
    one.gb.previous = "ab" * 32
    return bundled(one.sealed(grant, one.gb.renaming("Renamed")), 6, 3, 5)


def number_used_twice(one: Cast) -> Bundled:
    sequence, previous = one.gb.sequence, one.gb.previous
    grant = one.granted(one.ministry)
    one.gb.sequence, one.gb.previous = sequence, previous
    return bundled(one.sealed(grant, one.gb.renaming("Renamed")), 6, 3, 5)


def act_of_the_future(one: Cast) -> Bundled:
    one.gb.issued_at = ISSUED_AT + timedelta(days=300)
    return bundled(one.sealed(one.gb.renaming("Renamed")), 5, 3)


def time_that_goes_back(one: Cast) -> Bundled:
    times = [RECORDED_AT + timedelta(hours=step) for step in (0, 1, 2, 3, 9, 5)]
    acts = [one.granted(one.ministry), one.ministry.renaming("Renamed")]
    return bundled(one.sealed(*acts, times=times), 6, 3, 5)


def act_of_another_kind_beside(one: Cast) -> Bundled:
    return bundled(one.sealed(one.gb.renaming("Renamed"), one.gb.renaming("Again")), 6, 3, 5)


def service_key_that_does_more_than_it_is_forced_to(one: Cast) -> Bundled:
    service = Office("depositary", "depositary/service", signers=(one.founded.service,))
    return bundled(one.sealed(service.renaming("Renamed", subject="gb")), 5)


def revocation_of_a_recovery_by_the_principal(one: Cast) -> Bundled:
    """The thief of a principal revokes the recovery; the bundle tells it against an act of the recovery."""
    recovery = office(one, "recovery")
    acts = [one.granted(recovery, "recovery", scope={"events": ["*"]}), revocation(one, recovery)]
    return bundled(one.sealed(*acts), 6, 3, 5)


def log_key_that_the_ledger_does_not_name(one: Cast) -> Bundled:
    one.founded.log_signer = log_key()
    return granted_and_used(one)


def one_log_key_too_many(one: Cast) -> Bundled:
    sealed, _ = granted_and_used(one)
    raws = [entry.raw for entry in sealed.entries]
    other = log_key()
    line = checkpoint_over(raws, other).splitlines(keepends=True)[-1]
    policy = f"log {sealed.vkey}\nlog {format_vkey(other.vkey)}\nquorum none\n".encode()
    return sealed, sealed.bundle(6, 3, 5, note=sealed.note() + line, policy=policy)


def checkpoint_of_another_tree(one: Cast) -> Bundled:
    sealed, _ = granted_and_used(one)
    shorter = replace(sealed, envelopes=sealed.envelopes[:-1])
    return sealed, sealed.bundle(6, 3, 5, note=shorter.note())


def stolen(one: Cast, *words: str) -> tuple[Sealed, int]:
    """Return a log whose gb is robbed of its principal at 5, judges the mandates since then, and acts by its ministry.

    5 recovery, 6 ministry, 7 the principal revoked for what it did since 5, 8 a new principal, its words on 6, the act.
    """
    recovery, second = office(one, "recovery"), office(one, "second")
    since = (RECORDED_AT + 4 * STEP).isoformat().replace("+00:00", "Z")
    grants = [one.granted(recovery, "recovery", scope={"events": ["*"]}), one.granted(one.ministry)]
    revoking = recovery.act("authority.revoked", revoked=one.gb.authority, reason="compromised", contested_since=since)
    one.gb = recovery
    renewed = one.granted(second, "principal", scope={"events": ["*"]})
    judging = [second.act(word, act=parse(grants[1]).event.id, reason="after a review") for word in words]
    sealed = one.sealed(*grants, revoking, renewed, *judging, one.ministry.renaming("Renamed"))
    return sealed, len(sealed.entries)


def witnesses_of_one_id(one: Cast) -> Bundled:
    """A policy with two keys of one name and id, which are found in seconds: which of them a line is by, is open."""
    sealed, _ = granted_and_used(one)
    twins = []
    for seed in SEEDS_OF_ONE_ID:
        key = SigningKey(sha256(b"seed %d" % seed).digest())
        vkey = verifier_key("witness.example/w", KeyKind.COSIGNATURE_ED25519, bytes(key.verify_key))
        twins.append(Cosigner(vkey, key))
    assert twins[0].vkey.key_id == twins[1].vkey.key_id
    witnessed = replace(sealed, witnesses=tuple(twins), quorum="enough")
    return witnessed, witnessed.bundle(6, 3, 5, note=witnessed.note(twins[0]))


def act_under_a_contested_mandate(one: Cast) -> Bundled:
    sealed, act = stolen(one)
    return bundled(sealed, act, 3, 5, 6, 7)


def act_under_a_repudiated_mandate(one: Cast) -> Bundled:
    sealed, act = stolen(one, "act.repudiated")
    return bundled(sealed, act, 3, 5, 6, 7, 8, 9)


def confirmation_that_was_left_out(one: Cast) -> Bundled:
    sealed, act = stolen(one, "act.confirmed")
    return bundled(sealed, act, 3, 5, 6, 7)


def word_on_a_mandate_that_is_not_contested(one: Cast) -> Bundled:
    sealed, act = stolen(one, "act.confirmed", "act.confirmed")
    return bundled(sealed, act, 3, 5, 6, 7, 8, 9, 10)


ATTACKS: Final[Mapping[Callable[[Cast], Bundled], str]] = {
    act_of_the_revoked: "authority_revoked",
    threshold_not_met: "threshold_not_met",
    key_of_another: "key_unknown",
    authority_that_nobody_granted: "authority_unknown",
    mandate_left_out: "authority_unknown",
    out_of_scope: "one of delivery",
    expired: "authority_expired",
    not_yet_valid: "authority_not_yet_valid",
    recovery_that_does_more_than_recover: "one of authority.granted, authority.revoked",
    grant_by_a_delegate: "signer_not_entitled",
    mandate_beyond_ones_own: "within that of whoever grants",
    admission_by_a_guarantor: "the depositary; got gb",
    mandate_in_another_partys_name: "authority_not_of_party",
    act_in_another_partys_name: "authority_not_of_party",
    key_that_its_holder_does_not_hold: "a proof by key",
    replay_from_another_ledger: "ledger_mismatch",
    act_doubled: "every event id once",
    own_chain_broken: "previous",
    number_used_twice: "after number 1",
    act_of_the_future: "future_fact",
    time_that_goes_back: "a time from",
    act_of_another_kind_beside: "about authorities",
    service_key_that_does_more_than_it_is_forced_to: "by the service key",
    revocation_of_a_recovery_by_the_principal: "older recovery authority",
    log_key_that_the_ledger_does_not_name: "the ledger names",
    one_log_key_too_many: "the ledger names",
    checkpoint_of_another_tree: "root",
    witnesses_of_one_id: "an id each",
    act_under_a_contested_mandate: "authority_contested",
    act_under_a_repudiated_mandate: "authority_revoked",
    confirmation_that_was_left_out: "authority_contested",
    word_on_a_mandate_that_is_not_contested: "not_contested",
}
"""Each attack, and a word of the reason for which it must be refused."""


@pytest.fixture(scope="module")
def made() -> dict[str, Bundled]:
    """The bundle of each attack."""
    return {attack.__name__: attack(cast()) for attack in ATTACKS}


@pytest.fixture(scope="module")
def in_javascript(made: dict[str, Bundled]) -> dict[str, int]:
    """How the verifier in JavaScript ends on each."""
    codes = verdicts_each([(sealed.trust(), raw) for sealed, raw in made.values()])
    return dict(zip(made, codes, strict=True))


@pytest.mark.parametrize(("attack", "word"), ATTACKS.items(), ids=lambda one: getattr(one, "__name__", None))
def test_both_see_what_no_honest_ledger_admits(
    made: dict[str, Bundled], in_javascript: dict[str, int], attack: Callable[[Cast], Bundled], word: str
) -> None:
    sealed, raw = made[attack.__name__]
    with pytest.raises(LogInvalid, match=re.escape(word)):
        proved(raw, sealed.trust())
    assert in_javascript[attack.__name__] == 1


def test_the_same_without_a_lie_is_valid() -> None:
    """The control: the attacks differ from these in their lie alone."""
    honest_ones = (honest, mandate_of_a_second_principal, act_of_a_recovery, act_under_a_confirmed_mandate)
    cases = [made(cast()) for made in honest_ones]
    assert verdicts_each([(sealed.trust(), raw) for sealed, raw in cases]) == [0] * len(cases)
    assert [code_of(raw, sealed.trust()) for sealed, raw in cases] == [0] * len(cases)


def mandate_of_a_second_principal(one: Cast) -> Bundled:
    second = office(one, "second")
    grant = one.granted(second, "principal", scope={"events": ["authority.*", "party.*", "instrument.*"]})
    one.gb = second
    return bundled(one.sealed(grant, one.granted(one.ministry), one.ministry.renaming("Renamed")), 7, 3, 5, 6)


def act_of_a_recovery(one: Cast) -> Bundled:
    recovery = office(one, "recovery")
    grant = one.granted(recovery, "recovery", scope={"events": ["*"]})
    revoking = recovery.act("authority.revoked", revoked=one.gb.authority, reason="other")
    return bundled(one.sealed(grant, revoking), 6, 3, 5)


def act_under_a_confirmed_mandate(one: Cast) -> Bundled:
    sealed, act = stolen(one, "act.confirmed")
    return bundled(sealed, act, 3, 5, 6, 7, 8, 9)


@pytest.mark.parametrize(("since", "is_doubted"), [(4, True), (5, True), (6, False), (None, False)])
def test_a_later_revocation_is_told_as_a_doubt(tmp_path: Path, since: int | None, is_doubted: bool) -> None:
    """The act of 6 stood when it was recorded; what is said since about its authority is said beside the verdict."""
    one = cast()
    acts = [one.granted(one.ministry), one.ministry.renaming("Renamed")]
    contested = {"contested_since": (RECORDED_AT + since * STEP).isoformat().replace("+00:00", "Z")} if since else {}
    acts.append(one.gb.act("authority.revoked", revoked=one.ministry.authority, reason="other", **contested))
    sealed, raw = bundled(one.sealed(*acts), 6, 3, 5, 7)
    assert (proved(raw, sealed.trust()).doubt is not None) is is_doubted
    file = tmp_path / "act.bundle"
    file.write_bytes(raw)
    done = verifier("bundle", file, "--vkey", sealed.vkey)
    assert done.code == 0, done.said
    assert (done.proven["doubt"] is not None) is is_doubted
    assert done.proven["revoked_later"] == 7


def test_a_word_for_another_party_is_left_to_an_audit() -> None:
    """A successor may revoke; that it is one, a bundle does not show."""
    one = cast()
    acts = [one.granted(one.ministry), one.ministry.renaming("Renamed")]
    acts.append(one.de.act("authority.revoked", revoked=one.ministry.authority, reason="other"))
    sealed, raw = bundled(one.sealed(*acts), 6, 3, 4, 5, 7)
    assert verdicts_each([(sealed.trust(), raw)]) == [code_of(raw, sealed.trust())] == [3]
