"""The ledger over HTTP: signed acts in, exact bytes and answers out. Thin: it decides nothing.

settings                  what the operator decides
app, service              the application, and the running ledger behind it
edge, heads, measures     around every request: limits, headers, checkpoint, counters
access                    the line of each request in the log
ready, routing            answers that are given again as they are; the short way to a route
submissions, outcomes     acts in, and what became of each
streaming, taking         a batch of any length while it comes in; acts to the committer
log, parameters           entries, receipts, checkpoint, in their exact bytes
tiles, witnessed          the same log for anybody's tools: C2SP tlog-tiles; by the policy
witnesses                 how the witnesses of the policy stand
verifier                  the verifier in JavaScript, and its page
statements, statements_example   every act of an authority, and the ledger's word that none is missing
explanations, explanations_example   an answer with every entry that it follows from
scitt, scitt_*, concise   COSE receipts, keys and statements for SCITT, and problems in CBOR
reads, reads_*            the read models as JSON, CSV and NDJSON, at a day or instant, as known then
pages                     the same for people, in English and Ukrainian, without scripts
reasons, problems         what every code means; RFC 9457
reference, documentation, examples, docs   schemas, codes, the interface's description
health                    for the machinery around it
server, up, process, commands      `gledger serve`, `gledger up`, and the process that serves
serving                   the HTTP server around any application
witness                   `gledger witness serve`: an application of its own, that knows nothing of the ledger's
"""
