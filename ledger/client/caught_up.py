"""Waiting until the ledger's answers know what was submitted: an answer is a moment behind the log, and says so."""

import time
from typing import Final

from ledger.client.errors import Unreachable
from ledger.client.http import LedgerClient

CATCH_UP_SECONDS_MAX: Final = 60.0
POLL_SECONDS: Final = 0.05
ASKED: Final = "/v1/parties"


def wait_until_known(client: LedgerClient, tree_size: int) -> None:
    """Return once answers know the first `tree_size` entries. Raises Unreachable."""
    deadline = time.monotonic() + CATCH_UP_SECONDS_MAX
    while True:
        known_at = client.read(ASKED, {"limit": 1}).get("known_at")
        if isinstance(known_at, int) and known_at >= tree_size:
            return
        if time.monotonic() > deadline:
            expected = f"answers that know tree size {tree_size} within {CATCH_UP_SECONDS_MAX:.0f} seconds"
            raise Unreachable(expected, f"known at {known_at}", "Look at the server's log.")
        time.sleep(POLL_SECONDS)
