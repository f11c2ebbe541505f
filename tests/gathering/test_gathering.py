"""A ledger and its witnesses over real sockets: what is cosigned, what is published, and who never waits for whom."""

import re
import socket
import time
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg

from ledger.client.bundle import Believed, prove_bundle
from ledger.log.bundle import parse_bundle
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import parse_entry
from ledger.log.note import format_vkey
from ledger.log.policy import parse_policy
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.signing.dsse import parse
from ledger.store.log import StoredLog
from ledger.witness.protocol import format_add_checkpoint
from tests.acts import Founding, founding
from tests.api.served import Served, found, served, settings_for
from tests.gathering.trios import NAMES, Trio, standing, states, trio, until, witnessed
from tests.postgres import put_back
from tests.verifier.javascript import needs_node, verifier


def added(one: Served, made: Founding) -> int:
    """Submit one more act; return the tree size of its receipt."""
    answer = one.post(made.beneficiary.renaming())
    assert answer.status_code == 201, answer.text
    return int(answer.json()["tree_size"])


def receipt_of(one: Served, event: str, **query: str) -> bytes:
    answer = one.get(f"/v1/events/{event}/receipt", params=query)
    assert answer.status_code == 200, answer.text
    return answer.content


def first_event(one: Served) -> str:
    """Return the id of the act that opened the ledger."""
    return event_of(one.get("/v1/entries/1").content)


def event_of(entry: bytes) -> str:
    return parse(parse_entry(entry).envelope).event.id


def test_an_act_is_cosigned_by_all_within_two_seconds(three: Trio) -> None:
    with three.ledger() as one:
        witnessed(one, 5)
        began = time.monotonic()
        size = added(one, three.made)
        seen = witnessed(one, size)
        seconds = time.monotonic() - began
        assert seconds < 2
        assert (seen["quorum"], seen["tree_size"]) == ("met", size)
        until(lambda: standing(one), lambda now: all(w["tree_size"] == size for w in now["witnesses"]))
        for witness in standing(one)["witnesses"]:
            assert (witness["state"], witness["lag"], witness["error"]) == ("cosigning", 0, None)
            assert abs(time.time() - time.mktime(time.strptime(witness["cosigned_at"], "%Y-%m-%dT%H:%M:%SZ"))) < 86400
        note = one.get("/v1/checkpoint").content
        assert b"witness.example" not in note, "what the log signed stays what it is"


def test_a_witnessed_receipt_meets_the_policy_and_proves_the_entry(three: Trio) -> None:
    with three.ledger() as one:
        seen = witnessed(one, 5)
        event = first_event(one)
        entry = one.get(f"/v1/events/{event}/entry").content
        answer = one.get(f"/v1/events/{event}/receipt?witnessed=true")
        receipt = parse_receipt(answer.content)
        judged = three.judged(receipt.checkpoint_note)
        assert judged.met
        assert len(judged.witnesses) >= 2
        assert judged.checkpoint.tree_size == seen["witnessed_size"]
        verify_receipt(receipt, entry, three.settings.origin, [three.made.log_signer.vkey])
        assert answer.headers["cache-control"] == "no-cache"
        etag = answer.headers["etag"]
        assert one.get(f"/v1/events/{event}/receipt?witnessed=true", headers={"If-None-Match": etag}).status_code == 304
        ordinary = one.get(f"/v1/events/{event}/receipt")
        assert "immutable" in ordinary.headers["cache-control"]
        assert not three.judged(parse_receipt(ordinary.content).checkpoint_note).met, "the judge can say no"


@needs_node
def test_a_bundle_holds_the_policy_and_the_lines_that_meet_it(three: Trio, tmp_path: Path) -> None:
    with three.ledger() as one:
        witnessed(one, 5)
        event = first_event(one)
        raw = one.get(f"/v1/events/{event}/bundle").content
        published = one.get("/checkpoint").content
    bundle = parse_bundle(raw)
    assert three.policy_raw in bundle.policy
    assert bundle.checkpoint_note == published
    key = three.made.log_signer.vkey
    shown = prove_bundle(bundle, Believed(key.name, (key,), parse_policy(three.policy_raw)))
    assert shown.own_policy_met
    assert len(shown.cosigned) >= 2
    (tmp_path / "act.bundle").write_bytes(raw)
    (tmp_path / "policy").write_bytes(three.policy_raw)
    ended = verifier("bundle", tmp_path / "act.bundle", "--vkey", format_vkey(key), "--policy", tmp_path / "policy")
    assert ended.code == 0, ended


