"""A witness (C2SP tlog-witness): it cosigns what a log signs, if that grows out of what it cosigned before.

The witness shares nothing with the ledger but formats: no database, no configuration, no process. Knows no HTTP server.

protocol      requests and answers as bytes, strict; pure
log_lists     lists of logs to be witnessed (witness-network `logs/v0`); pure
store         the heads that were cosigned, in a file of its own
witness       the checks in their order, compare-and-swap, then the signature
directory     keys and store of one witness, made together
asking        the log's side: what to ask a witness, and what its answer means; pure
connection    one question to one witness over HTTP, bounded
errors        why a witness cannot work
"""
