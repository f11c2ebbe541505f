"""A served ledger with an observer and parties that a source would name, and the command that imports into it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from typer.testing import CliRunner, Result

from ledger.cli.main import app
from ledger.signing.signer import Ed25519Signer, save_signer
from tests.acts import Founding, Office, founding, principal
from tests.api.served import Served, found, served, settings_for
from tests.postgres import fresh_database

OBSERVER = "obs/principal"
PARTIES = {
    "gb": ("United Kingdom", "GBR"),
    "us": ("United States of America", "USA"),
    "cz": ("Czechia", "CZE"),
    "eu": ("European Union", "EUE"),
}
"""Admitted beside the beneficiary: by code the source finds all four, by name only the first."""

Row = Mapping[str, str]


@dataclass
class Place:
    """The ledger, the desks of who takes part, and where the observer's key is."""

    server: Served
    made: Founding
    observer: Office
    home: Path

    def gledger(self, *arguments: object) -> Result:
        """Call the command in this process."""
        return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)

    def kiel(self, file: Path, *options: object) -> tuple[Result, dict[str, Any]]:
        """Import a file; return the result and the report."""
        report = self.home / "report.json"
        report.unlink(missing_ok=True)
        key = self.home / "obs.pem"
        named = ("--observer", OBSERVER, "--key", key, "--url", self.server.url, "--report", report, "--yes")
        result = self.gledger("import", "kiel", file, *named, "--dir", self.home, *options)
        return result, json.loads(report.read_text()) if report.exists() else {}

    def read(self, path: str, **query: object) -> list[dict[str, Any]]:
        """Return every row of a list, at the newest tree size."""
        rows: list[dict[str, Any]] = []
        asked = {"known_at": self.server.tree_size(), "limit": 500} | query
        url: str | None = f"{path}{'&' if '?' in path else '?'}{urlencode(asked)}"
        while url is not None:
            answer = self.server.get(url)
            assert answer.status_code == 200, answer.text
            rows += answer.json()["data"]
            url = answer.links.get("next", {}).get("url")
        return rows

    def one(self, path: str) -> dict[str, Any]:
        """Return one thing at the newest tree size."""
        answer = self.server.get(path, params={"known_at": self.server.tree_size()})
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    def admit(self, raw: bytes) -> None:
        """Submit an act that must be admitted."""
        answer = self.server.post(raw)
        assert answer.status_code == 201, answer.text


@contextmanager
def place(postgres_server: str, home: Path) -> Iterator[Place]:
    """Yield a ledger of its own, founded, with the observer `obs` and `PARTIES` admitted."""
    made = founding(guarantors=())
    observer = principal("obs")
    for party, (name, code) in PARTIES.items():
        made.offices[party] = principal(party)
        made.raws.append(_admission(made, made.offices[party], name, code))
    made.raws.append(_admission(made, observer, "The Observatory", None, "observer"))
    signer = observer.signers[0]
    assert isinstance(signer, Ed25519Signer)
    save_signer(signer, home / "obs.pem", None)
    with fresh_database(postgres_server) as url, served(settings_for(made, url, home / "data")) as server:
        found(server, made)
        yield Place(server, made, observer, home)


def _admission(made: Founding, newcomer: Office, name: str, code: str | None, role: str = "guarantor") -> bytes:
    return made.depositary.act(
        "party.admitted",
        subject=newcomer.party,
        kind="state" if code else "organisation",
        names=[{"language": "en", "name": name}],
        codes=[{"code": code}] if code else [],
        roles=[role],
        principal=newcomer.grant,
    )


COLUMNS = (
    *("record_type", "line_kind", "guarantor_iso", "guarantor_name_in_source", "activity_id", "line"),
    *("announced_from", "announced_to", "date_precision", "aid_type_general", "aid_type_specific", "category"),
    *("currency", "amount", "value_eur", "valuation_basis", "item", "item_subtype", "quantity", "quantity_status"),
    *("official_source", "source_url", "evidence_url", "flags", "description"),
)
TOTAL: Row = {
    "record_type": "commitment",
    "line_kind": "activity_total",
    "guarantor_iso": "GBR",
    "guarantor_name_in_source": "United Kingdom",
    "activity_id": "XXM1",
    "line": "1",
    "announced_from": "2022-03-01",
    "announced_to": "2022-03-01",
    "date_precision": "day",
    "aid_type_general": "Military",
    "aid_type_specific": "Weapons",
    "category": "nato_standard_weapons",
    "currency": "GBP",
    "amount": "1000.5",
    "value_eur": "1150.123456789",
    "valuation_basis": "Value is given by the source",
    "official_source": "Yes",
    "source_url": "https://source.example/1",
    "description": "An invented package.",
}
ITEM: Row = {
    **TOTAL,
    "line_kind": "in_kind_item",
    "currency": "USD",
    "amount": "5",
    "value_eur": "",
    "valuation_basis": "kiel_price_list_upper_bound_estimate",
    "item": "carrier",
    "item_subtype": "Tracked",
    "quantity": "20",
    "quantity_status": "disclosed",
}


def row(like: Row, **changed: str) -> dict[str, str]:
    """Return a row like another one."""
    return {**like, **changed}


def csv_text(rows: Sequence[Row], columns: Sequence[str] = COLUMNS, separator: str = ",") -> str:
    """Return a table; what a row does not have is empty, every cell in quotes."""

    def line(cells: Sequence[str]) -> str:
        return separator.join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\r\n"

    return line(columns) + "".join(line([one.get(name, "") for name in columns]) for one in rows)


Writing = Callable[[Sequence[Row]], Path]
