"""Why a witness cannot work: what was expected, what there is, what to do. None of it is about a request."""


class WitnessError(Exception):
    """expected the store of this witness at heads.sqlite; got no file. Never begin an empty one with these keys."""

    def __init__(self, expected: str, got: str, do: str) -> None:
        super().__init__(f"expected {expected}; got {got}. {do}")
        self.expected = expected
        self.got = got
        self.do = do


class HeadsInvalid(WitnessError):
    """The store is missing, is damaged, or is that of another witness or another version."""


class HeadsUnavailable(WitnessError):
    """The store could not be read or written now. Whether a write arrived is unknown, and nothing was signed."""


class ClockBehind(WitnessError):
    """The clock is behind the last cosignature: a new one would claim something about a time that is spoken for."""


class KeysLocked(WitnessError):
    """A private key that this passphrase does not open."""
