"""What a copy of a log makes of a server that means harm: it ends in time, takes little memory, and proves nothing."""

import gzip
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from ledger.cli.endings import exit_code_of
from ledger.cli.exit_codes import ExitCode
from ledger.client.connection import Connection
from ledger.client.decoding import UNPACKED_BYTES_MAX
from ledger.client.errors import AnswerMalformed, ClientError, NotThere, Unreachable
from tests.audit.tile_folders import read_back
from tests.client.hostile_server import OK, Answer, dripping, hostile, without_end
from tests.client.scripted_server import answer, scripted
from tests.client.tiled_logs import TiledLog, grown, some_entries

SECONDS_MAX = 0.5
MEMORY_BYTES_MAX = 24 * 1024 * 1024
LONG = b"Content-Length: 99999999999\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = b"Content-Encoding: gzip\r\n"


def bomb() -> bytes:
    """Return a hundred KiB that unpack to 96 MiB."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join(packing.compress(bytes(1 << 20)) for _ in range(96)) + packing.flush()


BOMB = bomb()
BOMB_OF_BOMBS = gzip.compress(BOMB)

HOSTILE: dict[str, Answer] = {
    "a body without end": lambda: chain([OK, LONG], without_end(b"x" * 65536)),
    "chunks without end": lambda: chain([OK, CHUNKED], without_end(b"1000\r\n" + b"x" * 4096 + b"\r\n")),
    "headers without end": lambda: chain([OK], without_end(b"X-More: and more\r\n")),
    "one header without end": lambda: chain([OK, b"X: "], without_end(b"x" * 4096)),
    "a status line without end": lambda: chain([b"HTTP/1.1 200 "], without_end(b"x" * 4096)),
    "empty chunk extensions": lambda: chain([OK, CHUNKED, b"1;"], without_end(b"x" * 4096)),
    "informational answers without end": lambda: without_end(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body that drips": lambda: chain([OK, LONG], dripping(b"x")),
    "headers that drip": lambda: chain([OK, b"X: "], dripping(b"x")),
    "a status line that drips": lambda: dripping(b"H"),
    "silence": lambda: dripping(b""),
    "a bomb": lambda: [OK, GZIP, b"Content-Length: %d\r\n\r\n" % len(BOMB), BOMB],
    "a bomb of bombs": lambda: [
        OK,
        b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB_OF_BOMBS),
        BOMB_OF_BOMBS,
    ],
    "bombs without end": lambda: chain([OK, GZIP, LONG], without_end(BOMB)),
    "what is packed in another way": lambda: [OK, b"Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello"],
    "what does not unpack": lambda: [OK, GZIP, b"Content-Length: 5\r\n\r\nhello"],
    "no HTTP": lambda: [b"SSH-2.0-OpenSSH_9.0\r\n"],
    "nothing": list,
}


@pytest.fixture
def memory() -> Iterator[None]:
    """Fail if much more memory is taken than an answer may have."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MEMORY_BYTES_MAX


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_copy_of_a_hostile_server_ends_undecided(name: str, tmp_path: Path) -> None:
    began = time.monotonic()
    with (
        hostile(HOSTILE[name]) as url,
        Connection(url, waits_s=(), request_seconds_max=SECONDS_MAX) as connection,
        pytest.raises((Unreachable, AnswerMalformed)) as found,
    ):
        grown(connection, tmp_path / "copy", TiledLog().trusted)
    assert time.monotonic() - began < 8 * SECONDS_MAX
    assert exit_code_of(found.value) is ExitCode.UNDECIDABLE
    assert read_back(tmp_path / "copy") == {}


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "307 Temporary Redirect", "304 Not Modified", "401 Unauthorized", "500 Error"]
)
def test_a_server_that_sends_elsewhere_or_away_is_not_followed(status: str, tmp_path: Path) -> None:
    with (
        scripted(answer(status, b"", "Location: http://127.0.0.1:1/checkpoint")) as script,
        Connection(script.url, waits_s=()) as connection,
        pytest.raises(ClientError) as found,
    ):
        grown(connection, tmp_path / "copy", TiledLog().trusted)
    assert exit_code_of(found.value) is ExitCode.UNDECIDABLE
    assert len(script.asked) == 1


def test_a_bundle_or_tile_that_is_too_long_or_missing_is_refused(tmp_path: Path) -> None:
    log, entries = TiledLog(), some_entries(3)
    note = answer("200 OK", log.note(entries))
    for second in (
        answer("200 OK", b"", length=17 * 1024 * 1024),
        answer("200 OK", bytes(17 * 1024 * 1024)),
        answer("200 OK", log.files(entries)["tile/entries/000.p/3"], length=10_000),
        answer("404 Not Found"),
    ):
        with (
            scripted(note, second) as script,
            Connection(script.url, waits_s=()) as connection,
            pytest.raises((Unreachable, AnswerMalformed, NotThere)) as found,
        ):
            grown(connection, tmp_path / "copy", log.trusted)
        assert exit_code_of(found.value) is ExitCode.UNDECIDABLE
        assert not (tmp_path / "copy" / "checkpoint").exists()


def test_an_honest_answer_may_be_packed(tmp_path: Path) -> None:
    log, entries = TiledLog(), some_entries(3)
    files = log.files(entries)
    packed = [
        answer("200 OK", gzip.compress(files[path]), "Content-Encoding: gzip")
        for path in ("checkpoint", "tile/entries/000.p/3")
    ]
    with scripted(*packed) as script, Connection(script.url, waits_s=()) as connection:
        grown(connection, tmp_path / "copy", log.trusted)
    assert read_back(tmp_path / "copy") == files


@pytest.mark.parametrize("size", [0, 1, UNPACKED_BYTES_MAX - 1, UNPACKED_BYTES_MAX, 3 * UNPACKED_BYTES_MAX + 7])
def test_what_was_packed_comes_out_whole(size: int) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    packed = gzip.compress(body)
    good = answer("200 OK", packed, "Content-Encoding: gzip")
    for bad in (packed[:-1], packed + b"x", packed[:-8] + b"x" * 8, packed + packed):
        with (
            scripted(answer("200 OK", bad, "Content-Encoding: gzip")) as script,
            Connection(script.url, waits_s=()) as connection,
            pytest.raises(Unreachable),
        ):
            connection.get("/")
    with scripted(good) as script, Connection(script.url, waits_s=()) as connection:
        assert connection.get("/").body == body
