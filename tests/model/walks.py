"""Whole histories: which acts are drawn how often, and when ledger and model are compared."""

from collections.abc import Callable
from random import Random
from typing import Any

from tests.model import drawn_crises, drawn_promises, drawn_texts, drawn_words
from tests.model.comparing import compare, compare_at, days_asked, instants_asked
from tests.model.ground import principal_of
from tests.model.walker import Draft, Tally, Walker
from tests.model.worded import days

Draw = Callable[[Walker], Draft | None]

Theme = tuple[tuple[int, Draw], ...]

THEMES: dict[str, Theme] = {
    "promises": (
        (14, drawn_promises.made),
        (9, drawn_promises.amended),
        (4, drawn_promises.resolved),
        (1, drawn_promises.withdrawn),
        (4, drawn_promises.waived),
        (1, drawn_promises.converted),
        (1, drawn_promises.merged),
        (1, drawn_words.disclosed),
    ),
    "deliveries": (
        (18, drawn_promises.recorded),
        (4, drawn_promises.advanced),
        (7, drawn_promises.acknowledged),
        (5, drawn_promises.disputed),
        (5, drawn_promises.settled),
        (3, drawn_promises.relined),
        (1, drawn_promises.voided),
        (1, drawn_promises.duplicated),
    ),
    "words": ((30, drawn_words.said), (8, drawn_words.corrected)),
    "texts": (
        (1, drawn_texts.registered),
        (2, drawn_texts.signed),
        (4, drawn_texts.ratified),
        (1, drawn_texts.applied),
        (1, drawn_texts.reserved),
        (1, drawn_texts.objected),
        (2, drawn_texts.notified),
        (2, drawn_texts.revoked),
        (3, drawn_texts.suspended),
        (4, drawn_texts.resumed),
        (1, drawn_texts.extended),
        (1, drawn_texts.amended),
        (1, drawn_texts.terminated),
    ),
    "offices": (
        (4, drawn_texts.granted),
        (4, drawn_texts.withdrawn_mandate),
        (8, drawn_texts.judged),
        (1, drawn_texts.succeeded),
        (1, drawn_texts.admitted),
        (1, drawn_texts.renamed),
        (1, drawn_texts.roles_changed),
        (1, drawn_texts.rules_adopted),
        (1, drawn_texts.log_keys_adopted),
    ),
    "sanctions": (
        (3, drawn_crises.adopted),
        (4, drawn_crises.renewed),
        (5, drawn_crises.eased),
        (3, drawn_crises.suspended),
        (3, drawn_crises.lifted),
        (3, drawn_crises.published),
        (1, drawn_crises.contested),
        (3, drawn_crises.notified),
    ),
    "consultations": (
        (2, drawn_crises.notified),
        (2, drawn_crises.convened),
        (2, drawn_crises.joined),
        (4, drawn_crises.decided),
        (2, drawn_crises.declined),
        (1, drawn_crises.merged),
        (1, drawn_crises.closed),
    ),
    "needs": (
        (2, drawn_crises.stated),
        (1, drawn_crises.revised),
        (1, drawn_crises.met),
        (1, drawn_crises.rates),
        (1, drawn_crises.observed),
        (1, drawn_crises.adopted_claim),
    ),
}
"""How often each act is drawn beside the others of its theme."""

SHARES = {"promises": 5, "deliveries": 5, "words": 5, "texts": 2, "offices": 3, "sanctions": 4, "consultations": 2}
"""How often a theme is drawn in a history that has no preference; `needs` the rest."""

FAVOURED = 4
"""How much more often the one theme that a history prefers is drawn."""


def drawing(random: Random) -> list[Draw]:
    """Return what one history draws from: one theme more often than usual, some acts more often, some never.

    So there are histories of nothing but amendments and consents, and others without a single consent.
    """
    favoured = random.choice(tuple(THEMES))
    draws: list[Draw] = []
    for name, theme in THEMES.items():
        share = SHARES.get(name, 1) * (FAVOURED if name == favoured else 1) * 12 / sum(weight for weight, _ in theme)
        for weight, draw in theme:
            draws += [draw] * round(share * weight * random.choice((0, 1, 1, 1, 2)))
    return draws or [drawn_promises.made]


STEPS_MIN, STEPS_MAX = 20, 110


TRIES_MAX = 20
CONSENTING = 0.2
COMPARED_EVERY = 30
DAYS_ASKED = 3


def evenly() -> list[Draw]:
    """Return every act once, and some more often: what one long history needs to have something of everything."""
    draws = [draw for theme in THEMES.values() for _, draw in theme]
    return [*draws, *[drawn_words.said] * 8, *[drawn_promises.made] * 3, *[drawn_promises.recorded] * 4]


def begin(walker: Walker) -> None:
    """Register three texts, and have most parties sign them, so that something can be owed from the start."""
    for kind in ("pact", "joint", "bilateral"):
        registered = walker.submit(drawn_texts.registered(walker, kind))
        walker.tally.steps += 1
        if registered is None:
            continue
        most = walker.random.choice((1.0, 1.0, 1.0, 0.8))
        for party in registered.payload["parties"]:
            for done, likely in (("signed", most), ("ratified", most if kind == "joint" else 0.02)):
                if walker.random.random() < likely:
                    fields: dict[str, Any] = {"instrument": registered.payload["instrument"]}
                    fields["occurred"] = days(walker.recently())
                    walker.submit(Draft(principal_of(party), f"instrument.{done}", fields))
                    walker.tally.steps += 1


def step(walker: Walker, draws: list[Draw]) -> None:
    """Draw one act that can be drawn now, and submit it. Often it is a word on what waits, or little would happen."""
    walker.wait()
    drawn = drawn_words.said(walker) if walker.random.random() < CONSENTING else None
    for _ in range(TRIES_MAX):
        drawn = drawn or walker.random.choice(draws)(walker)
    walker.submit(drawn or drawn_texts.renamed(walker))
    walker.tally.steps += 1


def history(random: Random, tally: Tally, steps: int | None = None) -> Walker:
    """Walk one history and compare, on the way and at its end, also with what was known on the way.

    Raises Divergence.
    """
    walker = Walker(random, tally)
    begin(walker)
    draws = drawing(random)
    wanted = steps if steps is not None else random.randint(STEPS_MIN, STEPS_MAX)
    for number in range(1, wanted + 1):
        step(walker, draws)
        if number % COMPARED_EVERY == 0:
            walker.keep()
    walker.keep()
    for snapshot in walker.kept:
        rows = walker.rows(snapshot)
        is_last = snapshot is walker.kept[-1]
        for as_of in days_asked(walker, DAYS_ASKED if is_last else 1):
            compare(walker, rows, as_of)
        for at in instants_asked(walker, DAYS_ASKED if is_last else 1):
            compare_at(walker, rows, at)
    tally.histories += 1
    return walker


def seeded(seed: int, number: int) -> Random:
    """Return the random numbers of one history of a walk."""
    return Random(f"{seed}/{number}")
