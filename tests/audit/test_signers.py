"""Who signed a checkpoint: what is false or was not signed by the log is a lie, what others did not sign is open."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ledger.audit.audit import Pins
from ledger.audit.findings import Lie, Undecidable
from ledger.cli.main import app
from ledger.log.checkpoint import Checkpoint, checkpoint_text, sign_checkpoint
from ledger.log.cosignature import Cosigner, cosignature_line, ed25519_cosigner, mldsa44_cosigner
from ledger.log.note import NoteSigner, VerifierKey, format_vkey, parse_note, signature_line
from ledger.log.policy import Policy, parse_policy
from ledger.log.proofs import inclusion_proof
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.tree import EMPTY, leaf_hash
from tests.acts import ORIGIN, Founding, founding, log_key, mldsa_key
from tests.audit.logs import Log, audited, chained, exported, lie_of

PQ, NEXT, NEXT_PQ = mldsa_key(), log_key(), mldsa_key()
NORTH, SOUTH = (
    ed25519_cosigner("witness.example/north", bytes(32)),
    mldsa44_cosigner("witness.example/south", bytes(32)),
)
NOW = 1_700_000_000


def gledger(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture(scope="module")
def made() -> Founding:
    return founding(further_signers=[PQ])


def signed(acts: Sequence[bytes], *signers: NoteSigner, more: bytes = b"") -> Log:
    """Return a log of `acts` under a checkpoint with a line by each of `signers`, and `more` lines."""
    entries = chained(acts)
    tree, _ = EMPTY.append(map(leaf_hash, entries))
    return Log(tuple(entries), sign_checkpoint(Checkpoint(ORIGIN, len(entries), tree.root), *signers) + more)


def line(log: Log, cosigner: Cosigner) -> bytes:
    return cosignature_line(cosigner, parse_note(log.note).text, NOW)


def false(cosigner: Cosigner) -> bytes:
    other = checkpoint_text(Checkpoint(ORIGIN, 99, bytes(32)))
    return cosignature_line(cosigner, other, NOW)


def with_lines(log: Log, *lines: bytes) -> Log:
    return Log(log.entries, log.note + b"".join(lines))


@pytest.fixture(scope="module")
def honest(made: Founding) -> Log:
    return signed(made.raws, made.log_signer, PQ)


def adopted(made: Founding, *lists: Sequence[NoteSigner]) -> list[bytes]:
    """Return the acts of a ledger whose depositary then adopts each list of keys."""
    place = (made.depositary.sequence, made.depositary.previous)
    acts = [
        made.depositary.act("log_keys.adopted", log_keys=[format_vkey(one.vkey) for one in signers])
        for signers in lists
    ]
    made.depositary.sequence, made.depositary.previous = place
    return [*made.raws, *acts]


def policy(text: str, *logs: VerifierKey) -> Policy:
    witnesses = f"witness north {format_vkey(NORTH.vkey)}\nwitness south {format_vkey(SOUTH.vkey)}\n"
    return parse_policy(("".join(f"log {format_vkey(one)}\n" for one in logs) + witnesses + text).encode())


# The log's own lines.


def test_both_keys_of_the_opening_are_proved(honest: Log, made: Founding) -> None:
    result = audited(honest, Pins((made.log_signer.vkey, PQ.vkey)))
    assert {proved.what: proved.count for proved in result.proved}["checkpoint"] == 2
    assert result.assumed == ()


def test_a_line_that_a_key_in_force_did_not_sign_is_a_lie(made: Founding) -> None:
    for signer, missing in ((made.log_signer, PQ), (PQ, made.log_signer)):
        found = lie_of(signed(made.raws, signer))
        assert (found.lie, found.got) == (Lie.CHECKPOINT_NOT_SIGNED, "0 of them")
        assert missing.vkey.key_id.hex() in found.expected


def test_a_line_of_a_key_in_force_that_is_false_is_a_lie(made: Founding) -> None:
    log = signed(made.raws, made.log_signer, more=false(PQ.cosigner))
    found = lie_of(log)
    assert found.lie is Lie.CHECKPOINT_NOT_SIGNED
    assert "ML-DSA-44 cosignature" in found.expected


def test_a_second_line_of_a_key_in_force_is_a_lie_though_it_verifies(honest: Log, made: Founding) -> None:
    """A line that nobody needs could be taken away, or another put there, without being noticed."""
    text = parse_note(honest.note).text
    for again in (signature_line(made.log_signer.vkey, made.log_signer.sign(text)), line(honest, PQ.cosigner)):
        found = lie_of(with_lines(honest, again))
        assert (found.lie, found.got) == (Lie.CHECKPOINT_NOT_SIGNED, "2 of them")


@pytest.mark.parametrize("kind", ["ed25519", "mldsa44"])
def test_a_line_of_another_key_under_the_name_of_the_log_is_a_lie(honest: Log, kind: str) -> None:
    stranger = log_key() if kind == "ed25519" else mldsa_key()
    text = parse_note(honest.note).text
    log = with_lines(honest, signature_line(stranger.vkey, stranger.sign(text)))
    for pins in (Pins(), Pins((stranger.vkey,))):
        found = lie_of(log, pins)
        assert found.lie is Lie.CHECKPOINT_NOT_SIGNED
        assert stranger.vkey.key_id.hex() in found.got


def test_a_change_of_any_byte_of_either_line_is_a_lie(honest: Log) -> None:
    """Some of them; every byte of an export with one line is changed in test_byte_flips.py."""
    begin = honest.note.index(b"\n\n") + 2
    ends = [begin, honest.note.index(b"\n", begin) + 1, len(honest.note)]
    places = {at for end in ends for at in range(end - 3, end + 40)} | set(range(begin, len(honest.note), 61))
    for at in sorted(place for place in places if place < len(honest.note)):
        changed = bytearray(honest.note)
        changed[at] ^= 1
        assert lie_of(Log(honest.entries, bytes(changed))).lie in (Lie.CHECKPOINT_NOT_SIGNED, Lie.CHECKPOINT_MALFORMED)


# The lines of others.


def test_lines_of_strangers_are_reported_as_not_checked(honest: Log, made: Founding) -> None:
    pinned = Pins((made.log_signer.vkey,))
    log = with_lines(honest, line(honest, NORTH), false(SOUTH))
    (told,) = audited(log, pinned).assumed
    assert told.startswith("Not checked")
    assert "witness.example/north+" in told
    assert "witness.example/south+" in told
    # As soon as their keys are given, the false one is a lie and the true one is proved.
    assert lie_of(log, Pins((SOUTH.vkey,))).lie is Lie.CHECKPOINT_NOT_SIGNED
    result = audited(log, Pins((made.log_signer.vkey, NORTH.vkey)))
    assert "witness.example/south+" in result.assumed[0]
    assert "witness.example/north" not in result.assumed[0]
    (proved,) = [one for one in result.proved if one.what == "cosignatures"]
    assert proved.count == 1
    assert "2023-11-14T22:13:20+00:00" in proved.detail


def test_a_pinned_witness_that_did_not_sign_is_a_lie(honest: Log) -> None:
    assert lie_of(honest, Pins((NORTH.vkey,))).lie is Lie.CHECKPOINT_NOT_SIGNED


# A policy.


def test_a_policy_is_met_by_the_lines_that_it_wants(honest: Log, made: Founding) -> None:
    rule = policy("group both all north south\nquorum both", made.log_signer.vkey)
    result = audited(with_lines(honest, line(honest, NORTH), line(honest, SOUTH)), Pins(policy=rule))
    assert result.assumed == ()
    (proved,) = [one for one in result.proved if one.what == "policy"]
    assert proved.detail.startswith("quorum both, reached by north at 2023-11-14")


def test_a_policy_that_lacks_lines_decides_nothing(honest: Log, made: Founding) -> None:
    rule = policy("group both all north south\nquorum both", made.log_signer.vkey)
    with pytest.raises(Undecidable, match=r"the policy is not met: quorum both is not reached by north at"):
        audited(with_lines(honest, line(honest, NORTH)), Pins(policy=rule))
    with pytest.raises(Undecidable, match="is not reached by nobody"):
        audited(honest, Pins(policy=rule))


def test_a_false_line_of_a_witness_is_a_lie_though_others_suffice(honest: Log, made: Founding) -> None:
    rule = policy("group one any north south\nquorum one", made.log_signer.vkey)
    assert lie_of(with_lines(honest, line(honest, NORTH), false(SOUTH)), Pins(policy=rule)).lie == (
        Lie.CHECKPOINT_NOT_SIGNED
    )


def test_a_lie_is_told_though_the_policy_is_not_met(honest: Log, made: Founding) -> None:
    rule = policy("quorum north", made.log_signer.vkey)
    assert lie_of(honest.with_entries(honest.entries[:-1]), Pins(policy=rule)).lie is Lie.TREE_SIZE_WRONG


def test_a_policy_of_other_logs_decides_nothing(honest: Log) -> None:
    for key in (log_key("ledger.example/other").vkey, log_key().vkey):
        with pytest.raises(Undecidable, match="does not speak of this log"):
            audited(honest, Pins(policy=policy("quorum none", key)))
    # Without logs it speaks of witnesses alone, and the log is believed as it is without a policy.
    assert audited(honest, Pins(policy=policy("quorum none"))).assumed != ()


# Keys that replace each other.


def test_the_keys_of_the_newest_adoption_sign(made: Founding) -> None:
    acts = adopted(made, [made.log_signer, PQ, NEXT], [NEXT, NEXT_PQ])
    audited(signed(acts, NEXT, NEXT_PQ))
    audited(signed(acts[:-1], made.log_signer, PQ, NEXT))
    for signers in ([made.log_signer, PQ], [made.log_signer, PQ, NEXT], [NEXT], [NEXT, NEXT_PQ, PQ]):
        assert lie_of(signed(acts, *signers)).lie is Lie.CHECKPOINT_NOT_SIGNED
    assert lie_of(signed(acts[:-1], NEXT, NEXT_PQ)).lie is Lie.CHECKPOINT_NOT_SIGNED


def test_a_list_that_no_log_may_have_is_not_admissible(made: Founding) -> None:
    log = signed(adopted(made, [NEXT_PQ]), NEXT_PQ)
    found = lie_of(log)
    assert (found.lie, found.position) == (Lie.NOT_ADMISSIBLE, 6)
    assert "key_malformed" in found.got


def test_a_pinned_key_that_was_replaced_decides_nothing(made: Founding) -> None:
    log = signed(adopted(made, [NEXT]), NEXT)
    assert audited(log, Pins((NEXT.vkey,))).assumed == ()
    with pytest.raises(Undecidable, match="in force no more by the log's own word"):
        audited(log, Pins((made.log_signer.vkey,)))
    # A key that never was the log's is another matter.
    assert lie_of(log, Pins((log_key().vkey,))).lie is Lie.CHECKPOINT_NOT_SIGNED


def test_a_made_up_log_that_names_a_known_key_and_replaces_it_is_not_valid(made: Founding) -> None:
    """Anybody can write somebody's public key into an opening of their own."""
    made_up = founding(further_signers=[made.log_signer])
    key = made_up.log_signer
    log = signed([*made_up.raws, *adopted(made_up, [key])[len(made_up.raws) :]], key)
    with pytest.raises(Undecidable):
        audited(log, Pins((made.log_signer.vkey,)))


