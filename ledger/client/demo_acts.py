"""The acts of a scenario on one ledger: the permanent id of each, its place in its authority's chain, its envelope.

Ids follow from the origin and the label of the step alone, so that another run finds what an earlier one submitted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Final, Self

from ledger.client.demo_keys import DemoKeys
from ledger.client.draft import RANDOM_BYTES, Draft, new_event_id, payload_of
from ledger.client.scenario import Step
from ledger.events.header import FIRST_PREVIOUS
from ledger.events.stages import Envelope
from ledger.signing.signer import sign_payload

OPENING_LABEL: Final = "ledger"
DEMO_EPOCH_MS: Final = 1_767_225_600_000
"""1 January 2026: the time in every id of a demonstration, which must not depend on when it runs."""


def demo_event_id(origin: str, label: str) -> str:
    """Return the event id of the step `label` on the ledger `origin`."""
    return new_event_id(DEMO_EPOCH_MS, sha256(f"{origin}\n{label}".encode()).digest()[:RANDOM_BYTES])


@dataclass(frozen=True, slots=True)
class Link:
    """The last admitted act of an authority: its sequence and the digest of its payload."""

    sequence: int = 0
    sha256: str = FIRST_PREVIOUS


@dataclass(frozen=True, slots=True)
class Chains:
    """The last admitted act of each authority; one that is not here has none."""

    links: Mapping[str, Link] = field(default_factory=dict)

    def last(self, authority: str) -> Link:
        return self.links.get(authority, Link())

    def after(self, envelope: Envelope) -> Self:
        """Return the chains with one act more."""
        event = envelope.event
        link = Link(event.sequence, envelope.payload_sha256)
        return replace(self, links={**self.links, event.authority: link})


@dataclass(frozen=True, slots=True)
class Act:
    """One step, signed."""

    step: Step
    event_id: str
    envelope: bytes
    authority: str
    sequence: int
    payload_sha256: str


@dataclass(frozen=True, slots=True)
class DemoSigner:
    """Signs for every party of the scenario on the ledger `origin`."""

    origin: str
    keys: DemoKeys

    def sign(self, draft: Draft, label: str, link: Link, issued_at: datetime) -> tuple[bytes, str]:
        """Return the envelope of `draft` as the act after `link`, and the digest of its payload."""
        payload = payload_of(
            draft,
            ledger=self.origin,
            event_id=demo_event_id(self.origin, label),
            sequence=link.sequence + 1,
            previous=link.sha256,
            issued_at=issued_at,
        )
        return sign_payload(payload, [self.keys.key_of(draft.authority)]), sha256(payload).hexdigest()

    def sign_steps(self, steps: Iterable[Step], chains: Chains, issued_at: datetime) -> list[Act]:
        """Return the acts of `steps`, each the next one of its authority."""
        links = dict(chains.links)
        acts = []
        for step in steps:
            authority = step.draft.authority
            link = links.get(authority, Link())
            envelope, digest = self.sign(self._ready(step), step.label, link, issued_at)
            links[authority] = Link(link.sequence + 1, digest)
            event_id = demo_event_id(self.origin, step.label)
            acts.append(Act(step, event_id, envelope, authority, link.sequence + 1, digest))
        return acts

    def _ready(self, step: Step) -> Draft:
        return step.ready(
            event_ids={step.on_act: demo_event_id(self.origin, step.on_act)} if step.on_act is not None else {},
            key_sets={step.needs_keys: self.keys.key_set_of(step.needs_keys)} if step.needs_keys is not None else {},
        )
