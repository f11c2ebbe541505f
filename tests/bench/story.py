"""The Compact at scale: who does what, in the order in which the log holds it.

48 guarantors with a principal and a delegated office each, a beneficiary with eight offices that acknowledge, a text
of each guarantor with the beneficiary and eight texts of six guarantors. Then, in 100 acts, about 2 commitments, 55
deliveries, 40 acknowledgements and 3 others, so that streams stay short and a guarantor has many of them.

Pure: the same seed gives the same steps, and a longer story begins as a shorter one does.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final, NamedTuple

from tests.acts import BENEFICIARY, ISSUED_AT

_STATES: Final = (
    "al at au ba be bg ca ch cy cz de dk ee es fi fr gb ge gr hr hu ie in is "
    "it jp kr lt lu lv md me mk mt nl no nz pl pt ro rs se si sk tr us xk za"
)
GUARANTORS: Final = tuple(_STATES.split())
DELEGATED: Final = "defence"
ACKNOWLEDGING: Final = tuple(f"{BENEFICIARY}/depot-{number}" for number in range(1, 9))
GROUP: Final = 6
GROUPS: Final = tuple(GUARANTORS[at : at + GROUP] for at in range(0, len(GUARANTORS), GROUP))

SECONDS_BETWEEN: Final = 10
STEPS_A_DAY: Final = 86_400 // SECONDS_BETWEEN
REMEMBERED: Final = 2_000
"""How far back a delivery may lie that is acknowledged or advanced: what is later is left as it is."""

_CATEGORIES: Final = ("air_defence", "weapons", "ammunition", "artillery", "drones", "training", "macro_financial")
_UNITS: Final = ("howitzer", "155 mm shell", "reconnaissance drone", "armoured vehicle", "generator 2 MW")
_CURRENCIES: Final = ("EUR", "GBP", "USD", "PLN", "SEK")

Fields = dict[str, Any]


class Step(NamedTuple):
    """One act of the authority `desk`. `makes` names the event where another step refers to it."""

    desk: str
    type: str
    fields: Fields
    makes: str | None = None


@dataclass(slots=True)
class _Promise:
    """A commitment in effect: whose, in what it is counted, and its terms where they may be raised."""

    id: str
    party: str
    counted: Fields
    terms: Fields | None


@dataclass(slots=True)
class _Teller:
    """What the story remembers while it is told."""

    random: Random
    promises: list[_Promise] = field(default_factory=list)
    to_consent: deque[tuple[str, str, _Promise]] = field(default_factory=deque)
    to_acknowledge: deque[tuple[str, list[Fields]]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    under_way: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    left: deque[tuple[str, list[Fields]]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    made: int = 0
    delivered: int = 0

    def next_step(self, when: Fields) -> Step:
        chance = self.random.random()
        if self.made < len(GUARANTORS) or chance < 0.02:
            return self._commitment()
        if chance < 0.42 and self.to_acknowledge:
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
        counted, terms = self._terms(number, obligors)
        promise = _Promise(
            f"c-{number}", party, counted, terms if number % 5 in (0, 1) and len(obligors) == 1 else None
        )
        made = f"commitment {number}"
        if len(obligors) > 1:
            self.to_consent.append((made, obligors[1], promise))
        else:
            self.promises.append(promise)
        fields = {
            "commitment": promise.id,
            "instrument": f"group-{GROUPS.index(group) + 1}" if in_group else f"{BENEFICIARY}-{party}",
            "title": {"en": f"Support package {number} of {party.upper()}"},
            "terms": terms,
        }
        return Step(self._desk(party), "commitment.made", fields, made)

    def _terms(self, number: int, obligors: list[str]) -> tuple[Fields, Fields]:
        """Return in what the commitment is counted, and its terms: seven of ten are money, six of ten have dates."""
        size = 1 + int(self.random.random() * 900)
        if number % 10 < 7:
            counted: Fields = {"kind": "money", "currency": _CURRENCIES[number % len(_CURRENCIES)]}
            whole, half = f"{2 * size}000000.00", f"{size}000000.00"
        else:
            counted = {"kind": "goods", "unit": _UNITS[number % len(_UNITS)]}
            whole, half = f"{2 * size}000", f"{size}000"
        interval = {"first": "2026-01-01", "last": "2027-12-31", "precision": "interval"}
        year = {"first": "2026-01-01", "last": "2026-12-31", "precision": "year"}
        schedules: tuple[Fields, ...] = (
            {"kind": "unscheduled"},
            {"kind": "once", "due": interval},
            {"kind": "tranches", "tranches": [{"due": one, "amount": half} for one in (year, interval)]},
            {"kind": "unscheduled"},
            {"kind": "recurrence", "every": "year", "first": year, "until": "2035-12-31"},
        )
        return counted, {
            "category": _CATEGORIES[number % len(_CATEGORIES)],
            "phase": "preventive",
            "legal_character": "legally_binding",
            "bound": ("exact", "floor", "target")[number % 3],
            "object": {**counted, _figure(counted): whole},
            "schedule": schedules[number % 5],
            "obligors": [{"party": party, "share": f"1/{len(obligors)}"} for party in obligors],
            "counts_from": "handed_over",
        }

    def _delivery(self, when: Fields) -> Step:
        number, chance = self.delivered, self.random.random()
        self.delivered += 1
        promise = self.promises[int(chance * len(self.promises))]
        amount = 1 + number % 89
        written = f"{amount}000.00" if promise.counted["kind"] == "money" else str(amount)
        lines = [
            {"line": line, "object": {**promise.counted, _figure(promise.counted): written}}
            for line in range(1, 3 if number % 5 == 0 else 2)
        ]
        delivery, desk = f"d-{number}", self._desk(promise.party)
        milestone = "at_hub" if number % 4 == 0 else "handed_over"
        spoken = [{"line": line["line"], "amount": written} for line in lines]
        if milestone == "at_hub":
            self.under_way.append((delivery, promise.party))
        if number % 15 < 11:
            self.to_acknowledge.append((delivery, spoken))
        else:
            self.left.append((delivery, spoken))
        fields = {"delivery": delivery, "milestone": milestone, "lines": lines, "occurred": when}
        return Step(desk, "delivery.recorded", {**fields, "commitment": promise.id})

    def _acknowledgement(self) -> Step:
        delivery, spoken = self.to_acknowledge.popleft()
        desk = ACKNOWLEDGING[int(self.random.random() * len(ACKNOWLEDGING))]
        return Step(desk, "delivery.acknowledged", {"delivery": delivery, "lines": spoken})

    def _other(self, when: Fields) -> Step:
        """A consent where one is waited for; otherwise a milestone, a dispute or more than was promised."""
        if self.to_consent:
            made, party, promise = self.to_consent.popleft()
            self.promises.append(promise)
            return Step(self._desk(party), "consent.given", {"act": made})
        chance = self.random.random()
        if chance < 0.5 and self.under_way:
            delivery, party = self.under_way.popleft()
            return Step(
                self._desk(party),
                "delivery.advanced",
                {"delivery": delivery, "milestone": "handed_over", "occurred": when},
            )
        if chance < 0.8 and self.left:
            delivery, spoken = self.left.popleft()
            fields = {"delivery": delivery, "lines": spoken[:1], "grounds": "short_quantity"}
            return Step(ACKNOWLEDGING[0], "delivery.disputed", fields)
        promise = self.promises[int(self.random.random() * len(self.promises))]
        if promise.terms is None:
            return self._delivery(when)
        promise.terms = _raised(promise.terms)
        return Step(self._desk(promise.party), "commitment.amended", {"commitment": promise.id, "terms": promise.terms})


def _figure(counted: Fields) -> str:
    return "amount" if counted["kind"] == "money" else "quantity"


def _raised(terms: Fields) -> Fields:
    """Return the terms with a tenth more or so: raising needs nobody's consent."""
    promised = terms["object"]
    whole, dot, decimals = promised[_figure(promised)].partition(".")
    return {**terms, "object": {**promised, _figure(promised): f"{int(whole) * 11 // 10}{dot}{decimals}"}}


def story(seed: int) -> Iterator[Step]:
    """Yield the acts after the founding, without end. `act` of a consent is what the step that it answers makes."""
    teller, number = _Teller(Random(seed)), 0
    while True:
        if number % STEPS_A_DAY == 0:
            day = (ISSUED_AT + timedelta(seconds=number * SECONDS_BETWEEN)).date().isoformat()
            when = {"first": day, "last": day, "precision": "day"}
        yield teller.next_step(when)
        number += 1
