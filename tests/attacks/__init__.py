"""What a dishonest operator, a thief or a stranger could do to the log, and what finds it: docs/attacks.md, executed.

    python -m tests.attacks > docs/attacks.md

table    the rows: each is a test that says what it shows
stage    an honest ledger, and what its operator can write instead
"""
