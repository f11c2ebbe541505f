"""A served ledger for each module, founded, and one that nobody has opened."""

from tests.api.conftest import ledger, made, unopened

__all__ = ["ledger", "made", "unopened"]
