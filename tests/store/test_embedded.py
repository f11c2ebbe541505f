"""The embedded PostgreSQL: real servers in temporary directories, killed for real.

As root those directories are closed to the server's account, so every test also shows that a cluster below a closed
directory works. Where the first start is not what is shown, it has been made before.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.store.embedded import DataDirectoryInUse, EmbeddedPostgres
from ledger.store.unprivileged import EmbeddedPostgresError
from tests.places import copied, passing_directory
from tests.store.embedded_servers import (
    ROWS,
    Owner,
    ask,
    count_rows,
    is_alive,
    mode,
    wait_until,
    write_rows,
)


@pytest.fixture
def directory() -> Iterator[Path]:
    """Where nothing is yet."""
    with passing_directory() as place:
        yield place / "pg"


@pytest.fixture
def made(directory: Path, made_cluster: Path) -> Path:
    """A directory whose cluster is made, and not running."""
    return copied(made_cluster, directory)


def test_the_first_start_makes_a_cluster_with_safe_settings(directory: Path) -> None:
    with EmbeddedPostgres(directory) as server:
        shown = {
            name: ask(server.dsn, f"SHOW {name}")
            for name in ("data_checksums", "fsync", "full_page_writes", "synchronous_commit", "listen_addresses")
        }
        encoding = ask(server.dsn, "SELECT pg_encoding_to_char(encoding) || ' ' || datlocale FROM pg_database LIMIT 1")
        assert ask(server.dsn, "SELECT current_database()") == "ledger"
    assert shown == {
        "data_checksums": "on",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "listen_addresses": "",
    }
    assert encoding == "UTF8 C.UTF-8"


def test_a_restart_keeps_the_data_and_the_password(made: Path) -> None:
    with EmbeddedPostgres(made) as server:
        write_rows(server.dsn)
    before = (made / "passfile").read_bytes()
    with EmbeddedPostgres(made) as server:
        assert count_rows(server.dsn) == ROWS
    assert (made / "passfile").read_bytes() == before


def test_start_and_stop_are_idempotent(made: Path) -> None:
    server = EmbeddedPostgres(made)
    server.stop()
    server.start()
    pid = server.postmaster_pid
    server.start()
    assert server.postmaster_pid == pid
    server.stop()
    server.stop()
    assert not server.running
    assert not is_alive(pid)


def test_a_server_that_is_not_started_has_no_connection_string(directory: Path) -> None:
    server = EmbeddedPostgres(directory)
    with pytest.raises(EmbeddedPostgresError, match="expected a started PostgreSQL"):
        _ = server.dsn
    assert not directory.exists()


def test_committed_rows_survive_a_kill_of_the_server_with_a_client_connected(made: Path) -> None:
    server = EmbeddedPostgres(made)
    server.start()
    try:
        write_rows(server.dsn)
        killed = server.postmaster_pid
        with closing(psycopg.connect(server.dsn)) as client:
            client.execute("INSERT INTO kept VALUES (0)")  # Never committed.
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: not server.running)
            server.start()
        assert server.postmaster_pid != killed
        assert count_rows(server.dsn) == ROWS
    finally:
        server.stop()
    logs = "".join(log.read_text() for log in (made / "cluster" / "log").iterdir())
    assert "automatic recovery in progress" in logs


def test_a_start_waits_for_a_backend_that_outlives_its_killed_server(made: Path) -> None:
    server = EmbeddedPostgres(made)
    server.start()
    try:
        write_rows(server.dsn)
        with closing(psycopg.connect(server.dsn)) as client:
            backend = client.info.backend_pid
            os.kill(backend, signal.SIGSTOP)
            os.kill(server.postmaster_pid, signal.SIGKILL)
            wait_until(lambda: not server.running)
            later = threading.Timer(0.5, os.kill, [backend, signal.SIGCONT])
            later.start()
            server.start()
            later.join()
        assert not is_alive(backend)
        assert count_rows(server.dsn) == ROWS
    finally:
        server.stop()


def test_a_second_owner_in_another_process_is_refused_by_the_number_of_the_first(directory: Path) -> None:
    owner = Owner(directory)
    dsn, postmaster = owner.wait_until_started()
    try:
        with pytest.raises(DataDirectoryInUse, match=rf"running process {owner.process.pid}\b"):
            EmbeddedPostgres(directory).start()
        assert is_alive(postmaster)
        assert ask(dsn, "SELECT 1") == "1"
    finally:
        owner.process.communicate()
    assert not is_alive(postmaster)
    with EmbeddedPostgres(directory) as server:
        assert ask(server.dsn, "SELECT 1") == "1"


def test_a_second_owner_in_the_same_process_is_refused(made: Path) -> None:
    with EmbeddedPostgres(made) as server:
        with pytest.raises(DataDirectoryInUse, match=str(os.getpid())):
            EmbeddedPostgres(made).start()
        assert ask(server.dsn, "SELECT 1") == "1"


def test_the_watchdog_shuts_the_server_down_when_its_owner_is_killed(made: Path) -> None:
    owner = Owner(made)
    _, postmaster = owner.wait_until_started()
    owner.kill()
    wait_until(lambda: not is_alive(postmaster))
    logs = "".join(log.read_text() for log in (made / "cluster" / "log").iterdir())
    assert "received fast shutdown request" in logs


def test_a_new_owner_takes_over_at_once_when_the_last_was_killed(made: Path) -> None:
    owner = Owner(made)
    dsn, postmaster = owner.wait_until_started()
    write_rows(dsn)
    owner.kill()
    with EmbeddedPostgres(made) as server:
        assert not is_alive(postmaster)
        assert count_rows(server.dsn) == ROWS


def test_an_orphan_without_a_watchdog_is_taken_over(made: Path) -> None:
    owner = Owner(made)
    dsn, orphan = owner.wait_until_started()
    write_rows(dsn)
    owner.kill_with_watchdog(orphan)
    assert ask(dsn, "SELECT 1") == "1", "control: the orphan lives"
    with EmbeddedPostgres(made) as server:
        assert not is_alive(orphan)
        assert server.postmaster_pid != orphan
        assert count_rows(server.dsn) == ROWS


def test_a_first_start_that_was_killed_is_made_anew(directory: Path) -> None:
    for attempt in range(5):  # On a busy machine initdb may be complete before the signal arrives.
        place = directory / str(attempt)
        owner = Owner(place)
        wait_until(lambda place=place: any(place.glob("cluster*/*")))  # type: ignore[misc]
        owner.kill()
        if not (place / "cluster").exists():
            break
    else:
        pytest.fail("no initdb could be killed half-way")
    with EmbeddedPostgres(place) as server:
        assert ask(server.dsn, "SELECT current_database()") == "ledger"


def test_what_a_crashed_initdb_left_is_removed(directory: Path) -> None:
    (directory / "cluster.initdb-x" / "base").mkdir(parents=True)
    with EmbeddedPostgres(directory):
        assert not list(directory.glob("cluster.initdb-*"))


def test_only_the_owner_may_enter_or_read(directory: Path) -> None:
    with EmbeddedPostgres(directory) as server:
        modes = {name: mode(directory / name) for name in (".", "passfile", "owner.lock", "cluster", "cluster/run")}
        socket = mode(directory / "cluster" / "run" / ".s.PGSQL.5432")
        log = {mode(path) for path in (directory / "cluster" / "log").iterdir()}
        uids = psutil.Process(server.postmaster_pid).uids()
    assert modes == {".": 0o700, "passfile": 0o600, "owner.lock": 0o600, "cluster": 0o700, "cluster/run": 0o700}
    assert (socket, log) == (0o700, {0o600})
    assert 0 not in uids
    assert uids.real == (directory / "cluster").stat().st_uid


def test_nothing_outside_the_directory_is_changed(tmp_path: Path, directory: Path) -> None:
    directory.mkdir(mode=0o750)
    neighbour = tmp_path / "neighbour"
    neighbour.touch(mode=0o640)

    def outside() -> list[object]:
        found = [path.stat() for path in (directory, neighbour, *directory.parents)]
        accounts = [Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes()]
        return [*((entry.st_mode, entry.st_uid, entry.st_gid) for entry in found), *accounts]

    before = outside()
    with EmbeddedPostgres(directory):
        assert outside() == before
    assert outside() == before


def test_a_wrong_password_is_refused(made: Path) -> None:
    with EmbeddedPostgres(made) as server:
        wrong = make_conninfo(server.dsn, password="wrong", dbname="postgres")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


def test_the_password_is_in_no_argument_and_not_in_the_connection_string(made: Path) -> None:
    with EmbeddedPostgres(made) as server:
        password = (made / "passfile").read_text().strip().rsplit(":", 1)[1]
        assert len(password) >= 32
        process = psutil.Process(server.postmaster_pid)
        assert password not in server.dsn
        assert password not in " ".join(process.cmdline())
        assert password not in str(process.environ())


def test_the_environment_meant_for_another_server_is_ignored(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPASSWORD": "x", "PGHOSTADDR": "127.0.0.1", "PGPORT": "1", "PGDATA": "/nowhere"}.items():
        monkeypatch.setenv(name, value)
    with EmbeddedPostgres(directory) as server:
        assert ask(server.dsn, "SELECT current_database()") == "ledger"


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(made: Path) -> None:
    others = set(psutil.Process().children())
    with EmbeddedPostgres(made) as server:
        family = [server.postmaster_pid, *(child.pid for child in psutil.Process().children() if child not in others)]
        assert os.getsid(0) not in {os.getsid(pid) for pid in family}
        assert os.getpgid(0) not in {os.getpgid(pid) for pid in family}


def test_a_directory_with_a_long_name_gets_a_short_socket_path(directory: Path) -> None:
    long = directory / ("x" * 120)
    with EmbeddedPostgres(long) as server:
        host = Path(str(conninfo_to_dict(server.dsn)["host"]))
        assert len(str(host)) < 90
        assert mode(host.parent) == 0o700
        assert host.resolve() == (long / "cluster" / "run").resolve()
        assert ask(server.dsn, "SELECT 1") == "1"
    assert not host.parent.exists()


def test_a_long_name_is_taken_over_too(directory: Path, made_cluster: Path) -> None:
    directory.mkdir()
    long = copied(made_cluster, directory / ("x" * 120))
    owner = Owner(long)
    dsn, orphan = owner.wait_until_started()
    owner.kill_with_watchdog(orphan)
    left_behind = Path(str(conninfo_to_dict(dsn)["host"])).parent
    assert left_behind.exists(), "control: a killed owner cannot clean up"
    with EmbeddedPostgres(long) as server:
        assert not is_alive(orphan)
        assert ask(server.dsn, "SELECT 1") == "1"
        assert not left_behind.exists()


def test_a_server_that_cannot_start_shows_its_log_and_gives_up_the_directory(made: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match='invalid value for parameter "shared_buffers": "plenty"'):
        EmbeddedPostgres(made, settings={"shared_buffers": "plenty"}).start()
    with EmbeddedPostgres(made) as server:
        assert ask(server.dsn, "SELECT 1") == "1"


def test_a_cluster_without_its_password_is_refused(made: Path) -> None:
    with EmbeddedPostgres(made):
        pass
    (made / "passfile").unlink()
    with pytest.raises(EmbeddedPostgresError, match="restore that file"):
        EmbeddedPostgres(made).start()


def test_a_missing_installation_is_refused(directory: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="No such file"):
        EmbeddedPostgres(directory, installation=directory / "nowhere").start()
