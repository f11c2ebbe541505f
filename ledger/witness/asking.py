"""The log's side of tlog-witness: what to ask one witness about a checkpoint, and what its answer means. Pure.

    state = WitnessState(vkeys)                              # once, for each witness of the policy
    question = next_question(state, note_raw, prove)         # body of POST <url>/add-checkpoint
    outcome = taken(state, question, heard)                  # heard: what came back, or NoAnswer
    state = outcome.state                                    # always; then look at what the outcome is

`ledger.witness.connection.ask_witness` does the three of them over HTTP, the one retry included. Whoever gathers
cosignatures keeps a state for each witness, asks again when there is a new checkpoint or the last one ages (the same
checkpoint again gives a fresh timestamp), and waits after BackOff. Nothing that a witness says is believed: only lines
that verify under the keys configured for it come out of here, and a witness costs at most the limits named here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ledger.log.checkpoint import parse_checkpoint
from ledger.log.cosignature import COSIGNER_KINDS, verified_cosignatures
from ledger.log.errors import NoteInvalid, shown
from ledger.log.messages import parse_decimal
from ledger.log.note import VerifierKey, parse_note
from ledger.witness.protocol import SIZE_TYPE, Status, format_add_checkpoint

ANSWER_BYTES_MAX: Final = 64 * 1024
"""An ML-DSA line takes 3.3 kB: room for old and new keys of both kinds, and for the witness's neighbours."""

LINES_MAX: Final = 16
SAID_BYTES_MAX: Final = 200
"""How much of a witness's own words is repeated to the operator."""

TOO_MANY: Final = 429
FAILED: Final = 500

Prove = Callable[[int, int], tuple[bytes, ...]]
"""Returns the consistency proof from an old size (1 or more) to a new, larger one; called for no other sizes."""


@dataclass(frozen=True, slots=True)
class WitnessState:
    """What a log remembers of one witness. Begin with its keys alone: then the first answer tells its size.

    `old_size` is what the witness is believed to have recorded; `cosigned_size` the largest tree that it is known to
    have cosigned, below which it must never fall.
    """

    vkeys: tuple[VerifierKey, ...]
    old_size: int = 0
    cosigned_size: int = 0

    def __post_init__(self) -> None:
        if not self.vkeys or any(vkey.kind not in COSIGNER_KINDS for vkey in self.vkeys):
            raise ValueError("expected keys of type 04 or 06, at least one; got none or another type")


