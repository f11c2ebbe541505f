"""The digests of projections as anybody gets them: from the lists over HTTP, with the reference library for RFC 8785.

Of `projections` it knows the names and the addresses, and nothing of how an answer comes about.
"""

from hashlib import sha256
from typing import Any

import httpx
import rfc8785

from projections.digests import PROJECTIONS

DIGESTS = "/v1/projections/digests"


def listed(http: httpx.Client, path: str, query: dict[str, Any]) -> list[Any]:
    """Return all items of a list, page by page."""
    found: list[Any] = []
    answer = http.get(path, params={**httpx.URL(path).params, **query, "limit": 7})
    if answer.status_code == 422:
        answer = http.get(path, params=query)
    while True:
        data = answer.json()["data"]
        found += data if isinstance(data, list) else [data]
        following = answer.links.get("next", {}).get("url")
        if following is None:
            return found
        answer = http.get(following)


def counted(http: httpx.Client, query: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """Return count and digest of every projection, from the lists alone."""
    guarantors = [one["guarantor"] for one in listed(http, "/v1/guarantors", query)]
    found = {}
    for projection in PROJECTIONS:
        paths = [projection.path]
        if "{guarantor}" in projection.path:
            paths = [projection.path.format(guarantor=one) for one in guarantors]
        items = [item for path in paths for item in listed(http, path, query)]
        text = b"".join(rfc8785.dumps(item) + b"\n" for item in items)
        found[projection.name] = (len(items), sha256(text).hexdigest())
    return found


def stated(http: httpx.Client, query: dict[str, Any]) -> dict[str, tuple[int, str]]:
    answer = http.get(DIGESTS, params=query)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    lines = "".join(f"{one['sha256']}  {one['projection']}\n" for one in data["digests"])
    assert data["sha256"] == sha256(lines.encode()).hexdigest()
    return {one["projection"]: (one["count"], one["sha256"]) for one in data["digests"]}


def check_digests(http: httpx.Client, known_at: int, as_of: str) -> dict[str, int]:
    """Fail unless the server states the digests of its own lists. Return how many answers each projection has."""
    query = {"as_of": as_of, "known_at": known_at}
    found = stated(http, query)
    assert found == counted(http, query)
    return {name: count for name, (count, _) in found.items()}
