"""Answers that are given again from memory: the same as the first, as long as they hold, and no longer."""

import time
from pathlib import Path

import httpx
import psycopg
import pytest
from starlette.requests import Request
from starlette.responses import Response

from api import ready as memory
from api.ready import Basis, Ready, Standing, names
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.log import StoredLog
from projections.rebuild import rebuild
from tests.acts import Founding, founding
from tests.api.served import CAUGHT_UP_SECONDS_MAX, Served, caught_up, found, served, settings_for
from tests.store.embedded_servers import wait_until

OF_THE_REQUEST = {"request-id", "date"}


def shown(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_THE_REQUEST}


def pinned(size: int) -> str:
    return f"/v1/guarantors/gb?as_of=2026-06-01&known_at={size}"


@pytest.mark.parametrize(
    "path", ["/v1/guarantors", "/v1/guarantors?format=csv", "/tile/0/000.p/5", "/tile/entries/000.p/5"]
)
def test_an_answer_from_memory_has_the_headers_and_the_bytes_of_the_first(ledger: Served, path: str) -> None:
    caught_up(ledger)
    first, again, head = ledger.get(path), ledger.get(path), ledger.http.head(path)
    assert (again.status_code, again.content, shown(again)) == (200, first.content, shown(first))
    assert (head.status_code, head.content, shown(head)) == (200, b"", shown(first))
    known = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    confirmed = ledger.get(path, headers=known)
    assert (confirmed.status_code, confirmed.content) == (304, b"")
    left_out = {"content-length", "content-type"}
    assert shown(confirmed) == {name: value for name, value in shown(first).items() if name not in left_out}
    assert ledger.get(path, headers={"If-None-Match": '"other"'}).content == first.content


def test_a_client_that_only_asks_for_confirmations_does_not_hide_the_answer(ledger: Served) -> None:
    caught_up(ledger)
    path = "/v1/guarantors/de"
    tag = {"If-None-Match": ledger.get(f"{path}?explain=false").headers["etag"]}
    other = ledger.get(path).headers["etag"]
    for _ in range(2):
        assert ledger.get(f"{path}?", headers={"If-None-Match": other}).status_code == 304
    assert ledger.get(f"{path}?", headers=tag).status_code == 200
    assert ledger.get(f"{path}?").json()["data"]["guarantor"] == "de"


def test_an_answer_about_now_gives_way_as_soon_as_the_rows_go_on(ledger: Served, made: Founding) -> None:
    said = 0
    for number in range(3):
        size = caught_up(ledger)
        for _ in range(3):
            told = ledger.get("/v1/parties/gb").json()
            assert told["known_at"] == size > said
        said = size
        assert ledger.post(made.depositary.renaming(f"Now {number}", subject="gb")).status_code == 201


def test_what_a_receipt_proves_can_be_read_at_its_tree_size(ledger: Served, made: Founding) -> None:
    caught_up(ledger)
    ledger.get("/v1/parties/gb")
    size = ledger.post(made.depositary.renaming("Read at once", subject="gb")).json()["tree_size"]
    told = ledger.get("/v1/parties/gb", params={"known_at": size}).json()
    assert told["known_at"] == size
    assert "Read at once" in str(told["data"])


def test_what_goes_out_from_memory_is_counted_by_its_route(ledger: Served) -> None:
    caught_up(ledger)
    line = 'gledger_requests_total{method="GET",route="/v1/parties/{party}",status="200"} '

    def count() -> float:
        return next(float(one.removeprefix(line)) for one in ledger.get("/metrics").text.splitlines() if line in one)

    ledger.get("/v1/parties/fr")
    before = count()
    ledger.get("/v1/parties/fr")
    assert count() == before + 1


def test_of_two_servers_each_says_what_it_knows_and_goes_forward_only(ledger: Served, made: Founding) -> None:
    with served(ledger.settings) as other:
        said = {ledger.url: 0, other.url: 0}
        for number in range(10):
            act = made.depositary.renaming(f"Two {number}", subject="fr")
            size = (ledger, other)[number % 2].post(act).json()["tree_size"]
            give_up = time.monotonic() + CAUGHT_UP_SECONDS_MAX
            while min(said.values()) < size:
                for one in (ledger, other):
                    told = one.get("/v1/parties/fr").json()
                    assert said[one.url] <= told["known_at"] <= size
                    assert (f"Two {number}" in str(told["data"])) is (told["known_at"] == size)
                    said[one.url] = told["known_at"]
                assert time.monotonic() < give_up, said


def test_what_a_rebuild_puts_right_is_put_right_in_memory_too(ledger: Served) -> None:
    path = f"/v1/parties?as_of=2026-06-01&known_at={caught_up(ledger)}"
    parties = [one["party"] for one in ledger.get(path).json()["data"]]
    url = ledger.settings.database_url
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM projection_rows WHERE stream = 'party/gb'")
    spoilt = f"{path}&limit=400"
    for _ in range(2):
        assert [one["party"] for one in ledger.get(spoilt).json()["data"]] == [one for one in parties if one != "gb"]
    with StoredLog(url) as log:
        rebuild(log, url, lambda _: None)
    assert ledger.get("/v1/instruments").status_code == 200
    assert [one["party"] for one in ledger.get(spoilt).json()["data"]] == parties


