"""A plain recount of a ledger over the list of its acts, written for clarity from `docs/rules.md`.

Nothing is folded and nothing is kept: every question goes back to the acts and what later acts said about them. It
imports neither `ledger.rules` nor `projections`; `tests/model/test_independence.py` reads the source and enforces it.
"""
