"""Print the verdict of this ledger's Ed25519 verifier on every published edge case, as a page of the documentation.

    python -m tests.signing.verdict_table ../shared > docs/ed25519-verdicts.md

A test compares the page with the one that is committed, so a change of library that changes a verdict is seen.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from ledger.events.keys import KeyRecord
from ledger.events.refusals import Rejected
from ledger.signing.encoding import to_base64
from ledger.signing.keys import ED25519_SPKI_PREFIX, BadSignature, public_key

ACCEPTED = "accepted"
KEY_REFUSED = "key refused"
SIGNATURE_REFUSED = "signature refused"

INTRODUCTION = """\
# Ed25519: what this ledger accepts

Libraries disagree about signatures by keys of small order, by keys with a small-order component and about other
encodings of the same point. This ledger refuses such keys when they are registered (`key_weak`) and verifies with
libsodium, so that nobody can later show a library that judges an admitted signature differently. This page is written
by `python -m tests.signing.verdict_table` from the vectors and compared with its verdicts by a test.
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One published case. `valid` is the publisher's own verdict, None where there is none."""

    group: str
    key: bytes
    message: bytes
    signature: bytes
    valid: bool | None


def ledger_verdict(case: Case) -> str:
    """Return ACCEPTED, KEY_REFUSED or SIGNATURE_REFUSED: the verdict of the code that verifies submissions."""
    record = KeyRecord(algorithm="ed25519", public_key=to_base64(ED25519_SPKI_PREFIX + case.key), proof="AAAA")
    try:
        public_key(record).verify(case.message, case.signature)
    except Rejected:
        return KEY_REFUSED
    except BadSignature:
        return SIGNATURE_REFUSED
    return ACCEPTED


def libsodium_accepts(case: Case) -> bool:
    """Tell what libsodium alone would say, without the check of the key."""
    try:
        VerifyKey(case.key).verify(case.message, case.signature)
    except (CryptoError, ValueError):
        return False
    return True


def cctv_cases(shared: Path) -> list[Case]:
    """Read the edge cases of C2SP/CCTV, grouped by their flags."""
    rows = json.loads((shared / "vectors/ed25519/cctv/ed25519/ed25519vectors.json").read_bytes())
    return [
        Case(
            group=", ".join(sorted(row["flags"] or [])) or "(none)",
            key=bytes.fromhex(row["key"]),
            message=row["msg"].encode(),
            signature=bytes.fromhex(row["sig"]),
            valid=None,
        )
        for row in rows
    ]


def wycheproof_cases(shared: Path) -> list[Case]:
    """Read the cases of Wycheproof's ed25519_test.json, grouped by their flags."""
    document = json.loads((shared / "vectors/ed25519/wycheproof/ed25519_test.json").read_bytes())
    return list(_wycheproof(document))


def _wycheproof(document: dict[str, Any]) -> Iterator[Case]:
    for group in document["testGroups"]:
        for test in group["tests"]:
            yield Case(
                group=", ".join(sorted(test["flags"])),
                key=bytes.fromhex(group["publicKey"]["pk"]),
                message=bytes.fromhex(test["msg"]),
                signature=bytes.fromhex(test["sig"]),
                valid=test["result"] == "valid",
            )


def page(shared: Path) -> str:
    """Return the whole page in Markdown."""
    return "\n".join([INTRODUCTION, *_wycheproof_section(shared), "", *_cctv_section(shared), ""])


def _wycheproof_section(shared: Path) -> Iterator[str]:
    cases = wycheproof_cases(shared)
    yield "## Wycheproof `ed25519_test.json` (C2SP/wycheproof dac1dd4)\n"
    yield "| flags | valid | of these accepted | invalid | of these refused |"
    yield "|---|--:|--:|--:|--:|"
    for group in [*sorted({case.group for case in cases}), None]:
        of_group = [case for case in cases if group in (case.group, None)]
        valid = [ledger_verdict(case) for case in of_group if case.valid]
        invalid = [ledger_verdict(case) for case in of_group if not case.valid]
        accepted, refused = valid.count(ACCEPTED), len(invalid) - invalid.count(ACCEPTED)
        yield _row(group, [len(valid), accepted, len(invalid), refused])


def _cctv_section(shared: Path) -> Iterator[str]:
    cases = cctv_cases(shared)
    yield "## CCTV `ed25519vectors.json` (C2SP/CCTV 1e3d286)\n"
    yield "CCTV calls no case right or wrong. `A` is the public key, `R` the first half of the signature.\n"
    yield "| flags | cases | libsodium alone accepts | key refused | signature refused | accepted |"
    yield "|---|--:|--:|--:|--:|--:|"
    for group in [*sorted({case.group for case in cases}), None]:
        of_group = [case for case in cases if group in (case.group, None)]
        told = Counter(ledger_verdict(case) for case in of_group)
        sodium = sum(libsodium_accepts(case) for case in of_group)
        yield _row(group, [len(of_group), sodium, told[KEY_REFUSED], told[SIGNATURE_REFUSED], told[ACCEPTED]])


def _row(group: str | None, counts: list[int]) -> str:
    name = "**all**" if group is None else f"`{group}`"
    return f"| {name} | " + " | ".join(str(count) for count in counts) + " |"


if __name__ == "__main__":
    sys.stdout.write(page(Path(sys.argv[1])))
