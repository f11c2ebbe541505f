"""How an expected error ends the process: with which exit code, and that an unexpected one has none."""

from typing import Final

from ledger.audit.findings import Undecidable
from ledger.cli.exit_codes import ExitCode
from ledger.client.errors import (
    AnswerMalformed,
    ClientError,
    CopyDamaged,
    LedgerRefused,
    NotThere,
    PolicyNotMet,
    Unreachable,
)
from ledger.client.scenario import ScenarioError
from ledger.events.refusals import Refusal, Rejected
from ledger.log.errors import LogInvalid
from ledger.signing.keys import BadSignature
from ledger.store.errors import StoreError
from ledger.store.unprivileged import EmbeddedPostgresError
from ledger.witness.errors import HeadsInvalid, HeadsUnavailable, KeysLocked, WitnessError


class KeyLocked(ClientError):
    """A private key that this passphrase does not open."""


MANDATE_REFUSALS: Final = frozenset(
    {
        Refusal.AUTHORITY_UNKNOWN,
        Refusal.KEY_UNKNOWN,
        Refusal.THRESHOLD_NOT_MET,
        Refusal.AUTHORITY_NOT_OF_PARTY,
        Refusal.AUTHORITY_REVOKED,
        Refusal.AUTHORITY_CONTESTED,
        Refusal.AUTHORITY_NOT_YET_VALID,
        Refusal.AUTHORITY_EXPIRED,
        Refusal.SERVICE_KEY_ONLY,
        Refusal.SIGNER_NOT_ENTITLED,
        Refusal.OUT_OF_SCOPE,
        Refusal.OVER_CAP,
    }
)
"""Refusals that say: not by you."""

REFUSALS: Final = frozenset(Refusal)
HTTP_NOT_AUTHORISED: Final = frozenset({401, 403})


def exit_code_of(error: Exception) -> ExitCode | None:
    """Return how an expected error ends the process; None for one that nobody expected."""
    match error:
        case KeyLocked() | KeysLocked():
            return ExitCode.NOT_AUTHORISED
        case LedgerRefused():
            return exit_code_of_refusal(error.problem.code, error.problem.status)
        case (
            Unreachable()
            | NotThere()
            | AnswerMalformed()
            | CopyDamaged()
            | PolicyNotMet()
            | HeadsInvalid()
            | HeadsUnavailable()
            | Undecidable()
        ):
            return ExitCode.UNDECIDABLE
        case ClientError() | ScenarioError() | WitnessError():
            return ExitCode.USAGE
        case Rejected() | LogInvalid() | BadSignature():
            return ExitCode.INVALID
        case StoreError() | EmbeddedPostgresError() | OSError():
            return ExitCode.UNDECIDABLE
        case _:
            return None


def exit_code_of_refusal(code: str, status: int) -> ExitCode:
    """Return how a refusal ends the process."""
    if code in MANDATE_REFUSALS or status in HTTP_NOT_AUTHORISED:
        return ExitCode.NOT_AUTHORISED
    # Everything else that a ledger answers is about the request: a parameter, a length, a media type.
    return ExitCode.INVALID if code in REFUSALS else ExitCode.USAGE
