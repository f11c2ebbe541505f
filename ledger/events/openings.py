"""The stream `ledger`: its opening, the rules and log keys in force. Signed by the depositary's root authority."""

from typing import Annotated

from msgspec import Meta

from ledger.events.header import Event
from ledger.events.keys import KeyRecord
from ledger.events.parties import Grant
from ledger.events.values import PartyId, ShortText, Texts

RulesVersion = Annotated[int, Meta(ge=1, description="version of the rule set")]
VerifierKey = Annotated[
    str,
    Meta(
        pattern=r"^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$(?!\n)",
        max_length=2400,
        description="C2SP verifier key of the log: name+key id+base64",
    ),
]
LogKeys = Annotated[tuple[VerifierKey, ...], Meta(min_length=1, max_length=8)]


class LedgerOpened(Event, frozen=True, kw_only=True, tag="ledger.opened"):
    """The first entry. It names the root keys that it is itself signed with: the anchor that an auditor pins."""

    name: Texts
    beneficiary: PartyId
    root: Grant
    service_key: KeyRecord
    log_keys: LogKeys
    rules: RulesVersion
    purpose: ShortText | None = None


class RulesAdopted(Event, frozen=True, kw_only=True, tag="rules.adopted"):
    """From the next entry on, this version of the rules decides."""

    rules: RulesVersion


class LogKeysAdopted(Event, frozen=True, kw_only=True, tag="log_keys.adopted"):
    """From this entry on, every checkpoint is signed by each of these keys of the log and by no other of its name."""

    log_keys: LogKeys
