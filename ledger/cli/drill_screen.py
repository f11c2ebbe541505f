"""The scenes of a drill for people: headings and tables, coloured on a terminal and plain in a file or a pipe.

Every line about an instant that has not come begins with the word future and that instant.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ledger.cli.output import data_console, printable
from ledger.client.drill_scenes import (
    ActRow,
    Answered,
    AnswerRow,
    Asked,
    Audited,
    Begun,
    Clocks,
    ConsultationRow,
    Eased,
    MeasureRow,
    Notified,
    Returned,
    Sanctions,
    Scene,
)

ABSENT: Final = "\N{EN DASH}"
KEY_CHARACTERS: Final = 12
SILENT: Final = "silent"
LAPSED: Final = "Lapsed: no renewal is in the sources of this ledger. That says nothing about what was done."
CONVENING: Final = {
    "awaited": "to convene",
    "convened": "convened",
    "convened_late": "convened late",
    "missed": "convening missed",
}
STYLES: Final[Mapping[str, str]] = {
    "in_force": "green",
    "in_part": "yellow",
    "eased": "yellow",
    "suspended": "yellow",
    "lifted": "dim",
    "lapsed": "dim",
    "decided": "green",
    "declined": "yellow",
    "silent": "red",
    "missed": "bold red",
    "convening_missed": "bold red",
}
"""Colours of standings; without a terminal there are none, and the words say the same."""


def show(scene: Scene, before: Asked | None) -> None:
    """Print a scene to stdout; of an answer only what differs from the one before, and who is silent."""
    console = data_console()
    match scene:
        case Begun():
            _heading(console, f"{scene.drill} on {scene.ledger} at {scene.url}, which holds {scene.tree_size} acts")
            for notice in scene.notices:
                _line(console, notice)
        case Sanctions():
            _heading(console, f"Sanctions as of {_instant(scene.as_of)}: as sourced, and the copies for the exercise")
            columns = ("measure", "programme", "state", "default rule", "until")
            _table(console, columns, map(_measure, scene.measures))
            if any(row.state == "lapsed" for row in scene.measures):
                _line(console, LAPSED)
        case Eased():
            _heading(console, "Eased for the exercise")
            _acts(console, scene.acts)
        case Notified():
            _heading(console, f"Notified, and received at {_instant(scene.received_at)}")
            _acts(console, (scene.act,))
        case Returned():
            _returned(console, scene)
        case Clocks():
            _clocks(console, scene)
        case Answered():
            _heading(console, f"The guarantors answer; {scene.silent} stays silent")
            _acts(console, scene.acts)
        case Asked():
            _asked(console, scene, before)
        case Audited():
            _audited(console, scene)
        case _:
            raise AssertionError(f"no screen for {type(scene).__name__}")


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(printable(f"EXERCISE · {text}"), style="bold"), soft_wrap=True)


def _line(console: Console, text: str) -> None:
    console.print(Text(printable(text)), soft_wrap=True)


def _table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell), style=STYLES.get(cell.replace(" ", "_"), "")) for cell in row))
    console.print(table)


def _instant(at: datetime | None) -> str:
    """Return an instant to the second: what is shown is shown to people."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at is not None else ABSENT


def _word(name: str) -> str:
    return name.replace("_", " ")


def _measure(row: MeasureRow) -> tuple[str, ...]:
    ends = f"lapsed {_instant(row.lapsed_at)}" if row.lapsed_at is not None else _instant(row.renewal_due)
    return row.measure, row.programme, _word(row.state), SILENCE[str(row.default_rule.get("kind"))](row), ends


def _sunset(row: MeasureRow) -> str:
    return "lapses unless renewed"


def _snapback(row: MeasureRow) -> str:
    days = row.default_rule.get("after_days", 0)
    return f"snapback after {days} days" if days else "snapback at once"


def _until(row: MeasureRow) -> str:
    return "stays"


SILENCE: Final[Mapping[str, Callable[[MeasureRow], str]]] = {"sunset": _sunset, "snapback": _snapback, "until": _until}


def _acts(console: Console, acts: Iterable[ActRow]) -> None:
    rows = [(str(act.position), act.party, act.type, act.what) for act in acts]
    if rows:
        _table(console, ("entry", "signed by", "act", "what it does"), rows)
    else:
        _line(console, "nothing: all of it is out of force already, by an earlier drill")


