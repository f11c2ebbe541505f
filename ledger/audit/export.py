r"""An export: plain files that anybody can keep, copy and check with a shell.

    entries.ndjson     every entry from position 1 on, its exact bytes, each followed by one line feed (0x0A)
    checkpoint         the signed note (C2SP tlog-checkpoint) over exactly these entries, signed by keys of the log
    projections.json   absent, or the obligations that follow from these entries (`projections.audit`)

No blank line, no byte order mark, no carriage return, nothing before the first or after the last line feed. A directory
either holds a whole export or none: it is written beside its place and moved there in one step.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ledger.audit.findings import Finding, Lie, LieFound, Undecidable, readable
from ledger.audit.source import Line
from ledger.log.entry import ENTRY_BYTES_MAX
from ledger.log.errors import shown
from ledger.log.note import NOTE_BYTES_MAX
from ledger.store.durable import sync_directory, write_durably, write_synced

ENTRIES: Final = "entries.ndjson"
CHECKPOINT: Final = "checkpoint"
PROJECTIONS: Final = "projections.json"
EXPORT_FILES: Final = (ENTRIES, CHECKPOINT, PROJECTIONS)

PROJECTIONS_BYTES_MAX: Final = 1 << 30
EXPORT_MODE: Final = 0o755


def write_export(directory: Path, entries: Iterable[bytes], checkpoint: bytes) -> int:
    """Write an export of raw `entries` (in order, from position 1) and return how many there were.

    `directory` must be absent or empty: raises FileExistsError otherwise. Raises ValueError for an entry with a line
    feed or without bytes. The contents are not judged here: that is the audit's work.
    """
    directory = directory.absolute()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise FileExistsError(f"expected {directory} to be absent or empty")
    directory.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        count = _write_lines(beside / ENTRIES, entries)
        write_synced(beside / CHECKPOINT, checkpoint)
        beside.chmod(EXPORT_MODE)
        sync_directory(beside)
        beside.rename(directory)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    # The export is in its place; a power cut before the next line may still take it away as a whole.
    sync_directory(directory.parent)
    return count


def add_file(directory: Path, name: str, content: bytes | Iterable[bytes]) -> None:
    """Put `content`, whole or in parts, at `name` in an export. A crash leaves the earlier file or the new one."""
    write_durably(directory / name, content)


def _write_lines(path: Path, entries: Iterable[bytes]) -> int:
    count = 0
    with path.open("xb") as file:
        for raw in entries:
            if not raw or b"\n" in raw:
                raise ValueError(f"expected an entry on one line; got {shown(raw)}")
            file.write(raw + b"\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


@dataclass(frozen=True, slots=True)
class ExportDirectory:
    """A directory read as an export, streamed: no file but the checkpoint is ever held whole."""

    directory: Path

    @property
    def name(self) -> str:
        return str(self.directory)

    def checkpoint(self) -> bytes:
        """Return the bytes of `checkpoint`, at most one more than a note may have."""
        return self._read(CHECKPOINT, NOTE_BYTES_MAX + 1)

    def projections(self) -> bytes | None:
        """Return the bytes of `projections.json`; None where the export was made without it."""
        if not os.path.lexists(self.directory / PROJECTIONS):
            return None
        return self._read(PROJECTIONS, PROJECTIONS_BYTES_MAX)

    @contextmanager
    def opened_projections(self) -> Iterator[BinaryIO | None]:
        """Yield `projections.json`, open for reading; None where the export was made without it."""
        if not os.path.lexists(self.directory / PROJECTIONS):
            yield None
            return
        path = self._file(PROJECTIONS)
        try:
            with path.open("rb") as file:
                yield file
        except OSError as error:
            raise Undecidable(f"{path}: {error.strerror}") from None

    def strangers(self) -> tuple[str, ...]:
        """Return the names of files that are no part of an export: they are not read, and nothing is said of them."""
        return tuple(sorted(set(os.listdir(self.directory)) - set(EXPORT_FILES)))

    def entries(self, tree_size: int) -> Iterator[Line]:
        """Yield every line of the file, also where it has more than `tree_size`. Raises LieFound for any other form."""
        path = self._file(ENTRIES)
        try:
            with path.open("rb") as file:
                yield from lines_of(file)
        except OSError as error:
            raise Undecidable(f"{path}: {error.strerror}") from None

    def _read(self, name: str, bytes_max: int) -> bytes:
        path = self._file(name)
        try:
            with path.open("rb") as file:
                return file.read(bytes_max)
        except OSError as error:
            raise Undecidable(f"{path}: {error.strerror}") from None

    def _file(self, name: str) -> Path:
        path = self.directory / name
        if not path.is_file():
            raise Undecidable(f"expected a file {path}; there is none")
        return path


def lines_of(file: BinaryIO) -> Iterator[Line]:
    """Yield every line of an open `entries.ndjson`, from its first byte on. Raises LieFound for any other form."""
    offset = 0
    # One byte more than the longest line, so that a file without line feeds is not read into memory.
    while raw := file.readline(ENTRY_BYTES_MAX + 2):
        yield _line(raw, offset)
        offset += len(raw)


def _line(raw: bytes, offset: int) -> Line:
    """Return the line without its line feed. Raises LieFound unless it is one, not blank and not too long."""
    if raw == b"\n":
        raise _malformed("an entry in every line", "a blank line", raw, offset)
    if len(raw) > ENTRY_BYTES_MAX + 1:
        raise _malformed(f"lines of at most {ENTRY_BYTES_MAX} bytes", "a longer one", raw, offset)
    if not raw.endswith(b"\n"):
        raise _malformed("a line feed after the last entry", f"an end after {shown(raw[-60:])}", raw, offset)
    return Line(raw[:-1], ENTRIES, offset)


def _malformed(expected: str, got: str, raw: bytes, offset: int) -> LieFound:
    evidence = {"line": readable(raw.removesuffix(b"\n"))}
    return LieFound(Finding(Lie.EXPORT_MALFORMED, f"{ENTRIES}, byte {offset}", None, expected, got, evidence))
