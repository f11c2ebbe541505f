"""Random histories of a Compact: parties that commit, deliver, answer, correct and lose keys, in any order.

Acts are drawn without regard to whether they make sense; the honest ledger keeps those that the rules admit. A history
is given by its seed.
"""

from datetime import timedelta
from random import Random

from ledger.rules.compact import Recorded
from ledger.signing import dsse
from tests.acts import BENEFICIARY, Founding, Office, founding, principal
from tests.audit.logs import STEP, Log, Recorder, log_of

DAY = {"first": "2026-01-10", "last": "2026-01-10", "precision": "day"}
DUE = {"first": "2026-06-01", "last": "2026-06-30", "precision": "month"}


class History:
    """A founded ledger, and a generator that acts in it at random."""

    def __init__(self, seed: int, step: timedelta = STEP) -> None:
        self.random = Random(seed)
        self.founding: Founding = founding()
        self.recorder = Recorder(step)
        for raw in self.founding.raws:
            assert self.recorder.record(raw) is None
        self.acts: list[tuple[str, str]] = []
        self.commitments: list[tuple[str, str]] = []
        self.deliveries: list[str] = []
        self.ministries: dict[str, Office] = {}
        self._draws = (
            self._make,
            self._amend,
            self._deliver,
            self._answer,
            self._consent,
            self._rename,
            self._sign,
            self._mandate,
            self._revoke,
            self._correct,
        )
        self._register()

    def run(self, acts: int) -> Log:
        """Return the log after `acts` more draws."""
        for _ in range(acts):
            self.random.choice(self._draws)()
        return log_of(self.recorder.envelopes, self.founding.log_signer, self.recorder.times)

    def _party(self) -> str:
        return self.random.choice(list(self.founding.offices))

    def _office(self, party: str) -> Office:
        ministry = self.ministries.get(party)
        return ministry if ministry is not None and self.random.random() < 0.4 else self.founding.offices[party]

    def _offer(self, signer: Office, event_type: str, /, **fields: object) -> bool:
        event_id = self.recorder.offer(signer, event_type, **fields)
        if event_id is not None:
            self.acts.append((event_id, signer.party))
        return event_id is not None

    def _terms(self, *obligors: str) -> dict[str, object]:
        share = f"1/{len(obligors)}"
        return {
            "category": self.random.choice(["artillery", "air_defence", "training"]),
            "phase": "preventive",
            "legal_character": "legally_binding",
            "bound": self.random.choice(["exact", "floor", "cap", "target"]),
            "object": {"kind": "goods", "quantity": str(self.random.randint(1, 40)), "unit": "howitzer"},
            "schedule": self.random.choice([{"kind": "once", "due": DUE}, {"kind": "unscheduled"}]),
            "obligors": [{"party": party, "share": share} for party in obligors],
            "counts_from": "handed_over",
        }

    def _register(self) -> None:
        assert self._offer(
            self.founding.depositary,
            "instrument.registered",
            instrument="compact-2026",
            title={"en": "A compact"},
            kind="compact",
            legal_character="legally_binding",
            profile={"effect": "on_signature"},
            parties=list(self.founding.offices),
        )

    def _sign(self) -> None:
        step = self.random.choice(["signed", "ratified", "withdrawal_notified"])
        self._offer(self._office(self._party()), f"instrument.{step}", instrument="compact-2026", occurred=DAY)

    def _make(self) -> None:
        party = self._party()
        obligors = [party, *([self._party()] if self.random.random() < 0.4 else [])]
        commitment = f"c-{len(self.recorder.envelopes)}"
        made = self._offer(
            self._office(party),
            "commitment.made",
            commitment=commitment,
            instrument="compact-2026",
            title={"en": "Howitzers"},
            terms=self._terms(*dict.fromkeys(obligors)),
        )
        self.commitments += [(commitment, party)] if made else []

    def _commitment(self) -> tuple[str, str]:
        """Return a commitment and who acts on it: mostly the obligor."""
        commitment, obligor = self.random.choice(self.commitments)
        return commitment, obligor if self.random.random() < 0.9 else self._party()

    def _amend(self) -> None:
        if self.commitments:
            commitment, party = self._commitment()
            self._offer(self._office(party), "commitment.amended", commitment=commitment, terms=self._terms(party))

    def _deliver(self) -> None:
        if not self.commitments:
            return
        delivery = f"d-{len(self.recorder.envelopes)}"
        commitment, party = self._commitment()
        lines = [{"line": 1, "object": {"kind": "goods", "quantity": "3", "unit": "howitzer"}}]
        done = self._offer(
            self._office(party),
            "delivery.recorded",
            delivery=delivery,
            milestone=self.random.choice(["dispatched", "handed_over"]),
            lines=lines,
            commitment=commitment,
            occurred=DAY,
        )
        self.deliveries += [delivery] if done else []

    def _answer(self) -> None:
        if self.deliveries:
            answer = self.random.choice([("acknowledged", {}), ("disputed", {"grounds": "not_received"})])
            amount = str(self.random.randint(1, 3))
            self._offer(
                self._office(BENEFICIARY),
                f"delivery.{answer[0]}",
                delivery=self.random.choice(self.deliveries),
                lines=[{"line": 1, "amount": amount}],
                **answer[1],
            )

    def _consent(self) -> None:
        """Say something to an act that waits, or to any act."""
        waiting = [
            (act.event.id, party)
            for state in self.recorder.compact.changes.values()
            if isinstance(state, Recorded)
            for act in state.history.pending()
            for party in act.asked
        ]
        act, party = self.random.choice(waiting) if waiting else (self.random.choice(self.acts)[0], self._party())
        if party in self.founding.offices:
            word = self.random.choice(["given", "given", "refused", "withdrawn"])
            self._offer(self._office(party), f"consent.{word}", act=act)

    def _rename(self) -> None:
        party = self._party()
        names = [{"language": "en", "name": f"Name {self.random.randint(1, 99)}"}]
        self._offer(self._office(party), "party.renamed", subject=party, names=names)

    def _mandate(self) -> None:
        party = self._party()
        ministry = principal(party)
        ministry.authority = f"{party}/ministry-{len(self.recorder.envelopes)}"
        granted = self._offer(
            self.founding.offices[party],
            "authority.granted",
            granted=ministry.authority,
            standing="delegated",
            office="minister of defence",
            basis="full_powers",
            keys=ministry.keys,
            scope={"events": [self.random.choice(["*", "delivery.*", "commitment.*"])]},
            valid_from="2026-01-15T12:00:00Z",
        )
        if granted:
            self.ministries[party] = ministry

    def _revoke(self) -> None:
        party = self._party()
        if party in self.ministries:
            how = self.random.choice(
                [{"reason": "left_office"}, {"reason": "compromised", "contested_since": "2026-01-16T00:00:00Z"}]
            )
            revoked = self.ministries[party].authority
            self._offer(self.founding.offices[party], "authority.revoked", revoked=revoked, **how)

    def _correct(self) -> None:
        """Correct an act, or judge one that is contested."""
        contested = [
            (act.event.id, act.event.party)
            for state in self.recorder.compact.changes.values()
            if isinstance(state, Recorded)
            for act in state.history.acts
            if act.contested
        ]
        judged = self.random.choice(["act.corrected", "act.confirmed", "act.repudiated"])
        act, party = self.random.choice(contested or self.acts)
        if judged == "act.corrected":
            old, new = {"en": "Howitzers"}, {"en": "Howitzers, towed"}
            fields: dict[str, object] = {"field": "/title", "old": old, "new": new, "reason": "the title"}
        else:
            fields = {"reason": "after a review"}
        principals = {**self.founding.offices, self.founding.depositary.party: self.founding.depositary}
        self._offer(principals[party], judged, act=act, **fields)

    def kinds(self) -> list[tuple[str, str]]:
        """Return type and party of every act recorded."""
        events = [dsse.parse(raw).event for raw in self.recorder.envelopes]
        return [(event.type, event.party) for event in events]
