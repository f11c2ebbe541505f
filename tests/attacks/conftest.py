"""One stage for all attacks: nothing that they do changes it."""

import pytest

from tests.attacks.stage import Stage, staged
from tests.audit.logs import audited


@pytest.fixture(scope="session")
def stage() -> Stage:
    """Return the honest ledger. The audit finds nothing in it: whatever is found afterwards is the attack."""
    made = staged()
    audited(made.honest)
    return made
