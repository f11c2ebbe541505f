"""A random history as a log holds it: the same acts, signed, entry by entry. For whoever reads logs and not states."""

from ledger.log.entry import GENESIS_PREVIOUS, build_entry
from ledger.signing.signer import sign_payload
from tests.model.ground import ground
from tests.model.walker import Walker


def signed_log(walker: Walker) -> tuple[bytes, ...]:
    """Return the entries of the whole log, from the opening of the ledger on."""
    begun = ground()
    acts = walker.docket.acts[walker.founded :]
    envelopes = list(begun.envelopes)
    for act, payload in zip(acts, walker.payloads, strict=True):
        envelopes.append(sign_payload(payload, begun.signers[act.payload["authority"]]))
    entries, previous = [], GENESIS_PREVIOUS
    for act, envelope in zip(walker.docket.acts, envelopes, strict=True):
        entry = build_entry(act.position, act.recorded_at, previous, envelope)
        entries.append(entry.raw)
        previous = entry.sha256
    return tuple(entries)
