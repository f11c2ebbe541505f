"""The bundle: one text file with all that it takes to check one act without a connection.

It holds the entry of the act, the entries that say whose keys those are that signed it, for each the proof that it is
in the tree, a policy by which the maker judged, and last the checkpoint. Nothing is proved yet by a bundle that parses,
but its bytes are the only ones that say what it says.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from ledger.log.checkpoint import parse_decimal
from ledger.log.entry import ENTRY_BYTES_MAX
from ledger.log.errors import BundleInvalid, shown
from ledger.log.note import NOTE_BYTES_MAX, parse_note
from ledger.log.policy import POLICY_BYTES_MAX
from ledger.log.proofs import inclusion_proofs
from ledger.log.receipt import PROOF_HASHES_MAX, Receipt
from ledger.log.tiles import HASH_BYTES, TREE_SIZE_MAX
from ledger.log.tree import ReadHashes
from ledger.signing.encoding import from_base64, to_base64

BUNDLE_HEADER: Final = b"guarantee-ledger bundle v1\n"
BUNDLE_ENTRIES_MAX: Final = 256
BUNDLE_BYTES_MAX: Final = 20 * 1024 * 1024
"""More than so many of the largest entries with their proofs, the largest policy and the largest note."""

_PROOF_CHARACTERS_MAX: Final = PROOF_HASHES_MAX * (4 * -(-HASH_BYTES // 3) + 1)
assert BUNDLE_BYTES_MAX > BUNDLE_ENTRIES_MAX * (ENTRY_BYTES_MAX + _PROOF_CHARACTERS_MAX) + POLICY_BYTES_MAX + (
    NOTE_BYTES_MAX
)


@dataclass(frozen=True, slots=True)
class BundledEntry:
    """One entry, its exact bytes, and the proof that it has `index` (from 0) in the tree of the checkpoint."""

    index: int
    raw: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Nothing is proved yet. `act_index` is the index (from 0) of the act that the bundle is about.

    Raises BundleInvalid unless the entries are 1 to BUNDLE_ENTRIES_MAX, in the order of the tree, one of them the act;
    unless each is one line of at most ENTRY_BYTES_MAX bytes, with at most 63 hashes of 32 bytes; and unless the policy
    is lines of at most POLICY_BYTES_MAX bytes. Raises NoteInvalid if the checkpoint is no note.
    """

    act_index: int
    entries: tuple[BundledEntry, ...]
    policy: bytes
    checkpoint_note: bytes

    def __post_init__(self) -> None:
        if not 1 <= len(self.entries) <= BUNDLE_ENTRIES_MAX:
            raise BundleInvalid(f"1 to {BUNDLE_ENTRIES_MAX} entries", str(len(self.entries)))
        for entry in self.entries:
            _check_entry(entry)
        for before, after in pairwise(self.entries):
            if before.index >= after.index:
                raise BundleInvalid("entries in the order of the tree, each once", f"{after.index} at {before.index}")
        if self.act_index not in (entry.index for entry in self.entries):
            raise BundleInvalid(f"the entry of index {self.act_index}, the act", "a bundle without it")
        if not self.policy.endswith(b"\n") or len(self.policy) > POLICY_BYTES_MAX:
            raise BundleInvalid(f"a policy of lines, at most {POLICY_BYTES_MAX} bytes", shown(self.policy[-60:]))
        parse_note(self.checkpoint_note)

    @property
    def act(self) -> BundledEntry:
        """The entry of the act that the bundle is about."""
        return next(entry for entry in self.entries if entry.index == self.act_index)

    @property
    def receipt(self) -> Receipt:
        """What the bundle says of its act as a receipt (C2SP tlog-proof), which other software reads."""
        return Receipt(self.act.index, self.act.proof, self.checkpoint_note)


def make_bundle(
    act_index: int, raws: Mapping[int, bytes], policy: bytes, checkpoint_note: bytes, tree_size: int, hashes: ReadHashes
) -> Bundle:
    """Return the bundle of the entries `raws` (by index), proved in the tree of `tree_size` that the note signs.

    Raises what `Bundle` does; ValueError for an index beyond the tree, TileInvalid for a tile that is too narrow.
    """
    indexes = sorted(raws)
    proofs = inclusion_proofs(indexes, tree_size, hashes)
    entries = tuple(BundledEntry(index, raws[index], proof) for index, proof in zip(indexes, proofs, strict=True))
    return Bundle(act_index, entries, policy, checkpoint_note)


def format_bundle(bundle: Bundle) -> bytes:
    r"""Return the text of `bundle`, kept in files named `*.bundle`:

        guarantee-ledger bundle v1
        sha256 6dd9b1d9e1f9ad9e2b8f6d9e6b6f3f6b1e5a7c9d0b2f4a6c8e0a1c3e5f7b9d1f
        act 1
        entries 2
        entry 0 1
        {"envelope":{...},"position":1,"previous":"0000...0000","recorded_at":"2026-11-24T08:25:28.000123Z"}
        +sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=
        entry 1 1
        {"envelope":{...},"position":2,"previous":"9f86...0a08","recorded_at":"2026-11-24T08:25:29.000456Z"}
        bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=
        policy 2
        log ledger.example/compact+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
        quorum none
        checkpoint
        ledger.example/compact
        2
        3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

        — ledger.example/compact ...

    `sha256` is of all that follows its line. `act` is the index of the entry that the bundle is about; after `entry`
    come the index and the number of hashes, which stand below the entry, the leaf's sibling first; after `policy` the
    number of its lines. What follows the line `checkpoint` is the signed note, to the end of the file.
    """
    body = b"".join(_body(bundle))
    return BUNDLE_HEADER + b"sha256 %b\n" % sha256(body).hexdigest().encode() + body


