"""The options that several commands share, so that one thing has one name everywhere."""

from pathlib import Path
from typing import Annotated

import typer

Directory = Annotated[
    Path, typer.Option("--dir", envvar="GLEDGER_DIR", help="Workspace with your keys, drafts and signed acts.")
]
Url = Annotated[str | None, typer.Option("--url", envvar="GLEDGER_URL", help="Address of the ledger.")]
Origin = Annotated[str | None, typer.Option("--origin", help="Origin of the ledger, as in its checkpoints.")]
VKeys = Annotated[
    list[str] | None, typer.Option("--vkey", help="Key of the log (name+id+base64). May be given several times.")
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", help="File (C2SP tlog-policy) that says which logs and witnesses make a checkpoint good."),
]
Anchor = Annotated[str | None, typer.Option("--anchor", help="SHA-256 of entry 1, known from elsewhere.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="File whose first line is the passphrase. Without it you are asked."),
]
NoPassphrase = Annotated[
    bool, typer.Option("--no-passphrase", help="Write private keys unencrypted: for trials, or for a disk that is.")
]
Algorithm = Annotated[str, typer.Option("--algorithm", help="ed25519 or ecdsa-p256.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="Day that is asked about: 2026-01-31. Without it, today.")]
KnownAt = Annotated[
    str | None, typer.Option("--known-at", help="As it was known at this tree size or RFC 3339 instant.")
]
