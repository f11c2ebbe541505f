"""What the intake raises beside what the store does. A refusal is no error: it is an outcome."""


class WrongLedger(Exception):
    """This intake must not append to this log: it is of another origin, or does not know this log's key."""


class SealingFailed(Exception):
    """The batch is recorded and its receipts could not be made.

    Submitting the same bytes again makes them, and they are the same as they would have been now.
    """


class Busy(Exception):
    """More is waiting than can be recorded soon. Nothing was accepted; submit again after `seconds`, at least 1."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = max(seconds, 1)


class Stopped(Exception):
    """The committer does not run: nothing was accepted."""
