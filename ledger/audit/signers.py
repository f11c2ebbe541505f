"""Who signed a checkpoint, held against who had to: the keys in force, those that were pinned, those of a policy.

A line that is false is a lie, and so is one that the log should have signed and did not. A line of somebody else that
is missing proves nothing: then it is open whether the checkpoint is good enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ledger.audit.findings import Finding, Lie, LieFound, Proved, Undecidable, readable, words
from ledger.log.checkpoint import Checkpoint
from ledger.log.errors import LogInvalid, NotSigned
from ledger.log.note import Note, VerifiedLine, VerifierKey, format_vkey, parse_vkey, verified_lines
from ledger.log.policy import Policy, judge
from ledger.rules.compact import Opened
from ledger.rules.log_keys import log_keys_at, retired_keys

PLACE: Final = "checkpoint"


@dataclass(frozen=True, slots=True)
class Signers:
    """The lines of a checkpoint, none of them false: by the log's keys in force, by others known, by strangers."""

    own: tuple[VerifierKey, ...]
    others: tuple[VerifiedLine, ...]
    unchecked: tuple[str, ...]

    def proved(self) -> tuple[Proved, ...]:
        """Return the lines of the report."""
        signed = Proved("checkpoint", len(self.own), f"signed by {', '.join(map(_named, self.own))}")
        if not self.others:
            return (signed,)
        said = ", ".join(f"{_named(line.vkey)}{_at(line.timestamp)}" for line in self.others)
        return signed, Proved("cosignatures", len(self.others), f"by {said}")

    def assumed(self) -> tuple[str, ...]:
        """Return what the report says of lines that nobody here can check."""
        if not self.unchecked:
            return ()
        return (f"Not checked, since no key of theirs was given: the lines of {', '.join(self.unchecked)}.",)


def check_signers(
    raw: bytes,
    note: Note,
    checkpoint: Checkpoint,
    ledger: Opened,
    pinned: Sequence[VerifierKey],
    policy: Policy | None,
) -> Signers:
    """Return who signed `note`; `ledger` is the state at its tree size. Raises LieFound with CHECKPOINT_NOT_SIGNED:

    1. if a line of a key of the log, of a pinned key or of one of `policy` is false;
    2. unless each key in force has one line, and no other key has a line under the log's name;
    3. if a pinned key that never was one of the log's has no line.
    """
    try:
        own = tuple(map(parse_vkey, log_keys_at(ledger, checkpoint.tree_size)))
        lines = verified_lines(note, dict.fromkeys((*own, *pinned, *_keys_of(policy))))
    except LogInvalid as error:
        raise _lie(raw, *words(error)) from None
    except ValueError as error:
        # Two keys of one name and id, which somebody could search for.
        raise _lie(raw, "known keys with an id each", str(error)) from None
    for vkey in own:
        if (count := sum(line.vkey == vkey for line in lines)) != 1:
            raise _lie(raw, f"one line by {_named(vkey)}, which is in force", f"{count} of them")
    own_ids = {vkey.key_id for vkey in own}
    for signature in note.signatures:
        if signature.name == checkpoint.origin and signature.key_id not in own_ids:
            got = f"a line by {signature.name}+{signature.key_id.hex()}"
            raise _lie(raw, f"no lines of {checkpoint.origin} but those of its keys in force", got)
    signed = {line.vkey for line in lines}
    for vkey in pinned:
        if vkey not in signed and format_vkey(vkey) not in retired_keys(ledger):
            raise _lie(raw, f"a line by the pinned key {_named(vkey)}", "none")
    known = {(vkey.name, vkey.key_id) for vkey in signed}
    strangers = (f"{one.name}+{one.key_id.hex()}" for one in note.signatures if (one.name, one.key_id) not in known)
    others = tuple(line for line in lines if line.vkey not in own)
    return Signers(own, others, tuple(dict.fromkeys(strangers)))


def check_unread(raw: bytes, note: Note, ledger: Opened) -> None:
    """Raise LieFound if a line of a key in force so far is false; entries that might name later keys are missing."""
    try:
        verified_lines(note, map(parse_vkey, ledger.log_keys))
    except LogInvalid as error:
        raise _lie(raw, *words(error)) from None
    except ValueError as error:
        raise _lie(raw, "known keys with an id each", str(error)) from None


def check_trust(
    raw: bytes, signers: Signers, ledger: Opened, pinned: Sequence[VerifierKey], policy: Policy | None
) -> tuple[Proved, ...]:
    """Return what else the report proves once every pinned key has signed and the policy is met.

    Raises Undecidable if a pinned key was replaced since, and if lines that the policy wants are missing.
    """
    signed = {*signers.own, *(line.vkey for line in signers.others)}
    for vkey in pinned:
        if vkey not in signed:
            raise Undecidable(
                f"the pinned key {_named(vkey)} is in force no more by the log's own word, and did not sign: "
                "pin a key that replaced it, as the depositary published it, or the SHA-256 of entry 1"
            )
    if policy is None:
        return ()
    try:
        judged = judge(policy, raw, () if policy.logs else signers.own)
    except NotSigned as error:
        raise Undecidable(f"the policy does not speak of this log: {error}") from None
    cosigned = ", ".join(f"{_printable(name)}{_at(time)}" for name, time in judged.witnesses.items()) or "nobody"
    quorum = _printable(policy.quorum)
    if not judged.met:
        raise Undecidable(f"the policy is not met: quorum {quorum} is not reached by {cosigned}")
    return (Proved("policy", len(judged.witnesses), f"quorum {quorum}, reached by {cosigned}"),)


def _keys_of(policy: Policy | None) -> tuple[VerifierKey, ...]:
    if policy is None:
        return ()
    return (*(log.vkey for log in policy.logs), *(witness.vkey for witness in policy.witnesses))


def _named(vkey: VerifierKey) -> str:
    return f"{vkey.name}+{vkey.key_id.hex()}"


def _at(timestamp: int | None) -> str:
    """Return a time as far as this program has calendar dates for it."""
    if timestamp is None:
        return ""
    try:
        return f" at {datetime.fromtimestamp(timestamp, UTC).isoformat()}"
    except (ValueError, OverflowError, OSError):
        return f" at {timestamp} seconds"


def _printable(name: str) -> str:
    """Return a name of the policy, whose bytes are opaque, as text."""
    return readable(name.encode(errors="surrogateescape"))


def _lie(raw: bytes, expected: str, got: str) -> LieFound:
    evidence = {"checkpoint": readable(raw)}
    return LieFound(Finding(Lie.CHECKPOINT_NOT_SIGNED, PLACE, None, expected, got, evidence))
