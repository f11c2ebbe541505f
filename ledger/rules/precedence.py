"""One refusal out of several: the first in the order of the enum, whichever rule found it first.

A submitter that mends what it is told never finds that an earlier reason had been there all along.
"""

from ledger.events.refusals import Refusal, Refused

_RANK = {refusal: rank for rank, refusal in enumerate(Refusal)}


def first_of(*found: Refused | None) -> Refused | None:
    """Return the refusal that is listed first; of equal ones the first given; None where nothing was found."""
    refused = [one for one in found if one is not None]
    return min(refused, key=lambda one: _RANK[one.refusal]) if refused else None