@dataclass(frozen=True, slots=True)
class Question:
    """A request body, and what the answer must be about. `text` is what the cosignatures sign."""

    body: bytes
    text: bytes
    tree_size: int
    is_second: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A complete answer. `retry_after_s` as the witness asks for, if it does."""

    status: int
    content_type: str
    body: bytes
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No complete answer within the limits, and why. The witness may have recorded the tree all the same."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The witness cosigned the checkpoint.

    `lines` are its signature lines that verify, one by each key, to be appended to the note as they are; `timestamps`
    says when each key signed. `dropped` says of each other line why it was not taken.
    """

    state: WitnessState
    lines: tuple[bytes, ...]
    timestamps: Mapping[VerifierKey, int]
    dropped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The witness has recorded another size than it was asked from: ask at once, a second time, with this state."""

    state: WitnessState


@dataclass(frozen=True, slots=True)
class Ahead:
    """The witness has recorded a larger tree than the checkpoint: ask with a newer one.

    If the log has none, it has lost entries that it once signed for, or somebody else signs with its key.
    """

    state: WitnessState
    witness_size: int


@dataclass(frozen=True, slots=True)
class BackOff:
    """Nothing is known: ask again later, not before `wait_s` seconds if the witness named any."""

    state: WitnessState
    reason: str
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The witness does not serve this log, or does not understand it: a matter of configuration, on either side."""

    state: WitnessState
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Log and witness cannot both be right about one tree, or the witness forgot what it cosigned. Do not retry.

    Somebody must look: keep the checkpoint and the reason.
    """

    state: WitnessState
    reason: str


Outcome = Cosigned | AskAgain | Ahead | BackOff | Refused | Alarm


def next_question(state: WitnessState, note_raw: bytes, prove: Prove, *, is_second: bool = False) -> Question:
    """Return what to ask about the checkpoint `note_raw`, which the log itself has signed.

    Raises LogInvalid if it is none, and whatever `prove` raises. `is_second` after AskAgain: there is no third.
    """
    note = parse_note(note_raw)
    tree_size = parse_checkpoint(note.text).tree_size
    # Above the checkpoint only if the witness said so itself: from 0 it will say it again, or be found out.
    old_size = state.old_size if state.old_size <= tree_size else 0
    proof = prove(old_size, tree_size) if 0 < old_size < tree_size else ()
    return Question(format_add_checkpoint(old_size, proof, note_raw), note.text, tree_size, is_second)


def taken(state: WitnessState, question: Question, heard: Heard | NoAnswer) -> Outcome:
    """Return what the answer to `question` means. Never raises for anything that a witness may answer."""
    match heard:
        case NoAnswer(reason):
            return BackOff(state, reason)
        case Heard(status=Status.COSIGNED):
            return _cosigned(state, question, heard.body)
        case Heard(status=Status.STALE):
            return _stale(state, question, heard)
        case Heard(status=Status.INCONSISTENT):
            return Alarm(state, f"the witness finds the tree of size {question.tree_size} inconsistent: {_said(heard)}")
        case Heard(status=status) if status == TOO_MANY or status >= FAILED:
            return BackOff(state, f"status {status}: {_said(heard)}", heard.retry_after_s)
        case Heard(status=status):
            return Refused(state, status, _said(heard))


def _cosigned(state: WitnessState, question: Question, body: bytes) -> Outcome:
    lines: dict[VerifierKey, bytes] = {}
    timestamps: dict[VerifierKey, int] = {}
    dropped: list[str] = []
    given = body.removesuffix(b"\n").split(b"\n", LINES_MAX)
    for line in given[:LINES_MAX]:
        signed = _verified(state, question, line)
        if isinstance(signed, str):
            dropped.append(signed)
        elif signed[0] in lines:
            dropped.append(f"a second line by {signed[0].name}+{signed[0].key_id.hex()}")
        else:
            lines[signed[0]], timestamps[signed[0]] = line + b"\n", signed[1]
    if len(given) > LINES_MAX:
        dropped.append(f"what follows {LINES_MAX} lines")
    if not lines:
        return BackOff(state, f"no line by a key of the witness: {'; '.join(dropped)}")
    size = question.tree_size
    after = replace(state, old_size=size, cosigned_size=max(size, state.cosigned_size))
    return Cosigned(after, tuple(lines.values()), timestamps, tuple(dropped))


def _verified(state: WitnessState, question: Question, line: bytes) -> tuple[VerifierKey, int] | str:
    """Return which key of the witness signed the line, and when; or why the line is not taken."""
    try:
        # Each line as if it were alone, so that a false one takes no other with it.
        signed = verified_cosignatures(parse_note(question.text + b"\n" + line + b"\n"), state.vkeys)
    except NoteInvalid as error:
        return str(error)
    for vkey, timestamp in signed.items():
        return (vkey, timestamp) if timestamp else f"timestamp 0 by {vkey.name}"
    return f"not by a key of the witness: {shown(line[:SAID_BYTES_MAX])}"


def _stale(state: WitnessState, question: Question, heard: Heard) -> Outcome:
    if heard.content_type.partition(";")[0].strip().lower() != SIZE_TYPE:
        # Older witnesses say so that they hold another root of the same size.
        reason = f"the witness holds another tree of size {question.tree_size}: {_said(heard)}"
        return Alarm(state, reason)
    try:
        size = parse_decimal(heard.body.decode("ascii").removesuffix("\n"))
    except ValueError:
        return BackOff(state, f"no size in {_said(heard)}")
    if size < state.cosigned_size:
        reason = f"the witness has recorded size {size} after it cosigned size {state.cosigned_size}"
        return Alarm(state, f"{reason}: it lost its store, and its cosignatures no longer show that there is one tree")
    after = replace(state, old_size=size)
    if size > question.tree_size:
        return Ahead(after, size)
    if question.is_second:
        return BackOff(after, f"the witness named another size, {size}, when it was asked from the one it had named")
    return AskAgain(after)


def _said(heard: Heard) -> str:
    return shown(heard.body[:SAID_BYTES_MAX])
