"""Where a party keeps its keys and what it signs: a directory that a person can read.

    ledger.json   the ledger: its origin, its address, the log keys that were pinned when it was first met
    keys/         private keys (PEM, 0600) in a directory that its owner alone can enter
    drafts/       acts before they are signed (TOML or JSON)
    signed/       envelopes, and beside each its receipt and its entry

Keys are never overwritten. Nothing in `ledger.json` is secret, and whoever can change it can change whom to believe.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import msgspec
from msgspec import Struct

from ledger.client.errors import ClientError
from ledger.log.note import VerifierKey, parse_vkey
from ledger.store.durable import private_directory, write_durably

PINNED_FILE: Final = "ledger.json"
KEY_SUFFIX: Final = ".pem"
_KEY_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Pinned(Struct, frozen=True, forbid_unknown_fields=True):
    """The ledger that this party deals with."""

    origin: str
    log_keys: tuple[str, ...]
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Workspace:
    """The directory `root`, and the ledger it is for; None in a directory that is no workspace yet."""

    root: Path
    pinned: Pinned | None

    @classmethod
    def at(cls, root: Path) -> Self:
        """Return what is there. Raises ClientError if `ledger.json` is not what `pin` writes."""
        path = root / PINNED_FILE
        try:
            pinned = msgspec.json.decode(path.read_bytes(), type=Pinned)
        except FileNotFoundError:
            return cls(root, None)
        except (OSError, msgspec.DecodeError) as error:
            raise ClientError(f"{path} as written by gledger init", str(error), "Restore it or init anew.") from None
        return cls(root, pinned)

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def drafts(self) -> Path:
        return self.root / "drafts"

    @property
    def signed(self) -> Path:
        return self.root / "signed"

    def pin(self, pinned: Pinned) -> Self:
        """Return the workspace with `pinned` written down and its directories made. Raises ClientError.

        A workspace is for one ledger: another origin or other log keys are refused, since that is what an attacker
        would want; another address is not.
        """
        known = self.pinned
        if known is not None and (known.origin, known.log_keys) != (pinned.origin, pinned.log_keys):
            raise ClientError(
                f"the ledger {known.origin} with the log keys pinned in {self.root / PINNED_FILE}",
                f"{pinned.origin} with {', '.join(pinned.log_keys)}",
                "Use another directory for another ledger; ask the depositary if the keys should be the same.",
            )
        self.root.mkdir(parents=True, exist_ok=True)
        private_directory(self.keys)
        self.drafts.mkdir(exist_ok=True)
        self.signed.mkdir(exist_ok=True)
        write_durably(self.root / PINNED_FILE, msgspec.json.format(msgspec.json.encode(pinned)) + b"\n")
        return type(self)(self.root, pinned)

    def key_path(self, name: str) -> Path:
        """Return the file of a key: by its name among the keys of the workspace, or by its path.

        Raises ClientError for a name that is neither.
        """
        if "/" in name or name.endswith(KEY_SUFFIX):
            return Path(name)
        if not _KEY_NAME.fullmatch(name):
            raise ClientError("a key's name of a-z, 0-9, '.', '_' and '-', or its path", repr(name), "Rename it.")
        return self.keys / f"{name}{KEY_SUFFIX}"

    def signed_path(self, draft: Path) -> Path:
        """Return where the envelope of a draft goes: into `signed/` for a draft of this workspace, else beside it."""
        within = self.pinned is not None and draft.resolve().parent == self.drafts.resolve()
        directory = self.signed if within else draft.parent
        return directory / f"{draft.name.removesuffix(draft.suffix)}.signed.json"


def receipt_path(envelope: Path) -> Path:
    """Return where the receipt of a signed act is kept: beside it."""
    return envelope.with_name(f"{_stem(envelope)}.tlog-proof")


def entry_path(envelope: Path) -> Path:
    """Return where the entry that the receipt is for is kept: beside it."""
    return envelope.with_name(f"{_stem(envelope)}.entry.json")


def _stem(envelope: Path) -> str:
    return envelope.name.removesuffix(envelope.suffix).removesuffix(".signed")


def log_keys(texts: tuple[str, ...]) -> tuple[VerifierKey, ...]:
    """Return the verifier keys that `texts` write. Raises NoteInvalid."""
    return tuple(map(parse_vkey, texts))
