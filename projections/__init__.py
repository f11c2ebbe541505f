"""Read models, rebuilt from the log: what every guarantor owes, as it was on a day and as it was known at a tree size.

folding       entries to rows: each entry decided again, by the rules of the ledger itself
tables        where the rows are kept; follower and rebuild write them, exactly once
rows          the state of every stream as it was known at one tree size, stored or in memory
dues, claims  the arithmetic: what fell due, what was delivered towards it
answers       what the pages of truth say, every figure with the events behind it
"""
