"""From what rows state to claims that an observer can sign: each with its own id, and with a flag for every treatment.

Nothing is corrected, summed or guessed. A row that cannot be a claim is refused with a reason; the others lose nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ledger.client.kiel.files import NO_VALUE
from ledger.client.kiel.layouts import Table
from ledger.client.kiel.releases import Release
from ledger.client.kiel.stated import Stated
from ledger.client.kiel.surroundings import Surroundings, surroundings_of
from ledger.client.kiel.values import Negative, address, announced, bounded, number, shown
from ledger.events.currencies import exponent, irrevocable
from ledger.events.observations import ClaimedQuantity, ClaimedSum, Flag, Heading
from ledger.events.values import Category, Evidence

NAME_CHARACTERS_MAX: Final = 40
SHORT_CHARACTERS_MAX: Final = 300
TEXT_CHARACTERS_MAX: Final = 4000
ID_CHARACTERS_MAX: Final = 76
"""Four less than an id may have: a later reading of the same claim has a number behind it."""

DIGEST_CHARACTERS: Final = 10

LEVELS: Final = {"activity_total": "total", "in_kind_item": "item", "system_total": "system"}
"""Each level, and how an id writes it."""

CLAIMS: Final = ("committed", "delivered")
UNDISCLOSED: Final = ("undisclosed", "not disclosed", "classified")
NOT_NUMERIC: Final = "non_numeric:"

CATEGORIES: Final[Mapping[str, Category]] = {
    "military": Category.MILITARY,
    "humanitarian": Category.HUMANITARIAN,
    "financial": Category.MACRO_FINANCIAL,
}
"""By the source's general heading: of totals, which go across items of several kinds, and of what has no other."""

ITEM_CATEGORIES: Final[Mapping[str, Category]] = {
    "weapons": Category.WEAPONS,
    "nato_standard_weapons": Category.WEAPONS,
    "weapons_soviet_pattern": Category.WEAPONS,
    "military_equipment_nonlethal": Category.NON_LETHAL,
    "air_defence_antimissile": Category.AIR_DEFENCE,
    "military_unspecified": Category.MILITARY,
    "joint_funding_epf": Category.MILITARY,
    "humanitarian": Category.HUMANITARIAN,
    "macro_financial": Category.MACRO_FINANCIAL,
}
BASES: Final = {
    "value is given by the source": "stated_by_donor",
    "value is calculated with prices": "calculated",
    "value is given by hand": "entered_by_hand",
    "kiel_price_list_upper_bound_estimate": "price_list",
    "price_list": "price_list",
}
NO_BASIS: Final = "value is not given at all"
OFFICIAL: Final = {"yes": True, "no": False}
COMPUTED_FLAGS: Final = ("fuzzy_date", "date_after_release", "quantity_undisclosed")
"""What is found out here, whatever the flags of the source say of it."""


