"""The published edge cases of Ed25519 and the page that shows our verdicts."""

import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.signing.verdict_table import ACCEPTED, KEY_REFUSED, cctv_cases, ledger_verdict, wycheproof_cases

REPOSITORY = Path(__file__).resolve().parents[2]


def test_wycheproof_valid_is_accepted_and_invalid_is_refused(shared: Path) -> None:
    cases = wycheproof_cases(shared)
    assert len(cases) == 151
    assert [case for case in cases if (ledger_verdict(case) == ACCEPTED) != case.valid] == []


def test_no_key_with_a_small_order_component_is_accepted(shared: Path) -> None:
    flags = ("low_order_A", "non_canonical_A", "low_order_component_A")
    weak = [case for case in cctv_cases(shared) if any(flag in case.group.split(", ") for flag in flags)]
    assert len(weak) > 800
    assert {ledger_verdict(case) for case in weak} == {KEY_REFUSED}


def test_what_is_accepted_another_library_accepts(shared: Path) -> None:
    accepted = [case for case in cctv_cases(shared) + wycheproof_cases(shared) if ledger_verdict(case) == ACCEPTED]
    assert len(accepted) == 88 + 1
    for case in accepted:
        Ed25519PublicKey.from_public_bytes(case.key).verify(case.signature, case.message)


def test_the_committed_page_is_what_the_verifier_says(shared: Path) -> None:
    command = [sys.executable, "-m", "tests.signing.verdict_table", str(shared)]
    written = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True).stdout
    assert written == (REPOSITORY / "docs" / "ed25519-verdicts.md").read_text()
