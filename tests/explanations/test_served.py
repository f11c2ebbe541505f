"""Explanations of a real server over real HTTP: derived again, forged, cut, changed; judged by the auditor's fold."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from ledger.cli.exit_codes import ExitCode
from ledger.client.errors import NotThere
from ledger.events.canonical import canonical_bytes
from ledger.events.refusals import Rejected
from ledger.log.errors import LogInvalid
from ledger.log.note import format_vkey
from ledger.signing.dsse import parse
from projections.commands import FILE_KINDS
from projections.explained import NotEnough, answer_to, replayed, verify_explanation
from projections.explanation import (
    FIRST_LINE,
    Explanation,
    ExplanationInvalid,
    Question,
    format_explanation,
    parse_explanation,
)
from projections.rows import MemoryRows
from tests.acts import ORIGIN, log_key
from tests.cli.conftest import Run
from tests.explanations.conftest import Place

AS_OF = "2026-09-30"
CHANGED_BYTES = 600


def fetched(place: Place, path: str, **query: str | int) -> Explanation:
    answer = place.served.get(path, params={"as_of": AS_OF, **query})
    assert answer.status_code == 200, answer.text
    return parse_explanation(answer.content)


def commitments(place: Place) -> list[str]:
    return [one["commitment"] for one in place.served.get("/v1/commitments", params={"as_of": AS_OF}).json()["data"]]


def richest(place: Place) -> Explanation:
    """Return the explanation of the commitment with the most entries behind it."""
    every = (fetched(place, f"/v1/commitments/{one}/explanation") for one in commitments(place))
    return max(every, key=lambda one: len(one.entries))


def verify(place: Place, explanation: Explanation) -> object:
    return verify_explanation(explanation, ORIGIN, [place.history.founding.log_signer.vkey]).answer


def oracle(place: Place, asked: Question) -> bytes | None:
    """Return the answer that the auditor's fold of the whole log gives."""
    return answer_to(MemoryRows(place.audited.compact.changes, place.audited.checkpoint.tree_size, None), asked)


def test_every_commitment_and_guarantor_is_explained_as_the_auditor_has_it(place: Place) -> None:
    asked = commitments(place)
    assert len(asked) > 5
    parties = ("gb", "de", "fr", "ua", "depositary")
    paths = [f"/v1/commitments/{one}" for one in asked] + [f"/v1/guarantors/{one}" for one in parties]
    for path in paths:
        explanation = fetched(place, f"{path}/explanation")
        assert explanation.answer == oracle(place, explanation.asked)
        answer = verify(place, explanation)
        read = place.served.get(path, params={"as_of": AS_OF}).json()["data"]
        assert answer == read if "commitments" in path else answer["summary"] == read  # type: ignore[index]


def test_the_obligations_are_those_that_are_answered(place: Place) -> None:
    answer = verify(place, fetched(place, "/v1/guarantors/gb/explanation"))
    read = place.served.get("/v1/guarantors/gb/obligations", params={"as_of": AS_OF}).json()["data"]
    assert answer["obligations"] == read  # type: ignore[index]
    assert read


def test_an_earlier_tree_size_is_explained_from_what_was_known_then(place: Place) -> None:
    now = richest(place)
    name, first = now.asked.id, next(position for position in _own(now) if position > 1)
    before = place.served.get(f"/v1/commitments/{name}/explanation", params={"as_of": AS_OF, "known_at": first - 1})
    assert (before.status_code, before.json()["code"]) == (404, "not_found")
    then = fetched(place, f"/v1/commitments/{name}/explanation", known_at=first)
    assert verify(place, then)
    assert max(entry.position for entry, _ in then.entries) == first
    assert len(then.entries) < len(now.entries)


def _own(explanation: Explanation) -> list[int]:
    """Return the positions of the acts on the commitment itself."""
    acts = ((entry.position, parse(entry.envelope).event) for entry, _ in explanation.entries)
    return [position for position, event in acts if getattr(event, "commitment", None) == explanation.asked.id]


def test_a_forged_figure_does_not_follow(place: Place) -> None:
    explanation = richest(place)
    answer = json.loads(explanation.answer)
    forged = 0
    for name, figure in answer["whole"].items():
        if figure is not None:
            lie = {**answer, "whole": {**answer["whole"], name: {**figure, "amount": figure["amount"] + "1"}}}
            with pytest.raises(ExplanationInvalid, match="as it follows from the entries"):
                verify(place, replace(explanation, answer=canonical_bytes(lie)))
            forged += 1
    assert forged > 5
    for lie in (
        {**answer, "state": "fulfilled" if answer["state"] != "fulfilled" else "lapsed"},
        {**answer, "more": 1},
    ):
        with pytest.raises(ExplanationInvalid):
            verify(place, replace(explanation, answer=canonical_bytes(lie)))
    with pytest.raises(ExplanationInvalid):
        verify(place, replace(explanation, answer=b"null"))


