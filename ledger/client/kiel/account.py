"""The account of one import: what every claim of a file has come to so far, from reading to the ledger's answer.

A claim is settled once, and only by what happened to it; whatever was not reached is told as unsettled.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from ledger.client.answers import Problem
from ledger.client.kiel.claims import Claim, Refusal, read_claims
from ledger.client.kiel.files import read_file, read_table
from ledger.client.kiel.layouts import Table, table_of
from ledger.client.kiel.recording import Observer, Parties, Plan, Planned, plan_of, unfit
from ledger.client.kiel.releases import Release
from ledger.client.kiel.report import (
    Changed,
    Donor,
    RefusedRow,
    Report,
    Settled,
    counts_of,
    counts_of_rows,
    treatments_of,
)


@dataclass(slots=True)
class Account:
    """A file, its claims, and where each of them has ended."""

    file: Path
    digest: str
    table: Table
    release: Release
    observer: Observer
    claims: tuple[Claim, ...]
    refused: list[Refusal]
    ends: dict[str, Settled] = field(default_factory=dict)
    parties: Parties = field(default_factory=Parties)
    waiting: tuple[Planned, ...] = ()
    changed: list[Changed] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, file: Path, release: Release, observer: Observer) -> Self:
        """Return the account of a file that was only read. Raises ClientError for a file that is no such table."""
        raw = read_file(file)
        table = table_of(file, read_table(file, raw))
        read = read_claims(table, release, observer.party)
        account = cls(
            file=file,
            digest=sha256(raw).hexdigest(),
            table=table,
            release=release,
            observer=observer,
            claims=read.claims,
            refused=list(read.refused),
            ends={claim.id: "unsettled" for claim in read.claims},
        )
        for planned in plan_of(read.claims, {}, Parties()).planned:
            if (reason := unfit(planned, observer)) is not None:
                account._refuse(planned.claim, reason)
        return account

    def plan(self, held: Mapping[str, Mapping[str, Any]], parties: Parties) -> None:
        """Compare the claims with what the ledger holds; `waiting` are those that have to be recorded."""
        fit = [claim for claim in self.claims if self.ends[claim.id] != "refused"]
        plan: Plan = plan_of(fit, held, parties)
        self.parties, self.waiting, self.missing = parties, plan.planned, plan.missing
        for claim in plan.unchanged:
            self.ends[claim.id] = "unchanged"

    def recorded(self, planned: Planned) -> None:
        """Note that the ledger holds a claim, and that the receipt was verified."""
        self.ends[planned.claim.id] = "recorded" if planned.replaces is None else "changed"
        if planned.replaces is not None:
            self.changed.append(Changed(planned.claim.row, planned.id, planned.replaces, planned.changed))

    def refused_by_ledger(self, planned: Planned, problem: Problem) -> None:
        """Note that the ledger refused a claim, and why."""
        self.problems.append(problem)
        self._refuse(planned.claim, f"{problem.code}: expected {problem.expected}; got {problem.got}")

    def _refuse(self, claim: Claim, reason: str) -> None:
        self.ends[claim.id] = "refused"
        self.refused.append(Refusal(claim.row, claim.id, reason))

    def report(self, ledger: str | None = None) -> Report:
        """Return the whole account; `ledger`: the origin of the ledger that was asked."""
        ends = dict(self.ends)
        # What was refused before it had an id is counted too.
        for number, refusal in enumerate(self.refused):
            if refusal.what not in ends:
                ends[f"#{number}"] = "refused"
        donors = Counter((claim.donor, self.parties.of(claim)) for claim in self.claims)
        return Report(
            file=self.file.name,
            sha256=self.digest,
            layout=self.table.layout,
            release=self.release.id,
            observer=self.observer.authority,
            ledger=ledger,
            rows=counts_of_rows(self.table.rows, self.claims, self.refused, ends),
            claims=counts_of(ends),
            donors=tuple(Donor(name, claims, party) for (name, party), claims in sorted(donors.items(), key=_name)),
            unknown_columns=self.table.unknown_columns,
            treatments=treatments_of(self.claims),
            changed=tuple(self.changed),
            refused=tuple(RefusedRow(one.row, one.what, one.reason) for one in self.refused),
            missing=self.missing,
        )


def _name(item: tuple[tuple[str, str | None], int]) -> str:
    return item[0][0]
