"""What a bundle proves to whoever holds it, by whom they believe and without a connection.

Trust is in what the verifier brings: keys of the log, a policy, or the SHA-256 of the first entry. The policy in the
bundle says by what its maker judged. It is checked too, and believed by nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from ledger.client.proof import Proven, judged_by
from ledger.client.standing import KnownAuthorities, doubt_of
from ledger.log.bundle import Bundle
from ledger.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from ledger.log.entry import Entry, parse_entry
from ledger.log.errors import BundleInvalid, CheckpointInvalid, NoteInvalid
from ledger.log.note import Note, VerifierKey, parse_note, parse_vkey
from ledger.log.policy import Policy, judge, parse_policy
from ledger.log.proofs import verify_inclusion
from ledger.rules.compact import Authority


@dataclass(frozen=True, slots=True)
class Believed:
    """Whom the verifier believes; at least one of `vkeys`, `policy` and `anchor` (SHA-256 of entry 1, 64 hex digits).

    Each that is given must be satisfied. `origin` None: the one that the believed keys sign for.
    """

    origin: str | None = None
    vkeys: tuple[VerifierKey, ...] = ()
    policy: Policy | None = None
    anchor: str | None = None

    def __post_init__(self) -> None:
        if not self.vkeys and self.policy is None and self.anchor is None:
            raise ValueError("expected somebody to believe; got nobody")


@dataclass(frozen=True, slots=True)
class ProvenBundle:
    """The act is in the log at its position, signed by keys of an authority that stood there as far as is shown.

    `doubt` is what later entries say against it. `anchor` is the SHA-256 of entry 1; `cosigned` are the names of the
    witnesses of the bundle's own policy that signed, and `own_policy_met` whether they are enough for it.
    """

    proven: Proven
    authority: Authority
    anchor: str
    doubt: str | None
    cosigned: tuple[str, ...]
    own_policy_met: bool


def prove_bundle(bundle: Bundle, believed: Believed) -> ProvenBundle:
    """Return what is proven, in this order; raises LogInvalid with the first that is false:

    1. The entries are entries, each at the position that it states, later ones recorded later, neighbours chained
    2. The first opens the ledger; it is the anchor, if one was given
    3. Every act among them is signed and stands, as `KnownAuthorities.take` asks; raises Undecidable as it does
    4. The checkpoint is of the believed origin and signed: by every key of the log that the ledger itself names, by one
       of `vkeys`; no line is false, or by a key that nobody names. Raises PolicyNotMet where lines that `policy` wants
       are missing, which proves nothing false
    5. Every entry is in the tree of the checkpoint
    """
    entries = [parse_entry(one.raw) for one in bundle.entries]
    _check_positions(bundle, entries)
    note = parse_note(bundle.checkpoint_note)
    checkpoint = parse_checkpoint(note.text)
    if believed.anchor is not None and entries[0].sha256 != believed.anchor:
        raise BundleInvalid(f"a first entry with SHA-256 {believed.anchor}", entries[0].sha256)
    known = KnownAuthorities(checkpoint.origin)
    for entry in entries:
        envelope, signer = known.take(entry, is_act=entry.entry_index == bundle.act_index)
        if entry.entry_index == bundle.act_index:
            act = entry, envelope, signer
    entry, envelope, signer = act
    judged = _check_checkpoint(bundle, note, checkpoint, believed, known.ledger.log_keys)
    for one, of in zip(bundle.entries, entries, strict=True):
        verify_inclusion(one.index, checkpoint.tree_size, of.leaf_hash, one.proof, checkpoint.root)
    proven = Proven(entry, checkpoint, envelope)
    return ProvenBundle(proven, signer, entries[0].sha256, doubt_of(known, entry, envelope.event), *judged)


def _check_positions(bundle: Bundle, entries: list[Entry]) -> None:
    for one, entry in zip(bundle.entries, entries, strict=True):
        if one.index != entry.entry_index:
            raise BundleInvalid(f"position {one.index + 1}", str(entry.position))
    if entries[0].position != 1:
        raise BundleInvalid("entry 1, which opens the ledger, first", f"entry {entries[0].position}")
    for before, after in pairwise(entries):
        if after.recorded_at < before.recorded_at:
            raise BundleInvalid(f"a time from {before.recorded_at.isoformat()} on", after.recorded_at.isoformat())
        if after.position == before.position + 1 and after.previous != before.sha256:
            raise BundleInvalid(f"entry {after.position} to name {before.sha256}", after.previous)


def _check_checkpoint(
    bundle: Bundle, note: Note, checkpoint: Checkpoint, believed: Believed, log_keys: Iterable[str]
) -> tuple[tuple[str, ...], bool]:
    """Return the witnesses of the bundle's own policy that signed, and whether they are enough for it."""
    raw, origin = bundle.checkpoint_note, checkpoint.origin
    if believed.origin not in (None, origin):
        raise CheckpointInvalid(f"origin {believed.origin}", origin)
    named = tuple(map(parse_vkey, log_keys))
    own = parse_policy(bundle.policy)
    _check_lines(note, origin, named, (*believed.vkeys, *_keys(believed.policy), *_keys(own)))
    for key in named:
        open_checkpoint(raw, origin, (key,))
    if believed.vkeys:
        open_checkpoint(raw, origin, believed.vkeys)
    if believed.policy is not None:
        judged_by(believed.policy, raw, believed.vkeys)
    try:
        judged = judge(own, raw)
    except ValueError as error:
        # Two keys of one name and id: with 32 bits, anybody finds some.
        raise BundleInvalid("a policy whose keys have an id each", str(error)) from None
    return tuple(judged.witnesses), judged.met


def _check_lines(note: Note, origin: str, log_keys: Iterable[VerifierKey], others: Iterable[VerifierKey]) -> None:
    """Raise NoteInvalid for a line under the log's name by another key, and for one that nobody could check."""
    own = {(key.name, key.key_id) for key in log_keys}
    known = own | {(key.name, key.key_id) for key in others}
    for line in note.signatures:
        expected = own if line.name == origin else known
        if (line.name, line.key_id) not in expected:
            whose = "the ledger names" if line.name == origin else "the bundle or you name"
            raise NoteInvalid(f"lines by keys that {whose}", f"{ascii(line.name)[1:-1]}+{line.key_id.hex()}")


def _keys(policy: Policy | None) -> tuple[VerifierKey, ...]:
    if policy is None:
        return ()
    return (*(log.vkey for log in policy.logs), *(witness.vkey for witness in policy.witnesses))
