"""What `gledger verify FILE` asks of the module that knows this kind of file.

Such a module has a function `verify_file(asked: FileAsked) -> None` that writes what is proved to stdout, and raises as
any command does where it is not.
"""

from dataclasses import dataclass
from pathlib import Path

from ledger.cli.connect import Trust
from ledger.events.keys import KeyRecord


@dataclass(frozen=True, slots=True)
class FileAsked:
    """A file, whose word is believed about it, and what else was said on the command line.

    `records` are keys of signers. `against`: a receipt and its entry, which the file may contradict.
    """

    path: Path
    believed: Trust
    records: tuple[KeyRecord, ...]
    against: tuple[Path, Path] | None
    json: bool
