"""The acts of one party as an audit came by them, and what it shows that they are all there is.

Each authority numbers its acts and names the one before, and the audit followed every number from 1: so up to the tree
size nothing of the party's is missing between the first and the last act listed, and nothing was put in its name.
"""

from typing import Any

from msgspec import Struct

from ledger.audit.auditor import Followed
from ledger.audit.findings import Report, Verdict


class PartyAct(Struct, frozen=True):
    """One admitted act. `payload_sha256` is what the authority's next act names as `previous`."""

    position: int
    authority: str
    sequence: int
    type: str
    event: str
    payload_sha256: str


class PartyActs:
    """Collects the acts of `party`; of nobody, if it is None."""

    def __init__(self, party: str | None) -> None:
        self.party = party
        self.acts: list[PartyAct] = []

    def take(self, followed: Followed) -> None:
        """Note the entry, if it is the party's."""
        envelope = followed.admitted.verified.envelope
        event = envelope.event
        if event.party == self.party:
            position, digest = followed.entry.position, envelope.payload_sha256
            self.acts.append(PartyAct(position, event.authority, event.sequence, event.type, event.id, digest))

    def last(self) -> dict[str, PartyAct]:
        """Return the last act of each authority."""
        return {act.authority: act for act in self.acts}

    def statement(self, report: Report) -> str:
        """Return in words what the list is worth under this report."""
        if report.verdict is not Verdict.VALID:
            return f"The audit did not end well: this is no complete list of the acts of {self.party}."
        if not self.acts:
            return f"No authority of {self.party} has acted up to tree size {report.tree_size}."
        lasts = self.last().values()
        chains = ", ".join(f"{one.authority} 1 to {one.sequence} (last {one.payload_sha256})" for one in lasts)
        return (
            f"Complete up to tree size {report.tree_size}: {chains}. Compare the last with what the party itself kept."
        )

    def shown(self, report: Report) -> dict[str, Any]:
        """Return the list as plain values."""
        complete = report.verdict is Verdict.VALID
        return {"party": self.party, "complete": complete, "acts": self.acts, "statement": self.statement(report)}
