"""A ledger as tests drive it: its database, its intake, its offices, and what was received for what was submitted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from ledger.intake.intake import Intake
from ledger.intake.outcomes import Conflict, Outcome, Sealed
from ledger.store.log import StoredLog
from tests.acts import Founding, Office, founding
from tests.intake.oracle import Given, check_log


@dataclass
class Ledger:
    """Everything around one log. `given` collects every receipt, for the oracle."""

    database_url: str
    log: StoredLog
    founding: Founding
    intake: Intake
    given: list[Given] = field(default_factory=list)

    @property
    def depositary(self) -> Office:
        return self.founding.depositary

    def office(self, party: str) -> Office:
        return self.founding.offices[party]

    def submit(self, *raws: bytes) -> list[Outcome]:
        """Submit in one batch."""
        return self.keep(self.intake.submit(raws))

    def one(self, raw: bytes) -> Outcome:
        (outcome,) = self.submit(raw)
        return outcome

    def admitted(self, raw: bytes) -> Sealed:
        outcome = self.one(raw)
        assert isinstance(outcome, Sealed), outcome
        return outcome

    def keep(self, outcomes: list[Outcome]) -> list[Outcome]:
        self.given += receipts(outcomes)
        return outcomes

    def check(self) -> int:
        """Let the oracle judge, and return the number of entries."""
        return check_log(self.database_url, self.founding.origin, [self.founding.log_signer.vkey], self.given)


def receipts(outcomes: list[Outcome]) -> list[Given]:
    """Return what submitters hold after these outcomes."""
    sealed = [one.first if isinstance(one, Conflict) else one for one in outcomes]
    return [Given(one.position, one.entry, one.receipt) for one in sealed if isinstance(one, Sealed)]


def found(log: StoredLog, database_url: str) -> Ledger:
    """Return a ledger whose founding acts are recorded."""
    acts = founding()
    ledger = Ledger(database_url, log, acts, Intake(log, acts.origin, [acts.log_signer], acts.service))
    for outcome in ledger.submit(*acts.raws):
        assert isinstance(outcome, Sealed), outcome
    return ledger


def at(second: int, microsecond: int = 0) -> datetime:
    """Return an instant of an afternoon long after every act was issued."""
    return datetime(2026, 2, 1, 15, 0, second, microsecond, tzinfo=UTC)
