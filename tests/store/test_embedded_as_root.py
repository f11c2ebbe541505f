"""The embedded PostgreSQL started by root: for which account, from which places, and refused when it must be."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ledger.store.embedded import EmbeddedPostgres
from ledger.store.unprivileged import EmbeddedPostgresError, account_of, can_execute, wheel_installation
from tests.places import copied, passing_directory
from tests.store.embedded_servers import (
    ROWS,
    Owner,
    ask,
    count_rows,
    is_alive,
    mode,
    run_in_child,
    write_rows,
)

pytestmark = pytest.mark.root


@pytest.fixture
def directory() -> Iterator[Path]:
    """Where nothing is yet."""
    with passing_directory() as place:
        yield place / "pg"


@pytest.fixture
def made(directory: Path, made_cluster: Path) -> Path:
    """A directory whose cluster is made, and not running."""
    return copied(made_cluster, directory)


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every account may enter, which those of pytest are not."""
    path = Path(tempfile.mkdtemp(prefix="ledger-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def closed_installation(tmp_path: Path) -> Iterator[Path]:
    """A copy of the wheel below a directory that only root may enter, like a virtual environment in /root."""
    source = wheel_installation()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    copied = closed / source.parent.name / source.name
    shutil.copytree(source, copied, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = source.parent.parent / f"{source.parent.name}.libs"
    with suppress(FileNotFoundError):
        shutil.copytree(libraries, closed / libraries.name)
    yield copied
    shutil.rmtree(closed)


def test_a_stale_pid_file_with_the_number_of_another_process_harms_neither(made: Path) -> None:
    with EmbeddedPostgres(made) as server:
        write_rows(server.dsn)
        kept = (made / "cluster" / "postmaster.pid").read_text()
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        lines = [str(bystander.pid), *kept.splitlines()[1:]]
        (made / "cluster" / "postmaster.pid").write_text("\n".join(lines) + "\n")
        with EmbeddedPostgres(made) as server:
            assert count_rows(server.dsn) == ROWS
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize(("account", "refusal"), [("no-such-account", "no account"), ("root", "unprivileged account")])
def test_an_unsuitable_account_is_refused(directory: Path, account: str, refusal: str) -> None:
    with pytest.raises(EmbeddedPostgresError, match=refusal):
        EmbeddedPostgres(directory, run_as=account).start()


def test_a_cluster_that_belongs_to_root_is_refused(directory: Path) -> None:
    (directory / "cluster").mkdir(parents=True)
    with pytest.raises(EmbeddedPostgresError, match="belongs to root"):
        EmbeddedPostgres(directory).start()


def test_the_named_account_runs_the_cluster_and_stays_its_owner(directory: Path) -> None:
    expected = pwd.getpwnam("daemon").pw_uid
    with EmbeddedPostgres(directory, run_as="daemon") as server:
        assert psutil.Process(server.postmaster_pid).uids().real == expected
    with EmbeddedPostgres(directory) as server:
        assert psutil.Process(server.postmaster_pid).uids().real == expected


def test_a_cluster_below_a_closed_directory_works(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    nobody = pwd.getpwnam("nobody")
    entering = subprocess.run(
        ["ls", closed], user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], capture_output=True
    )
    assert entering.returncode != 0, "control: the directory is closed to the account"
    with EmbeddedPostgres(closed / "pg") as server:
        write_rows(server.dsn)
    with EmbeddedPostgres(closed / "pg") as server:
        assert count_rows(server.dsn) == ROWS
    assert mode(closed) == 0o700
    shutil.rmtree(closed)


def test_binaries_below_a_closed_directory_are_copied_while_the_server_runs(
    made: Path, closed_installation: Path
) -> None:
    account = account_of(made / "cluster", "nobody")
    assert not can_execute(account, closed_installation), "control: the account cannot run them where they are"
    with EmbeddedPostgres(made, installation=closed_installation) as server:
        executed = Path(psutil.Process(server.postmaster_pid).exe())
        temporary = Path((made / "runtime").read_text().strip())
        assert executed.is_relative_to(temporary)
        assert {path.stat().st_uid for path in temporary.rglob("*")} == {0}
        assert ask(server.dsn, "SELECT to_tsvector('english', 'walls')") == "'wall':1"  # Loads a library.
    assert not temporary.exists()
    assert mode(closed_installation.parent.parent) == 0o700


def test_a_copy_that_a_killed_owner_left_is_removed(made: Path, closed_installation: Path) -> None:
    owner = Owner(made, closed_installation)
    dsn, orphan = owner.wait_until_started()
    write_rows(dsn)
    owner.kill_with_watchdog(orphan)
    temporary = Path((made / "runtime").read_text().strip())
    assert temporary.exists(), "control: a killed owner cannot clean up"
    with EmbeddedPostgres(made) as server:
        assert not is_alive(orphan)
        assert not temporary.exists()
        assert count_rows(server.dsn) == ROWS


def test_an_ordinary_user_runs_the_server_as_itself_and_root_may_continue(open_directory: Path) -> None:
    uid = pwd.getpwnam("nobody").pw_uid
    os.chown(open_directory, uid, uid)

    def start() -> None:
        with EmbeddedPostgres(open_directory / "pg") as server:
            write_rows(server.dsn)
            assert psutil.Process(server.postmaster_pid).uids().real == uid
        assert (open_directory / "pg" / "cluster").stat().st_uid == uid

    run_in_child(uid, start)
    with EmbeddedPostgres(open_directory / "pg") as server:
        assert count_rows(server.dsn) == ROWS


def test_an_ordinary_user_is_refused_the_cluster_of_another(open_directory: Path) -> None:
    open_directory.chmod(0o777)
    directory = open_directory / "pg"
    with EmbeddedPostgres(directory, run_as="daemon"):
        pass
    directory.chmod(0o777)
    (directory / "owner.lock").chmod(0o666)

    def start() -> None:
        with pytest.raises(EmbeddedPostgresError, match="belongs to uid"):
            EmbeddedPostgres(directory).start()

    run_in_child(pwd.getpwnam("nobody").pw_uid, start)


def test_an_account_without_a_name_is_told_what_initdb_needs(open_directory: Path) -> None:
    open_directory.chmod(0o777)

    def start() -> None:
        with pytest.raises(EmbeddedPostgresError, match="initdb needs an account name, and uid 54321 has none"):
            EmbeddedPostgres(open_directory / "pg").start()

    run_in_child(54321, start)
