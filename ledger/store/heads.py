"""The newest tree head that was published, kept where no restore of the database reaches it.

A checkpoint is given to nobody before its head has passed here, so a database that was put back to an earlier state is
found by the ledger itself: before it signs a second history, and before it serves the shortened one. The note that is
kept is also the copy from which its row comes back, to the byte, if a crash of the database takes it.

One file for each log, `<SHA-256 of the origin>.heads`: two slots of SLOT_BYTES, written in turn and in place, so that
an interrupted write costs the slot that did not count. A slot is a line and the signed note after it, to its length:

    5d1c...9a 000214
    ledger.example/compact
    1742
    3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
"""

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Final

from ledger.log.checkpoint import Checkpoint, parse_checkpoint
from ledger.log.errors import LogInvalid
from ledger.log.note import parse_note
from ledger.store.durable import sync_directory
from ledger.store.errors import HeadsUnreadable, LogRolledBack

SLOT_BYTES: Final = 32 * 1024
"""Room for the note of a log with eight keys, ML-DSA-44 all of them, under the longest origin."""

SLOTS: Final = 2
HEADS: Final = "heads"
"""The directory of the heads, in what LEDGER_DATA names."""

PRIVATE_FILE_MODE: Final = 0o600

_SUFFIX: Final = ".heads"
_LINE: Final = re.compile(rb"([0-9a-f]{64}) ([0-9]{6})\n")
_LINE_BYTES: Final = 64 + 1 + 6 + 1

RootAt = Callable[[int], bytes | None]
"""Returns the root (32 bytes) of the log in the database at a tree size, or None if it is shorter."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A head that was published: the signed note, what it says, and the slot that holds it."""

    note: bytes
    checkpoint: Checkpoint
    slot: int


