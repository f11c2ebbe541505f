"""`python -m ledger.cli`: the same command for whoever has no `gledger` on the path."""

from ledger.cli.main import app

if __name__ == "__main__":
    app(prog_name="gledger")
