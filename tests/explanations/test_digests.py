"""The digest of every projection: the same from the lists over HTTP, from the server, and from an export at any size.

Lists in which measures, crises, needs and observations stand are compared where there is a ledger with such:
`test_reads_crises`, `test_reads_needs`, `test_reading_answers`.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.exit_codes import ExitCode
from projections.digests import PROJECTIONS
from tests.cli.conftest import Run
from tests.explanations.conftest import Place
from tests.explanations.counting import DIGESTS, counted, stated
from tests.explanations.lying_proxy import lying

AS_OF = "2026-06-15"


def test_the_digests_are_those_of_the_lists_at_any_tree_size(place: Place) -> None:
    size = place.served.tree_size()
    seen = set()
    for known_at in (size, size // 2, size // 4, 5):
        query = {"as_of": AS_OF, "known_at": known_at}
        found = stated(place.served.http, query)
        assert found == counted(place.served.http, query)
        seen.add(json.dumps(found))
    assert len(seen) == 4
    assert {name for name, (count, _) in stated(place.served.http, {"as_of": AS_OF, "known_at": size}).items() if count}


def test_the_digests_follow_from_an_export_at_any_tree_size(run: Run, place: Place, tmp_path: Path) -> None:
    export = tmp_path / "export"
    assert run("export", export, "--url", place.served.url, "--vkey", place.vkey).exit_code == 0
    size = place.served.tree_size()
    for known_at in (size, size // 3, 1):
        done = run("project", export, "--digests", "--tree-size", known_at, "--as-of", AS_OF, "--json")
        assert done.exit_code == ExitCode.VALID, done.stdout
        digests = json.loads(done.stdout)["digests"]
        query = {"as_of": AS_OF, "known_at": known_at}
        assert digests == place.served.get(DIGESTS, params=query).json()["data"]
    lines = run("project", export, "--digests").stdout.splitlines()
    assert [line.split("  ")[1] for line in lines] == [*(one.name for one in PROJECTIONS), "all"]
    assert not (export / "projections.json").exists()
    beyond = run("project", export, "--digests", "--tree-size", size + 1)
    assert beyond.exit_code == ExitCode.UNDECIDABLE
    assert run("project", export, "--tree-size", 3).exit_code == ExitCode.USAGE
    for day in ("someday", "9999-12-31"):
        assert run("project", export, "--digests", "--as-of", day).exit_code == ExitCode.USAGE


def test_an_export_with_a_lie_has_no_digests(run: Run, place: Place, tmp_path: Path) -> None:
    export = tmp_path / "export"
    assert run("export", export, "--url", place.served.url, "--vkey", place.vkey).exit_code == 0
    lines = (export / "entries.ndjson").read_bytes().splitlines(keepends=True)
    (export / "entries.ndjson").write_bytes(b"".join(lines[:7] + lines[8:]))
    done = run("project", export, "--digests", "--json")
    assert (done.exit_code, json.loads(done.stdout)["digests"]) == (ExitCode.INVALID, None)


def test_the_audit_compares_every_digest(run: Run, place: Place) -> None:
    done = run("audit", place.served.url, "--vkey", place.vkey)
    assert done.exit_code == ExitCode.VALID, done.stdout
    assert f"proved   projections {len(PROJECTIONS):>14}" in done.stdout
    one_by_one = run("audit", place.served.url, "--vkey", place.vkey, "--answers")
    assert one_by_one.exit_code == ExitCode.VALID, one_by_one.stdout
    assert "proved   answers" in one_by_one.stdout


def renamed(body: bytes) -> bytes:
    """Change one row of a list: the title of the first commitment, or the name of the first party."""
    answer = json.loads(body)
    row = answer["data"][0]
    row["title" if "title" in row else "name"] = {"en": "A lie"} if "title" in row else "A lie"
    return json.dumps(answer).encode()


def other_digest(name: str) -> Any:
    """Return a lie that gives the projection `name` another digest, consistently in the digest over all."""

    def told(body: bytes) -> bytes:
        answer = json.loads(body)
        for one in answer["data"]["digests"]:
            if one["projection"] == name:
                one["sha256"] = "0" * 64
        lines = "".join(f"{one['sha256']}  {one['projection']}\n" for one in answer["data"]["digests"])
        answer["data"]["sha256"] = sha256(lines.encode()).hexdigest()
        return json.dumps(answer).encode()

    return told


@pytest.mark.parametrize(("name", "path"), [("commitments", "/v1/commitments"), ("parties", "/v1/parties")])
def test_a_lie_in_a_row_is_found_with_its_projection_and_row(run: Run, place: Place, name: str, path: str) -> None:
    """The server lies in a row, and states the digest of its lies."""
    with lying(place.served.url, {path: renamed, DIGESTS: other_digest(name)}) as url:
        done = run("audit", url, "--vkey", place.vkey, "--json")
    assert done.exit_code == ExitCode.INVALID
    finding = json.loads(done.stdout)["finding"]
    assert (finding["lie"], finding["place"]) == ("projection_wrong", f"{url}{path}, answer 1")
    assert finding["evidence"]["projection"] == name
    assert "A lie" in finding["evidence"]["answered"]
    assert "A lie" not in finding["evidence"]["derived"]


def test_a_digest_that_its_own_answers_do_not_have_is_found(run: Run, place: Place) -> None:
    with lying(place.served.url, {DIGESTS: other_digest("overdue")}) as url:
        done = run("audit", url, "--vkey", place.vkey)
    assert done.exit_code == ExitCode.INVALID
    assert f"projection_wrong at {url}{DIGESTS}, overdue" in done.stdout


def test_a_lie_behind_a_true_digest_needs_every_answer(run: Run, place: Place) -> None:
    with lying(place.served.url, {"/v1/commitments": renamed}) as url:
        by_digest = run("audit", url, "--vkey", place.vkey)
        one_by_one = run("audit", url, "--vkey", place.vkey, "--answers")
    assert by_digest.exit_code == ExitCode.VALID
    assert (one_by_one.exit_code, "projection_wrong" in one_by_one.stdout) == (ExitCode.INVALID, True)


def test_a_row_too_many_or_too_few_is_found(run: Run, place: Place) -> None:
    def shorter(body: bytes) -> bytes:
        answer = json.loads(body)
        return json.dumps({**answer, "data": answer["data"][:-1]}).encode()

    def invented(body: bytes) -> bytes:
        answer = json.loads(body)
        return json.dumps({**answer, "data": [*answer["data"], {"measure": "m-1"}]}).encode()

    for path, lie in (("/v1/deliveries", shorter), ("/v1/measures", invented)):
        with lying(place.served.url, {path: lie}) as url:
            done = run("audit", url, "--vkey", place.vkey, "--answers")
        assert (done.exit_code, f"{url}{path}, answer" in done.stdout) == (ExitCode.INVALID, True), done.stdout


def test_a_server_that_states_no_digest_is_not_called_proved(run: Run, place: Place) -> None:
    with lying(place.served.url, {DIGESTS: lambda _: None}) as url:
        done = run("audit", url, "--vkey", place.vkey)
    assert done.exit_code == ExitCode.VALID
    assert "proved   projections" not in done.stdout
    assert "believed The server's answers beside the obligations were not all compared" in done.stdout


def test_a_digest_that_is_none_leaves_it_undecided(run: Run, place: Place) -> None:
    with lying(place.served.url, {DIGESTS: lambda _: b'{"data":{"digests":"many"}}'}) as url:
        assert run("audit", url, "--vkey", place.vkey).exit_code == ExitCode.UNDECIDABLE


def test_too_large_a_tree_and_times_that_are_none_are_problems(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.served.get(DIGESTS, params={"as_of": "never"}).status_code == 422
    assert place.served.get(DIGESTS, params={"known_at": 10**9}).status_code == 404
    monkeypatch.setattr("api.reads_digests.DIGESTS_TREE_SIZE_MAX", 9)
    answer = place.served.get(DIGESTS, params={"as_of": "2026-01-01", "known_at": 10})
    assert (answer.status_code, answer.json()["code"]) == (422, "query_invalid")
    assert place.served.get(DIGESTS, params={"as_of": "2026-01-01", "known_at": 9}).status_code == 200


def test_of_a_larger_log_than_a_server_digests_nothing_is_compared_unless_it_is_asked_for(
    run: Run, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.audit.DIGESTS_TREE_SIZE_MAX", place.served.tree_size() - 1)
    done = run("audit", place.served.url, "--vkey", place.vkey)
    assert (done.exit_code, "proved   projections" in done.stdout) == (ExitCode.VALID, False)
    assert "--answers compares them" in done.stdout
    asked = run("audit", place.served.url, "--vkey", place.vkey, "--answers")
    assert "proved   answers" in asked.stdout
