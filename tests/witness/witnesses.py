"""Witnesses for tests: made as the command makes them, with a clock that tests set."""

from dataclasses import dataclass
from pathlib import Path

from ledger.log.cosignature import Cosigner, verified_cosignatures
from ledger.log.note import KeyKind, VerifierKey, parse_note
from ledger.witness.directory import make_witness, open_cosigners, open_store
from ledger.witness.protocol import Answer
from ledger.witness.store import Heads, WitnessStore
from ledger.witness.witness import Witness
from tests.witness.histories import TwoFacedLog

NAME = "witness.example/gb"
NAMES = {KeyKind.COSIGNATURE_ED25519: NAME, KeyKind.COSIGNATURE_MLDSA44: f"{NAME}/mldsa44"}
NOW = 1_800_000_000


@dataclass
class Clock:
    """A clock that stands still until somebody sets it."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True)
class Made:
    """A witness in a directory."""

    directory: Path
    store: WitnessStore
    cosigners: tuple[Cosigner, ...]
    clock: Clock

    @property
    def vkeys(self) -> tuple[VerifierKey, ...]:
        return tuple(cosigner.vkey for cosigner in self.cosigners)

    @property
    def witness(self) -> Witness:
        return self.with_heads(self.store)

    def with_heads(self, heads: Heads) -> Witness:
        """Return the witness on another store, such as a broken one."""
        return Witness(heads, self.cosigners, self.clock)

    def times(self, text: bytes, lines: bytes) -> dict[VerifierKey, int]:
        """Return when each key of the witness signed `text`; every line must be one of its own, and verify."""
        note = parse_note(text + b"\n" + lines)
        times = verified_cosignatures(note, self.vkeys)
        assert len(times) == len(note.signatures)
        return times


def made_witness(directory: Path, *logs: TwoFacedLog, names: dict[KeyKind, str] = NAMES) -> Made:
    """Return a new witness in `directory` that trusts `logs`."""
    make_witness(directory, names, None)
    store = open_store(directory)
    if logs:
        store.trust([(log.origin, log.vkey) for log in logs])
    return Made(directory, store, open_cosigners(directory, store, None), Clock())


def text_of(note_raw: bytes) -> bytes:
    """Return the text of a checkpoint's note."""
    return parse_note(note_raw).text


def said(answer: Answer) -> str:
    """Return the words of a refusal."""
    return answer.body.decode("ascii")