def test_an_answer_to_another_question_does_not_follow(place: Place) -> None:
    explanation = richest(place)
    other = next(one for one in commitments(place) if one != explanation.asked.id)
    asked = Question(kind="commitment", id=other, as_of=explanation.asked.as_of, known_at=explanation.asked.known_at)
    with pytest.raises(LogInvalid, match="as it follows"):
        verify(place, replace(explanation, asked=asked))


def test_an_entry_that_is_left_out_is_missed_or_was_not_needed(place: Place) -> None:
    """Without any one of them the answer is never another one: it is undecided, false, or the same."""
    explanation = richest(place)
    ends = {"missed": 0, "false": 0, "same": 0}
    for at in range(len(explanation.entries)):
        cut = replace(explanation, entries=explanation.entries[:at] + explanation.entries[at + 1 :])
        try:
            assert verify(place, cut) == json.loads(explanation.answer)
            ends["same"] += 1
        except NotEnough:
            ends["missed"] += 1
        except ExplanationInvalid:
            ends["false"] += 1
    assert ends["missed"] > len(explanation.entries) / 2, ends


def test_leaving_out_an_act_and_what_it_did_is_not_noticed_here_but_by_a_statement(place: Place) -> None:
    """What an explanation does not prove, and says so: that nothing else was recorded."""
    explanation = richest(place)
    own = _own(explanation)
    entries = tuple(item for item in explanation.entries if item[0].position not in own[1:])
    cut = replace(explanation, entries=entries)
    while True:
        replay = replayed((entry for entry, _ in cut.entries), ORIGIN)
        if not replay.refused:
            break
        cut = replace(cut, entries=tuple(item for item in cut.entries if item[0].position not in replay.refused))
    answer = answer_to(MemoryRows(replay.given.changes, cut.asked.known_at, None), cut.asked)
    assert answer is not None
    assert answer != explanation.answer
    assert verify(place, replace(cut, answer=answer)) == json.loads(answer)
    # The statement of the authority whose act was left out lists it.
    left_out = next(entry for entry, _ in explanation.entries if entry.position == own[-1])
    authority = parse(left_out.envelope).event.authority
    assert left_out.raw in place.served.get(f"/v1/authorities/{authority}/statement/file").content


def test_entries_in_another_order_twice_or_beyond_the_question_are_refused(place: Place) -> None:
    explanation = richest(place)
    first, second, *rest = explanation.entries
    for entries in ((second, first, *rest), (first, first, second, *rest)):
        with pytest.raises(ExplanationInvalid, match="a position after"):
            verify(place, replace(explanation, entries=entries))
    asked = explanation.asked
    earlier = Question(kind=asked.kind, id=asked.id, as_of=asked.as_of, known_at=first[0].position)
    with pytest.raises(ExplanationInvalid, match="a position after"):
        verify(place, replace(explanation, asked=earlier))
    later = Question(kind=asked.kind, id=asked.id, as_of=asked.as_of, known_at=10**6)
    with pytest.raises(ExplanationInvalid, match="a tree of at least"):
        verify(place, replace(explanation, asked=later))


def test_an_entry_that_the_log_does_not_hold_is_refused(place: Place) -> None:
    explanation = richest(place)
    (entry, proof), *rest = explanation.entries[::-1]
    for changed in (replace(entry, raw=entry.raw.replace(b'"sig":"', b'"sig":"A', 1)), entry):
        hashes = proof if changed is not entry else (b"\x00" * 32, *proof[1:])
        with pytest.raises(LogInvalid):
            verify(place, replace(explanation, entries=(*rest[::-1], (changed, hashes))))


def test_a_foreign_ledger_is_refused(place: Place) -> None:
    explanation = richest(place)
    with pytest.raises(LogInvalid, match="a signature by a known key"):
        verify_explanation(explanation, ORIGIN, [log_key().vkey])
    with pytest.raises(LogInvalid):
        verify_explanation(explanation, "ledger.example/other", [place.history.founding.log_signer.vkey])


