"""A ledger of one's own in one directory: keys, PostgreSQL and server, started together and stopped together.

    data/               mode 0700, if made here
        up.lock         "4711 http://127.0.0.1:8080\\n": the process that has it
        origin          the name of the log, fixed at the first start
        keys/           mode 0700: log.pem and log-mldsa.pem sign checkpoints, service.pem what is forced; each 0600
        postgres/       the embedded PostgreSQL, unless DATABASE_URL names another

A key that is there is never replaced. Whatever was started is stopped in the opposite order, however this ends.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.server import migrate_when_up, server_of
from api.service import check
from api.serving import listen, url_of
from api.settings import (
    DEPOSITARY_DEFAULT,
    Settings,
    SettingsError,
    checked_depositary,
    checked_origin,
    further_keys_from,
    key_from,
    mldsa_key_from,
    policy_from,
    scrub_pace,
)
from ledger.signing.mldsa import generate_mldsa44, save_mldsa44
from ledger.signing.signer import generate_ed25519, save_signer
from ledger.store.durable import sync_directory, write_durably
from ledger.store.embedded import EmbeddedPostgres

ORIGIN_DEFAULT: Final = "localhost/ledger"
LOG_KEY: Final = "log.pem"
MLDSA_KEY: Final = "log-mldsa.pem"
SERVICE_KEY: Final = "service.pem"

Say = Callable[[str], None]


class DataInUse(Exception):
    """Another process runs a ledger in the directory; the message names it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for. `origin` None: what the directory remembers, or LEDGER_ORIGIN, or the default."""

    data: Path
    host: str
    port: int
    origin: str | None


def run(wish: Wish, environment: Mapping[str, str], say: Say) -> None:
    """Run the ledger until a signal stops the server. Says one line when it is ready.

    Raises DataInUse, SettingsError, OSError for a port that is taken, EmbeddedPostgresError, StoreError, WrongLedger.
    """
    with ExitStack() as opened:
        wish.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = opened.enter_context(held(wish.data))
        # Bound first, so that a port that is taken is told before anything is started.
        listening = opened.enter_context(listen(wish.host, wish.port))
        url = url_of(listening)
        settings = _settings(wish, environment, opened)
        os.pwrite(lock, f"{os.getpid()} {url}\n".encode(), 0)
        migrate_when_up(settings.database_url, say)
        check(settings)
        server = server_of(settings, lambda: say(f"the ledger {settings.origin} is ready at {url} (Ctrl-C stops it)"))
        server.run(sockets=[listening])


@contextmanager
def held(data: Path) -> Iterator[int]:
    """Hold the directory for this process; yields the open lock file. Raises DataInUse."""
    lock = os.open(data / "up.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            process, _, url = os.read(lock, 200).decode("ascii", "replace").strip().partition(" ")
            where = f", which serves {url}" if url else ""
            raise DataInUse(
                f"expected {data} to be free; got process {process or 'of unknown number'}{where}. "
                "Stop it, or name another directory with --data."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield lock
    finally:
        os.close(lock)


def _settings(wish: Wish, environment: Mapping[str, str], opened: ExitStack) -> Settings:
    origin = remembered_origin(wish.data, wish.origin or environment.get("LEDGER_ORIGIN"))
    depositary = checked_depositary(environment.get("LEDGER_DEPOSITARY") or DEPOSITARY_DEFAULT)
    keys = wish.data / "keys"
    log_key, service_key = made_key(keys / LOG_KEY), made_key(keys / SERVICE_KEY)
    database_url = environment.get("DATABASE_URL")
    if not database_url:
        database_url = opened.enter_context(EmbeddedPostgres(wish.data / "postgres")).dsn
    return Settings(
        database_url=database_url,
        origin=origin,
        log_key=key_from(log_key, LOG_KEY),
        service_key=key_from(service_key, SERVICE_KEY),
        data=wish.data,
        depositary=depositary,
        mldsa_key=mldsa_key_from(made_mldsa_key(keys / MLDSA_KEY), MLDSA_KEY),
        further_keys=further_keys_from(environment),
        scrub=scrub_pace(environment),
        policy_raw=policy_from(environment, origin),
    )


def remembered_origin(data: Path, wanted: str | None) -> str:
    """Return the origin of the ledger in `data`, fixed at its first start. Raises SettingsError for another."""
    path = data / "origin"
    try:
        known = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        origin = checked_origin(wanted or ORIGIN_DEFAULT)
        write_durably(path, f"{origin}\n".encode())
        return origin
    if wanted is not None and wanted != known:
        raise SettingsError(f"the origin of the ledger in {data}, {known}", wanted)
    return checked_origin(known)


def made_key(path: Path) -> Path:
    """Return `path`, after making an Ed25519 key there if there is none."""
    return _made(path, lambda fresh: save_signer(generate_ed25519(), fresh, None))


def made_mldsa_key(path: Path) -> Path:
    """Return `path`, after making an ML-DSA-44 key there if there is none."""
    return _made(path, lambda fresh: save_mldsa44(generate_mldsa44(), fresh))


def _made(path: Path, save: Callable[[Path], None]) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Written aside and renamed: a start that is cut short leaves no half a key.
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        save(fresh)
        fresh.rename(path)
        sync_directory(path.parent)
    return path
