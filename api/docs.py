"""The interface's description for people: Swagger UI from our own files, under a policy without inline scripts."""

from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

STATIC_PATH: Final = "/docs/static"

# Swagger UI draws its icons from data: in its style sheet. It sets styles through the DOM, which the policy allows.
DOCS_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

router = APIRouter()


def static_files() -> StaticFiles:
    """Return the application that serves what the pages of the documentation load."""
    return StaticFiles(packages=[("api", "static")])


@router.get("/docs", include_in_schema=False)
def interface_page() -> Response:
    """Show the description of the interface."""
    page = (files("api") / "documents" / "docs.html").read_text(encoding="utf-8")
    return HTMLResponse(page, headers={"Cache-Control": "no-cache", "Content-Security-Policy": DOCS_CSP})
