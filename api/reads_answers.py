"""From a question to its answer: the rows as they were known, the computation, the form, and what lets it be kept.

The entity tag follows from the tree size, the day or instant and the question, so an answer that a client has is
confirmed without computing it, and an answer that was given is given again from memory.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from itertools import islice
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from starlette.responses import Response

from api.problems import Problem, Trouble
from api.reads_asked import MEDIA_TYPE, Asked, Form, Page, instant_text
from api.reads_tables import lines, table
from api.ready import Basis
from api.service import Service, service_of
from projections.folding import ActRow
from projections.models import ReadModels
from projections.reading import Known, end_of
from projections.stored_rows import NotKnown, NotServing, StoredRows
from projections.tables import VERSION

PINNED: Final = "public, max-age=3600"
"""For a question that names both of its times: the answer changes only if the software does."""

CHECKED: Final = "no-cache"
_SOFTWARE: Final = f"{version('guarantee-ledger')}/{VERSION}"

Item = TypeVar("Item", bound=Struct)
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Found:
    """What was computed: one thing, or one page of a list and the key to go on after."""

    data: Struct | Sequence[Struct]
    rows: Sequence[Struct]
    following: str | None = None


Compute = Callable[[Known, StoredRows], Found]


def one(data: Struct, rows: Sequence[Struct] | None = None) -> Found:
    """Return one thing as what was found; `rows`: how it reads as a table, if not as one line."""
    return Found(data, rows if rows is not None else [data])


def page_of(items: Iterable[Item], page: Page, key: Callable[[Item], str]) -> Found:
    """Return a page of what comes after the cursor. `items` begin after it, or are all."""
    found = list(islice(items, page.limit + 1))
    shown = found[: page.limit]
    return Found(shown, shown, key(shown[-1]) if len(found) > page.limit else None)


def after_key(items: Iterable[Item], page: Page, key: Callable[[Item], str]) -> Iterator[Item]:
    """Yield the items behind the one with the cursor's key, in whatever order they are. Raises Problem without it."""
    rest = iter(items)
    # Looking for the cursor's item leaves `rest` right behind it.
    if page.after is not None and all(key(item) != page.after for item in rest):
        raise Problem(Trouble.QUERY_INVALID, "after as the last page's Link had it", ascii(page.after))
    yield from rest


def answer(asked: Asked, compute: Compute, *, by_instant: bool = False) -> Response:
    """Return the answer to a question. Raises Problem.

    `by_instant`: it depends on `known.instant`, not on the day alone, so it says the instant.
    """
    service = service_of(asked.request)
    if isinstance(asked.known_at, int):
        tree_size = service.log.head().tree_size
        if asked.known_at > tree_size:
            # Told at once: only what is recorded is worth waiting for.
            raise Problem(Trouble.NOT_FOUND, f"known_at of at most {tree_size}", str(asked.known_at))
    try:
        with service.models.at(asked.known_at) as rows:
            return _answered(_settled(asked, rows) if by_instant else asked, compute, rows, service)
    except NotServing:
        raise Problem(Trouble.NOT_READY, "projections", "none yet") from None
    except NotKnown as error:
        raise Problem(Trouble.NOT_READY, "projections at the tree size asked for", f"{error.position} so far") from None


def _settled(asked: Asked, rows: StoredRows) -> Asked:
    """Return the question with its instant. A question about now is about an instant that knows the newest entry."""
    at = max(asked.at, rows.recorded_at) if asked.is_now and rows.recorded_at is not None else asked.at
    return replace(asked, as_of=at.date(), at=at, by_instant=True)


def _answered(asked: Asked, compute: Compute, rows: StoredRows, service: Service) -> Response:
    etag = _etag(asked, rows.known_at)
    headers = {
        "ETag": etag,
        "Vary": "Accept",
        "Cache-Control": PINNED if asked.is_pinned else CHECKED,
        "Ledger-As-Of": asked.time,
        "Ledger-Known-At": str(rows.known_at),
    }
    if rows.recorded_at is not None:
        headers["Ledger-Recorded-At"] = instant_text(rows.recorded_at)
    response = _given(asked, compute, rows, service.models, headers)
    basis = _basis(asked, rows)
    return service.ready.keep(asked.request, response, basis) if basis is not None else response


