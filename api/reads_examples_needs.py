"""Examples of the answers on needs, totals and rates, for the interface's description. All of it is made up."""

from datetime import date
from hashlib import sha256
from typing import Final

from msgspec import Struct

from api.reads_examples import EVENT
from ledger.events.rates import Rate
from ledger.events.values import Source, When
from projections.conversion import Conversion, Publication, RateShown
from projections.coverage import Coverage, RequirementPage, StatementShown
from projections.digests import Digests, ProjectionDigest, over_all
from projections.figures import Figure
from projections.horizon import Coming, Upcoming
from projections.statistics import Point, Statistics, StatisticsRow
from projections.totals import ConvertedLine, ConvertedSum, Totals, TotalsLine

_STATED_ON: Final = date(2026, 1, 15)
_NEEDED_BY: Final = When(date(2026, 1, 1), date(2026, 12, 31), "year")
_ON: Final = date(2026, 5, 29)
_UNITS: Final = {name: Figure(amount, (EVENT,)) for name, amount in (("all", "400"), ("half", "200"), ("some", "120"))}
_NO_UNITS: Final = Figure("0")
_NO_MONEY: Final = Figure("0.00")
_SEK: Final = Figure("75000000000.00", (EVENT,))
_EUR: Final = Figure("6818181818.18", (EVENT,))

_RATE: Final = RateShown(
    currency="SEK",
    into="EUR",
    units="11.0000",
    on=_ON,
    rule="published_on_or_before",
    series="ecb",
    source="Reference rates of a central bank",
    event=EVENT,
)
_REQUIREMENT: Final = RequirementPage(
    requirement="ua-interceptors",
    party="ua",
    title={"en": "Interceptors for air defence"},
    category="air_defence",
    unit="interceptor",
    quantity=_UNITS["all"],
    needed_by=_NEEDED_BY,
    state="open",
    stated_on=_STATED_ON,
    met_on=None,
    statements=(StatementShown(on=_STATED_ON, quantity="400", needed_by=_NEEDED_BY, reason=None, event=EVENT),),
    events=(EVENT,),
    pending=(),
    timeline=(),
)
_COVERAGE: Final = Coverage(
    category="air_defence",
    kind="units",
    unit="interceptor",
    required=_UNITS["all"],
    met=_NO_UNITS,
    committed=_UNITS["half"],
    delivered=_UNITS["some"],
    acknowledged=_UNITS["some"],
    overdue=_NO_UNITS,
    voluntary=_NO_UNITS,
    voluntary_acknowledged=_NO_UNITS,
    gap_committed=_UNITS["half"],
    gap_delivered=Figure("280", (EVENT,)),
    needed_by=_NEEDED_BY.last,
    needed_overdue=_NO_UNITS,
    indeterminate=0,
    undisclosed_in_category=1,
    requirements=("ua-interceptors",),
    guarantors=("gb",),
    commitments=("interceptors",),
)
_UPCOMING: Final = Upcoming(
    kind=Coming.OBLIGATION_DUE,
    on=_NEEDED_BY.last,
    when=_NEEDED_BY,
    days=184,
    about="commitment",
    id="interceptors",
    title={"en": "200 interceptors"},
    parties=("gb",),
    instrument="uk-2024",
    category="air_defence",
    amount=Figure("80", (EVENT,)),
    unit="interceptor",
    part=1,
    events=(EVENT,),
)
_CONVERTED: Final = ConvertedLine(
    into="EUR", committed=_EUR, delivered=_NO_MONEY, acknowledged=_NO_MONEY, overdue=_NO_MONEY, rate=_RATE
)
_LINE: Final = TotalsLine(
    category="military",
    kind="money",
    unit="SEK",
    committed=_SEK,
    delivered=_NO_MONEY,
    acknowledged=_NO_MONEY,
    overdue=_NO_MONEY,
    disputed=_NO_MONEY,
    lapsed=_NO_MONEY,
    suspended=_NO_MONEY,
    released=_NO_MONEY,
    beyond_commitment=_NO_MONEY,
    reimbursements=_NO_MONEY,
    voluntary=_NO_MONEY,
    voluntary_acknowledged=_NO_MONEY,
    indeterminate=0,
    guarantors=("se",),
    commitments=("p-se-1",),
    converted=_CONVERTED,
)
_TOTALS: Final = Totals(
    eu_institutions="with",
    institutions=("eu",),
    lines=(_LINE,),
    undisclosed=1,
    undisclosed_commitments=("intelligence",),
    indeterminate=0,
    commitments=2,
    not_in_effect=0,
    pending=0,
    into="EUR",
    series="ecb",
    rates_on=date(2026, 5, 31),
    converted=tuple(
        ConvertedSum(
            category=category,
            into="EUR",
            committed=_EUR,
            delivered=_NO_MONEY,
            acknowledged=_NO_MONEY,
            overdue=_NO_MONEY,
            currencies=("SEK",),
            without_rate=(),
        )
        for category in ("military", None)
    ),
    without_rate=(),
)
_STATISTICS: Final = Statistics(
    step="month",
    since=date(2026, 5, 1),
    until=date(2026, 5, 31),
    party=None,
    category=None,
    eu_institutions="with",
    into="EUR",
    series="ecb",
    points=(Point(first=date(2026, 5, 1), on=date(2026, 5, 31), undisclosed=1),),
    rows=(
        StatisticsRow(
            first=date(2026, 5, 1),
            on=date(2026, 5, 31),
            category="military",
            kind="money",
            unit="SEK",
            committed=_SEK,
            delivered=_NO_MONEY,
            acknowledged=_NO_MONEY,
            overdue=_NO_MONEY,
            converted=_CONVERTED,
        ),
    ),
)
_PUBLICATION: Final = Publication(
    series="ecb",
    on=_ON,
    base="EUR",
    source=Source("Reference rates of a central bank", _ON),
    published_by="observer",
    rates=(Rate("SEK", "11.0000"),),
    event=EVENT,
    events=(EVENT,),
)
_CONVERSION: Final = Conversion(
    amount=_SEK.amount, currency="SEK", into="EUR", on=date(2026, 5, 31), converted=_EUR, rate=_RATE
)
_DIGEST: Final = ProjectionDigest("overdue", "/v1/overdue", 0, sha256(b"").hexdigest())
_DIGESTS: Final = Digests(over_all([_DIGEST]), (_DIGEST,))
EXAMPLES: Final[tuple[Struct, ...]] = (
    *(_REQUIREMENT, _COVERAGE, _UPCOMING, _TOTALS, _STATISTICS, _PUBLICATION, _CONVERSION, _DIGESTS),
)
"""One of each answer on needs, what is to come, totals and rates; and the digests of all answers."""
