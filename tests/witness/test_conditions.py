"""Every condition of tlog-witness in one run against one witness, in the order in which a log can meet them.

The table of formats.md §1.5: after each refusal the record is what it was, and the witness goes on.
"""

import hashlib

from ledger.log.checkpoint import Checkpoint, checkpoint_text
from ledger.log.note import sign_note, signature_line
from ledger.log.tree import EMPTY_ROOT
from ledger.signing.encoding import to_base64
from ledger.witness.protocol import SIZE_TYPE, TEXT_TYPE, Answer, Status, format_add_checkpoint
from tests.witness.histories import TwoFacedLog, leaves, proof, two_faced_log
from tests.witness.witnesses import NOW, Made, said, text_of

FIVE, EIGHT, OTHER = leaves(5), leaves(8), leaves(8, "another story")


class Run:
    """One witness, and what it must have recorded."""

    def __init__(self, made: Made, log: TwoFacedLog) -> None:
        self.made, self.log, self.witness = made, log, made.witness

    def refused(self, raw: bytes, status: Status, words: str) -> Answer:
        before = self.made.store.heads()
        answer = self.witness.add_checkpoint(raw)
        assert (answer.status, answer.content_type) == (status, TEXT_TYPE), answer
        assert words in said(answer)
        assert self.made.store.heads() == before
        return answer

    def stale(self, raw: bytes, recorded_size: int) -> None:
        before = self.made.store.heads()
        answer = self.witness.add_checkpoint(raw)
        assert (answer.status, answer.content_type) == (Status.STALE, SIZE_TYPE)
        assert answer.body == f"{recorded_size}\n".encode()
        assert self.made.store.heads() == before

    def cosigned(self, raw: bytes, note_raw: bytes) -> bytes:
        answer = self.witness.add_checkpoint(raw)
        assert (answer.status, answer.content_type) == (Status.COSIGNED, TEXT_TYPE), answer
        times = self.made.times(text_of(note_raw), answer.body)
        assert times == dict.fromkeys(self.made.vkeys, self.made.clock.now)
        recorded = self.made.store.head(self.log.origin)
        assert recorded is not None
        assert recorded.note_raw == note_raw
        return answer.body


def test_the_conditions_of_the_table_in_one_run(made: Made, log: TwoFacedLog) -> None:
    run = Run(made, log)
    five, eight, other = log.note(FIVE), log.note(EIGHT), log.note(OTHER)
    growth = proof(5, EIGHT)
    # 1. Malformed: the request, the note, the checkpoint.
    run.refused(b"old +0\n\n" + five, Status.MALFORMED, "'old' and 1 decimal size")
    run.refused(b"old 0\n" + five, Status.MALFORMED, "a line of base64 of 32 bytes")
    run.refused(format_add_checkpoint(0, (), b"no note\n"), Status.MALFORMED, "signature lines")
    extended = sign_note(text_of(five) + b"extension\n", log.signer)
    run.refused(format_add_checkpoint(0, (), extended), Status.MALFORMED, "exactly three lines")
    # 2. More than 63 hashes.
    run.refused(format_add_checkpoint(5, (EMPTY_ROOT,) * 64, eight), Status.MALFORMED, "at most 63 hashes; got 64")
    # 3. The old size above the new one, whoever asks.
    run.refused(format_add_checkpoint(9, (), eight), Status.MALFORMED, "up to that of the checkpoint, 8; got 9")
    # 4. An origin that nobody trusts, before the signature is looked at.
    stranger = two_faced_log("stranger.example/log")
    run.refused(format_add_checkpoint(0, (), stranger.note(FIVE)), Status.ORIGIN_UNKNOWN, "told to trust")
    # 5. No line by a trusted key; 6. a line of one that is false, also beside a good one.
    unsigned = text_of(five) + b"\n" + signature_line(stranger.vkey, bytes(64))
    run.refused(format_add_checkpoint(0, (), unsigned), Status.NOT_SIGNED, "a signature by a known key")
    false = text_of(five) + b"\n" + signature_line(log.vkey, bytes(64))
    run.refused(format_add_checkpoint(0, (), false), Status.NOT_SIGNED, "an Ed25519 signature by")
    run.refused(format_add_checkpoint(0, (), five + signature_line(log.vkey, bytes(64))), Status.NOT_SIGNED, "by")
    # 7. The old size is not the recorded one: 0 as long as nothing is.
    run.stale(format_add_checkpoint(5, growth, eight), 0)
    # 8. The empty tree has one root; 9. from size 0 there is nothing to prove.
    lying = sign_note(f"{log.origin}\n0\n{to_base64(FIVE[0])}\n".encode(), log.signer)
    run.refused(format_add_checkpoint(0, (), lying), Status.INCONSISTENT, "for tree size 0")
    run.refused(format_add_checkpoint(0, (EMPTY_ROOT,), five), Status.INCONSISTENT, "no hashes")
    empty = log.note(())
    run.cosigned(format_add_checkpoint(0, (), empty), empty)
    run.refused(format_add_checkpoint(0, (EMPTY_ROOT,), empty), Status.INCONSISTENT, "no hashes")
    first = run.cosigned(format_add_checkpoint(0, (), five), five)
    # 10. The same size: with another root, with a proof, and the same again, which gives a fresh time.
    run.refused(format_add_checkpoint(5, (), log.note(OTHER[:5])), Status.INCONSISTENT, "same tree")
    run.refused(format_add_checkpoint(5, (EMPTY_ROOT,), five), Status.INCONSISTENT, "no hashes")
    made.clock.now = NOW + 60
    assert run.cosigned(format_add_checkpoint(5, (), five), five) != first
    # 11. A proof that does not prove: of another story, cut short, with the wrong hash.
    run.refused(format_add_checkpoint(5, growth, other), Status.INCONSISTENT, "root")
    run.refused(format_add_checkpoint(5, proof(5, OTHER), other), Status.INCONSISTENT, "root")
    run.refused(format_add_checkpoint(5, growth[:-1], eight), Status.INCONSISTENT, "hashes from size 5 to 8")
    run.refused(format_add_checkpoint(5, (EMPTY_ROOT, *growth[1:]), eight), Status.INCONSISTENT, "root")
    # And then growth, after which everything that went before is stale.
    run.cosigned(format_add_checkpoint(5, growth, eight), eight)
    run.stale(format_add_checkpoint(0, (), five), 8)
    run.stale(format_add_checkpoint(5, growth, eight), 8)
    run.stale(format_add_checkpoint(5, (), five), 8)
    run.stale(format_add_checkpoint(0, (), lying), 8)


