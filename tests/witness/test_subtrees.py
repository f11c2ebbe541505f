"""sign-subtree: only subtrees of trees that this witness cosigned, with timestamp 0, by the key that can."""

import pytest

from ledger.log.cosignature import cosignature_line, ed25519_cosigner, mldsa44_cosigner, subtree_message
from ledger.log.note import KeyKind, parse_note, signature_line
from ledger.log.tree import EMPTY_ROOT
from ledger.witness.protocol import Answer, Status, format_add_checkpoint, format_sign_subtree
from tests.log import naive
from tests.witness.histories import TwoFacedLog, leaves, two_faced_log
from tests.witness.witnesses import NAME, NOW, Made, made_witness, said, text_of

THIRTEEN = leaves(13)


def _cosigned(made: Made, log: TwoFacedLog) -> bytes:
    note_raw = log.note(THIRTEEN)
    return note_raw + made.witness.add_checkpoint(format_add_checkpoint(0, (), note_raw)).body


def _asked(made: Made, note_raw: bytes, start: int, end: int) -> Answer:
    root, path = naive.root(THIRTEEN[start:end]), naive.subtree(start, end, THIRTEEN)
    return made.witness.sign_subtree(format_sign_subtree(start, end, root, path, note_raw))


@pytest.mark.parametrize(
    ("start", "end"), [(0, 13), (0, 8), (0, 5), (4, 8), (8, 12), (8, 13), (12, 13), (3, 4), (7, 7)]
)
def test_a_subtree_is_cosigned(made: Made, log: TwoFacedLog, start: int, end: int) -> None:
    answer = _asked(made, _cosigned(made, log), start, end)
    assert answer.status is Status.COSIGNED
    (line,) = parse_note(text_of(log.note(THIRTEEN)) + b"\n" + answer.body).signatures
    vkey, cosigner = made.vkeys[1], made.cosigners[1]
    assert (line.name, line.key_id, line.value[:8]) == (vkey.name, vkey.key_id, bytes(8))
    message = subtree_message(vkey.name, 0, log.origin, start, end, naive.root(THIRTEEN[start:end]))
    # Raises if it does not verify.
    cosigner.private_key.public_key().verify(line.value[8:], message)  # type: ignore[attr-defined]


def test_the_conditions_in_their_order(made: Made, log: TwoFacedLog) -> None:
    note_raw = _cosigned(made, log)
    alone, text = log.note(THIRTEEN), text_of(note_raw)
    stranger = two_faced_log("stranger.example/log")
    cases = [
        (b"subtree 4 8\n\n" + note_raw, Status.MALFORMED, "the root of the subtree"),
        (format_sign_subtree(1, 3, EMPTY_ROOT, (), note_raw), Status.MALFORMED, "a subtree within 13 leaves"),
        (format_sign_subtree(0, 14, EMPTY_ROOT, (), note_raw), Status.MALFORMED, "a subtree within 13 leaves"),
        (format_sign_subtree(0, 13, EMPTY_ROOT, (), stranger.note(THIRTEEN)), Status.ORIGIN_UNKNOWN, "told to trust"),
        (
            format_sign_subtree(0, 13, EMPTY_ROOT, (), alone),
            Status.NOT_SIGNED,
            "a cosignature of this witness; got none",
        ),
        (
            format_sign_subtree(0, 13, EMPTY_ROOT, (), alone + signature_line(made.vkeys[0], bytes(72))),
            Status.NOT_SIGNED,
            "got",
        ),
        (
            format_sign_subtree(
                0, 13, EMPTY_ROOT, (), alone + cosignature_line(ed25519_cosigner(NAME, bytes(32)), text, NOW)
            ),
            Status.NOT_SIGNED,
            "got none",
        ),
        (
            format_sign_subtree(
                0,
                13,
                EMPTY_ROOT,
                (),
                alone + cosignature_line(mldsa44_cosigner(f"{NAME}/mldsa44", bytes(32)), text, NOW),
            ),
            Status.NOT_SIGNED,
            "got none",
        ),
        (format_sign_subtree(4, 8, EMPTY_ROOT, naive.subtree(4, 8, THIRTEEN), note_raw), Status.INCONSISTENT, "root"),
        (format_sign_subtree(4, 8, naive.root(THIRTEEN[4:8]), (), note_raw), Status.INCONSISTENT, "as many hashes"),
    ]
    for raw, status, words in cases:
        answer = made.witness.sign_subtree(raw)
        assert (answer.status, words in said(answer)) == (status, True), answer


def test_either_cosignature_of_the_witness_will_do(made: Made, log: TwoFacedLog) -> None:
    text = text_of(log.note(THIRTEEN))
    for cosigner in made.cosigners:
        note_raw = text + b"\n" + cosignature_line(cosigner, text, NOW)
        assert _asked(made, note_raw, 4, 8).status is Status.COSIGNED


def test_a_witness_without_such_a_key_signs_none(tmp_path: object, log: TwoFacedLog, made: Made) -> None:
    plain = made_witness(made.directory.with_name("plain"), log, names={KeyKind.COSIGNATURE_ED25519: NAME})
    assert made.witness.signs_subtrees
    assert not plain.witness.signs_subtrees
