"""The acts of one party as an audit came by them, and what it shows that they are all there is.

Each authority numbers its acts and names the one before, and the audit followed every number from 1 in every entry of
the log: so up to the tree size nothing of the party's is missing, and nothing was put in its name.
"""

import tempfile
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from ledger.audit.auditor import Followed
from ledger.audit.findings import Report, Verdict
from ledger.audit.records import no_room
from ledger.events.registry import registered_keys

ACTS_BYTES_MAX: Final = 16 * 1024 * 1024
"""Acts that stay in memory, as JSON: about 50,000."""


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
    """Collects the acts of `party`; of nobody, if it is None. Many of them lie in a temporary file, which has no name.

    Raises Undecidable where that cannot be written.
    """

    def __init__(self, party: str | None) -> None:
        self.party = party
        # It lives as long as this object.
        self._lines = tempfile.SpooledTemporaryFile(ACTS_BYTES_MAX)  # noqa: SIM115
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
            self._keep(act)
            self._last[event.authority] = act

    @property
    def acts(self) -> Iterator[PartyAct]:
        """The acts, in the order of the log."""
        self._lines.seek(0)
        for line in self._lines:
            yield msgspec.json.decode(line, type=PartyAct)

    def _keep(self, act: PartyAct) -> None:
        try:
            self._lines.write(msgspec.json.encode(act) + b"\n")
        except OSError as error:
            raise no_room(error) from None

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
        if not self._last:
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
            "acts": list(self.acts),
            "statement": self.statement(report),
        }


def _words(one: PartyAuthority) -> str:
    return (
        f"{one.authority} 1 to {one.count} (last {one.last_payload_sha256})" if one.count else f"{one.authority} none"
    )