def _returned(console: Console, scene: Returned) -> None:
    _heading(console, "Sanctions come back: entries that the rules force, in the transaction of the notification")
    rows = [
        (str(row.position), row.measure, ", ".join(row.parts), _instant(row.effective_at), _key(row.signed_by))
        for row in scene.measures
    ]
    _table(console, ("entry", "measure", "parts that come back", "in force from", "signed by the service key"), rows)
    if scene.unmoved:
        _line(console, f"Nothing to bring back, or announced before: {', '.join(scene.unmoved)}")


def _key(key_id: str) -> str:
    return f"{key_id[:KEY_CHARACTERS]}… (checked)"


def _clocks(console: Console, scene: Clocks) -> None:
    _heading(console, "The clock runs: one consultation for each text that has one, fixed and never computed again")
    rows = [
        (
            str(row.position),
            row.consultation,
            ", ".join(row.guarantors),
            _word(row.basis),
            _instant(row.t0),
            _instant(row.convene_by),
            _instant(row.decide_by),
        )
        for row in scene.consultations
    ]
    columns = ("entry", "consultation", "guarantors", "counted from", "t0", "convene by", "decide by")
    _table(console, columns, rows)


def _asked(console: Console, scene: Asked, before: Asked | None) -> None:
    when = f"{'future' if scene.is_future else 'now'} {_instant(scene.as_of)}"
    since = f", {scene.when}" if scene.is_future else ""
    _heading(console, f"{when}{since}: what the ledger answers, as known at entry {scene.known_at}")
    known = set(_lines(before)) if before is not None else set()
    lines = [line for line in _lines(scene) if line not in known or SILENT in line]
    _table(console, ("as of", "who or what", "", "state"), [(when, *line) for line in lines])
    if scene.is_future:
        _line(console, f"{when}: asked today, as if nobody did anything more; what is not listed is as before.")


def _lines(scene: Asked) -> Iterator[tuple[str, str, str]]:
    """Yield the lines of an answer: who or what, what it did or what is left of it, and its state."""
    joint = next(row for row in scene.consultations if row.consultation == scene.joint)
    yield joint.consultation, "", _convening(joint)
    for one in joint.answers:
        yield one.party, _answer(one), "missed" if one.is_missed else "not missed" if one.standing == SILENT else ""
    for row in scene.measures:
        yield row.measure, _parts(row), _word(row.state)
    counted: dict[str, list[str]] = {}
    for other in scene.consultations:
        if other is not joint:
            counted.setdefault(_convening(other), []).append(other.consultation)
    for word, names in sorted(counted.items()):
        yield f"{len(names)} texts between two", ", ".join(names), word


def _convening(row: ConsultationRow) -> str:
    return CONVENING[row.convening]


def _answer(row: AnswerRow) -> str:
    if row.standing != "decided":
        return row.standing
    return f"decided: {_word(', '.join((*row.decisions, *row.commitments)))}"


def _parts(row: MeasureRow) -> str:
    """Return what is out of force and what is announced; of what is back, that its act is pending or published."""
    said = [f"{part.part} {_word(part.standing)}" for part in row.parts if part.standing != "in_force"]
    said += [
        f"{', '.join(one.parts)} back, {'act pending' if one.act_pending else 'act published'}"
        for one in row.reinstated[-1:]
    ]
    said += [f"{', '.join(one.parts)} to be {one.kind} at {_instant(one.effective_at)}" for one in row.announced]
    return "; ".join(said) or "all in force"


def _audited(console: Console, scene: Audited) -> None:
    _heading(console, f"The audit of the whole ledger: {scene.command}")
    for line in scene.proved:
        _line(console, f"proved {line}")
    if scene.reason:
        _line(console, scene.reason)
    end: dict[str, Any] = {"tree size": scene.tree_size, "root": scene.root}
    said = ", ".join(f"{name} {value}" for name, value in end.items() if value is not None)
    style = "green" if scene.exit_code == 0 else "bold red"
    console.print(Text(printable(f"{scene.verdict}{': ' + said if said else ''}"), style=style), soft_wrap=True)
