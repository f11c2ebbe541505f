"""The scenes played on a ledger in memory: what each act was, in which state it was judged, and what was said of it."""

from dataclasses import dataclass, replace
from functools import cache

from ledger.events.measures import MeasureReinstated
from ledger.events.registry import EVENTS
from ledger.events.stages import Admitted
from tests.acts import Office
from tests.docs.crisis_scenes import placed
from tests.docs.memory_ledger import MemoryLedger, example_id, office
from tests.docs.scene import Scene
from tests.docs.scenes import scenes


@dataclass(frozen=True)
class Played:
    """One scene: the signed envelope, what the ledger made of it, its position, and what the rules forced by it."""

    scene: Scene
    raw: bytes
    admitted: Admitted
    position: int
    forced: tuple["Played", ...] = ()

    @property
    def payload(self) -> bytes:
        return self.admitted.verified.envelope.payload


class Stage:
    """A ledger and the desks of everybody, in the state after some of the scenes."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self._offices: dict[str, Office] = {}
        self.reinstatement = ""

    def office(self, authority: str) -> Office:
        """Return the desk of an authority, which knows its place in its own chain."""
        return self._offices.setdefault(authority, office(authority))

    def play(self, scene: Scene) -> Played:
        """Sign and record a scene, which has to be admitted."""
        placed_scene = self.placed(scene)
        fields = placed_scene.fields
        raw = self.office(scene.authority).act(scene.type, event_id=example_id(scene.label), **fields)
        position = self.ledger.tree_size + 1
        admitted = self.ledger.admit(raw)
        forced = [
            Played(scene, one.verified.envelope.raw, one, position + number)
            for number, one in enumerate(self.ledger.forced, start=1)
        ]
        found = (one.admitted.verified.event for one in forced)
        self.reinstatement = next((one.id for one in found if isinstance(one, MeasureReinstated)), self.reinstatement)
        return Played(placed_scene, raw, admitted, position, tuple(forced))

    def placed(self, scene: Scene) -> Scene:
        """Return the scene as it can be played now: about the reinstatement that the rules have forced before."""
        return placed(scene, self.reinstatement)

    def fork(self) -> "Stage":
        """Return a stage in the same state, from where it goes its own way."""
        other = Stage()
        other.ledger = self.ledger.fork()
        other.reinstatement = self.reinstatement
        other._offices = {name: replace(desk) for name, desk in self._offices.items()}
        return other


@cache
def _played() -> Stage:
    stage = Stage()
    for scene in scenes():
        stage.play(scene)
    return stage


def stage_after_all() -> Stage:
    """Return a stage in the state after the last scene."""
    return _played().fork()


@cache
def samples() -> dict[str, Played]:
    """Return the first scene of each event type, played, by type; `rules.adopted` is not among them."""
    stage = Stage()
    found: dict[str, Played] = {}
    for scene in scenes():
        played = stage.play(scene)
        for one in (played, *played.forced):
            found.setdefault(one.admitted.verified.event.type, one)
    order = [name for name, _ in EVENTS]
    return {name: found[name] for name in order if name in found}
