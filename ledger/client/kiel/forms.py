"""The layouts of the Ukraine Support Tracker that are known: what each calls its columns, and what its rows claim.

The csv of one claim a row was checked against a real one, and the table of weapon systems too. The workbook's sheet is
reconstructed from public programs that read it: where a column had other names in other releases, all of them are here.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ledger.client.kiel.stated import Cells, Layout, Stated, there

_CLAIMS: Final = {"commitment": "committed", "delivery": "delivered"}


def _of_lines(row: int, cells: Cells, _: Counter[str]) -> Iterator[Stated]:
    """Yield the one claim of a row of the derived csv."""
    claim = _CLAIMS.get(cells["record"], cells["record"])
    yield Stated(
        row=row,
        claim=claim,
        level=cells["level"],
        donor=cells["donor"],
        code=cells["code"],
        activity=cells["activity"],
        line=cells["line"],
        key=(cells["activity"], cells["line"]),
        day=cells["first"],
        until=cells["last"],
        precision=cells["precision"] or "unknown",
        general=cells["general"],
        specific=cells["specific"],
        category=cells["category"],
        currency=cells["currency"],
        amount=cells["amount"],
        amount_eur=cells["amount_eur"],
        basis=cells["basis"],
        item=cells["item"],
        subtype=cells["subtype"],
        quantity=cells["quantity"],
        quantity_status=cells["quantity_status"],
        official=cells["official"],
        urls=(("Source named by the observer", cells["url"]), ("Evidence named by the observer", cells["evidence"])),
        flags=tuple(flag.strip() for flag in cells["flags"].split(";") if flag.strip()),
        text=cells["text"],
    )


def _of_workbook(row: int, cells: Cells, seen: Counter[str]) -> Iterator[Stated]:
    """Yield the claims of a row of the workbook: the activity's totals and an item, each committed and delivered."""
    seen[cells["activity"]] += 1
    line = seen[cells["activity"]]
    held = {name: there(cell) for name, cell in cells.items()}
    if not cells["donor"] or not cells["activity"]:
        return
    urls = [held[name] for name in ("url", "url_2", "url_3", "url_4") if held[name]]
    total = Stated(
        row=row,
        claim="committed",
        level="activity_total",
        donor=cells["donor"],
        activity=cells["activity"],
        line=str(line),
        key=(cells["activity"], str(line)),
        day=held["day"],
        general=held["general"],
        specific=held["specific"],
        currency=held["currency"],
        amount=held["amount"],
        amount_eur=held["amount_eur"],
        basis=held["basis"],
        official=held["official"],
        urls=tuple(("Source named by the observer", url) for url in urls),
        text=held["text"],
    )
    if line == 1 or held["amount"] or held["amount_eur"]:
        yield total
    if given := held["delivered_eur"]:
        yield replace(total, claim="delivered", amount=given, amount_eur=given, currency="EUR", basis="")
    if held["item"] or held["quantity"]:
        yield _item(total, "committed", held, "quantity", "estimate")
    if held["delivered"]:
        yield _item(total, "delivered", held, "delivered", "delivered_estimate")


def _item(total: Stated, claim: str, held: Cells, quantity: str, estimate: str) -> Stated:
    """Return what a row states of its item: how many, and the observer's own estimate of what that is worth."""
    return replace(
        total,
        claim=claim,
        level="in_kind_item",
        item=held["item"] or "not named",
        subtype=held["subtype"],
        quantity=held[quantity],
        amount=held[estimate],
        amount_eur="",
        currency="USD" if held[estimate] else "",
        basis="price_list" if held[estimate] else "",
    )


def _of_systems(row: int, cells: Cells, _: Counter[str]) -> Iterator[Stated]:
    """Yield the two claims of a donor's line for one weapon system."""
    for claim in ("committed", "delivered"):
        yield Stated(
            row=row,
            claim=claim,
            level="system_total",
            donor=cells["donor"],
            key=(cells["donor"], cells["item"]),
            general="Military",
            specific=cells["type"],
            category="weapons",
            item=cells["item"],
            subtype=cells["subtype"],
            quantity=cells[claim],
        )


def _same(*names: str) -> dict[str, tuple[str, ...]]:
    return {name: (name,) for name in names}


LAYOUTS: Final = (
    Layout(
        "the csv of one claim a row",
        {
            "record": ("record_type",),
            "level": ("line_kind",),
            "code": ("guarantor_iso",),
            "donor": ("guarantor_name_in_source",),
            "activity": ("activity_id",),
            "line": ("line",),
            "first": ("announced_from",),
            "last": ("announced_to",),
            "precision": ("date_precision",),
            "general": ("aid_type_general",),
            "specific": ("aid_type_specific",),
            "amount_eur": ("value_eur",),
            "basis": ("valuation_basis",),
            "subtype": ("item_subtype",),
            "official": ("official_source",),
            "url": ("source_url",),
            "evidence": ("evidence_url",),
            "text": ("description",),
            **_same("category", "currency", "amount", "item", "quantity", "quantity_status", "flags"),
        },
        frozenset(
            {"record", "level", "code", "donor", "activity", "line", "first", "last", "precision", "general"}
            | {"specific", "category", "currency", "amount", "amount_eur", "basis", "item", "subtype", "quantity"}
            | {"quantity_status", "official", "url", "evidence", "flags", "text"}
        ),
        _of_lines,
    ),
    Layout(
        "the workbook's sheet of bilateral assistance",
        {
            "donor": ("Countries", "Country", "Donor"),
            "activity": ("ID", "Activity ID"),
            "day": ("Announcement Date",),
            "general": ("Type of Aid General",),
            "specific": ("Type of Aid Specific",),
            "text": ("Explanation", "Description"),
            "currency": ("Original Currency", "Currency", "Reporting Currency"),
            "amount": ("Monetary Value as Given by Source", "Original Value", "Source Reported Value", "Value"),
            "amount_eur": ("Converted Value in EUR",),
            "delivered_eur": ("Total monetary value delivered in EUR",),
            "basis": ("Value basis", "Basis of value", "Measurement of value", "Entered value"),
            "item": ("Item", "Item Name", "Name of Item", "In-kind item"),
            "subtype": ("Sub-type of item", "Subtype of item", "Item Sub-type"),
            "quantity": ("No. of Units", "Item numb. (original)", "Item numb", "Number of Units"),
            "delivered": ("Deliv. numb", "Deliv. numb. (original)", "No. of Units Delivered"),
            "estimate": ("Value committed (own estimate, in USD)",),
            "delivered_estimate": ("Value delivered (own estimate, in USD)",),
            "official": ("Proof of Official Source", "Official Source", "Source official"),
            "url": ("Source of Aid 1", "Source of Aid"),
            "url_2": ("Source of Aid 2",),
            "url_3": ("Source of Aid 3",),
            "url_4": ("Source of Aid 4",),
        },
        frozenset({"donor", "activity", "day", "general", "specific", "amount_eur"}),
        _of_workbook,
    ),
    Layout(
        "the table of weapon systems",
        {
            **_same("item", "type", "subtype", "donor"),
            "committed": ("committed_units",),
            "delivered": ("delivered_units",),
        },
        frozenset({"item", "type", "subtype", "donor", "committed", "delivered"}),
        _of_systems,
    ),
)
"""In the order in which they are tried."""
