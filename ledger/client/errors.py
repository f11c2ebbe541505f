"""What a party's program meets when a call does not succeed: by blame, with what to do about it.

Every message says what was expected, what came and what to do; none repeats a secret.
"""

from ledger.client.answers import Problem


class ClientError(Exception):
    """expected an answer from https://ledger.example; got connection refused. Check the address and try again."""

    def __init__(self, expected: str, got: str, do: str) -> None:
        super().__init__(f"expected {expected}; got {got}. {do}")
        self.expected = expected
        self.got = got
        self.do = do


class Unreachable(ClientError):
    """Nothing is known about the outcome: no answer, a late one, or a server that says that it cannot answer now."""


class NotThere(ClientError):
    """The ledger answered that it has no such thing."""


class AnswerMalformed(ClientError):
    """The answer is not what the interface promises: too large, cut off, or of another shape."""


class PolicyNotMet(ClientError):
    """Lines that a policy wants are missing from a checkpoint: nothing is false, and it is not known to be good."""


class LedgerRefused(ClientError):
    """The ledger read the request and refuses it. `problem.code` is permanent."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.expected or problem.title, problem.got or problem.detail, problem.do)
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.problem.code}: {super().__str__()}"


class CopyDamaged(ClientError):
    """A copy on this machine is not what its own checkpoint signs."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(expected, got, "Keep it for examination, and make another copy elsewhere.")
