"""The requests that a witness reads and the answers that it gives, to the byte (C2SP tlog-witness). Pure.

A request that was parsed is well-formed; nothing in it is proved. What is formatted here parses here.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ledger.log.checkpoint import Checkpoint
from ledger.log.errors import LogInvalid, shown
from ledger.log.messages import checkpoint_fields, parse_decimal
from ledger.log.note import Note, parse_note
from ledger.log.subtrees import is_subtree
from ledger.log.tiles import HASH_BYTES
from ledger.log.tree import EMPTY_ROOT
from ledger.signing.encoding import from_base64, to_base64

REQUEST_BYTES_MAX: Final = 128 * 1024
PROOF_HASHES_MAX: Final = 63
SUBTREE_COSIGNATURES_MAX: Final = 8
"""Lines of other witnesses that a sign-subtree request may carry; they are not needed here."""

TEXT_TYPE: Final = "text/plain; charset=utf-8"
SIZE_TYPE: Final = "text/x.tlog.size"

_HASH_LINE: Final = re.compile(rb"[A-Za-z0-9+/]{43}=")
_COSIGNATURE_PREFIX: Final = "\N{EM DASH} ".encode()


class RequestMalformed(LogInvalid):
    """Bytes that are no request to a witness."""


class Status(IntEnum):
    """What a witness answers, in order of precedence: if several apply, the first listed is given."""

    MALFORMED = 400
    """The request is not well-formed, or the old size is above the new one. Body: what was expected and what came."""
    ORIGIN_UNKNOWN = 404
    """The log is not one that this witness was told to trust."""
    NOT_SIGNED = 403
    """No line by a trusted key of the log, or a false one. For a subtree: no cosignature of this witness's own."""
    STALE = 409
    """The old size is not the recorded one. Body: the recorded size and a line feed, as `text/x.tlog.size`."""
    INCONSISTENT = 422
    """The tree does not grow out of the recorded one, or the proof does not show it."""
    COSIGNED = 200
    """The tree is recorded. Body: the witness's signature lines."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer."""

    status: Status
    body: bytes
    content_type: str = TEXT_TYPE


@dataclass(frozen=True, slots=True)
class StatedTree:
    """What a log states in a checkpoint: like `Checkpoint`, but an empty tree may claim any root.

    That claim is well-formed and false: the witness says so (422) only to the log itself, after all the other checks.
    """

    origin: str
    tree_size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request to cosign `tree`, which the log says grows out of its first `old_size` leaves."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note
    tree: StatedTree


@dataclass(frozen=True, slots=True)
class SignSubtree:
    """A request to cosign the subtree [start, end) with `root` of `tree`, which the witness has cosigned."""

    start: int
    end: int
    root: bytes
    proof: tuple[bytes, ...]
    note: Note
    tree: StatedTree


def refusal(status: Status, expected: str, got: str) -> Answer:
    """Return an answer that says in a line of ASCII what was expected and what came."""
    return Answer(status, f"expected {expected}; got {got}\n".encode("ascii", "backslashreplace"))


def stale(recorded_size: int) -> Answer:
    """Return the answer that names the size from which a proof would be taken: `1742\\n`."""
    return Answer(Status.STALE, f"{recorded_size}\n".encode(), SIZE_TYPE)


def format_add_checkpoint(old_size: int, proof: tuple[bytes, ...], note_raw: bytes) -> bytes:
    """Return the request to cosign the checkpoint `note_raw`:

        old 20852014
        PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=

        example.com/behind-the-sofa
        20852163
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npV...MTOAYQ8=

    The proof is in RFC order, empty if the old size is 0 or that of the checkpoint.
    """
    return _head(f"old {old_size}", proof) + note_raw


def format_sign_subtree(start: int, end: int, root: bytes, proof: tuple[bytes, ...], note_raw: bytes) -> bytes:
    """Return the request to cosign the subtree [start, end) with `root`, in a checkpoint that the witness cosigned:

        subtree 4 8
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
        PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=

        example.com/behind-the-sofa
        ...

    The first hash is the root of the subtree, the others are the proof.
    """
    return _head(f"subtree {start} {end}", (root, *proof)) + note_raw