def test_a_truncated_log_whose_later_keys_are_missing_is_a_lie(made: Founding) -> None:
    acts = adopted(made, [NEXT])
    log = signed(acts, NEXT)
    assert lie_of(log.with_entries(log.entries[:-1])).lie is Lie.TREE_SIZE_WRONG
    forged = signed(acts, NEXT, more=signature_line(made.log_signer.vkey, bytes(64)))
    assert lie_of(forged.with_entries(forged.entries[:-1])).lie is Lie.CHECKPOINT_NOT_SIGNED


# As it is typed.


@pytest.mark.parametrize(
    ("quorum", "lines", "code", "says"),
    [
        ("north", "north", 0, "proved   policy"),
        ("none", "", 0, "proved   policy"),
        ("north", "", 3, "the policy is not met"),
        ("both", "north", 3, "the policy is not met"),
        ("north", "north false", 1, "checkpoint_not_signed"),
    ],
)
def test_the_ends_of_an_audit_with_a_policy(
    honest: Log, made: Founding, tmp_path: Path, quorum: str, lines: str, code: int, says: str
) -> None:
    more = {"north": line(honest, NORTH), "false": false(SOUTH)}
    export = exported(with_lines(honest, *(more[one] for one in lines.split())), tmp_path / "export")
    text = (
        f"log {format_vkey(made.log_signer.vkey)}\nwitness north {format_vkey(NORTH.vkey)}\n"
        f"witness south {format_vkey(SOUTH.vkey)}\ngroup both all north south\nquorum {quorum}\n"
    )
    if quorum == "north":
        text = text.replace("group both all north south\n", "")
    (tmp_path / "policy").write_text(text, encoding="utf-8")
    done = gledger("audit", str(export.directory), "--policy", str(tmp_path / "policy"))
    assert (done.exit_code, says in done.output) == (code, True), done.output


