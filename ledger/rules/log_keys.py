"""The keys that sign checkpoints: which list may be adopted, and which was in force at a tree size.

A list that was admitted always has an Ed25519 key, which every reader of signed notes understands, and each of its keys
signs under the log's own name.
"""

from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Final

import msgspec

from ledger.events.openings import LogKeysAdopted
from ledger.events.refusals import Refusal, Refused
from ledger.rules.compact import Compact, EarlierKeys, Opened, opened

ED25519: Final = 0x01
MLDSA44: Final = 0x06
KEY_BYTES: Final[Mapping[int, int]] = MappingProxyType({ED25519: 32, MLDSA44: 1312})
"""The types of a log's key (C2SP signed-note), each with the length of its public key."""

KEY_ID_BYTES: Final = 4
SHOWN_CHARACTERS: Final = 80


def check_log_keys(compact: Compact, event: LogKeysAdopted) -> Refused | tuple[str, ...]:
    """Refuse a list by anybody but the depositary, one that no log may have, and the one that is in force."""
    ledger = opened(compact)
    assert ledger is not None
    if (refused := check_keys_of_log(event.log_keys, ledger.origin)) is not None:
        return refused
    if event.party != ledger.depositary:
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"the depositary, {ledger.depositary}", event.party)
    if event.log_keys == ledger.log_keys:
        return Refused(Refusal.ALREADY_EXISTS, "other keys than those in force", "the same in the same order")
    return ()


def check_keys_of_log(log_keys: Sequence[str], origin: str) -> Refused | None:
    """Refuse a list with a key that cannot be one of the log `origin`, with a key twice, or without an Ed25519 key."""
    kinds, seen = set(), set()
    for text in log_keys:
        name, key_id, encoded = text.split("+", 2)
        kind = _kind(name, key_id, encoded)
        if name != origin or kind is None:
            expected = f"verifier keys named {origin}, of type 01 or 06, each with the id of its key"
            return Refused(Refusal.KEY_MALFORMED, expected, _shown(text))
        if key_id in seen:
            return Refused(Refusal.KEY_MALFORMED, "verifier keys of which no two have one id", _shown(text))
        seen.add(key_id)
        kinds.add(kind)
    if ED25519 not in kinds:
        return Refused(Refusal.KEY_MALFORMED, "an Ed25519 key (type 01) among the log_keys", "none")
    return None


def with_log_keys(ledger: Opened, log_keys: tuple[str, ...], position: int) -> Opened:
    """Return the state in which `log_keys` are in force from the tree size `position` on."""
    earlier = EarlierKeys(log_keys=ledger.log_keys, until=position)
    return msgspec.structs.replace(ledger, log_keys=log_keys, earlier_keys=(*ledger.earlier_keys, earlier))


def log_keys_at(ledger: Opened, tree_size: int) -> tuple[str, ...]:
    """Return the keys each of which signs the checkpoint of `tree_size` entries, from 1 to as many as were folded."""
    return next((one.log_keys for one in ledger.earlier_keys if tree_size < one.until), ledger.log_keys)


def retired_keys(ledger: Opened) -> tuple[str, ...]:
    """Return the keys that once were in force and no longer are, each once, the oldest first."""
    every = (text for one in ledger.earlier_keys for text in one.log_keys)
    return tuple(dict.fromkeys(text for text in every if text not in ledger.log_keys))


def _kind(name: str, key_id: str, encoded: str) -> int | None:
    """Return the type of a key whose id and length are right; None for any other."""
    try:
        blob = b64decode(encoded, validate=True)
    except NoBase64:
        return None
    # Unused bits that are set would be a second spelling of one key.
    if not blob or len(blob) - 1 != KEY_BYTES.get(blob[0]) or b64encode(blob).decode() != encoded:
        return None
    digest = sha256(f"{name}\n".encode() + blob).digest()
    return blob[0] if digest[:KEY_ID_BYTES].hex() == key_id else None


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
