"""The guarantee ledger: what may be recorded, and how it is made tamper-evident. Knows no HTTP server and no page."""
