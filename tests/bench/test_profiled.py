"""The tables of a profile: shares of threads and functions, and what is left out."""

from tests.bench.profiled import tables, threads_of

LINES = [
    "thread (1): committer;run (threading.py:9);work (ledger/a.py:10);decide (ledger/b.py:3) 60\n",
    "thread (1): committer;run (threading.py:9);work (ledger/a.py:11);Outer.<locals>.<listcomp> (ledger/c.py:5) 30\n",
    "thread (1): committer;run (threading.py:9);work (ledger/a.py:12) 9\n",
    "thread (1): committer;run (threading.py:9);rare (ledger/d.py:1) 1\n",
    "thread (7): MainThread;spawn_main (multiprocessing/spawn.py:122);verify (nacl/signing.py:2) 90\n",
    "thread (7): MainThread;spawn_main (multiprocessing/spawn.py:122);read (multiprocessing/connection.py:2) 8\n",
    "thread (2): idle;run (threading.py:9) 2\n",
]


def test_shares_are_those_of_the_thread() -> None:
    threads = threads_of(LINES)
    assert {name: thread.samples for name, thread in threads.items()} == {"committer": 100, "worker": 98, "idle": 2}
    assert list(threads["committer"].rows()) == [
        ("decide (ledger/b.py)", 0.6, 0.6),
        ("Outer.<locals>.<listcomp> (ledger/c.py)", 0.3, 0.3),
    ]


def test_the_tables_begin_with_the_busiest_and_leave_out_the_idle() -> None:
    told = tables(threads_of(LINES))
    assert told.index("### committer: 50% of 200 samples") < told.index("### worker: 49% of 200 samples")
    assert "| `decide (ledger/b.py)` | 60% | 60% |" in told
    assert "| `verify (nacl/signing.py)` | 92% | 92% |" in told
    assert "spawn_main" not in told
    assert "idle" not in told
    assert "threading.py" not in told
