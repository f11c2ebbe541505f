"""Every way to be told to end is Ctrl-C: whoever runs a server of its own stops it in order."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """Let a termination or a closed terminal raise KeyboardInterrupt, as Ctrl-C does.

    Ctrl-C too is asked for, since a shell lets what it starts in the background ignore it.
    """
    before = {number: signal.signal(number, _interrupt) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
