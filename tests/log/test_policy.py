"""A policy refers only to what it defines, and calls a checkpoint good only where enough witnesses signed."""

import json
from pathlib import Path

import pytest

from ledger.log.checkpoint import Checkpoint, checkpoint_text, sign_checkpoint
from ledger.log.cosignature import Cosigner, cosignature_line, ed25519_cosigner, mldsa44_cosigner
from ledger.log.errors import CheckpointInvalid, NoteInvalid, NotSigned, PolicyInvalid
from ledger.log.note import Ed25519NoteSigner, ed25519_note_signer, format_vkey, sign_note, signature_line
from ledger.log.policy import POLICY_BYTES_MAX, Policy, judge, parse_policy
from tests.log.conftest import ORIGIN

CHECKPOINT = Checkpoint(ORIGIN, 5, bytes(32))
TEXT = checkpoint_text(CHECKPOINT)
NOW = 1_700_000_000
NAMES = ("x1", "x2", "x3", "y1", "y2", "y3")


def witness(name: str) -> Cosigner:
    make = mldsa44_cosigner if name.endswith("3") else ed25519_cosigner
    return make(f"witness.example/{name}", name.encode().ljust(32, b"\0"))


def witness_line(name: str) -> str:
    return f"witness {name} {format_vkey(witness(name).vkey)}"


NESTED = "\n".join(
    [
        *map(witness_line, NAMES),
        "group xs 2 x1 x2 x3",
        "group ys any y1 y2 y3",
        "group both all xs ys",
        "quorum both",
    ]
)


def policy_of(signer: Ed25519NoteSigner, text: str) -> Policy:
    return parse_policy(f"log {format_vkey(signer.vkey)}\n{text}\n".encode())


def cosigned(signer: Ed25519NoteSigner, *names: str) -> bytes:
    lines = (cosignature_line(witness(name), TEXT, NOW + at) for at, name in enumerate(names))
    return sign_checkpoint(CHECKPOINT, signer) + b"".join(lines)


def test_a_policy_is_read(signer: Ed25519NoteSigner) -> None:
    text = (
        "\t# Whose checkpoints are good\n\n"
        f"log {format_vkey(signer.vkey)} https://{ORIGIN}\n"
        f"  witness\tnorth  {format_vkey(witness('x1').vkey)}\thttps://north.example \n"
        f"witness K\xe9 {format_vkey(witness('x3').vkey)}\n"
        "group g 1 north K\xe9\nquorum g"
    )
    policy = parse_policy(text.encode("latin-1"))
    assert [(log.vkey, log.url) for log in policy.logs] == [(signer.vkey, f"https://{ORIGIN}")]
    assert [(one.name, one.url) for one in policy.witnesses] == [("north", "https://north.example"), ("K\udce9", None)]
    assert [(one.name, one.threshold, one.members) for one in policy.groups] == [("g", 1, ("north", "K\udce9"))]
    assert policy.quorum == "g"


def test_published_malformed_policies_are_refused(vectors: Path) -> None:
    bad = json.loads((vectors / "c2sp/tlog-policy-malformed.json").read_bytes())["bad"]
    assert len(bad) == 6
    for text, _ in bad:
        with pytest.raises(PolicyInvalid):
            parse_policy(text.encode())


