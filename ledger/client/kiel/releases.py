"""A release of the Ukraine Support Tracker: what it is cited as, and which days it covers.

Claims of two releases are two statements, so their ids begin differently and nothing sums them.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.client.errors import ClientError
from ledger.client.kiel.values import Period
from ledger.events.values import Source

FIRST_DAY: Final = date(2022, 1, 24)
"""From when on the tracker counts, in every release."""

_URL: Final = "https://www.ifw-kiel.de/topics/war-against-ukraine/ukraine-support-tracker/"
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Release:
    """One release. `id` begins the ids of its claims."""

    id: str
    period: Period
    source: Source


RELEASE_7: Final = Release(
    "kiel-r7",
    Period(FIRST_DAY, date(2022, 10, 3)),
    Source("Ukraine Support Tracker, release 7, Kiel Institute (Antezza et al. 2022)", date(2022, 10, 11), _URL),
)


def release_of(text: str, until: date | None, released_on: date | None) -> Release:
    """Return the release of a number. Raises ClientError for one that is not known, without its last day."""
    if not _NUMBER.fullmatch(text):
        raise ClientError("--release with the number of a release", repr(text), "Such as 7.")
    if text == "7" and until is None and released_on is None:
        return RELEASE_7
    if until is None:
        raise ClientError(f"--until with the last day that release {text} covers", "none", "The release says it.")
    title = f"Ukraine Support Tracker, release {text}, Kiel Institute"
    return Release(f"kiel-r{text}", Period(FIRST_DAY, until), Source(title, released_on, _URL))