def test_every_changed_byte_is_refused(place: Place) -> None:
    raw = format_explanation(richest(place))
    random = Random(3)
    for at in random.sample(range(len(raw)), CHANGED_BYTES):
        changed = bytearray(raw)
        changed[at] ^= 1 << random.randrange(8)
        with pytest.raises((LogInvalid, Rejected, NotThere)):
            verify(place, parse_explanation(bytes(changed)))


def test_a_document_in_another_form_is_refused(place: Place) -> None:
    raw = format_explanation(richest(place))
    document = json.loads(raw)
    others = [
        json.dumps(document).encode(),
        canonical_bytes(document),
        raw + b"\n",
        raw[:-1],
        raw.replace(b'"asked":', b'"asked": ', 1),
        raw[: len(raw) // 2],
        b"",
        json.dumps({**document, "entries": []}).encode(),
        raw.replace(f'"as_of":"{AS_OF}"'.encode(), b'"as_of":"9999-12-31"', 1),
    ]
    for other in others:
        with pytest.raises(LogInvalid):
            parse_explanation(other)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/commitments/nothing-here/explanation", 404, "not_found"),
        ("/v1/guarantors/zz/explanation", 404, "not_found"),
        ("/v1/guarantors/gb/explanation?known_at=0", 404, "not_found"),
        ("/v1/guarantors/gb/explanation?known_at=999999", 404, "not_found"),
        ("/v1/guarantors/gb/explanation?as_of=yesterday", 422, "query_invalid"),
        ("/v1/guarantors/gb/explanation?format=csv", 406, "not_acceptable"),
    ],
)
def test_what_cannot_be_explained_is_a_problem(place: Place, path: str, status: int, code: str) -> None:
    answer = place.served.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_question_with_both_times_is_answered_alike_for_ever(place: Place) -> None:
    size = place.served.tree_size()
    one, other = (
        place.served.get("/v1/guarantors/gb/explanation", params={"as_of": AS_OF, "known_at": size}) for _ in range(2)
    )
    assert one.content == other.content
    assert "max-age" in one.headers["cache-control"]


# The command line.


def test_explain_fetches_and_verifies_in_one_go(run: Run, place: Place, tmp_path: Path) -> None:
    name, out = richest(place).asked.id, tmp_path / "explanation.json"
    done = run(
        "explain", "commitment", name, "--as-of", AS_OF, "--url", place.served.url, "--vkey", place.vkey, "--out", out
    )
    assert done.exit_code == ExitCode.VALID, done.stderr
    assert json.loads(done.stdout)["commitment"] == name
    assert "Not proved" in done.stderr
    again = run("verify", out, "--vkey", place.vkey, "--json")
    assert again.exit_code == ExitCode.VALID, again.stderr
    assert json.loads(again.stdout)["answer"] == json.loads(done.stdout)
    assert out.read_bytes().split(b"\n")[0].decode() == FIRST_LINE
    assert FIRST_LINE in FILE_KINDS


def test_how_verify_ends(run: Run, place: Place, tmp_path: Path) -> None:
    explanation, file = richest(place), tmp_path / "file"
    answer = json.loads(explanation.answer)
    forged = replace(explanation, answer=canonical_bytes({**answer, "title": {"en": "Another"}}))
    cut = replace(explanation, entries=explanation.entries[:1])
    ends = {
        format_explanation(explanation): ExitCode.VALID,
        format_explanation(forged): ExitCode.INVALID,
        format_explanation(cut): ExitCode.UNDECIDABLE,
        format_explanation(explanation)[:-1]: ExitCode.INVALID,
        b"something else\n": ExitCode.USAGE,
    }
    for raw, end in ends.items():
        file.write_bytes(raw)
        done = run("verify", file, "--vkey", place.vkey)
        assert done.exit_code == end, done.stderr
        assert (done.stdout == "") == (end is not ExitCode.VALID)
    file.write_bytes(format_explanation(explanation))
    assert run("verify", file, "--vkey", format_vkey(log_key().vkey)).exit_code == ExitCode.INVALID
    assert run("verify", tmp_path / "absent", "--vkey", place.vkey).exit_code == ExitCode.UNDECIDABLE


def test_an_unknown_kind_of_question_is_usage(run: Run, place: Place) -> None:
    done = run("explain", "treaty", "pact", "--url", place.served.url, "--vkey", place.vkey)
    assert done.exit_code == ExitCode.USAGE
    missing = run("explain", "commitment", "nothing", "--url", place.served.url, "--vkey", place.vkey)
    assert missing.exit_code == ExitCode.UNDECIDABLE
