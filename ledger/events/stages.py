"""The stages of a submission, as types. A function takes only the stage before its own.

    bytes -parse-> Envelope -verify-> Verified -decide-> Admitted -append-> Entry -seal-> Receipt

Only `ledger.signing.dsse` constructs Envelope, only `ledger.signing.verify` constructs Verified, only `ledger.rules`
constructs Admitted. tests/house enforces it.
"""

from msgspec import Struct

from ledger.events.header import Event


class Signature(Struct, frozen=True, gc=False):
    """One DSSE signature. `key_id` is the SHA-256 of the key's SubjectPublicKeyInfo, 64 lowercase hex digits."""

    key_id: str
    value: bytes


class Envelope(Struct, frozen=True, gc=False):
    """A parsed DSSE envelope: canonical, well-formed, of a known event type. Nothing is proved about who signed it."""

    raw: bytes
    payload: bytes
    payload_sha256: str
    signatures: tuple[Signature, ...]
    event: Event


class Verified(Struct, frozen=True, gc=False):
    """An envelope whose signatures reach the threshold of the authority it names."""

    envelope: Envelope

    @property
    def event(self) -> Event:
        return self.envelope.event


class Admitted(Struct, frozen=True, gc=False):
    """A verified act that the rules admit. `pending_on` lists the parties whose consent it still needs."""

    verified: Verified
    pending_on: tuple[str, ...]
