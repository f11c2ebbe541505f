"""The log as C2SP tlog-tiles: the published checkpoint, tiles of hashes, bundles of entries, for anybody's tools.

    checkpoint                    tile/0/273              tile/entries/273
                                  tile/1/000.p/17         tile/entries/274.p/112

What is served is what a tree of a sealed size has: every full tile, and a partial one in each width that a signed tree
ended with. None of it ever changes; only the checkpoint does.
"""

import asyncio
from collections.abc import Iterator
from hashlib import sha256
from itertools import chain
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response, StreamingResponse

from api.log import ENTRIES_AT_ONCE, TEXT, is_known
from api.problems import Problem, Trouble
from api.ready import READY_ANSWER_BYTES_MAX
from api.service import service_of
from api.tiles_documentation import BUNDLE_GET, OCTETS, PUBLISHED_CHECKPOINT_GET, TILE_GET
from api.witnessed import published_note
from ledger.log.entry_bundle import format_bundle
from ledger.log.errors import TileInvalid
from ledger.log.tiles import (
    HASH_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TREE_SIZE_MAX,
    parse_entries_path,
    parse_tile_path,
)
from ledger.store.log import StoredLog

IMMUTABLE: Final = "public, max-age=604800, immutable"
"""A week: a partial tile never changes, but may go once the full one is there."""

_SHOWN_MAX: Final = 80

Level = Annotated[str, Path(description="0 (hashes of entries) to 63", examples=["0"])]
Index = Annotated[
    str, Path(description="x001/x234/067 for 1234067; if it is partial .p/<width of 1 to 255>", examples=["000.p/1"])
]

router = APIRouter(tags=["tiles"], default_response_class=Response)


@router.get("/checkpoint", **PUBLISHED_CHECKPOINT_GET)
async def show_published_checkpoint(request: Request) -> Response:
    """The newest signed tree head that is published for everybody (C2SP tlog-checkpoint)."""
    service = service_of(request)
    # Before the first is known here, another process may have sealed it.
    note: bytes | None = published_note(service) or await asyncio.to_thread(service.log.checkpoint)
    if note is None:
        raise Problem(Trouble.NOT_FOUND, "a checkpoint", "a log in which nothing is recorded yet")
    return Response(note, headers={"Cache-Control": "no-store"}, media_type=TEXT)


@router.get("/tile/entries/{index:path}", **BUNDLE_GET)
def show_entry_bundle(request: Request, index: Index) -> Response:
    """Up to 256 entries in their exact bytes, each after its length in two bytes."""
    path = f"tile/entries/{index}"
    service = service_of(request)
    log = service.log
    try:
        number, width = parse_entries_path(path)
    except TileInvalid as error:
        raise _missing(request, error.expected) from None
    hashes = _hashes(request, log, 0, number, width)
    # The hashes of the entries name them to the byte, and are at hand without reading them.
    etag = f'"entries-{sha256(hashes).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": IMMUTABLE}
    if is_known(request, etag):
        return service.ready.keep(request, Response(status_code=304, headers=headers), None)
    first = number * TILE_WIDTH
    parts = _bundle(log, first, first + width)
    begun = list(_up_to(parts, READY_ANSWER_BYTES_MAX))
    body = b"".join(begun)
    if len(body) >= READY_ANSWER_BYTES_MAX:
        return StreamingResponse(chain([body], parts), headers=headers, media_type=OCTETS)
    return service.ready.keep(request, Response(body, headers=headers, media_type=OCTETS), None)


@router.get("/tile/{level}/{index:path}", **TILE_GET)
def show_tile(request: Request, level: Level, index: Index) -> Response:
    """Up to 256 hashes of 32 bytes each: of entries at level 0, above of the full tiles of the level below."""
    path = f"tile/{level}/{index}"
    try:
        number_of_level, number, width = parse_tile_path(path)
    except TileInvalid as error:
        raise _missing(request, error.expected) from None
    service = service_of(request)
    hashes = _hashes(request, service.log, number_of_level, number, width)
    etag = f'"{sha256(hashes).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": IMMUTABLE}
    if is_known(request, etag):
        return service.ready.keep(request, Response(status_code=304, headers=headers), None)
    return service.ready.keep(request, Response(hashes, headers=headers, media_type=OCTETS), None)


def _hashes(request: Request, log: StoredLog, level: int, index: int, width: int) -> bytes:
    """Return the tile in this width. Raises Problem unless a signed tree has it so."""
    # An address must not have two names, which a cache would take for two things.
    if b"%" in request.scope.get("raw_path", b""):
        raise _missing(request, "a path without escapes")
    ends = index * TILE_WIDTH + width
    first = ends << TILE_HEIGHT * level
    # A tree ends with a partial tile as long as it has no further hash at this level.
    last = min(((ends + 1) << TILE_HEIGHT * level) - 1, TREE_SIZE_MAX) if width < TILE_WIDTH else TREE_SIZE_MAX
    if first > TREE_SIZE_MAX or not log.is_sealed_within(first, last):
        raise _missing(request, "a tile of the newest checkpoint, or a partial one of an earlier checkpoint")
    hashes = log.tiles([(level, index)])[level, index]
    assert len(hashes) >= width * HASH_BYTES, "what was sealed is stored"
    return hashes[: width * HASH_BYTES]


def _bundle(log: StoredLog, after: int, until: int) -> Iterator[bytes]:
    """Yield the entries of positions `after` + 1 to `until`, which are all there, as a bundle."""
    while after < until:
        raws = log.entries(after, min(ENTRIES_AT_ONCE, until - after))
        assert raws, "positions have no gaps"
        after += len(raws)
        yield format_bundle(raws)


def _up_to(parts: Iterator[bytes], bytes_max: int) -> Iterator[bytes]:
    """Yield parts until they have `bytes_max` bytes, or end; the rest is left in `parts`."""
    size = 0
    while size < bytes_max and (part := next(parts, None)) is not None:
        size += len(part)
        yield part


def _missing(request: Request, expected: str) -> Problem:
    return Problem(Trouble.NOT_FOUND, expected, ascii(request.url.path)[:_SHOWN_MAX])
