"""The opening of a ledger as a draft: what the depositary signs first, around keys that the server already holds.

The root keys that it names are those that sign it, so that an auditor can pin them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.client.draft import Draft
from ledger.client.scenario_steps import Office
from ledger.events.keys import KeyRecord, KeySet
from ledger.signing.signer import Signer, key_record

RULES: Final = 1
"""The rule set that a ledger opened by this program begins with."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is to be opened. `service_key` has its proof of possession; `log_keys` are C2SP verifier keys."""

    origin: str
    name: Mapping[str, str]
    purpose: str | None
    beneficiary: str
    depositary: Office
    service_key: KeyRecord
    log_keys: tuple[str, ...]


def opening_draft(opening: Opening, root: Sequence[Signer], threshold: int) -> Draft:
    """Return the draft of `ledger.opened` that names the keys of `root`, of which `threshold` must sign."""
    office = opening.depositary
    records = tuple(key_record(signer, opening.origin, office.authority) for signer in root)
    fields: dict[str, object] = {
        "name": dict(opening.name),
        "beneficiary": opening.beneficiary,
        "root": {
            "authority": office.authority,
            "office": office.office,
            "basis": office.basis,
            "keys": KeySet(records, threshold),
        },
        "service_key": opening.service_key,
        "log_keys": opening.log_keys,
        "rules": RULES,
    }
    if opening.purpose is not None:
        fields["purpose"] = opening.purpose
    return Draft("ledger.opened", office.party, office.authority, fields)
