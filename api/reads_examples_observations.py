"""Examples of the answers on what observers say, for the interface's description. All made up."""

from datetime import date
from typing import Final

import msgspec
from msgspec import Struct

from api.reads_examples import EVENT
from ledger.events.observations import ClaimedQuantity, ClaimedSum, Flag, Heading
from ledger.events.values import Evidence, Source, When
from projections.observed import ObservationPage, ObservationShown
from projections.observed_totals import Compared, ObservedTotal, QuantitiesSaid

_SHOWN: Final = ObservationShown(
    observation="obs.tracker-3.gbm7-2.delivered.item",
    observer="obs",
    recorded_on=date(2026, 1, 15),
    about="United Kingdom",
    party_id="gb",
    claim="delivered",
    level="in_kind_item",
    release="tracker-3",
    activity="GBM7",
    line=2,
    category="weapons",
    heading=Heading("Military", "Weapons and equipment"),
    sum=ClaimedSum("1250000.5", "USD", "price_list"),
    sum_eur=None,
    quantity=ClaimedQuantity("disclosed", "armoured vehicle", "carrier", "20"),
    announced=When(date(2024, 1, 1), date(2024, 1, 31), "month"),
    official_source=True,
    flags=(Flag("fuzzy_date", "month"),),
    text="Twenty of eighty carriers were handed over.",
    source=Source("A public tracker, release 3", date(2024, 5, 2)),
    row=117,
    evidence=(Evidence("Source named by the observer", url="https://tracker.example/gbm7"),),
    replaces=None,
    replaced_by=None,
    adopted_by="gb",
    commitment="carriers",
    events=(EVENT,),
)
_PAGE: Final = ObservationPage(**msgspec.structs.asdict(_SHOWN), timeline=())
_TOTAL: Final = ObservedTotal(
    observer="obs",
    release="tracker-3",
    claim="delivered",
    level="in_kind_item",
    category="weapons",
    about=None,
    party_id=None,
    claims=3,
    activities=2,
    donors=2,
    sum_eur=None,
    without_sum_eur=3,
    units=None,
    quantities=QuantitiesSaid(disclosed=2, undisclosed=1, not_stated=0, unparsable=0),
    compared=Compared(both=2, equal=1, less=1, more=0),
    flagged=1,
    adopted=1,
    href="/v1/observations?observer=obs&source=tracker-3&claim=delivered&level=in_kind_item&category=weapons",
)

EXAMPLES: Final[tuple[Struct, ...]] = (_SHOWN, _PAGE, _TOTAL)
