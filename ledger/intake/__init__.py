"""From the bytes of a submission to its outcome.

intake      parse, verify, decide, append and seal: a batch of submissions in one transaction
checking    what can be said of them before: parsed and verified, large groups by worker processes
decisions   what is decided about each of them while the head is locked
keys        the keys known so far, by which signatures are verified without the lock
sealing     checkpoints and receipts
statements  SCITT's Signed Statements: an act in a COSE_Sign1
cose_receipts  the receipt of a recorded act in COSE
recent      what was admitted here a moment ago, for those who follow the log in this process
committer   many submitters of one process share a transaction
stating     what the ledger states about the acts of an authority
outcomes    what a submitter is told
"""
