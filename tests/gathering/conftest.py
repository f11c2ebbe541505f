"""Three running witnesses, and the settings of a ledger that asks them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acts import founding
from tests.api.served import settings_for
from tests.gathering.trios import Trio, trio


@pytest.fixture
def three(database_url: str, tmp_path: Path) -> Iterator[Trio]:
    """Three witnesses and a ledger of their own, which is not served yet."""
    made = founding()
    with trio(settings_for(made, database_url, tmp_path), made, tmp_path) as one:
        yield one
