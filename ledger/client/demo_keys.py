"""The keys of a demonstration: one for each authority, made on first use, in a directory of their own.

They stand for no government. They are not encrypted, so that a demonstration asks nothing; nobody but the owner of the
directory can read them.
"""

from pathlib import Path

from ledger.events.keys import KeySet
from ledger.signing.signer import Ed25519Signer, P256Signer, generate_ed25519, key_record, load_signer, save_signer
from ledger.store.durable import private_directory

Key = Ed25519Signer | P256Signer


class DemoKeys:
    """The keys in `directory`, for authorities of the ledger `origin`."""

    def __init__(self, directory: Path, origin: str) -> None:
        self._directory = private_directory(directory)
        self._origin = origin
        self._loaded: dict[str, Key] = {}

    def key_of(self, authority: str) -> Key:
        """Return the key of `authority`, made if there is none. Raises OSError, ValueError for an unreadable one."""
        if authority not in self._loaded:
            path = self._directory / f"{authority.replace('/', '.')}.pem"
            if not path.exists():
                save_signer(generate_ed25519(), path, passphrase=None)
            self._loaded[authority] = load_signer(path, passphrase=None)
        return self._loaded[authority]

    def key_set_of(self, authority: str) -> KeySet:
        """Return what registers the key of `authority`: one key, threshold one, its possession proved."""
        return KeySet((key_record(self.key_of(authority), self._origin, authority),), threshold=1)
