"""A process that submits one act, and kills itself between the commit and the receipt: before or after the head passes.

A process of its own and no fork: what other threads of a test run hold at that moment, a fork would hold for ever.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from ledger.intake.intake import Intake
from ledger.log.note import ed25519_note_signer
from ledger.signing.signer import load_signer
from ledger.store.heads import HeadStore, RootAt
from ledger.store.log import StoredLog
from tests.acts import Founding
from tests.conftest import REPOSITORY
from tests.intake.contenders import ledger_task

Moment = Literal["before", "after"]

SECONDS_MAX = 60


class Killer(HeadStore):
    """A head store in a process that is killed before or after a head passes."""

    dies: Moment | None = None

    def pass_through(self, note: bytes, root_at: RootAt) -> None:
        if self.dies == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().pass_through(note, root_at)
        if self.dies == "after":
            os.kill(os.getpid(), signal.SIGKILL)


def submit_and_die(database_url: str, acts: Founding, heads: Path, raw: bytes, dies: Moment) -> None:
    """Submit `raw` in a process that dies at that moment; `heads` is the directory of its head store."""
    task = {
        **ledger_task(database_url, acts, heads.parent),
        "heads": str(heads),
        "raw": raw.decode(),
        "dies": dies,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tests.intake.killed"],
        cwd=REPOSITORY,
        input=json.dumps(task),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stdout + ended.stderr


def main(task: dict[str, Any]) -> None:
    signers = [ed25519_note_signer(task["origin"], bytes.fromhex(task["log_seed"]))]
    heads = Killer(Path(task["heads"]), task["origin"])
    with StoredLog(task["database_url"]) as log:
        intake = Intake(log, task["origin"], signers, load_signer(Path(task["service_key"]), None), heads=heads)
        heads.dies = task["dies"]
        sys.exit(f"it was not killed: {intake.submit([task['raw'].encode()])}")


if __name__ == "__main__":
    main(json.loads(sys.stdin.readline()))
