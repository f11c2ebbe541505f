"""Reading: what a guarantor owes, now and as once known, unchanged answers, tiles and the checkpoint."""

from collections.abc import Sequence
from typing import Final

from tests.bench.client import Job
from tests.bench.ground import Ground, load, say
from tests.bench.measured import Goal, Round, Row
from tests.bench.story import GUARANTORS

CLIENTS: Final = 8
ROUND_SECONDS_MAX: Final = 4.0
HEAVY_BYTES: Final = 100_000
"""Of answers that are longer, a round has so many fewer that it is about as many bytes."""

NOT_MODIFIED: Final = 304
TILE_PATHS: Final = ("/tile/0/000", "/tile/entries/000", "/checkpoint")


def rates(ground: Ground, limit: Job, ours: Job) -> tuple[tuple[Round, ...], dict[str, float]]:
    """Return the rounds of two sets of questions, each asked once before, and what the answers took."""
    ground.do(limit)
    ground.do(ours)
    rounds, tolds = [], []
    for _ in range(ground.scale.rounds):
        first, second = ground.do(limit), ground.do(ours)
        rounds.append(Round(first.sent / first.seconds, second.sent / second.seconds))
        tolds.append(second)
    return tuple(rounds), {
        "p50_ms": max(told.p50_ms for told in tolds),
        "p99_ms": max(told.p99_ms for told in tolds),
        "client_cpu_share": max(told.cpu_share for told in tolds),
        "bytes": tolds[-1].bytes_received / tolds[-1].sent,
    }


def questions(
    ground: Ground, url: str, paths: Sequence[str], headers: Sequence[dict[str, str]] = (), *, answer_bytes: int = 0
) -> Job:
    """Return so many questions as a round has, asked in turn by a few clients. `answer_bytes`: of one answer."""
    return Job(
        url=url,
        send="questions",
        connections=CLIENTS,
        paths=tuple(paths),
        headers=tuple(headers),
        seconds_max=ROUND_SECONDS_MAX,
        last=ground.scale.asked // max(1, 4 * answer_bytes // HEAVY_BYTES),
        expected=(200, NOT_MODIFIED),
    )


def obligation_paths(known_at: int | None, limit: int = 100) -> list[str]:
    """Return the address of what each guarantor owes."""
    known = f"&known_at={known_at}" if known_at is not None else ""
    return [f"/v1/guarantors/{party}/obligations?limit={limit}{known}" for party in GUARANTORS]


def obligations(ground: Ground) -> list[Row]:
    """Measure answers that were given before, those that nobody asked for yet, and confirmations of unchanged ones."""
    ground.settle()
    rows = []
    old = ground.at // 2
    with ground.plain() as plain:
        for name, known_at in (("obligations, current", None), ("obligations, as once known", old)):
            load_before = load()
            say(name)
            paths = obligation_paths(known_at)
            count = sum(len(ground.get(path).content) for path in paths) // len(paths)
            rounds, figures = rates(
                ground, questions(ground, plain, [f"/bytes/{count}"]), questions(ground, ground.url, paths)
            )
            rows.append(
                Row(
                    name=name,
                    ours=f"answers a second, {len(paths)} guarantors in turn, {CLIENTS} clients, each asked before",
                    limit="a handler that returns as many bytes, same server and clients",
                    rounds=rounds,
                    figures=figures,
                    goals=(Goal("ratio", "≥", 0.5), Goal("p99_ms", "≤", 20)),
                    entries=ground.at,
                    notes=(f"known_at={known_at}",) if known_at is not None else (),
                    load_before=load_before,
                )
            )
        rows.append(_unchanged(ground, plain))
    rows.append(_first_answers(ground, old))
    return rows


def _unchanged(ground: Ground, plain: str) -> Row:
    load_before = load()
    say("obligations, unchanged")
    paths = obligation_paths(None)
    tags = [{"If-None-Match": ground.get(path).headers["etag"]} for path in paths]
    assert ground.get(paths[0], **tags[0]).status_code == NOT_MODIFIED
    rounds, figures = rates(
        ground, questions(ground, plain, ["/unchanged"]), questions(ground, ground.url, paths, tags)
    )
    return Row(
        name="obligations, unchanged (304)",
        ours=f"answers a second to If-None-Match, {CLIENTS} clients",
        limit="a handler that answers 304, same server and clients",
        rounds=rounds,
        figures=figures,
        goals=(Goal("ratio", "≥", 0.8),),
        entries=ground.at,
        load_before=load_before,
    )


def _first_answers(ground: Ground, old: int) -> Row:
    """Ask each guarantor's obligations as known at a size that nobody asked about yet."""
    load_before = load()
    say("obligations, first answers")
    paths = [path for offset in (1, 2) for path in obligation_paths(old + offset)]
    told = ground.do(
        Job(url=ground.url, send="questions", connections=1, paths=tuple(paths), last=len(paths), expected=(200,))
    )
    return Row(
        name="obligations, first answers",
        ours="ms for an answer that nobody asked for yet, one client, as once known",
        unit="ms",
        figures={"p50_ms": told.p50_ms, "p99_ms": told.p99_ms, "bytes": told.bytes_received / told.sent},
        entries=ground.at,
        load_before=load_before,
    )


def tiles(ground: Ground) -> list[Row]:
    """Measure a tile, an entry bundle and the checkpoint beside the same bytes as files of the same kind of server."""
    rows = []
    with ground.plain() as plain:
        for path in TILE_PATHS:
            load_before = load()
            say(path)
            name = path.strip("/").replace("/", "-")
            content = ground.get(path).content
            (ground.files / name).write_bytes(content)
            jobs = [
                questions(ground, url, [address], answer_bytes=len(content))
                for url, address in ((plain, f"/files/{name}"), (ground.url, path))
            ]
            rounds, figures = rates(ground, *jobs)
            rows.append(
                Row(
                    name={"checkpoint": "checkpoint", "tile-0-000": "tile"}.get(name, "entry bundle"),
                    ours=f"answers a second, {path}, {CLIENTS} clients",
                    limit="the same bytes as a static file, same server and clients",
                    rounds=rounds,
                    figures=figures,
                    goals=(Goal("ratio", "≥", 0.8),),
                    entries=ground.at,
                    load_before=load_before,
                )
            )
    return rows