def test_a_policy_that_is_none_is_a_mistake_of_the_caller(honest: Log, tmp_path: Path) -> None:
    export = exported(honest, tmp_path / "export")
    (tmp_path / "policy").write_text("quorum nobody\n", encoding="utf-8")
    done = gledger("audit", str(export.directory), "--policy", str(tmp_path / "policy"))
    assert done.exit_code == 2, done.output
    done = gledger("audit", str(export.directory), "--policy", str(tmp_path / "missing"))
    assert done.exit_code == 3, done.output


@pytest.mark.parametrize(
    ("quorum", "lines", "code"), [("none", "", 0), ("north", "north", 0), ("north", "", 3), ("north", "north false", 1)]
)
def test_the_ends_of_verifying_a_receipt_with_a_policy(
    honest: Log, made: Founding, tmp_path: Path, quorum: str, lines: str, code: int
) -> None:
    more = {"north": line(honest, NORTH), "false": false(SOUTH)}
    note = honest.note + b"".join(more[one] for one in lines.split())
    _, tiles = EMPTY.append(map(leaf_hash, honest.entries))
    by_id = {tile.tile_id: tile.hashes for tile in tiles}
    proof = inclusion_proof(2, len(honest.entries), by_id.__getitem__)
    (tmp_path / "a.tlog-proof").write_bytes(format_receipt(Receipt(2, proof, note)))
    (tmp_path / "a.entry.json").write_bytes(honest.entries[2])
    rule = (
        f"log {format_vkey(PQ.vkey)}\nwitness north {format_vkey(NORTH.vkey)}\n"
        f"witness south {format_vkey(SOUTH.vkey)}\nquorum {quorum}\n"
    )
    (tmp_path / "policy").write_text(rule, encoding="utf-8")
    files = (str(tmp_path / "a.tlog-proof"), str(tmp_path / "a.entry.json"), "--policy", str(tmp_path / "policy"))
    done = gledger("verify", *files, "--dir", str(tmp_path))
    assert done.exit_code == code, done.output
    if code == 0:
        told = json.loads(gledger("verify", *files, "--dir", str(tmp_path), "--json").stdout)
        assert told["cosigned"] == ({"north": NOW} if quorum == "north" else {})


def test_a_receipt_of_a_log_that_the_policy_does_not_list_decides_nothing(honest: Log, tmp_path: Path) -> None:
    _, tiles = EMPTY.append(map(leaf_hash, honest.entries))
    by_id = {tile.tile_id: tile.hashes for tile in tiles}
    proof = inclusion_proof(2, len(honest.entries), by_id.__getitem__)
    (tmp_path / "a.tlog-proof").write_bytes(format_receipt(Receipt(2, proof, honest.note)))
    (tmp_path / "a.entry.json").write_bytes(honest.entries[2])
    (tmp_path / "policy").write_text(f"log {format_vkey(log_key().vkey)}\nquorum none\n", encoding="utf-8")
    files = (str(tmp_path / "a.tlog-proof"), str(tmp_path / "a.entry.json"), "--policy", str(tmp_path / "policy"))
    assert gledger("verify", *files, "--dir", str(tmp_path)).exit_code == 3
