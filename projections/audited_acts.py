"""The acts of one party as an audit came by them, and what it shows that they are all there is.

Each authority numbers its acts and names the one before, and the audit followed every number from 1 in every entry of
the log: so up to the tree size nothing of the party's is missing, and nothing was put in its name.
"""

from typing import Any

from msgspec import Struct

from ledger.audit.auditor import Followed
from ledger.audit.findings import Report, Verdict
from ledger.events.registry import registered_keys


class PartyAct(Struct, frozen=True):
    """One admitted act. `payload_sha256` is what the authority's next act names as `previous`."""

    position: int
    authority: str
    sequence: int
    type: str
    event: str
    payload_sha256: str


class PartyAuthority(Struct, frozen=True):
    """An authority of the party: how many acts it has in the log, and the last of them; null where it has none."""

    authority: str
    registered_at: int
    count: int
    last_position: int | None
    last_payload_sha256: str | None


class PartyActs:
    """Collects the acts of `party`; of nobody, if it is None."""

    def __init__(self, party: str | None) -> None:
        self.party = party
        self.acts: list[PartyAct] = []
        self._registered: dict[str, int] = {}
        self._last: dict[str, PartyAct] = {}

    def take(self, followed: Followed) -> None:
        """Note the entry, if it is the party's, and the authorities of the party that it registers."""
        if self.party is None:
            return
        envelope = followed.admitted.verified.envelope
        event, position = envelope.event, followed.entry.position
        for name, _ in registered_keys(event):
            if name.startswith(f"{self.party}/"):
                self._registered.setdefault(name, position)
        if event.party == self.party:
            act = PartyAct(position, event.authority, event.sequence, event.type, event.id, envelope.payload_sha256)
            self.acts.append(act)
            self._last[event.authority] = act

    def authorities(self) -> list[PartyAuthority]:
        """Return each authority of the party, those that have not acted included, by name."""
        return [self._authority(name, position) for name, position in sorted(self._registered.items())]

    def _authority(self, name: str, registered_at: int) -> PartyAuthority:
        last = self._last.get(name)
        if last is None:
            return PartyAuthority(name, registered_at, 0, None, None)
        return PartyAuthority(name, registered_at, last.sequence, last.position, last.payload_sha256)

    def statement(self, report: Report) -> str:
        """Return in words what the list is worth under this report."""
        if report.verdict is not Verdict.VALID:
            return f"The audit did not end well: this is no complete list of the acts of {self.party}."
        if not self.acts:
            return f"No authority of {self.party} has acted up to tree size {report.tree_size}."
        chains = ", ".join(
            f"{one.authority} 1 to {one.count} (last {one.last_payload_sha256})"
            if one.count
            else f"{one.authority} none"
            for one in self.authorities()
        )
        return (
            f"Complete up to tree size {report.tree_size}: {chains}. Compare the last with what the party itself kept."
        )

    def shown(self, report: Report) -> dict[str, Any]:
        """Return the list as plain values."""
        complete = report.verdict is Verdict.VALID
        return {
            "party": self.party,
            "complete": complete,
            "authorities": self.authorities(),
            "acts": self.acts,
            "statement": self.statement(report),
        }


def _words(one: PartyAuthority) -> str:
    return (
        f"{one.authority} 1 to {one.count} (last {one.last_payload_sha256})" if one.count else f"{one.authority} none"
    )
