"""The log as tlog-tiles over HTTP: every tile that a signed tree has in its exact bytes, and no other."""

from collections.abc import Iterator
from hashlib import sha256

import psycopg
import pytest

from ledger.log.checkpoint import open_checkpoint
from ledger.log.note import parse_vkey
from ledger.log.tiles import entries_path, implied_tiles, tile_path
from tests.acts import Founding, founding
from tests.api.served import Served, passing_ledger
from tests.log import naive

SEALED = (1, 2, 5, 255, 256, 257, 300)
"""The sizes at which the log was signed, one after another."""

IMMUTABLE = "public, max-age=604800, immutable"


@pytest.fixture(scope="module")
def tiled(postgres_server: str) -> Iterator[Served]:
    """A ledger that was signed at each of SEALED."""
    made = founding()
    raws = list(made.raws) + [made.depositary.renaming(f"Name {number}", subject="gb") for number in range(295)]
    with passing_ledger(postgres_server, made, founded=False) as one:
        submit(one, raws)
        yield one


def submit(one: Served, raws: list[bytes]) -> None:
    before = 0
    for size in SEALED:
        assert one.batch(raws[before:size]).is_success
        assert one.tree_size() == size
        before = size


@pytest.fixture(scope="module")
def entries(tiled: Served) -> list[bytes]:
    raws = tiled.get("/v1/entries").content.split(b"\n")[:-1]
    assert len(raws) == SEALED[-1]
    return raws


def expected(entries: list[bytes], level: int, index: int, width: int) -> bytes:
    """Return a tile as the specification defines it: MTH over the entries below each of its hashes."""
    leaves = [sha256(b"\x00" + raw).digest() for raw in entries]
    span = 256**level
    begins = range(index * 256 * span, (index * 256 + width) * span, span)
    return b"".join(naive.root(leaves[begin : begin + span]) for begin in begins)


def test_every_tile_of_every_signed_tree_is_served_to_the_byte(tiled: Served, entries: list[bytes]) -> None:
    asked = set()
    for size in SEALED:
        for (level, index), width in implied_tiles(size):
            answer = tiled.get(f"/{tile_path(level, index, width)}")
            assert answer.status_code == 200, (size, level, index, width)
            assert answer.content == expected(entries, level, index, width)
            assert answer.headers["content-type"] == "application/octet-stream"
            assert answer.headers["cache-control"] == IMMUTABLE
            asked.add(tile_path(level, index, width))
    assert {"tile/0/000", "tile/0/000.p/255", "tile/0/001.p/44", "tile/1/000.p/1"} <= asked


def test_every_bundle_of_every_signed_tree_is_served_to_the_byte(tiled: Served, entries: list[bytes]) -> None:
    for size in SEALED:
        for (level, index), width in implied_tiles(size):
            if level == 0:
                answer = tiled.get(f"/{entries_path(index, width)}")
                held = entries[index * 256 : index * 256 + width]
                assert answer.content == b"".join(len(raw).to_bytes(2, "big") + raw for raw in held)
                assert answer.headers["content-type"] == "application/octet-stream"
                assert answer.headers["cache-control"] == IMMUTABLE


def test_a_width_that_no_signed_tree_ended_with_is_not_there(tiled: Served) -> None:
    # A batch that arrives in parts may be sealed in parts.
    with psycopg.connect(tiled.settings.database_url) as connection:
        sealed = {size for (size,) in connection.execute("SELECT tree_size FROM public.checkpoints")}
    assert set(SEALED) <= sealed
    assert len(set(range(1, 256)) - sealed) > 200
    for width in set(range(1, 256)) - sealed:
        missing(tiled, f"/tile/0/000.p/{width}")
    missing(tiled, "/tile/entries/000.p/3")


@pytest.mark.parametrize("path", ["0/001", "0/001.p/45", "0/002", "0/002.p/1", "1/000", "1/000.p/2", "2/000.p/1"])
def test_nothing_beyond_the_newest_checkpoint_is_served(tiled: Served, path: str) -> None:
    missing(tiled, f"/tile/{path}")


@pytest.mark.parametrize(
    "path",
    [
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/x/000",
        "tile/0/x000/000",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000/",
        "tile/0/000.p%2F255",
        "tile/0/%30%30%30",
        "tile/%30/000",
        "tile/63/000",
        "tile/63/x999/x999/x999/x999/x999/x999/999",
        "tile/entries",
        "tile/entries/",
        "tile/entries/0",
        "tile/entries/00%30",
        "tile/entries/000.p/256",
        "tile/data/000",
        "tile/8/0/000",
        "tile/0/..%2F0/000",
        "tile/0/000%00",
        "checkpoint/",
    ],
)
def test_what_is_no_path_of_a_tile_is_not_there(tiled: Served, path: str) -> None:
    missing(tiled, f"/{path}")


def missing(one: Served, path: str) -> None:
    answer = one.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/tile/0/000", "/tile/0/000.p/5", "/tile/entries/000", "/tile/entries/001.p/44"])
def test_what_the_client_has_is_not_sent_again(tiled: Served, path: str) -> None:
    etag = tiled.get(path).headers["etag"]
    known = tiled.get(path, headers={"If-None-Match": etag})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", etag)
    assert known.headers["cache-control"] == IMMUTABLE
    assert tiled.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_head_of_an_answer_can_be_had_alone(tiled: Served) -> None:
    for path in ("/checkpoint", "/tile/0/000", "/tile/entries/000"):
        whole, head = tiled.get(path), tiled.http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == whole.headers["content-type"]
    missing_head = tiled.http.head("/tile/0/007")
    assert (missing_head.status_code, missing_head.content) == (404, b"")


def test_tiles_have_no_other_methods(tiled: Served) -> None:
    for path in ("/checkpoint", "/tile/0/000", "/tile/entries/000"):
        answer = tiled.http.post(path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_the_checkpoint_is_never_kept_by_a_cache(tiled: Served) -> None:
    answer = tiled.get("/checkpoint")
    vkeys = [tiled.get("/v1/ledger").json()["log_keys"][0]]
    assert answer.content == tiled.get("/v1/checkpoint").content
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert open_checkpoint(answer.content, tiled.settings.origin, map(parse_vkey, vkeys)).tree_size == SEALED[-1]


def test_an_unopened_log_has_neither_checkpoint_nor_tiles(unopened: tuple[Served, Founding]) -> None:
    one, _ = unopened
    for path in ("/checkpoint", "/tile/0/000.p/1", "/tile/entries/000.p/1"):
        missing(one, path)
