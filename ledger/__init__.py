"""The guarantee ledger: what may be recorded, and how it is made tamper-evident. Knows no HTTP server and no page.

    events    typed events, strict bytes, refusals
    rules     decide and evolve, views of histories; pure
    signing   DSSE envelopes, keys, verification
    log       entries, RFC 6962 tree, checkpoints, receipts; pure
    store     PostgreSQL, embedded or given
    intake    submissions to outcomes, under one lock
    audit     everything derived again, trusting nobody
    fsck      everything that is stored, checked against everything else
    witness   cosignatures: a witness, and how a log asks one
    gathering what a log publishes of what witnesses sign
    client    the party's side: drafts, keys, submission
    cli       gledger

Each knows those above it and none below. `docs/architecture.md` is the same page with a picture.
"""
