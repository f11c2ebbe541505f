"""The limits that need a server: handlers that do nothing but what HTTP demands, served exactly as the ledger is.

POST /read         reads the body, answers with a short JSON
GET /bytes/9000    answers with so many bytes
GET /unchanged     answers 304
GET /files/…       files of a directory, by Starlette
"""

import argparse
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from api.serving import app_server, listen, url_of

filler = lru_cache(maxsize=64)(bytes)


def plain_app(files: Path) -> FastAPI:
    """Return the application."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/read")
    async def read(request: Request) -> Response:
        return JSONResponse({"read": len(await request.body())})

    @app.get("/bytes/{count}")
    async def answer(count: int) -> Response:
        return Response(filler(count), media_type="application/json")

    @app.get("/unchanged")
    async def unchanged() -> Response:
        return Response(status_code=304, headers={"ETag": '"1"'})

    app.mount("/files", StaticFiles(directory=files))
    return app


def main(arguments: Sequence[str]) -> None:
    """Serve until a signal comes. Says one line when it is ready."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--files", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    with listen("127.0.0.1", 0) as listening:
        url = url_of(listening)
        server = app_server(
            plain_app(chosen.files), lambda: print(f"plain at {url} is ready", file=sys.stderr, flush=True)
        )
        server.run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1:])
