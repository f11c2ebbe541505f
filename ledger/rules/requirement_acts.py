"""Decides the acts on requirements: they are the beneficiary's own, from the statement until it says that it is met."""

from typing import assert_never

from ledger.events.refusals import Refusal, Refused
from ledger.events.requirements import RequirementMet, RequirementRevised, RequirementStated
from ledger.rules.compact import Compact, history, opened
from ledger.rules.parties import may_act
from ledger.rules.precedence import first_of
from ledger.rules.requirements import RequirementAct, requirement


def check_requirement(compact: Compact, event: RequirementAct) -> Refused | tuple[str, ...]:
    """Decide an act on a requirement. Returns nobody to ask, or the refusal."""
    return first_of(check_beneficiary(compact, event.party), _check_state(compact, event)) or ()


def check_beneficiary(compact: Compact, party: str) -> Refused | None:
    """Return a refusal unless `party` is the beneficiary, or its successor."""
    ledger = opened(compact)
    assert ledger is not None
    if may_act(compact, party, (ledger.beneficiary,)):
        return None
    return Refused(Refusal.SIGNER_NOT_ENTITLED, f"the beneficiary, {ledger.beneficiary}", party)


def _check_state(compact: Compact, event: RequirementAct) -> Refused | None:
    record = history(compact, "requirement", event.requirement)
    found = requirement(record)
    match event:
        case RequirementStated():
            if record is not None and record.acts:
                return Refused(Refusal.ALREADY_EXISTS, "a new requirement id: ids are not reused", event.requirement)
            return None
        case RequirementRevised() | RequirementMet():
            if found is None:
                return Refused(Refusal.REFERENCE_UNKNOWN, "a requirement that was stated", event.requirement)
            if found.met_on is not None:
                return Refused(Refusal.ALREADY_ENDED, "a requirement that is not met", f"met on {found.met_on}")
            return None
    assert_never(event)
