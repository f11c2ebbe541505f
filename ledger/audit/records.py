"""What an audit must remember and its memory should not hold: bytes in a temporary file, found by their names.

The file has no name: it is gone with the process, however that ends. Memory holds 32 to 64 bytes for each record. One
that was written again is dead; when the dead outweigh the living, the living move to a new file.
"""

import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Final

from ledger.audit.findings import Undecidable

READ_BYTES: Final = 4096
"""How much is read at once. Most records are shorter, so that one call reads one."""

DEAD_BYTES_MIN: Final = 256 * 1024 * 1024
"""Below that no dead record is worth moving the living."""

WRITE_BYTES: Final = 1 << 20
SLOTS_MIN: Final = 1 << 10

_HEAD: Final = Struct("<HQ")
_WORD: Final = (1 << 64) - 1


class Records:
    """Bytes by name. What was put is there for the next `get`. Not for use from two threads.

    Raises Undecidable where the file cannot be written or read.
    """

    def __init__(self, dead_bytes_min: int = DEAD_BYTES_MIN) -> None:
        self._dead_bytes_min = dead_bytes_min
        try:
            # It lives as long as this object.
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        except OSError as error:
            raise no_room(error) from None
        self._end = self._dead = 0
        # An open hash table in two arrays: a dict of as many integers takes three times as much.
        self._count = 0
        self._hashes = _words(SLOTS_MIN)
        self._places = _words(SLOTS_MIN)

    def __len__(self) -> int:
        return self._count

    @property
    def file_bytes(self) -> int:
        """How long the file is, the dead included."""
        return self._end

    def get(self, name: str) -> bytes | None:
        """Return what was put last under a name, or None."""
        return self._find(name)[1]

    def at(self, place: int) -> tuple[str, bytes]:
        """Return the name and the bytes of the record at a place."""
        raw = self._read(READ_BYTES, place)
        name_bytes, body_bytes = _HEAD.unpack_from(raw)
        begin = _HEAD.size + name_bytes
        end = begin + body_bytes
        while len(raw) < end:
            raw += self._read(end - len(raw), place + len(raw))
        return raw[_HEAD.size : begin].decode(), raw[begin:end]

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Yield every name with its bytes, as they lie in the file. Nothing may be put meanwhile."""
        for slot in self._living():
            yield self.at(self._places[slot])

    def put(self, items: Iterable[tuple[str, bytes]]) -> list[int]:
        """Put bytes under names, each name once, and return their places: valid until one is put again."""
        if self._dead > max(self._dead_bytes_min, self._end // 2):
            self._move()
        places: list[int] = []
        waiting = bytearray()
        for name, body in items:
            slot, before = self._find(name)
            if before is not None:
                self._dead += len(before)
            places.append(self._end + len(waiting))
            self._take(slot, name, places[-1])
            waiting += _record(name, body)
            if len(waiting) >= WRITE_BYTES:
                self._write(waiting)
                waiting = bytearray()
        self._write(waiting)
        return places

    def _find(self, name: str) -> tuple[int, bytes | None]:
        """Return the slot of a name with its bytes, or a free slot for it and None."""
        hashes, mask = self._hashes, len(self._hashes) - 1
        wanted = _hash_of(name)
        slot = wanted & mask
        while found := hashes[slot]:
            # Names of equal hash are told apart by the names in the records; one not yet written is another name's.
            if found == wanted and self._places[slot] < self._end:
                held, body = self.at(self._places[slot])
                if held == name:
                    return slot, body
            slot = (slot + 1) & mask
        return slot, None

    def _take(self, slot: int, name: str, place: int) -> None:
        self._places[slot] = place
        if self._hashes[slot]:
            return
        self._hashes[slot] = _hash_of(name)
        self._count += 1
        if 2 * self._count > len(self._hashes):
            self._grow()

    def _grow(self) -> None:
        hashes, places = self._hashes, self._places
        size = 2 * len(hashes)
        self._hashes, self._places = _words(size), _words(size)
        for found, place in zip(hashes, places, strict=True):
            if found:
                slot = found & (size - 1)
                while self._hashes[slot]:
                    slot = (slot + 1) & (size - 1)
                self._hashes[slot], self._places[slot] = found, place

    def _living(self) -> "array[int]":
        """Return the slots that are taken, as their records lie in the file."""
        taken = (slot for slot, found in enumerate(self._hashes) if found)
        return array("L", sorted(taken, key=self._places.__getitem__))

    def _move(self) -> None:
        """Copy the living into a new file."""
        other = Records(self._dead_bytes_min)
        waiting = bytearray()
        for slot in self._living():
            record = _record(*self.at(self._places[slot]))
            self._places[slot] = other._end + len(waiting)
            waiting += record
            if len(waiting) >= WRITE_BYTES:
                other._write(waiting)
                waiting = bytearray()
        other._write(waiting)
        self._file, self._end, self._dead = other._file, other._end, 0

    def _read(self, count: int, place: int) -> bytes:
        try:
            raw = os.pread(self._file.fileno(), count, place)
        except OSError as error:
            raise Undecidable(f"the temporary file of this audit cannot be read: {error.strerror}") from None
        if not raw:
            raise Undecidable("the temporary file of this audit is shorter than what was written into it")
        return raw

    def _write(self, waiting: bytearray) -> None:
        left = memoryview(waiting)
        try:
            while left:
                written = os.pwrite(self._file.fileno(), left, self._end)
                self._end += written
                left = left[written:]
        except OSError as error:
            raise no_room(error) from None


def _record(name: str, body: bytes) -> bytes:
    key = name.encode()
    return _HEAD.pack(len(key), len(body)) + key + body


def _words(count: int) -> "array[int]":
    return array("Q", bytes(8 * count))


def _hash_of(name: str) -> int:
    """Return a hash that is not 0, which marks a free slot."""
    return hash(name) & _WORD or 1


def no_room(error: OSError) -> Undecidable:
    """Return why an audit ends that cannot write its temporary files, and what to do."""
    return Undecidable(
        f"this audit needs a temporary file, at most about three times as large as the entries, and cannot write it in "
        f"{tempfile.gettempdir()}: {error.strerror}. Make room there, or set TMPDIR to a directory that has it"
    )