class HeadStore:
    """The heads of the log `origin` in `directory`, which is made if it is missing. Safe for threads and processes.

    Processes on several machines need one directory that all of them see, with working locks (NFS 4 has them).
    Raises HeadsUnreadable if the directory or the file cannot be used.
    """

    def __init__(self, directory: Path, origin: str) -> None:
        self.path = directory / f"{sha256(origin.encode()).hexdigest()}{_SUFFIX}"
        self._origin = origin
        self._lock = RLock()
        self._depth = 0
        # The file as last seen: it is parsed again only when another process has written.
        self._seen: tuple[bytes, tuple[Kept, ...]] = (b"", ())
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE_MODE)
            if os.fstat(self._descriptor).st_size < SLOTS * SLOT_BYTES:
                os.ftruncate(self._descriptor, SLOTS * SLOT_BYTES)
                os.fsync(self._descriptor)
                sync_directory(directory)
        except OSError as error:
            raise HeadsUnreadable(f"expected a directory for tree heads at {directory}: {error.strerror}") from None

    def close(self) -> None:
        """Let the file go."""
        os.close(self._descriptor)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody else publish until the end: neither another thread nor another process."""
        with self._locked(fcntl.LOCK_EX):
            yield

    def newest(self) -> Kept | None:
        """Return the newest head, or None before the first. Raises HeadsUnreadable if what is there is no head."""
        kept = self.kept()
        return kept[-1] if kept else None

    def kept(self) -> tuple[Kept, ...]:
        """Return the newest head and the one before it, as far as they are there; the newest last."""
        with self._locked(fcntl.LOCK_SH):
            return self._kept()

    def pass_through(self, note: bytes, root_at: RootAt) -> None:
        """Keep the head of `note`, durably, unless a larger one is kept. Until this returns, nobody may have the note.

        Raises LogRolledBack unless the log in the database begins with every head that was ever published.
        """
        checkpoint = parse_checkpoint(parse_note(note).text)
        with self._locked(fcntl.LOCK_EX):
            kept = self._kept()
            if kept:
                require_beginning(kept[-1].checkpoint, root_at)
            if not kept or checkpoint.tree_size > kept[-1].checkpoint.tree_size:
                self._write(Kept(note, checkpoint, (kept[-1].slot + 1) % SLOTS if kept else 0))

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        # The lock of the file is one for all threads that share its descriptor; whoever holds it has it already.
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                fcntl.flock(self._descriptor, how)
            try:
                self._require_in_place()
                yield
            except OSError as error:
                raise HeadsUnreadable(f"expected to read and write {self.path}: {error.strerror}") from None
            finally:
                self._depth -= 1
                if self._depth == 0:
                    fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _require_in_place(self) -> None:
        """Raise HeadsUnreadable if the file was removed or replaced: what is written to this one, nobody would find."""
        try:
            is_in_place = os.path.samestat(os.stat(self.path), os.fstat(self._descriptor))
        except FileNotFoundError:
            is_in_place = False
        if not is_in_place:
            raise HeadsUnreadable(
                f"expected the file of tree heads that was opened at {self.path}; it was removed or replaced. "
                "Put it back, or look at what was done to it, before this process is started again."
            )

    def _kept(self) -> tuple[Kept, ...]:
        raw = os.pread(self._descriptor, SLOTS * SLOT_BYTES, 0)
        if raw != self._seen[0]:
            kept = _kept_in(raw, self.path)
            for one in kept:
                if one.checkpoint.origin != self._origin:
                    expected = f"expected a head of {self._origin} in {self.path}"
                    raise HeadsUnreadable(f"{expected}; got {one.checkpoint.origin}")
            self._seen = (raw, kept)
        return self._seen[1]

    def _write(self, new: Kept) -> None:
        raw = b"%s %06d\n" % (sha256(new.note).hexdigest().encode(), len(new.note)) + new.note
        assert len(raw) <= SLOT_BYTES, "a note of the log's own keys"
        os.pwrite(self._descriptor, raw, new.slot * SLOT_BYTES)
        # The file has its length already: no metadata has to follow.
        os.fdatasync(self._descriptor)
        before, kept = self._seen
        at = new.slot * SLOT_BYTES
        others = tuple(one for one in kept if one.slot != new.slot)
        self._seen = (before[:at] + raw + before[at + len(raw) :], (*others, new))


def require_beginning(kept: Checkpoint, root_at: RootAt) -> None:
    """Raise LogRolledBack unless the log in the database is at least as long as `kept`, and begins with its tree."""
    root = root_at(kept.tree_size)
    if root != kept.root:
        got = "a shorter log" if root is None else f"another history, root {root.hex()}"
        raise LogRolledBack(
            f"expected the log of {kept.tree_size} entries, root {kept.root.hex()}, that this ledger has published; "
            f"the database holds {got}. It was put back to an earlier state, or changed. Nothing is published from it. "
            "Bring the missing entries back from any copy: gledger restore COPY."
        )


def heads_in(directory: Path) -> tuple[Kept, ...]:
    """Return the newest head of each log that `directory` has a file of. Raises HeadsUnreadable."""
    try:
        files = [(path, path.read_bytes()) for path in sorted(directory.glob(f"*{_SUFFIX}"))]
    except OSError as error:
        raise HeadsUnreadable(f"expected to read the tree heads in {directory}: {error.strerror}") from None
    return tuple(kept[-1] for path, raw in files if (kept := _kept_in(raw, path)))


def _kept_in(raw: bytes, path: Path) -> tuple[Kept, ...]:
    """Return the heads in the bytes of a file, the larger tree last; none in a fresh one. Raises HeadsUnreadable."""
    slots = [raw[slot * SLOT_BYTES : (slot + 1) * SLOT_BYTES] for slot in range(SLOTS)]
    notes = {slot: note for slot, one in enumerate(slots) if (note := _note_in(one)) is not None}
    if not notes and raw.strip(b"\0"):
        raise HeadsUnreadable(f"expected a tree head in {path}; both of its slots are damaged")
    try:
        kept = [Kept(note, parse_checkpoint(parse_note(note).text), slot) for slot, note in notes.items()]
    except LogInvalid as error:
        raise HeadsUnreadable(f"expected a signed tree head in {path}: {error}") from None
    return tuple(sorted(kept, key=lambda one: one.checkpoint.tree_size))


def _note_in(raw: bytes) -> bytes | None:
    """Return the note in a slot, or None if it is empty or a write was cut short."""
    line = _LINE.match(raw)
    if line is None:
        return None
    note = raw[_LINE_BYTES : _LINE_BYTES + int(line[2])]
    return note if sha256(note).hexdigest().encode() == line[1] else None
