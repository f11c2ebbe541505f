"""Logs in memory, honest or not, and bundles from them: whatever their acts are, chain, tree and checkpoint are sealed.

The operator of such a log is the attacker: it holds the log's key, and signs what no honest ledger would admit.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from nacl.signing import SigningKey

from ledger.cli.endings import exit_code_of
from ledger.client.bundle import Believed, ProvenBundle, prove_bundle
from ledger.log.bundle import BUNDLE_HEADER, format_bundle, make_bundle, parse_bundle
from ledger.log.entry import Entry, parse_entry
from ledger.log.note import KeyKind, VerifierKey, format_vkey, parse_note, parse_vkey, signature_line, verifier_key
from ledger.log.policy import parse_policy
from ledger.log.tree import EMPTY
from ledger.signing.signer import generate_ed25519, generate_p256
from tests.acts import Founding, Office, founding, principal
from tests.audit.logs import chained, checkpoint_over

COSIGNED_AT = 1_780_000_000
GUARANTORS = ("gb", "de")


@dataclass(frozen=True)
class Cosigner:
    """A witness (type 0x04), made from the specification alone."""

    vkey: VerifierKey
    key: SigningKey

    def line(self, note: bytes) -> bytes:
        message = b"cosignature/v1\ntime %d\n" % COSIGNED_AT + parse_note(note).text
        return signature_line(self.vkey, COSIGNED_AT.to_bytes(8, "big") + self.key.sign(message).signature)


def cosigner(name: str) -> Cosigner:
    key = SigningKey(secrets.token_bytes(32))
    return Cosigner(verifier_key(name, KeyKind.COSIGNATURE_ED25519, bytes(key.verify_key)), key)


@dataclass
class Sealed:
    """A log whose envelopes are `envelopes`, and the bundles that its operator makes."""

    founded: Founding
    envelopes: list[bytes]
    times: Sequence[datetime] | None = None
    witnesses: tuple[Cosigner, ...] = ()
    quorum: str = "none"
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.entries = [parse_entry(raw) for raw in chained(self.envelopes, self.times)]

    @property
    def vkey(self) -> str:
        return format_vkey(self.founded.log_signer.vkey)

    @property
    def policy(self) -> bytes:
        lines = [f"# The policy of a test\nlog {self.vkey} https://{self.founded.origin}"]
        lines += [f"witness w{number} {format_vkey(one.vkey)}" for number, one in enumerate(self.witnesses)]
        if self.witnesses:
            names = " ".join(f"w{number}" for number in range(len(self.witnesses)))
            lines.append(f"group enough 2 {names}")
        return "\n".join([*lines, f"quorum {self.quorum}\n"]).encode()

    def note(self, *cosigned: Cosigner) -> bytes:
        note = checkpoint_over([entry.raw for entry in self.entries], self.founded.log_signer)
        return note + b"".join(one.line(note) for one in cosigned)

    def bundle(self, act: int, *others: int, policy: bytes | None = None, note: bytes | None = None) -> bytes:
        """Return the bundle of the act at position `act` with entry 1 and those at the positions `others`."""
        tree, tiles = EMPTY.append(entry.leaf_hash for entry in self.entries)
        stored = {(tile.level, tile.index): tile.hashes for tile in tiles}
        raws = {position - 1: self.entries[position - 1].raw for position in (1, act, *others)}
        text = self.policy if policy is None else policy
        signed = self.note(*self.witnesses) if note is None else note
        return format_bundle(make_bundle(act - 1, raws, text, signed, tree.tree_size, stored.__getitem__))

    def trust(self, **more: Any) -> dict[str, Any]:
        """Return whom to believe of this log, as the verifier in JavaScript takes it."""
        return {"vkeys": [self.vkey], **more}


def believed(trust: Mapping[str, Any]) -> Believed:
    """Return the same trust as the ledger's own client takes it."""
    policy = trust.get("policy")
    return Believed(
        trust.get("origin"),
        tuple(map(parse_vkey, trust.get("vkeys", ()))),
        parse_policy(policy.encode()) if policy is not None else None,
        trust.get("anchor"),
    )


def proved(raw: bytes, trust: Mapping[str, Any]) -> ProvenBundle:
    """Return what the ledger's own client proves. Raises LogInvalid, Undecidable."""
    return prove_bundle(parse_bundle(raw), believed(trust))


def code_of(raw: bytes, trust: Mapping[str, Any]) -> int:
    """Return how `gledger verify` would end: 0 valid, 1 proven invalid, 3 undecidable."""
    try:
        proved(raw, trust)
    except Exception as error:
        code = exit_code_of(error)
        if code is None:
            raise
        return int(code)
    return 0


def restamped(raw: bytes) -> bytes:
    """Return a bundle with the digest that fits what follows it, as whoever changed it would write."""
    header, digest, rest = raw.partition(b"\n")[0], *raw[len(BUNDLE_HEADER) :].partition(b"\n")[::2]
    assert len(digest) == len(b"sha256 ") + 64
    return header + b"\nsha256 " + sha256(rest).hexdigest().encode() + b"\n" + rest


@dataclass
class Cast:
    """A founded ledger (opening 1, ua 2, gb 3, de 4) and a ministry of gb with two keys, both of which must sign."""

    founded: Founding
    gb: Office
    de: Office
    ministry: Office

    def granted(self, office: Office, standing: str = "delegated", **fields: Any) -> bytes:
        """Return the next act of gb's principal: a mandate for another office of gb."""
        text: dict[str, Any] = {
            "granted": office.authority,
            "standing": standing,
            "office": "minister of defence",
            "basis": "full_powers",
            "keys": office.keys,
            "scope": {"events": ["party.*", "instrument.*"]},
            "valid_from": "2026-01-15T12:00:00Z",
        }
        return self.gb.act("authority.granted", **{**text, **fields})

    def sealed(self, *acts: bytes, **fields: Any) -> Sealed:
        """Return the log of the founding and then `acts`, from position 5 on."""
        return Sealed(self.founded, [*self.founded.raws, *acts], **fields)


def cast() -> Cast:
    made = founding(guarantors=GUARANTORS)
    gb, de = (made.offices[party] for party in GUARANTORS)
    ministry = principal("gb")
    ministry.authority = "gb/ministry"
    ministry.signers = (generate_ed25519(), generate_p256())
    ministry.threshold = 2
    return Cast(made, gb, de, ministry)


def honest(**fields: Any) -> Sealed:
    """Return a log in which gb's ministry acts at position 6, and is revoked without doubt at 7."""
    one = cast()
    acts = [one.granted(one.ministry), one.ministry.renaming("United Kingdom")]
    acts.append(one.gb.act("authority.revoked", revoked=one.ministry.authority, reason="left_office"))
    return one.sealed(*acts, **fields)


def with_witnesses(sealed: Sealed, count: int = 3) -> Sealed:
    """Return the log with witnesses, any two of whom are enough."""
    witnesses = tuple(cosigner(f"witness.example/w{number}") for number in range(count))
    return replace(sealed, witnesses=witnesses, quorum="enough")
