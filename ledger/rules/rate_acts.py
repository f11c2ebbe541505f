"""Decides the publication of rates: by the depositary or an observer, once for a series and day, of codes in use."""

from ledger.events.currencies import is_valid_on
from ledger.events.parties import Role
from ledger.events.rates import RatesPublished
from ledger.events.refusals import Refusal, Refused
from ledger.rules.compact import Compact, history
from ledger.rules.parties import party_of
from ledger.rules.precedence import first_of
from ledger.rules.rates import publications, stream_id

PUBLISHING = (Role.DEPOSITARY, Role.OBSERVER)


def check_rates(compact: Compact, event: RatesPublished) -> Refused | tuple[str, ...]:
    """Decide a publication of rates. Returns nobody to ask, or the refusal."""
    known = party_of(compact, event.party)
    if known is None or not set(known.roles) & set(PUBLISHING):
        expected = f"a party with the role {' or '.join(PUBLISHING)}"
        return Refused(Refusal.SIGNER_NOT_ENTITLED, expected, event.party)
    return first_of(_check_once(compact, event), _check_codes(event)) or ()


def _check_once(compact: Compact, event: RatesPublished) -> Refused | None:
    codes = [one.currency for one in event.rates]
    if len(set(codes)) != len(codes) or event.base in codes:
        return Refused(
            Refusal.ALREADY_EXISTS, "each currency once, and the base not among them", ", ".join(codes)[:200]
        )
    record = history(compact, "rates", stream_id(event.series, event.on))
    if any(one.on == event.on for one in publications(record)):
        expected = f"one publication of {event.series} for a day: correct it instead"
        return Refused(Refusal.ALREADY_EXISTS, expected, str(event.on))
    return None


def _check_codes(event: RatesPublished) -> Refused | None:
    for code in (event.base, *(one.currency for one in event.rates)):
        if not is_valid_on(code, event.on):
            return Refused(Refusal.CODE_UNKNOWN, f"a currency in use on {event.on}", code)
    return None
