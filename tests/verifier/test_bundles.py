"""A bundle proves one act to whoever believes the log; both verifiers say the same of every bundle, good or bad."""

from pathlib import Path
from typing import Any

import pytest

from ledger.log.bundle import format_bundle, parse_bundle
from ledger.log.note import format_vkey
from ledger.log.receipt import format_receipt
from tests.acts import log_key
from tests.verifier.javascript import Trust, needs_node, verdicts, verifier
from tests.verifier.ledgers import COSIGNED_AT, Sealed, code_of, honest, proved, restamped, with_witnesses

pytestmark = needs_node

ACT, BEHIND = 6, (3, 5, 7)
"""The ministry's act, and what stands behind it: the admission of gb, the mandate, its revocation."""


@pytest.fixture(scope="module")
def log() -> Sealed:
    return with_witnesses(honest())


@pytest.fixture(scope="module")
def good(log: Sealed) -> bytes:
    return log.bundle(ACT, *BEHIND)


def both(raw: bytes, trust: Trust) -> int:
    """Return how both verifiers end. Fails if they differ."""
    (code,) = verdicts(trust, [raw])
    assert code == code_of(raw, trust)
    return code


def test_a_bundle_is_the_only_spelling_of_what_it_says(good: bytes) -> None:
    assert format_bundle(parse_bundle(good)) == good


def test_both_prove_the_same_act(log: Sealed, good: bytes, tmp_path: Path) -> None:
    file = tmp_path / "act.bundle"
    file.write_bytes(good)
    done = verifier("bundle", file, "--vkey", log.vkey)
    assert done.code == 0, done.said
    shown = proved(good, log.trust())
    event = shown.proven.envelope.event
    assert done.proven["event"] == event.id
    assert done.proven["authority"] == event.authority == "gb/ministry"
    assert done.proven["entry_sha256"] == shown.proven.entry.sha256
    assert done.proven["anchor"] == shown.anchor == log.entries[0].sha256
    assert done.proven["checkpoint"]["size"] == shown.proven.checkpoint.tree_size == 7
    assert sorted(done.proven["signed_with"]) == sorted(one.key_id for one in shown.proven.envelope.signatures)
    assert len(shown.proven.envelope.signatures) == 2
    assert done.proven["checkpoint"]["ownPolicyMet"] is shown.own_policy_met is True
    assert set(done.proven["checkpoint"]["signers"].values()) == {0, COSIGNED_AT}


def test_the_receipt_in_a_bundle_is_one(log: Sealed, good: bytes, tmp_path: Path) -> None:
    receipt, entry = tmp_path / "act.tlog-proof", tmp_path / "act.entry.json"
    receipt.write_bytes(format_receipt(parse_bundle(good).receipt))
    entry.write_bytes(parse_bundle(good).act.raw)
    assert verifier("receipt", receipt, entry, "--vkey", log.vkey).code == 0
    entry.write_bytes(parse_bundle(good).entries[1].raw)
    assert verifier("receipt", receipt, entry, "--vkey", log.vkey).code == 1


@pytest.mark.parametrize("believe", ["anchor", "policy", "origin", "all"])
def test_each_way_to_believe_is_enough_and_binds(log: Sealed, good: bytes, believe: str) -> None:
    anchor, policy, vkey = log.entries[0].sha256, log.policy.decode(), format_vkey(log_key().vkey)
    right: dict[str, Any] = {
        "anchor": {"anchor": anchor},
        "policy": {"policy": policy},
        "origin": log.trust(origin=log.founded.origin),
        "all": log.trust(anchor=anchor, policy=policy, origin=log.founded.origin),
    }[believe]
    wrong: dict[str, Any] = {
        "anchor": {"anchor": anchor[::-1]},
        "policy": {"policy": policy.replace(log.vkey, vkey)},
        "origin": log.trust(origin="ledger.example/other"),
        "all": {"anchor": anchor, "policy": policy, "vkeys": [vkey]},
    }[believe]
    assert both(good, right) == 0
    # That a key which a policy names has not signed proves nothing false.
    assert both(good, wrong) == (3 if believe == "policy" else 1)


def test_without_anybody_to_believe_nothing_is_valid(good: bytes, tmp_path: Path) -> None:
    file = tmp_path / "act.bundle"
    file.write_bytes(good)
    assert verifier("bundle", file).code == 2
    assert verdicts({}, [good]) == [3]
    # The bundle's own policy is no reason to believe it.
    assert "quorum enough" in good.decode()


