"""The stream `ledger`: its opening, and the rule sets in force. Signed by the depositary's root authority."""

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


class LedgerOpened(Event, frozen=True, kw_only=True, tag="ledger.opened"):
    """The first entry. It names the root keys that it is itself signed with: the anchor that an auditor pins."""

    name: Texts
    beneficiary: PartyId
    root: Grant
    service_key: KeyRecord
    log_keys: Annotated[tuple[VerifierKey, ...], Meta(min_length=1, max_length=8)]
    rules: RulesVersion
    purpose: ShortText | None = None


class RulesAdopted(Event, frozen=True, kw_only=True, tag="rules.adopted"):
    """From the next entry on, this version of the rules decides."""

    rules: RulesVersion