def test_an_act_that_is_not_witnessed_yet_has_a_bundle_of_the_log_alone(three: Trio) -> None:
    with three.ledger() as one:
        witnessed(one, 5)
        old = one.get("/checkpoint").content
        for name in ("north", "south"):
            three[name].stop()
        size = added(one, three.made)
        until(lambda: standing(one), lambda now: now["quorum"] == "lost")
        event = event_of(one.get(f"/v1/entries/{size}").content)
        bundle = parse_bundle(one.get(f"/v1/events/{event}/bundle").content)
        assert bundle.policy.endswith(b"quorum none\n")
        assert not three.judged(bundle.checkpoint_note).met
        assert one.get("/checkpoint").content.split(b"\n")[1] == old.split(b"\n")[1], "good checkpoints only"
        assert three.judged(one.get("/checkpoint").content).met


def test_two_of_three_hold_the_quorum_one_does_not_and_all_catch_up(three: Trio) -> None:
    with three.ledger() as one:
        witnessed(one, 5)
        three["north"].stop()
        size = added(one, three.made)
        assert witnessed(one, size)["quorum"] == "met"
        assert until(lambda: states(one), lambda seen: seen["north"] == "unreachable")["south"] == "cosigning"
        three["south"].stop()
        alone = added(one, three.made)
        seen = until(lambda: standing(one), lambda now: now["quorum"] == "lost")
        assert (seen["tree_size"], seen["witnessed_size"]) == (alone, size)
        ready = one.get("/readyz")
        assert (ready.status_code, ready.json()["status"], ready.json()["quorum"]) == (200, "degraded", "lost")
        metrics = one.get("/metrics").text
        assert 'gledger_quorum{state="lost"} 1.0' in metrics
        assert f"gledger_witnessed_tree_size {float(size)}" in metrics
        late = added(one, three.made)
        assert late == alone + 1, "it still admits"
        three["north"].start()
        three["south"].start()
        assert witnessed(one, late)["quorum"] == "met"
        until(lambda: states(one), lambda now: set(now.values()) == {"cosigning"})
        assert one.get("/readyz").json()["status"] == "ready"
        assert 'gledger_quorum{state="met"} 1.0' in one.get("/metrics").text
        assert 'gledger_witness_answers_total{answer="backoff",witness="north"}' in one.get("/metrics").text


def test_what_is_not_witnessed_yet_has_a_code_of_its_own(three: Trio) -> None:
    for name in NAMES:
        three[name].stop()
    with three.ledger() as one:
        until(lambda: standing(one), lambda now: now["quorum"] == "lost")
        event = first_event(one)
        answer = one.get(f"/v1/events/{event}/receipt?witnessed=true")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_witnessed")
        assert one.get(f"/v1/events/{event}/receipt").status_code == 200


def test_without_a_policy_there_are_no_witnesses(three: Trio) -> None:
    with served(replace(three.settings, policy_raw=None)) as one:
        found(one, three.made)
        assert standing(one) == {
            "tree_size": 5,
            "witnessed_size": None,
            "quorum": None,
            "policy": None,
            "witnesses": [],
        }
        event = first_event(one)
        answer = one.get(f"/v1/events/{event}/receipt?witnessed=true")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_witnessed")
        assert one.get("/readyz").json()["status"] == "ready"


def test_a_restart_remembers_what_was_gathered(three: Trio) -> None:
    with three.ledger() as one:
        witnessed(one, 5)
        until(lambda: states(one), lambda now: set(now.values()) == {"cosigning"})
    for name in NAMES:
        three[name].stop()
    with three.ledger(founded=False) as one:
        seen = standing(one)
        assert (seen["witnessed_size"], seen["quorum"]) == (5, "met")
        assert [witness["tree_size"] for witness in seen["witnesses"]] == [5, 5, 5]


def test_a_line_that_somebody_put_into_the_database_is_not_published(three: Trio) -> None:
    three["south"].stop()
    three["east"].stop()
    with three.ledger() as one:
        until(lambda: states(one), lambda now: now["north"] == "cosigning" and now["east"] == "unreachable")
    with psycopg.connect(three.settings.database_url) as connection:
        (line,) = connection.execute("SELECT line FROM cosignatures").fetchone() or (b"",)
        forged = line.replace(b"witness.example/north", b"witness.example/south")
        connection.execute(
            "INSERT INTO cosignatures SELECT tree_size, 'witness.example/south+00000000', cosigned_at, %s"
            " FROM cosignatures",
            [forged],
        )
    with three.ledger(founded=False) as one:
        assert standing(one)["witnessed_size"] == 0
        three["east"].start()
        seen = witnessed(one, 5)
        assert seen["quorum"] == "met"
        receipt = parse_receipt(receipt_of(one, first_event(one), witnessed="true"))
        assert set(three.judged(receipt.checkpoint_note).witnesses) == {"north", "east"}


