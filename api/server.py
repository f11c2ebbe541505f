"""The server of the ledger: its application on a socket, and its wait for a database that is still starting.

What this module promises the operator: it listens only once the ledger can answer.
"""

import time
from collections.abc import Callable
from typing import Final

from api.app import create_app
from api.serving import AnnouncedServer, app_server
from api.settings import Settings
from ledger.store.database import migrate
from ledger.store.errors import StoreUnavailable

DATABASE_WAIT_SECONDS_MAX: Final = 120.0
_WAIT_FIRST_S: Final = 0.25
_WAIT_LONGEST_S: Final = 5.0

Say = Callable[[str], None]


def migrate_when_up(dsn: str, say: Say, seconds_max: float = DATABASE_WAIT_SECONDS_MAX) -> None:
    """Bring the database to this version, waiting for it at most `seconds_max`. Raises StoreError."""
    give_up = time.monotonic() + seconds_max
    wait_s = _WAIT_FIRST_S
    while True:
        try:
            migrate(dsn)
            return
        except StoreUnavailable as error:
            if time.monotonic() + wait_s > give_up:
                raise
            say(f"waiting for the database: {error}")
        time.sleep(wait_s)
        wait_s = min(wait_s * 2, _WAIT_LONGEST_S)


def server_of(settings: Settings, ready: Callable[[], None]) -> AnnouncedServer:
    """Return the server of one process of the ledger."""
    return app_server(create_app(settings), ready)