def _body(bundle: Bundle) -> Iterator[bytes]:
    yield b"act %d\nentries %d\n" % (bundle.act_index, len(bundle.entries))
    for entry in bundle.entries:
        yield b"entry %d %d\n%b\n" % (entry.index, len(entry.proof), entry.raw)
        yield "".join(f"{to_base64(one)}\n" for one in entry.proof).encode()
    yield b"policy %d\n%b" % (bundle.policy.count(b"\n"), bundle.policy)
    yield b"checkpoint\n" + bundle.checkpoint_note


def is_bundle(raw: bytes) -> bool:
    """Tell whether a file says of itself that it is a bundle."""
    return raw.startswith(BUNDLE_HEADER)


def parse_bundle(raw: bytes) -> Bundle:
    """Return the bundle that `format_bundle` writes as `raw`. Raises what `Bundle` does, BundleInvalid for all else."""
    if len(raw) > BUNDLE_BYTES_MAX:
        raise BundleInvalid(f"at most {BUNDLE_BYTES_MAX} bytes", "more")
    if not is_bundle(raw):
        raise BundleInvalid(f"{shown(BUNDLE_HEADER)} in the first line", shown(raw))
    lines = _Lines(raw[len(BUNDLE_HEADER) :])
    stated = lines.words("sha256", 1)[0]
    digest = sha256(lines.rest()).hexdigest()
    if stated != digest:
        raise BundleInvalid(f"SHA-256 {digest} of what follows", shown(stated.encode()))
    act_index = lines.number("act")
    entries = tuple(_parse_entry(lines) for _ in range(lines.number("entries", BUNDLE_ENTRIES_MAX)))
    policy = b"".join(lines.take() + b"\n" for _ in range(lines.number("policy", POLICY_BYTES_MAX)))
    if (line := lines.take()) != b"checkpoint":
        raise BundleInvalid("a line 'checkpoint'", shown(line))
    return Bundle(act_index, entries, policy, lines.rest())


def _parse_entry(lines: "_Lines") -> BundledEntry:
    index, hashes = lines.words("entry", 2)
    count = _decimal(hashes, PROOF_HASHES_MAX)
    raw = lines.take()
    return BundledEntry(_decimal(index, TREE_SIZE_MAX), raw, tuple(_hash(lines.take()) for _ in range(count)))


class _Lines:
    """The lines of a bundle, taken one after the other."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def take(self) -> bytes:
        """Return the next line without its line feed. Raises BundleInvalid where there is none."""
        end = self._raw.find(b"\n", self._at)
        if end < 0:
            raise BundleInvalid("another line, ended by a line feed", f"an end after {shown(self._raw[-60:])}")
        line = self._raw[self._at : end]
        self._at = end + 1
        return line

    def words(self, name: str, count: int) -> Sequence[str]:
        """Return the words of the next line, which begins with `name`."""
        line = self.take()
        first, *words = line.decode(errors="replace").split(" ")
        if first != name or len(words) != count:
            raise BundleInvalid(f"a line of '{name}' and {count} more", shown(line))
        return words

    def number(self, name: str, most: int = TREE_SIZE_MAX) -> int:
        """Return the number in the next line, which begins with `name`."""
        return _decimal(self.words(name, 1)[0], most)

    def rest(self) -> bytes:
        """Return all that was not taken."""
        return self._raw[self._at :]


def _decimal(text: str, most: int) -> int:
    try:
        number = parse_decimal(text)
    except ValueError as error:
        raise BundleInvalid("a decimal number", str(error)) from None
    if number > most:
        raise BundleInvalid(f"a number up to {most}", text)
    return number


def _hash(line: bytes) -> bytes:
    try:
        return from_base64(line.decode())
    except ValueError as error:
        raise BundleInvalid("a hash in base64", str(error)) from None


def _check_entry(entry: BundledEntry) -> None:
    if not 0 <= entry.index <= TREE_SIZE_MAX:
        raise BundleInvalid(f"an index of 0 to {TREE_SIZE_MAX}", str(entry.index))
    if not 1 <= len(entry.raw) <= ENTRY_BYTES_MAX or b"\n" in entry.raw:
        raise BundleInvalid(f"an entry of one line, at most {ENTRY_BYTES_MAX} bytes", shown(entry.raw))
    if len(entry.proof) > PROOF_HASHES_MAX:
        raise BundleInvalid(f"at most {PROOF_HASHES_MAX} hashes", str(len(entry.proof)))
    for one in entry.proof:
        if len(one) != HASH_BYTES:
            raise BundleInvalid(f"hashes of {HASH_BYTES} bytes", f"one of {len(one)}")
