"""A real ledger for the command line to talk to, and the command as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from api.settings import DEPOSITARY_DEFAULT, Settings, key_from
from api.up import LOG_KEY, SERVICE_KEY, held, made_key
from tests.api.served import served

GLEDGER: Final = (sys.executable, "-m", "ledger.cli")


@contextmanager
def running_ledger(database_url: str, data: Path, origin: str) -> Iterator[str]:
    """Yield the address of a fresh ledger called `origin`, with its keys in `data` as `gledger up` makes them."""
    data.mkdir()
    settings = Settings(
        database_url=database_url,
        origin=origin,
        log_key=key_from(made_key(data / "keys" / LOG_KEY), LOG_KEY),
        service_key=key_from(made_key(data / "keys" / SERVICE_KEY), SERVICE_KEY),
        data=data,
        depositary=DEPOSITARY_DEFAULT,
    )
    with held(data), served(settings) as one:
        yield one.url


def gledger(*arguments: str, stdin: bytes = b"", directory: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a shell would."""
    return subprocess.run([*GLEDGER, *arguments], input=stdin, capture_output=True, cwd=directory, timeout=120)
