"""Write the page of licences: what the project depends on directly, and under which terms.

    python -m tests.house.licence_table > docs/licences.md

Read from the metadata of the installed packages, so that the page says what the packages say of themselves.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, metadata
from itertools import takewhile
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
CLASSIFIER: Final = "License :: "

# Copyleft beyond the library itself: not for a ledger that a ministry may want to change and keep.
UNWANTED: Final = re.compile(r"\bA?GPL|(?<!Lesser )General Public License", re.IGNORECASE)
NOT_A_LICENCE: Final = frozenset({"OSI Approved", "DFSG approved"})
SHORT_NAMES: Final = {
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}

HEAD: Final = """# Licences

The project is under Apache-2.0 (`LICENSE`). These are its direct dependencies and the terms that each states in its own
metadata. `psycopg` is LGPL: it is used unchanged, as a library of its own. A test refuses the GPL and the AGPL anywhere
in the lock files. Written by `make licences`.
"""


def direct(pyproject: Path) -> dict[str, list[str]]:
    """Return the names of direct dependencies by section: `runtime`, each extra, each group."""
    content = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    sections = {"runtime": content["project"]["dependencies"], **content["project"]["optional-dependencies"]}
    sections |= content["dependency-groups"]
    return {section: [_name(one) for one in requirements] for section, requirements in sections.items()}


def locked(lock: Path) -> list[str]:
    """Return the names in a lock file, those for other platforms included."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return [_name(line) for line in lines if "==" in line]


def _name(requirement: str) -> str:
    return "".join(takewhile(lambda character: character.isalnum() or character in "-_.", requirement))


def terms(name: str) -> str:
    """Return the licence that an installed package states: its expression, else its classifiers, else its own words.

    Raises PackageNotFoundError, and ValueError for a package that states none.
    """
    stated = metadata(name)
    if "License-Expression" in stated:
        return stated["License-Expression"]
    classifiers = (one.removeprefix(CLASSIFIER) for one in stated.get_all("Classifier", []) if CLASSIFIER in one)
    classified = [one.rpartition(" :: ")[2] for one in classifiers if one not in NOT_A_LICENCE]
    if classified:
        return ", ".join(SHORT_NAMES.get(one, one) for one in classified)
    if "License" in stated:
        return stated["License"].strip().splitlines()[0]
    raise ValueError(f"{name}: no licence in its metadata")


def unwanted(licences: Iterable[tuple[str, str]]) -> list[str]:
    """Report packages under terms that the project does not take: `pymerkle: GPL-3.0-or-later`."""
    return [f"{name}: {licence}" for name, licence in licences if UNWANTED.search(licence)]


def installed(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name and terms of those of `names` that are installed; a lock also names packages of other platforms."""
    for name in names:
        try:
            yield name, terms(name)
        except PackageNotFoundError:
            continue


def page(pyproject: Path) -> str:
    """Return the page in Markdown."""
    parts = [HEAD]
    for section, names in direct(pyproject).items():
        rows = [f"| `{name}` | {terms(name)} |" for name in sorted(names, key=str.lower)]
        parts.append("\n".join([f"## {section}\n", "| package | terms |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page(REPOSITORY / "pyproject.toml"))
