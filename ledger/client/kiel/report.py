"""What an import did with every row: recorded, unchanged, changed or refused, and each treatment with the rows it met.

Every row that was read is in the report, once; the sums are checked before anybody sees it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from ledger.client.kiel.claims import Claim, Refusal

TREATMENTS: Final = {
    "fuzzy_date": "The day is not known: kept as the interval in which it lies, or as none where nothing is known.",
    "date_after_release": "A day after the last day of the release: not taken as a date; what stood there is kept.",
    "date_drag_filled": "Goes on from the line above by a year or a day to beyond the release: filled down, not taken.",
    "date_unreadable": "No day can be read from it without guessing: no date; what stood there is kept.",
    "quantity_undisclosed": "The source says that it is not disclosed: there is nothing to count.",
    "quantity_not_stated": "The source states no quantity: there is nothing to count.",
    "quantity_unparsable": "No number: kept as it is written, and not counted.",
    "amount_missing": "The activity has no amount: none is recorded. The detail is the currency, where there is one.",
    "amount_unparsable": "The amount is no number: none is recorded; what stood there is kept.",
    "amount_without_currency": "An amount in no currency: not recorded as a sum; what stood there is kept.",
    "amount_zero": "An amount of zero, which is a price that was not found rather than a gift: kept as it is.",
    "amount_eur_missing": "There is an amount and no conversion of it into euros: the totals in euros leave it out.",
    "amount_eur_unparsable": "The amount in euros is no number: none is recorded; what stood there is kept.",
    "basis_contradicted": "The source says that no value is given, beside a value: the value is kept, without a basis.",
    "basis_unknown": "The source names a basis of the value that is not known here: the value is kept without it.",
    "currency_missing": "The source's own flag: the row has no currency.",
    "currency_retired": "The currency is no longer in use: amount and code are kept as they were.",
    "routed_via_imf_or_wb": "The source's own flag: the money goes by way of the IMF or the World Bank.",
    "letter_case": "Written with other capitals than elsewhere in the file: read in the usual spelling for grouping.",
    "subtype_unreadable": "A number stands where a subtype should: left out.",
    "category_unknown": "No category of this ledger is known for the source's heading.",
    "possible_duplicate": "Says the same as another claim: both are kept, and both count.",
    "text_cleaned": "Invisible characters were taken out of the text, or its letters composed.",
    "text_shortened": "The text was longer than an act holds: the end is left out.",
    "address_encoded": "Spaces and letters that no address may have are written as percent signs.",
    "address_unusable": "What is named as a source is no address, or a longer one than an act holds: kept in the flag.",
    "flag_of_source": "A flag of the source that says something else than what was found here.",
}
"""Every treatment and what it means, in the order of the report."""

Settled = Literal["recorded", "changed", "unchanged", "refused", "unsettled"]


class Affected(Struct, frozen=True):
    """A claim that a treatment met."""

    row: int
    observation: str
    detail: str | None = None


class Treatment(Struct, frozen=True):
    """One kind of defect, what is done about it, and every row that has it."""

    flag: str
    meaning: str
    rows: int
    claims: tuple[Affected, ...]


class Changed(Struct, frozen=True):
    """A claim that the ledger held with other values: the new reading names the one that it replaces."""

    row: int
    observation: str
    replaces: str
    fields: tuple[str, ...]


class RefusedRow(Struct, frozen=True):
    """A claim that was not recorded, and why."""

    row: int
    claim: str
    reason: str


class Counts(Struct, frozen=True):
    """Where every claim and every row ended. A row is settled as the worst of its claims.

    `unsettled`: a run that was broken off, or one that only reports, has not come to them.
    """

    read: int
    recorded: int
    changed: int
    unchanged: int
    refused: int
    unsettled: int

    def __post_init__(self) -> None:
        ended = self.recorded + self.changed + self.unchanged + self.refused + self.unsettled
        assert self.read == ended, f"{self.read} were read and {ended} accounted for"


class Donor(Struct, frozen=True):
    """Whom claims are about, and which party of the ledger that is; null: none, so nobody can adopt them."""

    name: str
    claims: int
    party_id: str | None = None


class Report(Struct, frozen=True, kw_only=True):
    """The whole account of one run."""

    file: str
    sha256: str
    layout: str
    release: str
    observer: str
    ledger: str | None
    rows: Counts
    claims: Counts
    donors: tuple[Donor, ...]
    unknown_columns: tuple[str, ...]
    treatments: tuple[Treatment, ...]
    changed: tuple[Changed, ...]
    refused: tuple[RefusedRow, ...]
    missing: tuple[str, ...] = ()


def treatments_of(claims: Sequence[Claim]) -> tuple[Treatment, ...]:
    """Return every treatment that was needed, each with the rows it met."""
    met: dict[str, list[Affected]] = {}
    for claim in claims:
        for flag in claim.flags:
            met.setdefault(flag.flag, []).append(Affected(claim.row, claim.id, flag.detail))
    order = [*TREATMENTS, *sorted(met.keys() - TREATMENTS.keys())]
    return tuple(
        Treatment(
            flag,
            TREATMENTS.get(flag, "A flag of the source."),
            len({one.row for one in met[flag]}),
            tuple(sorted(met[flag], key=lambda one: (one.row, one.observation))),
        )
        for flag in order
        if flag in met
    )


def counts_of(ends: Mapping[str, Settled], read: int | None = None) -> Counts:
    """Return how many ended in which way. `read`: how many there are to be accounted for, if that is known apart."""
    found = list(ends.values())
    return Counts(
        len(found) if read is None else read,
        *(found.count(one) for one in ("recorded", "changed", "unchanged", "refused", "unsettled")),
    )


def counts_of_rows(
    rows: int, claims: Sequence[Claim], refused: Sequence[Refusal], ends: Mapping[str, Settled]
) -> Counts:
    """Return how the `rows` that were read ended, each as the worst of its claims."""
    rank: tuple[Settled, ...] = ("unchanged", "changed", "recorded", "unsettled", "refused")
    worst: dict[str, Settled] = {f"{one.row}": "refused" for one in refused}
    for claim in claims:
        row, end = f"{claim.row}", ends[claim.id]
        worst[row] = max(worst.get(row, end), end, key=rank.index)
    return counts_of(worst, rows)


def lines_of(report: Report) -> Iterator[str]:
    """Yield the report as lines of text: sums, then each treatment with one line for every row it met."""
    yield f"{report.file}: {report.layout}, release {report.release}, sha256 {report.sha256}"
    for what, counts in (("rows", report.rows), ("claims", report.claims)):
        ended = ("recorded", "changed", "unchanged", "refused", "unsettled")
        told = ", ".join(f"{getattr(counts, name)} {name}" for name in ended)
        yield f"{counts.read} {what} read = {told}"
    if report.unknown_columns:
        yield f"columns that are not read: {', '.join(report.unknown_columns)}"
    yield from _lines_of_donors(report)
    for treatment in report.treatments:
        yield f"{treatment.flag}: {treatment.rows} rows. {treatment.meaning}"
        for one in treatment.claims:
            yield f"  row {one.row} {one.observation}{f': {one.detail}' if one.detail else ''}"
    for changed in report.changed:
        fields = ", ".join(changed.fields)
        yield f"changed: row {changed.row} {changed.observation} replaces {changed.replaces} ({fields})"
    for refused in report.refused:
        yield f"refused: row {refused.row} {refused.claim}: {refused.reason}"
    for gone in report.missing:
        yield f"no longer in the file: {gone}"


def _lines_of_donors(report: Report) -> Iterator[str]:
    if report.ledger is None:
        yield f"{len(report.donors)} donors; no ledger was asked which parties they are"
        return
    nobody = [one for one in report.donors if one.party_id is None]
    yield f"{len(report.donors)} donors, {len(nobody)} of them no party of the ledger {report.ledger}"
    yield from (f"  {one.name}: {one.claims} claims, which nobody can adopt" for one in nobody)