def test_a_policy_that_is_not_met_decides_nothing(log: Sealed) -> None:
    policy = {"policy": log.policy.decode()}
    bundles = [log.bundle(ACT, *BEHIND, note=log.note(*log.witnesses[:count])) for count in range(4)]
    assert verdicts(policy, bundles) == [code_of(raw, policy) for raw in bundles] == [3, 3, 0, 0]
    # Whoever believes the log's key alone is not bound by the policy in the bundle, and is told of it.
    assert verdicts(log.trust(), bundles) == [0, 0, 0, 0]
    assert [proved(raw, log.trust()).own_policy_met for raw in bundles] == [False, False, True, True]


def test_a_false_cosignature_spoils_the_bundle_for_everybody(log: Sealed) -> None:
    other = with_witnesses(honest())
    false = log.witnesses[2].line(other.note())
    note = log.note(*log.witnesses[:2]) + false
    assert both(log.bundle(ACT, *BEHIND, note=note), log.trust()) == 1


def test_a_line_that_nobody_could_check_has_no_place(log: Sealed) -> None:
    stranger = with_witnesses(honest()).witnesses[0]
    raw = log.bundle(ACT, *BEHIND, note=log.note(stranger))
    assert both(raw, log.trust()) == 1
    # Whoever names that key can check it.
    assert both(raw, log.trust(vkeys=[log.vkey, format_vkey(stranger.vkey)])) == 0


def changed(raw: bytes, at: int, bit: int | None = None) -> bytes:
    """Return the bundle with one bit of a byte changed; neighbours differ in which, unless it is given."""
    return raw[:at] + bytes([raw[at] ^ 1 << (at % 8 if bit is None else bit)]) + raw[at + 1 :]


def test_every_changed_byte_is_refused(log: Sealed, good: bytes) -> None:
    """The digest in the second line sees each of them, also where nobody signed: in a comment of the policy."""
    bundles = [changed(good, at) for at in range(len(good))]
    assert {code_of(raw, log.trust()) for raw in bundles} == {1}
    assert set(verdicts(log.trust(), [*bundles[::5], *bundles[-300:]])) == {1}


def is_of_the_policy(raw: bytes, at: int) -> bool:
    """Tell whether the byte stands in the policy, of which nobody is bound to believe anything."""
    begins = raw.index(b"\n", raw.index(b"\npolicy ") + 1) + 1
    return begins <= at <= raw.rindex(b"\ncheckpoint\n")


def check_restamped(log: Sealed, good: bytes, offsets: range, bit: int | None = None) -> None:
    bundles = [restamped(changed(good, at, bit)) for at in offsets]
    own = [code_of(raw, log.trust()) for raw in bundles]
    assert verdicts(log.trust(), bundles) == own
    missed = [at for at, code in zip(offsets, own, strict=True) if code != 1]
    assert [at for at in missed if not is_of_the_policy(good, at)] == []


def after_the_digest(good: bytes, first: int, step: int) -> range:
    return range(good.index(b"act ") + first, len(good), step)


def test_a_forger_who_stamps_anew_is_found_by_both(log: Sealed, good: bytes) -> None:
    check_restamped(log, good, after_the_digest(good, 3, 97))


@pytest.mark.slow
@pytest.mark.parametrize("bit", range(8))
def test_a_forger_who_stamps_anew_is_found_by_both_at_every_bit(log: Sealed, good: bytes, bit: int) -> None:
    check_restamped(log, good, after_the_digest(good, 0, 1), bit)


def test_a_bundle_cut_short_or_prolonged_is_refused(log: Sealed, good: bytes) -> None:
    altered = [good[:-1], good + b"\n", good + b" ", b"\n" + good, b"\xef\xbb\xbf" + good, good * 2, b"", good[:300]]
    altered.append(good.replace(b"\n", b"\r\n"))
    altered += [restamped(raw) for raw in altered if raw.startswith(good[:99])]
    assert [code_of(raw, log.trust()) for raw in altered] == [1] * len(altered)
    assert verdicts(log.trust(), altered) == [1] * len(altered)


def test_a_line_that_is_left_out_is_missed_but_for_witnesses(log: Sealed, good: bytes) -> None:
    """A forger may leave a cosignature out: then the bundle has one less, and says nothing false."""
    lines = good.splitlines(keepends=True)
    altered = [restamped(b"".join(lines[:at] + lines[at + 1 :])) for at in range(2, len(lines))]
    own = [code_of(raw, log.trust()) for raw in altered]
    assert verdicts(log.trust(), altered) == own
    assert own == [1] * (len(altered) - 3) + [0] * 3
    swapped = [restamped(b"".join([*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]])) for at in range(2, 9)]
    assert verdicts(log.trust(), swapped) == [code_of(raw, log.trust()) for raw in swapped] == [1] * 7
