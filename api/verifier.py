"""The verifier in JavaScript, as files that anybody may take from here: the page, its style, and the code.

Served so that it is at hand. Whoever distrusts this server takes the same files from elsewhere, and the page says so.
"""

from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.problems import Problem, Trouble

VERIFIER_PATH: Final = "/verifier"

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "verify.mjs": "text/javascript; charset=utf-8",
    "cli.mjs": "text/javascript; charset=utf-8",
}
"""The files, and what each is."""

VERIFIER_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing but its own files, and no connection anywhere: what is verified here stays here."""

router = APIRouter(default_response_class=Response)


@router.get(VERIFIER_PATH, include_in_schema=False)
def lead_to_page() -> Response:
    """Lead to the address at which the page finds its files."""
    return RedirectResponse(f"{VERIFIER_PATH}/")


@router.get(f"{VERIFIER_PATH}/", include_in_schema=False)
def show_page(request: Request) -> Response:
    """Show the page that verifies a bundle."""
    return show_file(request, "index.html")


@router.get(f"{VERIFIER_PATH}/{{name}}", include_in_schema=False)
def show_file(request: Request, name: str) -> Response:
    """Return one of the verifier's files."""
    if name not in MEDIA_TYPES:
        raise Problem(Trouble.NOT_FOUND, f"one of {', '.join(MEDIA_TYPES)}", ascii(name)[:80])
    raw = (files("api") / "static" / "verifier" / name).read_bytes()
    etag = f'"{sha256(raw).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Content-Security-Policy": VERIFIER_CSP}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(raw, headers=headers, media_type=MEDIA_TYPES[name])
