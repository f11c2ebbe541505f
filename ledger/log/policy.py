"""The policy (C2SP tlog-policy): which logs are believed, and how many of which witnesses make a checkpoint good.

A policy that is parsed refers only to what it defines. A checkpoint that is judged was signed by a log of the policy,
and every line of a key that the policy lists is true; whether the witnesses suffice is `met`.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ledger.log.checkpoint import Checkpoint, parse_checkpoint
from ledger.log.cosignature import COSIGNER_KINDS, verified_cosignatures
from ledger.log.errors import NoteInvalid, NotSigned, PolicyInvalid, shown
from ledger.log.note import KeyKind, VerifierKey, parse_note, parse_vkey, verified_lines

POLICY_BYTES_MAX: Final = 256 * 1024
"""Room for 64 logs and 64 witnesses with ML-DSA-44 keys, 1.8 kB each; the specification wants 32 of each."""

LOG_KINDS: Final = frozenset({KeyKind.ED25519, KeyKind.COSIGNATURE_MLDSA44})
NO_QUORUM: Final = "none"

_KEYWORDS: Final = frozenset({NO_QUORUM, "all", "any"})
_FOREIGN: Final = bytes(set(range(0x20)) - {0x09, 0x0A} | {0x7F})
_COUNT: Final = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Log:
    """A log that is believed: the name of its key is its origin."""

    vkey: VerifierKey
    url: str | None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness under the name that this policy gives it, which need not be the name of its key."""

    name: str
    vkey: VerifierKey
    url: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """At least `threshold` of `members`, each the name of a witness or of an earlier group."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What `parse_policy` read, each kind in the order of its lines; `quorum` is the name that must have witnessed.

    Names and addresses are opaque bytes: those that are not UTF-8 are kept as surrogates (`surrogateescape`).
    """

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def is_met_by(self, names: Collection[str]) -> bool:
        """Tell whether the quorum stands if the witnesses called `names`, and no others, have cosigned."""
        if self.quorum == NO_QUORUM:
            return True
        reached = {witness.name for witness in self.witnesses} & set(names)
        # A group refers only to earlier lines, so one pass in their order decides all.
        for group in self.groups:
            if len(reached.intersection(group.members)) >= group.threshold:
                reached.add(group.name)
        return self.quorum in reached


@dataclass(frozen=True, slots=True)
class Judged:
    """A checkpoint that a known log signed: by which of its keys, which witnesses cosigned it when, and the verdict.

    `witnesses` maps the policy's names to POSIX seconds; `met` says whether they suffice.
    """

    checkpoint: Checkpoint
    log_keys: tuple[VerifierKey, ...]
    witnesses: Mapping[str, int]
    met: bool


def judge(policy: Policy, note_raw: bytes, known: Iterable[VerifierKey] = ()) -> Judged:
    """Return what `policy` says of the signed checkpoint `note_raw`, in this order:

    1. The note is well-formed; NoteInvalid otherwise.
    2. Its text is a checkpoint; CheckpointInvalid otherwise.
    3. No line of a log or witness of the policy is false; NoteInvalid otherwise. A log signed whose key bears the name
       of the origin; NotSigned otherwise. `known` are keys of logs that the caller believes beside those of the policy.
    4. The witnesses whose lines verify suffice, or not; a missing line proves nothing false.
    """
    note = parse_note(note_raw)
    checkpoint = parse_checkpoint(note.text)
    logs = dict.fromkeys((*known, *(log.vkey for log in policy.logs)))
    signed = dict.fromkeys(line.vkey for line in verified_lines(note, logs))
    log_keys = tuple(vkey for vkey in signed if vkey.name == checkpoint.origin)
    if not log_keys:
        raise NotSigned(
            f"a signature by a key of the log {checkpoint.origin} that the policy lists",
            f"{len(note.signatures)} lines of others",
        )
    times = verified_cosignatures(note, [witness.vkey for witness in policy.witnesses])
    cosigned = {witness.name: times[witness.vkey] for witness in policy.witnesses if witness.vkey in times}
    return Judged(checkpoint, log_keys, MappingProxyType(cosigned), policy.is_met_by(cosigned.keys()))


