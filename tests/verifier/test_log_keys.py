"""Which keys of the log sign a checkpoint, as the bundle's own entries say: all of those in force, and no others.

One of them is ML-DSA-44: the ledger's client verifies its lines, the verifier in JavaScript says that it cannot.
"""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ledger.log.cosignature import TimedSigner, mldsa44_cosigner
from ledger.log.note import NoteSigner, format_vkey, parse_note, signature_line
from ledger.signing.signer import generate_ed25519
from tests.acts import DEPOSITARY, ORIGIN, Founding, Office, admission, log_key, opening, principal
from tests.verifier.javascript import Trust, needs_node, verdicts_each, verifier
from tests.verifier.ledgers import COSIGNED_AT, Sealed, cast, code_of

pytestmark = needs_node

ADOPTED_AT = 4


@dataclass(frozen=True)
class Keyed:
    """A log opened around an Ed25519 and an ML-DSA-44 key; from its entry 4 on another Ed25519 key is in force."""

    before: Sealed
    after: Sealed
    first: NoteSigner
    quantum: NoteSigner
    second: NoteSigner

    def note(self, sealed: Sealed, *signers: NoteSigner) -> bytes:
        """Return the checkpoint of the log with a line by each of `signers` and by nobody else."""
        text = parse_note(sealed.note()).text
        return text + b"\n" + b"".join(signature_line(one.vkey, one.sign(text)) for one in signers)

    def bundle(self, *signers: NoteSigner) -> bytes:
        """Return the bundle of gb's act (3), in the tree before the adoption."""
        return self._bundled(self.before, (2,), signers, (self.first, self.quantum))

    def later_bundle(self, *signers: NoteSigner, others: tuple[int, ...] = (2, ADOPTED_AT)) -> bytes:
        """Return the bundle of the same act in the tree after it."""
        return self._bundled(self.after, others, signers, (self.second,))

    def _bundled(
        self, sealed: Sealed, others: tuple[int, ...], signers: tuple[NoteSigner, ...], named: tuple[NoteSigner, ...]
    ) -> bytes:
        policy = "".join(f"log {format_vkey(one.vkey)}\n" for one in named) + "quorum none\n"
        return sealed.bundle(3, *others, policy=policy.encode(), note=self.note(sealed, *signers))


def trusting(*signers: NoteSigner) -> Trust:
    return {"vkeys": [format_vkey(one.vkey) for one in signers]}


@pytest.fixture(scope="module")
def keyed() -> Keyed:
    depositary, gb = principal(DEPOSITARY), principal("gb")
    quantum = TimedSigner(mldsa44_cosigner(ORIGIN, secrets.token_bytes(32)), lambda: COSIGNED_AT)
    first, second, service = log_key(), log_key(), generate_ed25519()
    offices: dict[str, Office] = {"gb": gb}
    raws = [opening(depositary, [first, quantum], service), admission(depositary, gb), gb.renaming("Renamed")]
    founded = Founding(ORIGIN, first, service, depositary, offices, raws)
    adopted = depositary.act("log_keys.adopted", log_keys=[format_vkey(second.vkey)])
    return Keyed(Sealed(founded, raws), Sealed(founded, [*raws, adopted]), first, quantum, second)


def test_every_key_in_force_has_signed_or_it_is_no_checkpoint(keyed: Keyed) -> None:
    trust = trusting(keyed.first)
    cases = {
        keyed.bundle(keyed.first, keyed.quantum): 0,
        keyed.bundle(keyed.first): 1,
        keyed.bundle(keyed.quantum): 1,
        keyed.bundle(keyed.first, keyed.quantum, keyed.second): 1,
    }
    assert [code_of(raw, trust) for raw in cases] == list(cases.values())
    assert verdicts_each([(trust, raw) for raw in cases]) == list(cases.values())


def test_adopted_keys_replace_the_earlier_ones(keyed: Keyed) -> None:
    anchor: Trust = {"anchor": keyed.after.entries[0].sha256}
    cases = [
        (trusting(keyed.second), keyed.later_bundle(keyed.second), 0),
        (anchor, keyed.later_bundle(keyed.second), 0),
        (trusting(keyed.first), keyed.later_bundle(keyed.first, keyed.quantum), 1),
        (anchor, keyed.later_bundle(keyed.first, keyed.quantum), 1),
        # Without the entry that adopted it, the key is one that the ledger does not name.
        (trusting(keyed.second), keyed.later_bundle(keyed.second, others=(2,)), 1),
        (trusting(keyed.first), keyed.later_bundle(keyed.second), 1),
    ]
    expected = [code for _, _, code in cases]
    assert [code_of(raw, trust) for trust, raw, _ in cases] == expected
    assert verdicts_each([(trust, raw) for trust, raw, _ in cases]) == expected


def test_another_principal_of_the_depositary_may_adopt_keys_and_nobody_else() -> None:
    one, second_key = cast(), log_key()
    successor = principal(DEPOSITARY)
    successor.authority = f"{DEPOSITARY}/second"
    granted = one.founded.depositary.act(
        "authority.granted",
        granted=successor.authority,
        keys=successor.keys,
        valid_from="2026-01-15T12:00:00Z",
        standing="principal",
        office="depositary",
        basis="ex_officio",
        scope={"events": ["*"]},
    )
    cases = []
    for desk, prior in ((successor, [granted]), (one.gb, [])):
        adopted = desk.act("log_keys.adopted", log_keys=[format_vkey(second_key.vkey)])
        sealed = replace(one.sealed(*prior, adopted), founded=replace(one.founded, log_signer=second_key))
        act = len(sealed.entries)
        cases.append((sealed.trust(), sealed.bundle(act, 3, *range(5, act))))
    assert [code_of(raw, trust) for trust, raw in cases] == verdicts_each(cases) == [0, 1]


def test_what_javascript_cannot_check_is_said_and_not_counted(keyed: Keyed, tmp_path: Path) -> None:
    good = keyed.bundle(keyed.first, keyed.quantum)
    file = tmp_path / "act.bundle"
    file.write_bytes(good)
    done = verifier("bundle", file, "--vkey", format_vkey(keyed.first.vkey))
    assert done.code == 0, done.said
    quantum = keyed.quantum.vkey
    assert done.proven["checkpoint"]["unchecked"] == [f"{quantum.name}+{quantum.key_id.hex()}"]
    # Whoever believes that key alone is told that nothing is decided.
    undecided = verifier("bundle", file, "--vkey", format_vkey(quantum))
    assert undecided.code == 3
    assert "ML-DSA-44" in undecided.said
    assert code_of(good, trusting(keyed.quantum)) == 0


def test_a_false_line_of_ml_dsa_is_for_the_ledgers_own_client_to_see(keyed: Keyed) -> None:
    """The one difference between the two verifiers, which docs/bundle.md states."""
    other = mldsa44_cosigner(ORIGIN, secrets.token_bytes(32))
    text = parse_note(keyed.before.note()).text
    false = signature_line(keyed.quantum.vkey, other.cosign(text, COSIGNED_AT))
    note = keyed.note(keyed.before, keyed.first) + false
    policy = "".join(f"log {format_vkey(one.vkey)}\n" for one in (keyed.first, keyed.quantum)) + "quorum none\n"
    raw = keyed.before.bundle(3, 2, policy=policy.encode(), note=note)
    assert code_of(raw, trusting(keyed.first)) == 1
    assert verdicts_each([(trusting(keyed.first), raw)]) == [0]
