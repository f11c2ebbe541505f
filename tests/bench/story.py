"""The Compact at scale: who does what, in the order in which the log holds it.

48 guarantors with a principal and a delegated office each, a beneficiary with an office that acknowledges for each of
them, a text of each guarantor with the beneficiary and eight texts of six guarantors. Then, in 100 acts, about 2
commitments, 55 deliveries, 40 acknowledgements and 3 others, so that streams stay short and a guarantor has many.

What a group of six does, and the beneficiary's offices for them, refers to nothing of the other groups: after the
founding the story is eight strands, each to be submitted in its own order, whatever the others do meanwhile.

Pure: the same seed gives the same steps, and a longer story begins as a shorter one does.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final, NamedTuple

from tests.acts import BENEFICIARY, ISSUED_AT
from tests.bench.promises import Fields, Promise, figure, raised, terms_of

_STATES: Final = (
    "al at au ba be bg ca ch cy cz de dk ee es fi fr gb ge gr hr hu ie in is "
    "it jp kr lt lu lv md me mk mt nl no nz pl pt ro rs se si sk tr us xk za"
)
GUARANTORS: Final = tuple(_STATES.split())
DELEGATED: Final = "defence"
ACKNOWLEDGING: Final = tuple(f"{BENEFICIARY}/depot-{party}" for party in GUARANTORS)
GROUP: Final = 6
GROUPS: Final = tuple(GUARANTORS[at : at + GROUP] for at in range(0, len(GUARANTORS), GROUP))

SECONDS_BETWEEN: Final = 10
STEPS_A_DAY: Final = 86_400 // SECONDS_BETWEEN
REMEMBERED: Final = 2_000
"""How far back a delivery may lie that is acknowledged or advanced: what is later is left as it is."""

PATIENCE: Final = 300
"""Acts that come at least between one and another that refers to it: so far may clients run ahead of each other."""

_WAITING_MIN: Final = PATIENCE * 6 // 10
"""Deliveries, of which there are fewer than six among ten acts, that come between."""


class Step(NamedTuple):
    """One act of the authority `desk`. `makes` names the event where another step refers to it."""

    desk: str
    type: str
    fields: Fields
    makes: str | None = None


@dataclass(slots=True)
class _Teller:
    """What the story remembers while it is told."""

    random: Random
    promises: list[Promise] = field(default_factory=list)
    to_consent: deque[tuple[int, str, str, Promise]] = field(default_factory=deque)
    ripening: deque[tuple[int, Promise]] = field(default_factory=deque)
    to_acknowledge: deque[tuple[str, str, list[Fields]]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    under_way: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    left: deque[tuple[str, str, list[Fields]]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    told: int = 0
    made: int = 0
    delivered: int = 0

    def next_step(self, when: Fields) -> Step:
        self.told += 1
        while self.ripening and self.ripening[0][0] + PATIENCE < self.told:
            self.promises.append(self.ripening.popleft()[1])
        chance = self.random.random()
        if not self.promises or chance < 0.02:
            return self._commitment()
        if chance < 0.42 and len(self.to_acknowledge) > _WAITING_MIN:
            return self._acknowledgement()
        if chance < 0.45:
            return self._other(when)
        return self._delivery(when)

    def _desk(self, party: str) -> str:
        return f"{party}/principal" if self.random.random() < 0.3 else f"{party}/{DELEGATED}"

    def _commitment(self) -> Step:
        number, chance = self.made, self.random.random()
        self.made += 1
        party = GUARANTORS[number % len(GUARANTORS) if number < len(GUARANTORS) else int(chance * len(GUARANTORS))]
        group = GROUPS[GUARANTORS.index(party) // GROUP]
        obligors = [party, next(one for one in group if one != party)] if number % 10 == 9 else [party]
        in_group = len(obligors) > 1 or number % 4 == 0
        counted, terms = terms_of(number, obligors, 1 + int(self.random.random() * 900))
        promise = Promise(f"c-{number}", party, counted, terms if number % 5 in (0, 1) and len(obligors) == 1 else None)
        made = f"commitment {number}"
        if len(obligors) > 1:
            self.to_consent.append((self.told, made, obligors[1], promise))
        else:
            self.ripening.append((self.told, promise))
        fields = {
            "commitment": promise.id,
            "instrument": f"group-{GROUPS.index(group) + 1}" if in_group else f"{BENEFICIARY}-{party}",
            "title": {"en": f"Support package {number} of {party.upper()}"},
            "terms": terms,
        }
        return Step(self._desk(party), "commitment.made", fields, made)

    def _delivery(self, when: Fields) -> Step:
        number, chance = self.delivered, self.random.random()
        self.delivered += 1
        promise = self.promises[int(chance * len(self.promises))]
        amount = 1 + number % 89
        written = f"{amount}000.00" if promise.counted["kind"] == "money" else str(amount)
        lines = [
            {"line": line, "object": {**promise.counted, figure(promise.counted): written}}
            for line in range(1, 3 if number % 5 == 0 else 2)
        ]
        delivery, desk = f"d-{number}", self._desk(promise.party)
        milestone = "at_hub" if number % 4 == 0 else "handed_over"
        spoken = [{"line": line["line"], "amount": written} for line in lines]
        if milestone == "at_hub":
            self.under_way.append((delivery, promise.party))
        (self.to_acknowledge if number % 15 < 11 else self.left).append((delivery, promise.party, spoken))
        fields = {"delivery": delivery, "milestone": milestone, "lines": lines, "occurred": when}
        return Step(desk, "delivery.recorded", {**fields, "commitment": promise.id})

    def _acknowledgement(self) -> Step:
        delivery, party, spoken = self.to_acknowledge.popleft()
        return Step(_depot(party), "delivery.acknowledged", {"delivery": delivery, "lines": spoken})

    def _other(self, when: Fields) -> Step:
        """A consent where one is waited for; otherwise a milestone, a dispute or more than was promised."""
        if self.to_consent and self.to_consent[0][0] + PATIENCE < self.told:
            _, made, party, promise = self.to_consent.popleft()
            self.ripening.append((self.told, promise))
            return Step(self._desk(party), "consent.given", {"act": made})
        chance = self.random.random()
        if chance < 0.5 and len(self.under_way) > _WAITING_MIN:
            delivery, party = self.under_way.popleft()
            return Step(
                self._desk(party),
                "delivery.advanced",
                {"delivery": delivery, "milestone": "handed_over", "occurred": when},
            )
        if chance < 0.8 and len(self.left) > _WAITING_MIN:
            delivery, party, spoken = self.left.popleft()
            fields = {"delivery": delivery, "lines": spoken[:1], "grounds": "short_quantity"}
            return Step(_depot(party), "delivery.disputed", fields)
        promise = self.promises[int(self.random.random() * len(self.promises))]
        if promise.terms is None:
            return self._delivery(when)
        promise.terms = raised(promise.terms)
        return Step(self._desk(promise.party), "commitment.amended", {"commitment": promise.id, "terms": promise.terms})


def strand_of(authority: str) -> int:
    """Return the number of the group, from 0, of which an office of a guarantor, or the depot for one, is."""
    party, _, office = authority.partition("/")
    return GUARANTORS.index(office.removeprefix("depot-") if party == BENEFICIARY else party) // GROUP


def _depot(party: str) -> str:
    return f"{BENEFICIARY}/depot-{party}"


def story(seed: int) -> Iterator[Step]:
    """Yield the acts after the founding, without end. `act` of a consent is what the step that it answers makes."""
    teller, number = _Teller(Random(seed)), 0
    while True:
        if number % STEPS_A_DAY == 0:
            day = (ISSUED_AT + timedelta(seconds=number * SECONDS_BETWEEN)).date().isoformat()
            when = {"first": day, "last": day, "precision": "day"}
        yield teller.next_step(when)
        number += 1