@pytest.mark.timeout(120)
def test_without_a_database_what_never_changes_is_there_and_nothing_is_said_about_now(
    own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    made = founding()
    with own_postgres as postgres, served(settings_for(made, postgres.dsn, tmp_path)) as one:
        found(one, made)
        size = caught_up(one)
        asked = [pinned(size), f"/tile/0/000.p/{size}", f"/tile/entries/000.p/{size}", "/checkpoint"]
        before = [one.get(path).content for path in asked]
        now = one.get("/v1/guarantors")
        assert (now.status_code, one.get("/v1/guarantors").content) == (200, now.content)
        postgres.stop()
        assert [one.get(path).content for path in asked] == before
        # The follower hears of it a moment later; until then, what was said about now is said again.
        wait_until(lambda: one.get("/v1/guarantors").status_code == 503)
        for path in ("/v1/guarantors", pinned(size - 1), "/tile/0/000.p/2"):
            assert one.get(path).status_code == 503, path


def request(path: str, accept: str = "*/*", **headers: str) -> Request:
    """Return a request, as the server describes it and a route found it."""
    named = {"accept": accept, **headers}
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()],
            "route": type("Found", (), {"path": "/{name}"}),
        }
    )


def response(body: bytes = b"figures") -> Response:
    return Response(body, headers={"ETag": '"1"'})


def body_of(ready: Ready, path: str, accept: str = "*/*") -> bytes | None:
    found = ready.find(request(path, accept).scope)
    return found[0].body if found is not None else None


def watching(generation: int | None, position: int | None) -> Ready:
    ready = Ready()
    ready.watch(lambda: Standing(generation, position))
    return ready


@pytest.mark.parametrize(
    ("basis", "holds"),
    [
        (None, True),
        (Basis(1), True),
        (Basis(1, 7), True),
        (Basis(2), False),
        (Basis(1, 6), False),
        (Basis(1, 8), False),
        (Basis(1, 7, until=0.0), False),
    ],
)
def test_an_answer_holds_as_long_as_its_basis(basis: Basis | None, holds: bool) -> None:
    ready = watching(1, 7)
    ready.keep(request("/a"), response(), basis)
    assert (body_of(ready, "/a") is not None) is holds


def test_who_does_not_know_where_the_rows_are_says_nothing_about_now() -> None:
    ready = watching(1, None)
    ready.keep(request("/now"), response(), Basis(1, 7))
    ready.keep(request("/then"), response(), Basis(1))
    assert (body_of(ready, "/now"), body_of(ready, "/then")) == (None, b"figures")


def test_rows_that_went_back_take_every_answer_about_them_with_them() -> None:
    standing = [Standing(1, 7)]
    ready = Ready()
    ready.watch(lambda: standing[0])
    ready.keep(request("/now"), response(), Basis(1, 7))
    assert body_of(ready, "/now") == b"figures"
    standing[0] = Standing(1, 3)
    assert body_of(ready, "/now") is None
    standing[0] = Standing(1, 7)
    assert body_of(ready, "/now") is None


def test_path_and_form_name_an_answer() -> None:
    ready = watching(1, 7)
    ready.keep(request("/a", "text/csv"), response(), None)
    assert body_of(ready, "/a", "text/csv") == b"figures"
    assert body_of(ready, "/a", "application/json") is None
    assert body_of(ready, "/b", "text/csv") is None


def test_a_confirmation_takes_the_place_of_no_bytes() -> None:
    ready = watching(1, 7)
    confirmation = Response(status_code=304, headers={"ETag": '"1"'})
    ready.keep(request("/a"), confirmation, None)
    assert body_of(ready, "/a") is None
    found = ready.find(request("/a", if_none_match='"1"').scope)
    assert found is not None
    assert found[1]
    ready.keep(request("/a"), response(), None)
    ready.keep(request("/a"), confirmation, None)
    assert body_of(ready, "/a") == b"figures"


def test_what_is_kept_is_bounded_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "READY_BYTES_MAX", 50_000)
    monkeypatch.setattr(memory, "READY_ANSWER_BYTES_MAX", 12_000)
    ready = watching(1, 7)
    for number in range(20):
        ready.keep(request(f"/{number}"), response(bytes(10_000)), None)
        assert body_of(ready, "/0") is not None
    assert [number for number in range(20) if body_of(ready, f"/{number}") is not None] == [0, 17, 18, 19]
    ready.keep(request("/large"), response(bytes(12_000)), None)
    assert body_of(ready, "/large") is None


@pytest.mark.parametrize(("value", "named"), [(b"*", True), (b' "2" , W/"1"', True), (b'"2"', False), (b"1", False)])
def test_if_none_match_names_tags_or_any(value: bytes, named: bool) -> None:
    assert names(value, b'"1"') is named
