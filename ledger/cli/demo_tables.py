"""What a demonstration shows in the end: obligations, what is there, what is not and why, where to look.

The figures are the ledger's own answers; the demonstration computes none.
"""

from collections.abc import Iterable
from typing import Any, Final

from rich import box
from rich.table import Table
from rich.text import Text

from ledger.cli.obligation_table import cell, obligation_table
from ledger.cli.obligations import every_guarantor, obligations_of, rows_of
from ledger.cli.output import data_console, emit, say
from ledger.client.caught_up import wait_until_known
from ledger.client.demo import Demonstrated
from ledger.client.http import LedgerClient
from ledger.client.scenario import Scenario

BEYOND_THE_SOURCES: Final = "deliveries.toml"
"""The file whose texts and commitments come from elsewhere: they are counted apart."""

NO_GOVERNMENT: Final = (
    "Every signature in this ledger is a demonstration signature, made by this program. No government made any of them."
)


def show(client: LedgerClient, scenario: Scenario, done: Demonstrated) -> None:
    """Print everything to stdout."""
    say(f"{done.submitted} acts signed and submitted now, each receipt verified; {done.found} were there before.")
    wait_until_known(client, done.info.tree_size)
    parties, query = every_guarantor(client, {})
    owed = {party: obligations_of(client, party, query) for party in parties}
    console = data_console()
    title = f"Obligations per guarantor as of {query.get('as_of')} (in brackets: promised, not in effect)"
    console.print(obligation_table([row for rows in owed.values() for row in rows], title, console.width))
    emit(f"Nothing with a figure or a date is recorded of: {', '.join(party for party in parties if not owed[party])}")
    emit("")
    console.print(_left_out_table(scenario))
    if done.refused:
        console.print(_refused_table(done))
    for line in _counts(client, scenario):
        emit(line)
    emit("")
    for line in _places(client.connection.url, done):
        emit(line)
    emit("")
    emit(NO_GOVERNMENT)


def _left_out_table(scenario: Scenario) -> Table:
    table = _plain_table("Left out, with the reason", ("kind", "id", "what", "why"))
    for left in scenario.left_out:
        _add(table, (left.kind, left.id, left.what, left.reason))
    return table


def _refused_table(done: Demonstrated) -> Table:
    table = _plain_table("Refused by the ledger", ("act", "where it stands", "code", "why"))
    for one in done.refused:
        why = f"expected {one.problem.expected}; got {one.problem.got}"
        _add(table, (one.step.label, one.step.place, one.problem.code, why))
    return table


def _plain_table(title: str, columns: Iterable[str]) -> Table:
    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _add(table: Table, cells: Iterable[str]) -> None:
    table.add_row(*map(cell, cells))


def _counts(client: LedgerClient, scenario: Scenario) -> list[str]:
    """Return how many texts and pledges of the sources the ledger now shows, and how many there should be."""
    lines = []
    for kind, word in (("instrument", "instruments"), ("commitment", "pledges")):
        shown = {str(row.get("id") or row.get(kind)) for row in rows_of(client.read_all(f"/v1/{kind}s"))}
        sourced, others = _ids(scenario, kind)
        omitted = [left for left in scenario.left_out if left.kind in (kind, word.removesuffix("s"))]
        total = len(sourced) + len(omitted)
        line = f"{len(sourced & shown)} of the {total} {word} of the sources are in the ledger"
        line += f", {len(omitted)} left out with its reason" if omitted else ""
        lines.append(f"{line}; and {len(others & shown)} more, under which the deliveries were promised.")
        if missing := sorted((sourced | others) - shown):
            lines.append(f"Missing: {', '.join(missing)}")
    return lines


def _ids(scenario: Scenario, kind: str) -> tuple[set[str], set[str]]:
    """Return the ids of one kind that the scenario enters: from the sources, and beyond them."""
    sourced: set[str] = set()
    others: set[str] = set()
    for step in scenario.steps:
        head, _, entity = step.label.partition("/")
        if head == kind:
            (others if step.place.startswith(BEYOND_THE_SOURCES) else sourced).add(entity)
    return sourced, others


def _places(url: str, done: Demonstrated) -> list[str]:
    places: dict[str, Any] = {
        "interface": f"{url}/docs",
        "one guarantor": f"{url}/v1/guarantors/gb/obligations",
        "who is late": f"{url}/v1/overdue",
        "every act": f"{url}/v1/feed",
        "signed tree head": f"{url}/v1/checkpoint",
        "check it all": f"gledger audit {url}",
    }
    head = f"{done.info.origin} holds {done.info.tree_size} acts. Where to look:"
    return [head, *(f"  {name:<17} {place}" for name, place in places.items())]