class RowRefused(ValueError):
    """Why a row is no claim."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be signed, but for the party of the ledger that it is about. `fields` are plain values."""

    id: str
    row: int
    donor: str
    code: str
    fields: Mapping[str, Any]
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A claim of a row that is not recorded, and why."""

    row: int
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """Everything that a file states: each claim is in exactly one of the two."""

    claims: tuple[Claim, ...]
    refused: tuple[Refusal, ...]


def read_claims(table: Table, release: Release, observer: str) -> Read:
    """Return the claims of a table, and the refused ones. `observer`: the party that will sign them."""
    around = surroundings_of(table.stated, release.period)
    claims: dict[str, Claim] = {}
    refused: list[Refusal] = [
        Refusal(row, "row", "it holds nothing that is a claim: no donor with an activity, amount or item")
        for row in table.without_claims
    ]
    for stated in table.stated:
        what = " ".join(part for part in (stated.activity, stated.line, stated.claim, stated.level) if part)
        try:
            claim = _claim(stated, release, around, observer)
            first = claims.get(claim.id)
            if first is not None:
                raise RowRefused(f"a second {what}: the first is in row {first.row}")
        except RowRefused as error:
            refused.append(Refusal(stated.row, shown(what), str(error)))
        else:
            claims[claim.id] = claim
    return Read(tuple(claims.values()), tuple(refused))


def claim_id(observer: str, release: Release, stated: Stated) -> str:
    """Return the id of a claim: its observer, its release, and what tells it from the others, cut short if need be.

    rs.kiel-r7.aum8-4.committed.item
    """
    head, tail = f"{observer}.{release.id}.", f".{stated.claim}.{LEVELS[stated.level]}"
    text = "-".join(filter(None, (re.sub(r"[^a-z0-9]+", "-", part.casefold()).strip("-") for part in stated.key)))
    room = ID_CHARACTERS_MAX - len(head) - len(tail)
    if len(text) > room or not text:
        digest = sha256("\0".join(stated.key).encode()).hexdigest()[:DIGEST_CHARACTERS]
        text = f"{text[: room - DIGEST_CHARACTERS - 1].rstrip('-')}-{digest}".strip("-")
    return f"{head}{text}{tail}"


def _claim(stated: Stated, release: Release, around: Surroundings, observer: str) -> Claim:
    """Return the claim. Raises RowRefused."""
    _check_kind(stated)
    donor, donor_flags = bounded(stated.donor, NAME_CHARACTERS_MAX)
    if donor is None or len(donor) < 2:
        raise RowRefused("it names no donor")
    flags = [*donor_flags]
    dated = announced(stated.day, stated.until, stated.precision, release.period)
    undated = stated.level == "system_total"
    total, total_eur, sum_flags = _sums(stated)
    quantity, quantity_flags = _quantity(stated, around)
    heading, heading_flags = _heading(stated, around)
    category, category_flags = _category(stated)
    evidence, evidence_flags = _evidence(stated)
    text, text_flags = bounded(stated.text, TEXT_CHARACTERS_MAX)
    flags += [*(() if undated else dated.flags), *around.flags(stated), *sum_flags, *quantity_flags]
    flags += [*heading_flags, *category_flags, *evidence_flags, *text_flags]
    flags += _flags_of_source(stated, {one.flag for one in flags})
    activity, _ = bounded(stated.activity, SHORT_CHARACTERS_MAX)
    fields: dict[str, Any] = {
        "about": donor,
        "claim": stated.claim,
        "level": stated.level,
        "release": release.id,
        "activity": activity,
        "line": _line(stated),
        "category": category,
        "heading": heading,
        "source": release.source,
        "row": stated.row,
        "sum": total,
        "sum_eur": total_eur,
        "quantity": quantity,
        "announced": None if undated else dated.when,
        "official_source": OFFICIAL.get(stated.official.casefold()),
        "flags": tuple(dict.fromkeys(flags)),
        "text": text,
        "evidence": evidence,
    }
    present = {name: value for name, value in fields.items() if value is not None and value != ()}
    return Claim(claim_id(observer, release, stated), stated.row, donor, stated.code, present, fields["flags"])


def _check_kind(stated: Stated) -> None:
    if stated.claim not in CLAIMS:
        raise RowRefused(f"expected a commitment or a delivery, got {shown(stated.claim)!r}")
    if stated.level not in LEVELS:
        raise RowRefused(f"expected a level of {', '.join(LEVELS)}, got {shown(stated.level)!r}")
    if stated.level != "system_total" and not stated.activity:
        raise RowRefused("it names no activity")
    for name in ("amount", "amount_eur", "quantity", "day", "currency"):
        if getattr(stated, name) == NO_VALUE:
            raise RowRefused(f"the {name.replace('_', ' ')} is a formula that the workbook holds no value of")


def _line(stated: Stated) -> int | None:
    if stated.level == "system_total":
        return None
    line = number(stated.line) if not stated.line.startswith("-") else None
    if line is None or not line.isdecimal() or not 1 <= int(line) <= 10_000:
        raise RowRefused(f"expected a line of 1 to 10000, got {shown(stated.line)!r}")
    return int(line)


def _number(text: str, what: str) -> str | None:
    try:
        return number(text)
    except Negative as error:
        raise RowRefused(f"{what}: {error}") from None


def _sums(stated: Stated) -> tuple[ClaimedSum | None, str | None, list[Flag]]:
    flags: list[Flag] = []
    amount = _number(stated.amount, "amount")
    amount_eur = _number(stated.amount_eur, "amount in EUR")
    if stated.amount and amount is None:
        flags.append(Flag("amount_unparsable", shown(stated.amount)))
    if stated.amount_eur and amount_eur is None:
        flags.append(Flag("amount_eur_unparsable", shown(stated.amount_eur)))
    is_total = stated.level == "activity_total"
    if is_total and not stated.amount:
        flags.append(Flag("amount_missing", stated.currency or None))
    if is_total and amount is not None and not stated.amount_eur:
        flags.append(Flag("amount_eur_missing"))
    if amount is None:
        return None, amount_eur, flags
    if not stated.currency:
        return None, amount_eur, [*flags, Flag("amount_without_currency", shown(stated.amount))]
    if exponent(stated.currency) is None:
        raise RowRefused(f"expected a currency that there is or was, got {shown(stated.currency)!r}")
    if (retired := irrevocable(stated.currency)) is not None:
        flags.append(Flag("currency_retired", f"{stated.currency}, since {retired.since} {retired.for_one}"))
    if float(amount) == 0:
        flags.append(Flag("amount_zero"))
    said = stated.basis.casefold()
    if said == NO_BASIS:
        flags.append(Flag("basis_contradicted", shown(stated.basis)))
    elif said and said not in BASES:
        flags.append(Flag("basis_unknown", shown(stated.basis)))
    return ClaimedSum(amount, stated.currency, BASES.get(said)), amount_eur, flags  # type: ignore[arg-type]


def _quantity(stated: Stated, around: Surroundings) -> tuple[ClaimedQuantity | None, list[Flag]]:
    """Return the quantity of an item or system. The item that stands beside a total is recorded as its own claim."""
    if stated.level == "activity_total":
        return None, []
    status, value, words = _counted(stated)
    spelled, flags = around.spelled(stated, "item")
    item, item_flags = bounded(spelled, SHORT_CHARACTERS_MAX)
    if item is None:
        raise RowRefused("it names no item")
    flags += item_flags
    subtype = None
    if stated.subtype.isdecimal():
        flags.append(Flag("subtype_unreadable", stated.subtype))
    elif stated.subtype:
        named, named_flags = around.spelled(stated, "subtype")
        subtype, further = bounded(named, SHORT_CHARACTERS_MAX)
        flags += [*named_flags, *further]
    if status != "disclosed":
        flags.append(Flag(f"quantity_{status}", shown(words) if words else None))
    stated_words = shown(words) if words else None
    return ClaimedQuantity(status, item, subtype, value, stated_words), flags  # type: ignore[arg-type]


def _counted(stated: Stated) -> tuple[str, str | None, str]:
    """Return the status of a quantity, its number, and the words that stand in its place."""
    said = stated.quantity_status.strip()
    if said.startswith(NOT_NUMERIC):
        return "unparsable", None, said.removeprefix(NOT_NUMERIC)
    if said in ("undisclosed", "not_stated") and not stated.quantity:
        return said, None, ""
    if stated.quantity.casefold() in UNDISCLOSED:
        return "undisclosed", None, ""
    value = _number(stated.quantity, "quantity")
    if value is not None and said in ("", "disclosed"):
        return "disclosed", value, ""
    if not stated.quantity and not said:
        return "not_stated", None, ""
    return "unparsable", None, " ".join(filter(None, (stated.quantity, f"({said})" if said else "")))


def _heading(stated: Stated, around: Surroundings) -> tuple[Heading | None, list[Flag]]:
    general, flags = bounded(stated.general, SHORT_CHARACTERS_MAX)
    spelled, further = around.spelled(stated, "specific")
    specific, more = bounded(spelled, SHORT_CHARACTERS_MAX)
    return (Heading(general, specific) if general is not None else None), [*flags, *further, *more]


def _category(stated: Stated) -> tuple[Category, list[Flag]]:
    general = CATEGORIES.get(stated.general.casefold())
    if stated.level == "activity_total" or not stated.category:
        if general is not None:
            return general, []
        return Category.UNSPECIFIED, [Flag("category_unknown", shown(stated.general or "nothing"))]
    found = ITEM_CATEGORIES.get(stated.category.casefold())
    if found is None:
        return general or Category.UNSPECIFIED, [Flag("category_unknown", shown(stated.category))]
    return found, []


def _evidence(stated: Stated) -> tuple[tuple[Evidence, ...], list[Flag]]:
    evidence: list[Evidence] = []
    flags: list[Flag] = []
    for title, text in stated.urls:
        url, further = address(text)
        flags += further
        if url is not None:
            evidence.append(Evidence(title, url=url))
    return tuple(evidence), flags


def _flags_of_source(stated: Stated, ours: set[str]) -> list[Flag]:
    """Return what the source's own flags say beyond what was found out here."""
    flags: list[Flag] = []
    for text in stated.flags:
        name = re.sub(r"[^a-z0-9_]+", "_", re.sub(r"_cutoff_.*|:.*", "", text.casefold()))
        if name in ours and name in COMPUTED_FLAGS:
            continue
        is_name = re.fullmatch(r"[a-z][a-z0-9_]{1,39}", name) is not None and name not in COMPUTED_FLAGS
        flags.append(Flag(name) if is_name and name == text else Flag("flag_of_source", shown(text)))
    return flags
