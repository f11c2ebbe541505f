"""The server of one witness process. Several processes on one machine may serve one witness from one store."""

import time
from collections.abc import Callable, Sequence

from api.serving import AnnouncedServer, app_server
from api.witness.app import create_witness_app
from ledger.log.cosignature import Cosigner
from ledger.witness.store import Heads
from ledger.witness.witness import Witness


def witness_server(heads: Heads, cosigners: Sequence[Cosigner], ready: Callable[[], None]) -> AnnouncedServer:
    """Return the server of the witness that signs as `cosigners` and keeps its heads in `heads`."""
    return app_server(create_witness_app(Witness(heads, cosigners, now_s)), ready)


def now_s() -> int:
    """Return the time in whole seconds since 1970."""
    return int(time.time())
