"""Which ledger is meant, at which address, and whose word about it is believed.

Log keys come from the command line, else from the workspace where they were pinned, else from the server itself, and
that is said: a server can prove anything about keys that it chose.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.cli.output import say
from ledger.client.connection import Connection
from ledger.client.errors import ClientError
from ledger.client.http import LedgerClient
from ledger.client.workspace import Pinned, Workspace, log_keys
from ledger.log.errors import PolicyInvalid
from ledger.log.note import VerifierKey
from ledger.log.policy import POLICY_BYTES_MAX, Policy, parse_policy


@dataclass(frozen=True, slots=True)
class Trust:
    """The log `origin` is believed if one of `vkeys` signed."""

    origin: str
    vkeys: tuple[VerifierKey, ...]


@contextmanager
def connected(workspace: Workspace, url: str | None) -> Iterator[LedgerClient]:
    """Yield a client of the ledger at `url`, or else of the workspace's. Raises ClientError if neither says where."""
    address = url or (workspace.pinned.url if workspace.pinned is not None else None)
    if address is None:
        raise ClientError("the address of the ledger", "none", "Give --url, or a workspace made by gledger init.")
    with Connection(address) as connection:
        yield LedgerClient(connection)


def given_trust(origin: str | None, vkeys: Sequence[str] | None, pinned: Pinned | None) -> Trust | None:
    """Return whom to believe without asking anybody; None if neither options nor workspace say."""
    if vkeys:
        keys = log_keys(tuple(vkeys))
        # A log signs under its own name, so the key of the log names its origin.
        return Trust(origin or (pinned.origin if pinned is not None else keys[0].name), keys)
    if pinned is not None:
        return Trust(origin or pinned.origin, log_keys(pinned.log_keys))
    return None


def given_policy(path: Path | None) -> Policy | None:
    """Return the policy in a file; None if none is named. Raises OSError, ClientError if it is none."""
    if path is None:
        return None
    with path.open("rb") as file:
        raw = file.read(POLICY_BYTES_MAX + 1)
    try:
        return parse_policy(raw)
    except PolicyInvalid as error:
        do = "Correct it: lines of log, witness, group and quorum (C2SP tlog-policy)."
        raise ClientError(f"{path}: {error.expected}", error.got, do) from None


def trust(client: LedgerClient, origin: str | None, vkeys: Sequence[str] | None, pinned: Pinned | None) -> Trust:
    """Return whom to believe, asking the server as the last resort."""
    given = given_trust(origin, vkeys, pinned)
    if given is not None:
        return given
    info = client.ledger()
    say(f"Log keys of {info.origin} are taken from the server itself: {', '.join(info.log_keys)}")
    say("Compare them with what the depositary published, and pin them: gledger init DIR --join, or --vkey.")
    return Trust(origin or info.origin, log_keys(info.log_keys))
