"""Commands that run until somebody stops them: the options they share, and an ordinary end after Ctrl-C or SIGTERM."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Final

import typer

_STOPS: Final = (signal.SIGINT, signal.SIGTERM)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any that is free.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log every request.")]


class Stopped(BaseException):
    """Somebody asked this process to stop: raised wherever it is, so that everything on the way is closed."""


def say(line: str) -> None:
    """Say something to the operator."""
    typer.echo(line, err=True)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into an ordinary end. The HTTP server handles them itself and passes them on after it."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # Only the first counts: what is being closed must not be interrupted halfway.
        for one in _STOPS:
            signal.signal(one, signal.SIG_IGN)
        raise Stopped

    before = {one: signal.signal(one, stop) for one in _STOPS}
    try:
        yield
    except Stopped:
        say("stopped")
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
