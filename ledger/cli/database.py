"""Where the database of a ledger is, for commands beside its server."""

import os
from pathlib import Path
from typing import Final

DATA_DEFAULT: Final = Path("data")


def database_url() -> str | None:
    """Return what DATABASE_URL says, or the file that DATABASE_URL_FILE names; None for the embedded server."""
    named = os.environ.get("DATABASE_URL_FILE")
    return Path(named).read_text(encoding="utf-8").strip() if named else os.environ.get("DATABASE_URL") or None