def parse_add_checkpoint(raw: bytes) -> AddCheckpoint:
    """Return the request that `raw` is. Raises RequestMalformed, or LogInvalid for the checkpoint within it."""
    (words, *lines), note_raw = _parts(raw)
    (old_size,) = _numbers(words, "old", 1)
    proof = _hashes(lines, PROOF_HASHES_MAX)
    note = parse_note(note_raw)
    tree = _stated(note.text)
    if old_size > tree.tree_size:
        raise RequestMalformed(f"an old size up to that of the checkpoint, {tree.tree_size}", str(old_size))
    return AddCheckpoint(old_size, proof, note, tree)


def parse_sign_subtree(raw: bytes) -> SignSubtree:
    """Return the request that `raw` is. Raises RequestMalformed, or LogInvalid for the checkpoint within it."""
    (words, *lines), note_raw = _parts(raw)
    start, end = _numbers(words, "subtree", 2)
    # Between the root and the proof there may be cosignatures of others, which this witness has no use for.
    foreign = [line for line in lines[1:] if line.startswith(_COSIGNATURE_PREFIX)]
    if len(foreign) > SUBTREE_COSIGNATURES_MAX or lines[1 : 1 + len(foreign)] != foreign:
        expected = f"at most {SUBTREE_COSIGNATURES_MAX} cosignatures, right after the root"
        raise RequestMalformed(expected, f"{len(foreign)}, or others in between")
    hashes = _hashes(lines[:1] + lines[1 + len(foreign) :], 1 + PROOF_HASHES_MAX)
    if not hashes:
        raise RequestMalformed("the root of the subtree", "nothing")
    note = parse_note(note_raw)
    tree = _stated(note.text)
    if not is_subtree(start, end) or end > tree.tree_size:
        raise RequestMalformed(f"a subtree within {tree.tree_size} leaves", f"[{start}, {end})")
    return SignSubtree(start, end, hashes[0], hashes[1:], note, tree)


def _head(words: str, hashes: tuple[bytes, ...]) -> bytes:
    return "\n".join([words, *map(to_base64, hashes), "", ""]).encode()


def _parts(raw: bytes) -> tuple[list[bytes], bytes]:
    """Return the lines before the first empty one, at least one, and the checkpoint after it."""
    if len(raw) > REQUEST_BYTES_MAX:
        raise RequestMalformed(f"at most {REQUEST_BYTES_MAX} bytes", f"{len(raw)} bytes")
    head, separator, note_raw = raw.partition(b"\n\n")
    if not separator:
        raise RequestMalformed("an empty line before the checkpoint", shown(raw[:40]))
    return head.split(b"\n"), note_raw


def _numbers(line: bytes, word: str, count: int) -> list[int]:
    expected = f"'{word}' and {count} decimal size{'s'[: count - 1]}"
    try:
        first, *numbers = line.decode("ascii").split(" ")
        if first != word or len(numbers) != count:
            raise ValueError
        return [parse_decimal(number) for number in numbers]
    except ValueError:
        raise RequestMalformed(expected, shown(line[:40])) from None


def _hashes(lines: list[bytes], count_max: int) -> tuple[bytes, ...]:
    if len(lines) > count_max:
        raise RequestMalformed(f"at most {count_max} hashes", str(len(lines)))
    return tuple(map(_hash, lines))


def _hash(line: bytes) -> bytes:
    try:
        if not _HASH_LINE.fullmatch(line):
            raise ValueError
        return from_base64(line.decode("ascii"))
    except ValueError:
        raise RequestMalformed(f"a line of base64 of {HASH_BYTES} bytes", shown(line[:50])) from None


def _stated(text: bytes) -> StatedTree:
    """Return what the text of a checkpoint states. Raises CheckpointInvalid; extension lines are refused."""
    stated = StatedTree(*checkpoint_fields(text))
    is_empty = stated.tree_size == 0 and len(stated.root) == HASH_BYTES
    # All else that makes a checkpoint well-formed.
    Checkpoint(stated.origin, stated.tree_size, EMPTY_ROOT if is_empty else stated.root)
    return stated
