"""What a demonstration with witnesses has to show, scene by scene: an act, and who has cosigned the tree that holds it.

Every act is submitted and its receipt verified; what is said of witnesses was judged from the checkpoint that the
ledger publishes, by the policy, and believed of nobody.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, TypeVar

from msgspec import Struct

from ledger.client.answers import Witnesses
from ledger.client.demo_acts import DemoSigner, Link
from ledger.client.demo_submission import Held, verified
from ledger.client.draft import Draft
from ledger.client.errors import AnswerMalformed, Unreachable
from ledger.client.http import LedgerClient
from ledger.client.proof import prove
from ledger.client.scenario import Scenario
from ledger.client.workspace import log_keys
from ledger.log.policy import Policy, judge
from ledger.log.receipt import parse_receipt

POLL_SECONDS: Final = 0.01
COSIGNED_SECONDS_MAX: Final = 2.0
"""Within this time of its submission an act shall be under a checkpoint that meets the policy."""

WAIT_SECONDS_MAX: Final = 60.0

Found = TypeVar("Found")


class Cosigned(Struct, frozen=True, tag="cosigned", tag_field="scene"):
    """An act, and the witnesses under the first checkpoint that holds it and meets the policy.

    `seconds` from sending the act to having, verified, its receipt against that checkpoint.
    """

    position: int
    tree_size: int
    by: tuple[str, ...]
    seconds: float
    stopped: tuple[str, ...] = ()


class Alone(Struct, frozen=True, tag="alone", tag_field="scene"):
    """An act that was admitted, and what the ledger says of itself while its witnesses do not suffice."""

    position: int
    witnessed_size: int
    ready: bool
    states: dict[str, str]
    stopped: tuple[str, ...]


class CaughtUp(Struct, frozen=True, tag="caught_up", tag_field="scene"):
    """All witnesses have cosigned the newest checkpoint again, `seconds` after the last of them was started."""

    tree_size: int
    by: tuple[str, ...]
    seconds: float


class AuditedByPolicy(Struct, frozen=True, tag="audited", tag_field="scene"):
    """How the audit ended."""

    command: str
    exit_code: int
    verdict: str
    proved: tuple[str, ...]
    reason: str | None


Scene = Cosigned | Alone | CaughtUp | AuditedByPolicy


@dataclass(frozen=True, slots=True)
class Stage:
    """Whom the acts are of, where they go, and the policy that judges what becomes of them."""

    client: LedgerClient
    signer: DemoSigner
    scenario: Scenario
    policy: Policy

    def cosigned(self, stopped: tuple[str, ...] = ()) -> Cosigned:
        """Submit an act; return its witnesses once they suffice. Raises Unreachable if they do not."""
        began = time.monotonic()
        act = self._submitted()
        found = _until(lambda: self._witnessed(act.event.id), "a checkpoint with the act that meets the policy")
        seconds = time.monotonic() - began
        size, by = found
        return Cosigned(act.position, size, by, round(seconds, 3), stopped)

    def alone(self, stopped: tuple[str, ...]) -> Alone:
        """Submit an act while the witnesses do not suffice; return what the ledger says once it has noticed."""
        act = self._submitted()

        def lost() -> Witnesses | None:
            seen = self.client.witnesses()
            return seen if seen.quorum == "lost" and seen.tree_size >= act.position else None

        seen = _until(lost, "a ledger that says that its quorum is lost")
        states: dict[str, str] = {one.name: one.state for one in seen.witnesses}
        return Alone(act.position, seen.witnessed_size or 0, self.client.is_ready(), states, stopped)

    def caught_up(self, since_s: float) -> CaughtUp:
        """Return how long after `since_s`, of the steady clock, all witnesses had cosigned the newest checkpoint."""
        names = {witness.name for witness in self.policy.witnesses}

        def all_of_them() -> tuple[int, tuple[str, ...]] | None:
            judged = judge(self.policy, self.client.witnessed_checkpoint())
            newest = self.client.ledger().tree_size
            is_all = judged.checkpoint.tree_size == newest and judged.witnesses.keys() == names
            return (newest, tuple(judged.witnesses)) if is_all else None

        size, by = _until(all_of_them, "all witnesses under the newest checkpoint")
        return CaughtUp(size, by, round(time.monotonic() - since_s, 3))

    def _submitted(self) -> Held:
        """Submit an act of the depositary, which changes nothing: its own name, again. Verify its receipt."""
        office, info = self.scenario.depositary, self.client.ledger()
        following = self.client.next_act(office.authority)
        names = [{"language": language, "name": name} for language, name in sorted(self.scenario.name.items())]
        draft = Draft("party.renamed", office.party, office.authority, {"subject": office.party, "names": names})
        link = Link(following.sequence - 1, following.previous)
        label = f"witnessed/{following.sequence}"
        envelope, _ = self.signer.sign(draft, label, link, datetime.now(UTC))
        return verified(self.client, self.client.submit(envelope), envelope, info.origin, log_keys(info.log_keys))

    def _witnessed(self, event_id: str) -> tuple[int, tuple[str, ...]] | None:
        """Return the tree size and the witnesses of the act's witnessed receipt, verified; None if there is none."""
        seen = self.client.witnesses()
        position = self.client.event(event_id).position
        if (seen.witnessed_size or 0) < position:
            return None
        raw = self.client.witnessed_receipt_of(event_id)
        info = self.client.ledger()
        prove(raw, self.client.entry_of(event_id), info.origin, log_keys(info.log_keys))
        judged = judge(self.policy, parse_receipt(raw).checkpoint_note)
        if not judged.met:
            expected = "a witnessed receipt that meets the policy"
            raise AnswerMalformed(expected, f"one by {', '.join(judged.witnesses) or 'nobody'}", "Tell the operator.")
        return judged.checkpoint.tree_size, tuple(judged.witnesses)


def founding_of(scenario: Scenario) -> Scenario:
    """Return the part of a scenario that founds its ledger: every admission, and no act of a party."""
    return replace(scenario, steps=tuple(step for step in scenario.steps if step.draft.type == "party.admitted"))


def _until(look: Callable[[], Found | None], wanted: str) -> Found:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise Unreachable(f"{wanted} within {WAIT_SECONDS_MAX:.0f} seconds", "none", "Look at the server's log.")
        time.sleep(POLL_SECONDS)
    return found