def _given(asked: Asked, compute: Compute, rows: StoredRows, models: ReadModels, headers: dict[str, str]) -> Response:
    etag = headers["ETag"]
    if _is_known(asked, etag):
        return Response(status_code=304, headers=headers)
    kept = models.kept(etag) or models.keep(etag, *_computed(asked, compute, rows))
    if kept.link:
        headers["Link"] = kept.link
    return Response(kept.body, headers=headers, media_type=MEDIA_TYPE[asked.form])


def _basis(asked: Asked, rows: StoredRows) -> Basis | None:
    """Return how long the answer to the question as it was written is this one; None: no longer than now."""
    if asked.is_now and asked.by_instant:
        return None
    return Basis(
        generation=rows.generation,
        position=None if rows.is_settled else rows.position,
        until=end_of(asked.as_of).timestamp() if asked.is_now else math.inf,
    )


def _computed(asked: Asked, compute: Compute, rows: StoredRows) -> tuple[bytes, str]:
    """Return the body, and the value of the header Link or nothing."""
    found = compute(Known(rows, asked.as_of, asked.at if asked.by_instant else None), rows)
    link = _next(asked, rows.known_at, found.following) if found.following is not None else ""
    match asked.form:
        case Form.CSV:
            body = table(found.rows)
        case Form.NDJSON:
            body = lines(found.rows)
        case Form.JSON:
            body = _document(asked, rows, found)
    return body, link


def _document(asked: Asked, rows: StoredRows, found: Found) -> bytes:
    document: dict[str, Any] = {
        "as_of": asked.as_of,
        **({"at": asked.at} if asked.by_instant else {}),
        "known_at": rows.known_at,
        "recorded_at": rows.recorded_at,
        "data": found.data,
    }
    if asked.explain:
        acts = rows.acts_of(_events(msgspec.to_builtins(found.data)))
        document["explain"] = [_explained(act) for act in sorted(acts.values(), key=lambda act: act.position)]
    return msgspec.json.encode(document)


def _explained(act: ActRow) -> dict[str, object]:
    return {
        "event": act.event_id,
        "type": act.type,
        "party": act.party,
        "position": act.position,
        "recorded_at": act.recorded_at,
        "payload_sha256": act.payload_sha256,
        "href": f"/v1/events/{act.event_id}",
        "receipt": f"/v1/events/{act.event_id}/receipt",
    }


def _events(value: object) -> set[str]:
    """Return every event id that stands behind something in an answer."""
    found: set[str] = set()
    if isinstance(value, dict):
        found.update(value.get("events") or ())
        if isinstance(value.get("event"), str):
            found.add(value["event"])
        for inner in value.values():
            found |= _events(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            found |= _events(inner)
    return found


def _etag(asked: Asked, known_at: int) -> str:
    query = sorted((name, value) for name, value in asked.request.query_params.multi_items() if name not in _TIMES)
    name = (asked.request.url.path, query, asked.time, known_at, asked.form, _SOFTWARE)
    return f'"{known_at}-{sha256(repr(name).encode()).hexdigest()[:32]}"'


_TIMES: Final = ("as_of", "known_at", "format")
"""What stands in the tag as it was understood, not as it was written."""


def _is_known(asked: Asked, etag: str) -> bool:
    wanted = (one.strip().removeprefix("W/") for one in asked.request.headers.get("if-none-match", "").split(","))
    return any(one in (etag, "*") for one in wanted)


def _next(asked: Asked, known_at: int, following: str) -> str:
    """Return the link to the next page, which speaks of the same times as this one."""
    kept = [(n, v) for n, v in asked.request.query_params.multi_items() if n not in ("after", "as_of", "known_at")]
    query = urlencode([*kept, ("as_of", asked.time), ("known_at", str(known_at)), ("after", following)])
    return f'<{asked.request.url.path}?{query}>; rel="next"'


def require(found: Thing | None, what: str, name: str) -> Thing:
    """Return what was found. Raises Problem: not_found."""
    if found is None:
        raise Problem(Trouble.NOT_FOUND, what, name)
    return found
