"""What goes into a bundle, read from the stored log: the act, and what was recorded about whoever stands behind it.

The opening and every adoption of log keys say by which keys the checkpoint is signed. Of every authority that signed an
entry in the bundle, the bundle holds the entry that registered it and all that was recorded about it up to the tree
size: its revocation, and words on its grant. Their signers are such authorities too, and so is whoever is revoked.
"""

from collections import deque
from typing import Final

from ledger.events.authorities import ActConfirmed, ActRepudiated, AuthorityRevoked
from ledger.log.bundle import Bundle, make_bundle
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.entry import parse_entry
from ledger.log.note import parse_note
from ledger.log.proofs import tiles_needed_for_inclusion
from ledger.rules.compact import LEDGER, Authority, Opened, Recorded
from ledger.signing.dsse import parse
from ledger.store.log import StoredLog

OPENING: Final = 1


def stored_bundle(log: StoredLog, position: int, policy: bytes, note: bytes) -> Bundle:
    """Return the bundle of the act at `position`, in the tree that `note` signs; both must be of this log.

    Raises BundleInvalid if more entries stand behind the act than a bundle holds.
    """
    tree_size = parse_checkpoint(parse_note(note).text).tree_size
    gathered = _Gathered(log, tree_size)
    gathered.gather(position)
    raws = {at - 1: raw for at, raw in gathered.raws.items()}
    tiles = log.tiles(tiles_needed_for_inclusion(raws, tree_size))
    return make_bundle(position - 1, raws, policy, note, tree_size, tiles.__getitem__)


class _Gathered:
    """The raw entries of a bundle by position, until nothing is missing."""

    def __init__(self, log: StoredLog, tree_size: int) -> None:
        self._log = log
        self._tree_size = tree_size
        self._authorities: deque[str] = deque()
        self.raws: dict[int, bytes] = {}

    def gather(self, position: int) -> None:
        self._add(OPENING)
        self._add(position)
        ledger = self._log.state(LEDGER)
        assert isinstance(ledger, Opened), "the first entry of a log opens it"
        for earlier in ledger.earlier_keys:
            self._add(earlier.until)
        seen: set[str] = set()
        while self._authorities:
            authority_id = self._authorities.popleft()
            if authority_id not in seen:
                seen.add(authority_id)
                self._add_about(authority_id)

    def _add(self, position: int) -> None:
        if position in self.raws or position > self._tree_size:
            return
        raw = self._log.entry(position)
        assert raw is not None, "positions up to the tree size are in the log"
        self.raws[position] = raw
        event = parse(parse_entry(raw).envelope).event
        self._authorities.append(event.authority)
        if isinstance(event, AuthorityRevoked):
            self._authorities.append(event.revoked)

    def _add_about(self, authority_id: str) -> None:
        state = self._log.state(f"authority/{authority_id}")
        assert isinstance(state, Authority), "whoever signs or is revoked is registered"
        registered = self._log.find(state.granted_in)
        assert registered is not None
        self._add(registered.position)
        for position in self._log.positions_about(authority_id):
            self._add(position)
        if registered.stream.startswith("party/"):
            self._add_words(registered.stream, state.granted_in)

    def _add_words(self, stream: str, admission: str) -> None:
        """Add what was said on the admission of a party, and on what was said."""
        state = self._log.state(stream)
        assert isinstance(state, Recorded)
        spoken_of = {admission}
        for act in state.history.acts:
            event = act.event
            if isinstance(event, ActConfirmed | ActRepudiated) and event.act in spoken_of:
                spoken_of.add(event.id)
                self._add(act.position)