W1, W2 = witness_line("x1"), witness_line("x2")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        # The reasons of the published cases, with keys that witnesses may have.
        (W1, "expected a line 'quorum <name>'"),
        ("quorum unknown", "expected the name of a witness or group of an earlier line"),
        (f"{W1}\n{W1}\nquorum x1", "expected a name that is not taken"),
        (f"{W1}\ngroup g1 -1 x1\nquorum g1", "expected all, any or a number of 1 to 1"),
        (W1.replace("x1", "all", 1), "expected a name other than all, any, none"),
        (f"{W1}\ngroup none 1 x1", "expected a name other than all, any, none"),
        # What the specification says besides.
        ("", "expected a line 'quorum <name>'"),
        ("quorum none\nquorum none", "expected one line of quorum"),
        (f"quorum x1\n{W1}", "of an earlier line; got b'x1', in line 1"),
        (f"{W1}\ngroup g all x1 x2\n{W2}\nquorum g", "of an earlier line; got b'x2', in line 2"),
        (f"{W1}\ngroup g all g\nquorum g", "of an earlier line"),
        (f"{W1}\ngroup g all none\nquorum g", "of an earlier line"),
        (f"{W1}\ngroup g all x1 x1\nquorum g", "expected each name at most once as a member"),
        (f"{W1}\n{W2}\ngroup g any x1 x2\ngroup h any x1\nquorum g", "expected each name at most once as a member"),
        (f"{W1}\ngroup x1 any x1\nquorum x1", "expected a name that is not taken"),
        (f"{W1}\ngroup g 0 x1\nquorum g", "a number of 1 to 1"),
        (f"{W1}\ngroup g 2 x1\nquorum g", "a number of 1 to 1"),
        (f"{W1}\ngroup g 01 x1\nquorum g", "a number of 1 to 1"),
        (f"{W1}\ngroup g \u0661 x1\nquorum g", "a number of 1 to 1"),
        (f"{W1}\ngroup g any\nquorum g", "expected group <name>"),
        (f"{W1} https://a b\nquorum x1", "expected witness <name>"),
        (f"{W1}\nquorum x1 x1", "expected quorum <name>"),
        (f"{W1}\n{W1.replace('x1', 'again', 1)}\nquorum x1", "expected each public key once"),
        ("policy v1\nquorum none", "expected a line of log, witness, group or quorum"),
        ("log nonsense\nquorum none", "expected a key of type 01, 04, 06; got type missing, in line 1"),
        ("quorum none\r", "expected no controls"),
        ("quorum none\x00", "expected no controls"),
        ("quorum none\x7f", "expected no controls"),
        ("#" * (POLICY_BYTES_MAX + 1), "expected at most 262144 bytes"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(PolicyInvalid, match=reason):
        parse_policy(text.encode())


def test_keys_are_of_a_kind_that_logs_and_witnesses_have(signer: Ed25519NoteSigner) -> None:
    plain, cosigner = format_vkey(signer.vkey), format_vkey(witness("x1").vkey)
    with pytest.raises(PolicyInvalid, match="expected a key of type 04 or 06; got 01"):
        parse_policy(f"witness w {plain}\nquorum w".encode())
    with pytest.raises(PolicyInvalid, match="expected a key of type 01 or 06; got 04"):
        parse_policy(f"log {cosigner}\nquorum none".encode())
    both = f"log {format_vkey(mldsa44_cosigner(ORIGIN, bytes(32)).vkey)}\nlog {plain}\nquorum none"
    assert len(parse_policy(both.encode()).logs) == 2
    twice = f"log {plain}\nlog {format_vkey(ed25519_note_signer('another', bytes(range(32))).vkey)}\nquorum none"
    with pytest.raises(PolicyInvalid, match="expected each public key once"):
        parse_policy(twice.encode())


def test_thirty_two_of_each_are_read() -> None:
    lines = []
    for at in range(32):
        seed = bytes([at]) * 32
        lines.append(f"log {format_vkey(mldsa44_cosigner(f'log.example/{at}', seed).vkey)} https://log.example/{at}")
        lines.append(f"witness w{at} {format_vkey(mldsa44_cosigner(f'witness.example/{at}', seed).vkey)}")
        lines.append(f"group g{at} any w{at}")
    policy = parse_policy("\n".join([*lines, "quorum g31"]).encode())
    assert (len(policy.logs), len(policy.witnesses), len(policy.groups)) == (32, 32, 32)
    assert policy.is_met_by(["w31"])
    assert not policy.is_met_by([f"w{at}" for at in range(31)])


@pytest.mark.parametrize(
    ("names", "met"),
    [
        ("x1 x2 y1", True),
        ("x1 x3 y3", True),
        ("x1 x2 x3 y1 y2 y3", True),
        ("x1 x2", False),
        ("x1 y1", False),
        ("y1 y2 y3", False),
        ("xs ys", False),  # names of groups, which nobody signs with
        ("both", False),
        ("", False),
    ],
)
def test_groups_count_their_members(signer: Ed25519NoteSigner, names: str, met: bool) -> None:
    policy = policy_of(signer, NESTED)
    assert policy.is_met_by(names.split()) is met
    assert policy.is_met_by({*names.split(), "stranger"}) is met


def test_no_quorum_is_always_met(signer: Ed25519NoteSigner) -> None:
    judged = judge(policy_of(signer, "quorum none"), cosigned(signer))
    assert (judged.met, dict(judged.witnesses), judged.log_keys) == (True, {}, (signer.vkey,))


def test_a_checkpoint_is_judged_by_its_lines(signer: Ed25519NoteSigner) -> None:
    policy = policy_of(signer, NESTED)
    judged = judge(policy, cosigned(signer, "x1", "y2", "x3"))
    assert judged.met
    assert judged.checkpoint == CHECKPOINT
    assert dict(judged.witnesses) == {"x1": NOW, "x3": NOW + 2, "y2": NOW + 1}
    short = judge(policy, cosigned(signer, "x1", "y2"))
    assert (short.met, set(short.witnesses)) == (False, {"x1", "y2"})


def test_a_missing_line_is_not_met_and_a_false_one_is_refused(signer: Ed25519NoteSigner) -> None:
    policy = policy_of(signer, f"{W1}\n{W2}\ngroup g any x1 x2\nquorum g")
    false = signature_line(witness("x2").vkey, bytes(72))
    assert not judge(policy, cosigned(signer)).met
    assert judge(policy, cosigned(signer, "x1")).met
    # Enough others signed, and still: whoever put this line there lies.
    with pytest.raises(NoteInvalid, match="expected an Ed25519 cosignature"):
        judge(policy, cosigned(signer, "x1") + false)


def test_a_log_of_the_policy_must_have_signed_under_the_origin(signer: Ed25519NoteSigner) -> None:
    policy = policy_of(signer, "quorum none")
    stranger = ed25519_note_signer(ORIGIN, bytes(32))
    with pytest.raises(NotSigned, match=f"expected a signature by a key of the log {ORIGIN} that the policy lists"):
        judge(policy, sign_checkpoint(CHECKPOINT, stranger))
    elsewhere = checkpoint_text(Checkpoint("ledger.example/other", 5, bytes(32)))
    with pytest.raises(NotSigned, match=r"a key of the log ledger\.example/other"):
        judge(policy, sign_note(elsewhere, signer))
    with pytest.raises(NoteInvalid, match="one that does not verify"):
        judge(policy, sign_checkpoint(CHECKPOINT, stranger) + signature_line(signer.vkey, bytes(64)))
    with pytest.raises(CheckpointInvalid):
        judge(policy, sign_note(b"no checkpoint\n", signer))


def test_a_policy_without_logs_judges_the_log_that_the_caller_knows(signer: Ed25519NoteSigner) -> None:
    policy = parse_policy(f"{W1}\nquorum x1".encode())
    with pytest.raises(NotSigned):
        judge(policy, cosigned(signer, "x1"))
    assert judge(policy, cosigned(signer, "x1"), [signer.vkey]).met
