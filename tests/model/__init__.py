"""A second implementation of what the ledger answers, naive on purpose, and random histories that compare the two.

`tests.model.naive` recounts figures from the list of signed acts alone; `docs/rules.md` is its source, and it knows
nothing of `ledger.rules` and `projections`. `python -m tests.model --steps 1000000 --seed 1` walks by hand.
"""
