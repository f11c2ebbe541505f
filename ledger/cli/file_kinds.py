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
from ledger.log.statement import HEADER

FIRST_LINE_BYTES_MAX: Final = 100
KINDS: Final[Mapping[str, str]] = MappingProxyType({HEADER: "ledger.cli.verify_statement"})
"""First line of a file -> module whose `verify_file` says what it proves."""

Against = Annotated[
    tuple[Path, Path] | None,
    typer.Option("--against", metavar="RECEIPT ENTRY", help="With a statement: a receipt that may contradict it."),
]


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


def verify_file(asked: FileAsked) -> None:
    """Have the file verified by the module that knows its kind. Raises ClientError if none does."""
    kinds = {**contributed_kinds(), **KINDS}
    with asked.path.open("rb") as file:
        first = file.readline(FIRST_LINE_BYTES_MAX).removesuffix(b"\n").decode(errors="replace")
    if first not in kinds:
        do = "Name the entry after a receipt, or a file that begins so."
        raise ClientError(f"a first line of {' or '.join(sorted(kinds))}", ascii(first), do)
    import_module(kinds[first]).verify_file(asked)
