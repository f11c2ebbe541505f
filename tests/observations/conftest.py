"""A place to import into, for each module; and files of invented rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import SHARED
from tests.observations.observers import Place, Row, Writing, csv_text, place


@pytest.fixture(scope="module")
def here(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The ledger of this module; its tests add to it."""
    with place(postgres_server, tmp_path_factory.mktemp("observer")) as one:
        yield one


@pytest.fixture
def table(tmp_path: Path) -> Writing:
    """Write a csv of rows and return its path."""

    def written(rows: Sequence[Row]) -> Path:
        path = tmp_path / "table.csv"
        path.write_text(csv_text(rows), encoding="utf-8", newline="")
        return path

    return written


def data(name: str) -> Path:
    """Return a file of the data folder beside the checkout; skip, visibly, if it is absent."""
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip(f"no {name} in the data folder beside the checkout")
    return path


@pytest.fixture(scope="module")
def release_7() -> Path:
    return data("commitments_deliveries_kiel_r7.csv")


@pytest.fixture(scope="module")
def systems_7() -> Path:
    return data("kiel_r7_2022/weapons_committed_vs_delivered.csv")
