"""The acts that speeds are measured with: all admitted, the same on every machine, and mixed as they say."""

from collections import Counter, defaultdict
from itertools import islice
from pathlib import Path

from ledger.events.refusals import Refused
from ledger.intake.intake import Intake
from ledger.intake.outcomes import Outcome, Sealed
from ledger.store.log import StoredLog
from tests.bench import acts
from tests.bench.acts import Workload, workload
from tests.bench.story import story, strand_of

COUNT = 1_200


def submitted(stored_log: StoredLog, signed: Workload, raws: list[bytes]) -> list[Outcome]:
    intake = Intake(stored_log, signed.founded.origin, signed.log_signers, signed.founded.service)
    return intake.submit(raws)


def test_every_act_is_admitted(stored_log: StoredLog, tmp_path: Path) -> None:
    signed = workload(COUNT, tmp_path)
    outcomes = submitted(stored_log, signed, list(signed.raws()))
    assert len(outcomes) == COUNT
    assert all(isinstance(one, Sealed) and not one.duplicate for one in outcomes)


def test_an_act_that_is_missing_is_noticed(stored_log: StoredLog, tmp_path: Path) -> None:
    signed = workload(COUNT, tmp_path)
    raws = list(signed.raws())
    del raws[600]
    assert any(isinstance(one, Refused) for one in submitted(stored_log, signed, raws))


def test_the_same_seed_gives_the_same_acts_and_fewer_begin_as_more_do(tmp_path: Path) -> None:
    many = workload(COUNT, tmp_path / "many")
    assert list(workload(600, tmp_path / "few").raws()) == list(many.raws(0, 600))
    assert list(workload(600, tmp_path / "few", seed=2).raws()) != list(many.raws(0, 600))


def test_several_processes_sign_what_one_does(tmp_path: Path) -> None:
    alone, starts = workload(COUNT, tmp_path), {}
    for office in alone.founded.offices.values():
        starts[office.authority] = (office.sequence, office.previous)
    steps, parts = COUNT - len(alone.founded.raws), [tmp_path / "0", tmp_path / "1"]
    for at, part in enumerate(parts):
        acts.sign_share(steps, alone.seed, (at, 2), starts, part)
    lines = [line for part in parts for line in part.read_bytes().split(b"\n")[:-1]]
    assert sorted(lines) == sorted(alone.raws(len(alone.founded.raws)))


def test_what_one_strand_does_refers_to_nothing_of_the_others() -> None:
    made: defaultdict[int, set[str]] = defaultdict(set)
    for step in islice(story(1), 20_000):
        own, fields = made[strand_of(step.desk)], step.fields
        named = {fields[one] for one in ("act", "commitment", "delivery") if one in fields}
        new = {"commitment.made": "commitment", "delivery.recorded": "delivery"}.get(step.type)
        own |= {fields[new]} if new is not None else set()
        own |= {step.makes} if step.makes is not None else set()
        assert named <= own


def test_deliveries_and_their_acknowledgements_are_most_of_it() -> None:
    kinds = Counter(step.type for step in islice(story(1), 20_000))
    assert 0.50 < kinds["delivery.recorded"] / kinds.total() < 0.60
    assert 0.36 < kinds["delivery.acknowledged"] / kinds.total() < 0.42
    assert kinds["commitment.made"] < 0.05 * kinds.total()
    assert {"consent.given", "delivery.advanced", "delivery.disputed", "commitment.amended"} < kinds.keys()


def test_acts_are_as_long_as_they_are_said_to_be(tmp_path: Path) -> None:
    lengths = [len(raw) for raw in workload(COUNT, tmp_path).raws(800)]
    assert 700 < sum(lengths) / len(lengths) < 1_000
