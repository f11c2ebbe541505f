"""Whose keys signed, and whether their mandate stood: a fold over the few entries of a bundle, by the ledger's rules.

What is folded is a ledger of which only these entries are known. So it shows what they show and no more: that nothing
else was recorded about the authorities in between, only an audit can tell.
"""

from typing import Final

import msgspec

from ledger.audit.findings import Undecidable, words
from ledger.events.authorities import ActConfirmed, ActRepudiated, AuthorityGranted, AuthorityRevoked
from ledger.events.header import FIRST_PREVIOUS, Event
from ledger.events.openings import LedgerOpened, LogKeysAdopted
from ledger.events.parties import PartyAdmitted
from ledger.events.refusals import Refused, Rejected
from ledger.events.stages import Envelope, Verified
from ledger.log.entry import Entry
from ledger.log.errors import BundleInvalid
from ledger.rules.compact import Authority, Opened, authority, opened
from ledger.rules.decide import decide, keys_of
from ledger.rules.memory import MemoryCompact
from ledger.rules.standing import check_standing
from ledger.signing.dsse import parse
from ledger.signing.verify import verify

ABOUT_AUTHORITIES: Final = (
    LedgerOpened,
    LogKeysAdopted,
    PartyAdmitted,
    AuthorityGranted,
    AuthorityRevoked,
    ActConfirmed,
    ActRepudiated,
)
"""What has a place in a bundle beside its act: it registers an authority, or changes how one stands."""

FORCED: Final = ("consultation.opened", "measure.reinstated")
"""What the service key signs: acts that the rules force. By what, only an audit shows."""


class KnownAuthorities:
    """Entries of one ledger, taken in the order of the log, first its opening. After an error it has no further use."""

    def __init__(self, origin: str) -> None:
        self.compact = MemoryCompact()
        self._origin = origin

    @property
    def ledger(self) -> Opened:
        """What the ledger is, by the entries so far. Only after the first."""
        state = opened(self.compact)
        assert state is not None
        return state

    def take(self, entry: Entry, *, is_act: bool) -> tuple[Envelope, Authority]:
        """Return what the entry holds, and its signer as it stood there. Raises BundleInvalid for the first that fails:

        1. The first entry, and no other, opens the ledger; beside the act there are only acts about authorities
        2. The act is canonical, for this ledger, and signed by enough keys of an authority that an earlier entry
           registered, or the opening itself; keys that it registers are sound and held by whom they are registered for
        3. It is a later act of that authority than those before, and names the one before where that is here
        4. The authority stood, and might sign such an act
        5. An act about authorities is one that the rules admit on what the earlier entries hold

        Raises Undecidable for the word of a party on an act of another: that it succeeds that one, only an audit shows.
        """
        try:
            return self._take(entry, is_act=is_act)
        except Rejected as rejection:
            raise self._invalid(entry, *words(rejection)) from None

    def _take(self, entry: Entry, *, is_act: bool) -> tuple[Envelope, Authority]:
        envelope = parse(entry.envelope)
        event = envelope.event
        # 1. In its place.
        if isinstance(event, LedgerOpened) != (entry.position == 1):
            raise self._invalid(entry, "ledger.opened first and once", event.type)
        if not is_act and (not isinstance(event, ABOUT_AUTHORITIES) or self._is_on_unknown(event)):
            raise self._invalid(entry, "an act about authorities, beside the one that the bundle is for", event.type)
        if self.compact.locate(event.id) is not None:
            raise self._invalid(entry, "every event id once", event.id)
        # 2. Signed.
        verified = verify(envelope, keys_of(self.compact, event), ledger=self._origin)
        signer = authority(self.compact, event.authority)
        if signer is not None:
            # 3. In the chain of its authority, of which a bundle holds only parts.
            self._check_chain(entry, signer, envelope)
            signer = msgspec.structs.replace(signer, sequence=event.sequence - 1, previous=event.previous)
            self.compact.changes[f"authority/{signer.id}"] = signer
        # 4. and 5. By an authority in standing, and admissible as far as that shows here.
        self._check_admissible(entry, verified, signer)
        known = authority(self.compact, event.authority)
        assert known is not None
        return envelope, signer or known

    def _check_chain(self, entry: Entry, signer: Authority, envelope: Envelope) -> None:
        event = envelope.event
        if event.sequence <= signer.sequence:
            raise self._invalid(entry, f"an act after number {signer.sequence} of {signer.id}", str(event.sequence))
        before = FIRST_PREVIOUS if event.sequence == 1 else signer.previous
        if event.sequence == signer.sequence + 1 and event.previous != before:
            raise self._invalid(entry, f"previous {before}", event.previous)

    def _check_admissible(self, entry: Entry, verified: Verified, signer: Authority | None) -> None:
        event = verified.event
        if isinstance(event, ABOUT_AUTHORITIES) and not self._is_on_unknown(event):
            self._check_own(entry, event)
            outcome = decide(self.compact, verified, entry.recorded_at)
            if isinstance(outcome, Refused):
                raise self._refused(entry, outcome)
            self.compact.apply(outcome, entry.position, entry.recorded_at)
            return
        if signer is None:
            raise self._invalid(entry, "an authority that an earlier entry registered", event.authority)
        if signer.standing == "service":
            if event.type not in FORCED:
                raise self._invalid(entry, f"one of {', '.join(FORCED)} by the service key", event.type)
            return
        refused = check_standing(signer, event, entry.recorded_at)
        if refused is not None:
            raise self._refused(entry, refused)
        self.compact.changes[f"authority/{signer.id}"] = msgspec.structs.replace(
            signer, sequence=event.sequence, previous=verified.envelope.payload_sha256
        )

    def _is_on_unknown(self, event: Event) -> bool:
        """Tell whether it is a word on an act that is not here: only the act of the bundle itself can be."""
        return isinstance(event, ActConfirmed | ActRepudiated) and self.compact.locate(event.act) is None

    def _check_own(self, entry: Entry, event: Event) -> None:
        """Raise Undecidable where the owner of what is revoked or judged is another party than the signer's."""
        target: Authority | None = None
        if isinstance(event, AuthorityRevoked):
            target = authority(self.compact, event.revoked)
        elif isinstance(event, ActConfirmed | ActRepudiated):
            state = self.compact.get(self.compact.locate(event.act) or "")
            target = state if isinstance(state, Authority) else None
        if target is not None and target.party != event.party:
            raise Undecidable(
                f"entry {entry.position}: {event.party} speaks for {target.party}; only an audit shows whether it may"
            )

    def _refused(self, entry: Entry, refused: Refused) -> BundleInvalid:
        return self._invalid(entry, refused.expected, f"{refused.got} ({refused.refusal})")

    def _invalid(self, entry: Entry, expected: str, got: str) -> BundleInvalid:
        return BundleInvalid(f"entry {entry.position}: {expected}", got)


def doubt_of(known: KnownAuthorities, entry: Entry, event: Event) -> str | None:
    """Return what later entries of the bundle say against an act, whose authority stood when it was recorded; or None.

    Whether the party has confirmed or repudiated the act itself since then, only an audit shows.
    """
    signer = authority(known.compact, event.authority)
    assert signer is not None
    if signer.revoked_at is None or signer.revoked_at <= entry.position:
        return None
    since = signer.valid_from if signer.revoked_because == "repudiated" else signer.contested_since
    if since is None or entry.recorded_at < since:
        return None
    return f"{signer.id} was revoked at position {signer.revoked_at} ({signer.revoked_because}), its acts contested"