def parse_policy(raw: bytes) -> Policy:
    """Return the policy that `raw` is.

        log ledger.example/compact+b5b9d4ff+AQeuhX0ySFbZ4Q3tN9tVxVbYnrbB7gR0ZgkSRcTbCuqb
        witness north witness.example/north+... https://witness.example/north
        witness south witness.example/south+...
        group both all north south
        quorum both

    Raises PolicyInvalid for more than POLICY_BYTES_MAX bytes; for octets outside 09, 0A, 20 to 7E and 80 to FF; for
    lines of any other form; for keys that are unsound, listed twice or of a type that neither logs nor witnesses have;
    for names that are used twice or not defined on an earlier line; for a threshold that no members can reach; and for
    more or less than one quorum. The last line need not end in a line feed.
    """
    if len(raw) > POLICY_BYTES_MAX:
        raise PolicyInvalid(f"at most {POLICY_BYTES_MAX} bytes", f"{len(raw)} bytes")
    if len(raw.translate(None, _FOREIGN)) != len(raw):
        raise PolicyInvalid("no controls but the tab and the line feed", shown(raw))
    reading = _Reading()
    for number, line in enumerate(raw.decode(errors="surrogateescape").split("\n"), start=1):
        fields = [field for field in re.split("[ \t]+", line) if field]
        if fields and not fields[0].startswith("#"):
            try:
                reading.take(fields)
            except (PolicyInvalid, NoteInvalid) as error:
                raise PolicyInvalid(error.expected, f"{error.got}, in line {number}") from None
    if reading.quorum is None:
        raise PolicyInvalid("a line 'quorum <name>'", "none")
    return Policy(tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups), reading.quorum)


@dataclass(slots=True)
class _Reading:
    """What the lines so far have defined."""

    logs: list[Log] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: str | None = None
    names: set[str] = field(default_factory=set)
    grouped: set[str] = field(default_factory=set)

    def take(self, fields: list[str]) -> None:
        lines: Mapping[str, Callable[[list[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        if fields[0] not in lines:
            raise PolicyInvalid("a line of log, witness, group or quorum", _shown(fields[0]))
        lines[fields[0]](fields[1:])

    def _log(self, fields: list[str]) -> None:
        _check_count(fields, 1, 2, "log <vkey> [<url>]")
        vkey = _key(fields[0], LOG_KINDS, [log.vkey for log in self.logs])
        self.logs.append(Log(vkey, fields[1] if len(fields) > 1 else None))

    def _witness(self, fields: list[str]) -> None:
        _check_count(fields, 2, 3, "witness <name> <vkey> [<url>]")
        self._define(fields[0])
        vkey = _key(fields[1], COSIGNER_KINDS, [witness.vkey for witness in self.witnesses])
        self.witnesses.append(Witness(fields[0], vkey, fields[2] if len(fields) > 2 else None))

    def _group(self, fields: list[str]) -> None:
        _check_count(fields, 3, None, "group <name> all|any|<k> <member>...")
        name, wanted, *members = fields
        for member in members:
            self._check_defined(member)
            if member in self.grouped:
                raise PolicyInvalid("each name at most once as a member", f"{_shown(member)} again")
            self.grouped.add(member)
        self._define(name)
        self.groups.append(Group(name, _threshold(wanted, len(members)), tuple(members)))

    def _quorum(self, fields: list[str]) -> None:
        _check_count(fields, 1, 1, "quorum <name>|none")
        if self.quorum is not None:
            raise PolicyInvalid("one line of quorum", "a second")
        if fields[0] != NO_QUORUM:
            self._check_defined(fields[0])
        self.quorum = fields[0]

    def _define(self, name: str) -> None:
        if name in _KEYWORDS:
            raise PolicyInvalid(f"a name other than {', '.join(sorted(_KEYWORDS))}", _shown(name))
        if name in self.names:
            raise PolicyInvalid("a name that is not taken", f"{_shown(name)} again")
        self.names.add(name)

    def _check_defined(self, name: str) -> None:
        if name not in self.names:
            raise PolicyInvalid("the name of a witness or group of an earlier line", _shown(name))


def _key(text: str, kinds: Collection[KeyKind], taken: Iterable[VerifierKey]) -> VerifierKey:
    vkey = parse_vkey(text)
    if vkey.kind not in kinds:
        raise PolicyInvalid(f"a key of type {' or '.join(f'{kind:02x}' for kind in sorted(kinds))}", f"{vkey.kind:02x}")
    # One public key under two names would count twice.
    if any(vkey.public_key == other.public_key for other in taken):
        raise PolicyInvalid("each public key once", f"that of {vkey.name}+{vkey.key_id.hex()} again")
    return vkey


def _threshold(wanted: str, members: int) -> int:
    if wanted in ("any", "all"):
        return 1 if wanted == "any" else members
    if not _COUNT.fullmatch(wanted) or int(wanted) > members:
        raise PolicyInvalid(f"all, any or a number of 1 to {members}", _shown(wanted))
    return int(wanted)


def _check_count(fields: list[str], least: int, most: int | None, form: str) -> None:
    if len(fields) < least or (most is not None and len(fields) > most):
        raise PolicyInvalid(form, f"{len(fields)} fields after the first")


def _shown(text: str) -> str:
    return shown(text.encode(errors="surrogateescape"))