def test_the_newest_checkpoint_is_shown_as_it_was_cosigned(made: Made, log: TwoFacedLog) -> None:
    digest = hashlib.sha256(log.origin.encode()).hexdigest()
    witness = made.witness
    assert witness.checkpoint(digest) is None
    note_raw = log.note(FIVE)
    answer = witness.add_checkpoint(format_add_checkpoint(0, (), note_raw))
    made.clock.now += 1000
    shown = witness.checkpoint(digest)
    assert shown is not None
    assert shown.startswith(note_raw)
    assert made.times(text_of(note_raw), shown.removeprefix(note_raw)) == made.times(text_of(note_raw), answer.body)
    assert witness.checkpoint("0" * 64) is None


def test_nothing_foreign_is_kept_or_shown(made: Made, log: TwoFacedLog) -> None:
    """A line under the witness's own name that it never signed must not come back out of it."""
    note_raw = log.note(FIVE)
    spoiled = (
        note_raw + signature_line(made.vkeys[0], bytes(72)) + log.note(FIVE).removeprefix(text_of(note_raw) + b"\n")
    )
    answer = made.witness.add_checkpoint(format_add_checkpoint(0, (), spoiled))
    assert answer.status is Status.COSIGNED
    recorded = made.store.head(log.origin)
    assert recorded is not None
    assert recorded.note_raw == note_raw


def test_either_key_of_a_log_that_changes_its_key_will_do(made: Made, log: TwoFacedLog) -> None:
    new = two_faced_log("ledger.example/new-key").signer
    made.store.trust([(log.origin, new.vkey)])
    note_raw = sign_note(text_of(log.note(FIVE)), new)
    assert made.witness.add_checkpoint(format_add_checkpoint(0, (), note_raw)).status is Status.COSIGNED
    assert made.store.distrust(log.origin, new.vkey)
    refused = made.witness.add_checkpoint(format_add_checkpoint(5, (), note_raw))
    assert refused.status is Status.NOT_SIGNED


def test_a_log_that_is_trusted_again_is_where_it_was(made: Made, log: TwoFacedLog) -> None:
    witness = made.witness
    witness.add_checkpoint(format_add_checkpoint(0, (), log.note(EIGHT)))
    assert made.store.distrust(log.origin, log.vkey)
    assert witness.add_checkpoint(format_add_checkpoint(8, (), log.note(EIGHT))).status is Status.ORIGIN_UNKNOWN
    made.store.trust([(log.origin, log.vkey)])
    assert witness.add_checkpoint(format_add_checkpoint(0, (), log.note(OTHER))).body == b"8\n"


def test_two_logs_do_not_know_of_each_other(made: Made, log: TwoFacedLog) -> None:
    other = two_faced_log("ledger.example/second")
    made.store.trust([(other.origin, other.vkey)])
    witness = made.witness
    assert witness.add_checkpoint(format_add_checkpoint(0, (), log.note(EIGHT))).status is Status.COSIGNED
    assert witness.add_checkpoint(format_add_checkpoint(0, (), other.note(OTHER))).status is Status.COSIGNED
    # The key of one says nothing about the other.
    crossed = sign_note(checkpoint_text(Checkpoint(other.origin, 8, other.checkpoint(OTHER).root)), log.signer)
    assert witness.add_checkpoint(format_add_checkpoint(8, (), crossed)).status is Status.NOT_SIGNED