def test_a_witness_of_another_history_is_an_alarm_and_the_others_go_on(three: Trio) -> None:
    lie = sign_checkpoint(Checkpoint(three.settings.origin, 3, bytes(32)), three.made.log_signer)
    asked = httpx.post(f"{three['north'].url}/add-checkpoint", content=format_add_checkpoint(0, (), lie))
    assert asked.status_code == 200
    with three.ledger() as one:
        seen = witnessed(one, 5)
        assert seen["quorum"] == "met"
        north = until(lambda: standing(one)["witnesses"][0], lambda now: now["state"] == "alarm")
        assert "inconsistent" in north["error"]
        size = added(one, three.made)
        assert witnessed(one, size)["quorum"] == "met"


def test_many_acts_are_a_few_questions(three: Trio) -> None:
    acts = 120
    with three.ledger() as one:
        began = time.monotonic()
        for _ in range(acts):
            size = added(one, three.made)
        seconds = time.monotonic() - began
        witnessed(one, size)
    with StoredLog(three.settings.database_url) as log:
        sizes = log.cosigned_sizes(1, 1000)
    assert sizes[0] == size
    assert len(sizes) <= 2 * seconds + 4, "one round in half a second at most"
    assert len(sizes) < acts / 2


def test_with_database_and_heads_put_back_only_the_witnesses_notice(
    three: Trio, postgres_server: str, tmp_path: Path
) -> None:
    with three.ledger() as one:
        witnessed(one, 5)
    with put_back(postgres_server, three.settings.database_url) as url:
        with three.ledger(founded=False) as one:
            for _ in range(2):
                size = added(one, three.made)
            witnessed(one, size)
            until(lambda: standing(one), lambda now: all(w["tree_size"] == size for w in now["witnesses"]))
        again = replace(three.settings, database_url=url, data=tmp_path / "heads were lost too")
        with served(again) as one:
            for party in ("de", "fr", "gb"):
                answer = one.post(three.made.offices[party].renaming())
                assert answer.status_code == 201, "nothing on this machine knows better"
                if party == "de":
                    until(lambda: states(one), lambda now: set(now.values()) == {"ahead"})
            # Only now, when this log is as long again, can they say what is wrong with it.
            until(lambda: states(one), lambda now: set(now.values()) == {"alarm"})
            seen = until(lambda: standing(one), lambda now: now["quorum"] == "lost")
            assert seen["witnessed_size"] == 5
            assert one.get("/readyz").json()["status"] == "degraded"


def test_two_processes_of_one_log_know_what_either_gathered(three: Trio) -> None:
    with three.ledger() as one, three.ledger(founded=False) as other:
        witnessed(one, 5)
        for server in (one, other, one):
            size = added(server, three.made)
            assert witnessed(one, size)["quorum"] == "met"
            assert witnessed(other, size)["quorum"] == "met"
        assert "alarm" not in {*states(one).values(), *states(other).values()}


def test_the_page_about_verifying_says_how_the_witnesses_stand(three: Trio) -> None:
    with three.ledger() as one:
        witnessed(one, 5)
        until(lambda: states(one), lambda now: set(now.values()) == {"cosigning"})
        before = one.get("/en/verify")
        assert "Enough witnesses have cosigned the newest checkpoint." in before.text
        assert all(f">{name}<" in before.text for name in NAMES)
        for name in NAMES:
            three[name].stop()
        added(one, three.made)
        until(lambda: standing(one), lambda now: now["quorum"] == "lost")
        assert "Too few witnesses have cosigned the newest checkpoint." in one.get("/en/verify").text
        assert "Найновішу контрольну точку підписало замало свідків." in one.get("/uk/verify").text
        assert one.get("/en/verify").headers["etag"] != before.headers["etag"]


def test_keys_of_both_kinds_at_one_address_are_one_question(database_url: str, tmp_path: Path) -> None:
    made = founding()
    with (
        trio(settings_for(made, database_url, tmp_path), made, tmp_path, mldsa=True) as three,
        three.ledger() as one,
    ):
        witnessed(one, 5)
        until(lambda: standing(one), lambda now: all(w["tree_size"] == 5 for w in now["witnesses"]))
        judged = three.judged(one.get("/v1/checkpoint?witnessed=true").content)
        assert judged.witnesses.keys() == {*NAMES, *(f"{name}-mldsa" for name in NAMES)}
        counted = re.findall(
            r'gledger_witness_answers_total{answer="cosigned",witness="north"} (\S+)', one.get("/metrics").text
        )
        assert counted == ["1.0"]


def test_a_witness_that_never_answers_holds_up_nobody(three: Trio) -> None:
    three["east"].stop()
    with socket.create_server(("127.0.0.1", three["east"].port)), three.ledger() as one:
        for _ in range(3):
            began = time.monotonic()
            size = added(one, three.made)
            submitted = time.monotonic()
            assert witnessed(one, size)["quorum"] == "met"
            assert submitted - began < 1
            assert time.monotonic() - submitted < 2
        assert states(one)["east"] == "not_asked", "it is still being asked the first time"
