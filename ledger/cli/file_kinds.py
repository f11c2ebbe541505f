"""Files that stand alone, told by their first line: what `gledger verify FILE` hands over, and to whom.

A module that knows a kind of file has a function `verify_file(asked: FileAsked) -> None` that writes what is proved to
stdout, and raises as any command does where it is not. Higher roots contribute kinds of their own
(`ledger.cli.commands.contributed_kinds`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import typer

from ledger.cli.commands import contributed_kinds
from ledger.cli.connect import Trust
from ledger.client.errors import ClientError
from ledger.events.keys import KeyRecord
from ledger.log.bundle import BUNDLE_HEADER
from ledger.log.policy import Policy
from ledger.log.statement import HEADER

FIRST_LINE_BYTES_MAX: Final = 100
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {BUNDLE_HEADER.decode().removesuffix("\n"): "ledger.cli.verify_bundle", HEADER: "ledger.cli.verify_statement"}
)
"""First line of a file -> module whose `verify_file` says what it proves."""

Against = Annotated[
    tuple[Path, Path] | None,
    typer.Option("--against", metavar="RECEIPT ENTRY", help="With a statement: a receipt that may contradict it."),
]


@dataclass(frozen=True, slots=True)
class FileAsked:
    """A file, whose word about it may be believed, and what else was said on the command line.

    `trust` are keys that were given or pinned, `origin` the name that was given. `records` are keys of signers.
    `against`: a receipt and its entry, which the file may contradict.
    """

    path: Path
    trust: Trust | None
    origin: str | None
    policy: Policy | None
    anchor: str | None
    records: tuple[KeyRecord, ...]
    against: tuple[Path, Path] | None
    json: bool

    @property
    def believed(self) -> Trust:
        """The keys, for a kind of file that needs them and nothing else. Raises ClientError without any."""
        if self.trust is None:
            raise ClientError("a log key to believe", "none", "Give --vkey, or --dir with a workspace.")
        if self.policy is not None or self.anchor is not None:
            raise ClientError("a file alone", "--policy or --anchor too", "Leave them out: they are for bundles.")
        return self.trust


def stands_alone(path: Path) -> bool:
    """Tell whether the first line of a file is that of a kind that stands alone. Raises OSError."""
    return _first_line(path) in {**contributed_kinds(), **KINDS}


def verify_file(asked: FileAsked) -> None:
    """Have the file verified by the module that knows its kind. Raises ClientError if none does."""
    kinds, first = {**contributed_kinds(), **KINDS}, _first_line(asked.path)
    if first not in kinds:
        do = "Name the entry after a receipt, or a file that begins so."
        raise ClientError(f"a first line of {' or '.join(sorted(kinds))}", ascii(first), do)
    import_module(kinds[first]).verify_file(asked)


def _first_line(path: Path) -> str:
    with path.open("rb") as file:
        return file.readline(FIRST_LINE_BYTES_MAX).removesuffix(b"\n").decode(errors="replace")
