"""Starting contenders, killing them, and reading what they were given."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.signing.signer import Ed25519Signer, save_signer
from tests.acts import Founding
from tests.conftest import REPOSITORY
from tests.intake.oracle import Given

PATIENCE_SECONDS = 60.0


@dataclass
class Contender:
    """Another process that submits acts for the guarantors of a ledger."""

    process: subprocess.Popen[str]
    answers: Path

    def received(self) -> list[dict[str, Any]]:
        """Return the answers that were written down completely."""
        if not self.answers.exists():
            return []
        *lines, _cut_off = self.answers.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines]

    def given(self) -> list[Given]:
        """Return the receipts among the answers."""
        return [
            Given(one["position"], one["entry"].encode(), one["receipt"].encode())
            for one in self.received()
            if "receipt" in one
        ]

    def wait_for_more(self, answers: int) -> None:
        """Wait until it has received `answers` more than now."""
        aim, give_up = len(self.received()) + answers, time.monotonic() + PATIENCE_SECONDS
        while len(self.received()) < aim:
            assert self.process.poll() is None, "the contender ended"
            assert time.monotonic() < give_up, "the contender gets no answers"
            time.sleep(0.01)

    def wait_until_ready(self) -> None:
        """Wait until it only has to be let go."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not self.answers.exists():
            assert self.process.poll() is None, "the contender ended"
            assert time.monotonic() < give_up, "the contender is not ready"
            time.sleep(0.01)

    def let_go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def finish(self) -> None:
        assert self.process.wait(PATIENCE_SECONDS * 2) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def ledger_task(database_url: str, acts: Founding, folder: Path) -> dict[str, Any]:
    """Return what another process is told to be the ledger: its database, its origin, its keys (one is in `folder`)."""
    assert isinstance(acts.service, Ed25519Signer)
    service_key = folder / "service.pem"
    if not service_key.exists():
        save_signer(acts.service, service_key, None)
    return {
        "database_url": database_url,
        "origin": acts.origin,
        "log_seed": bytes(acts.log_signer.private_key).hex(),
        "service_key": str(service_key),
    }


def contend(
    database_url: str, acts: Founding, folder: Path, name: str, seconds: float, *, is_held: bool = False
) -> Contender:
    """Start a contender that submits for `seconds`, at once or when it is let go.

    Its answers are kept in `folder` under its name.
    """
    keys = {}
    for party, office in acts.offices.items():
        keys[party] = str(folder / f"{party}.pem")
        (signer,) = office.signers
        assert isinstance(signer, Ed25519Signer)
        if not Path(keys[party]).exists():
            save_signer(signer, Path(keys[party]), None)
    task = {
        **ledger_task(database_url, acts, folder),
        "keys": keys,
        "name": name,
        "seconds": seconds,
        "answers": str(folder / f"{name}.ndjson"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.intake.contender"], cwd=REPOSITORY, stdin=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(task) + "\n")
    process.stdin.flush()
    contender = Contender(process, folder / f"{name}.ndjson")
    if not is_held:
        contender.let_go()
    return contender
