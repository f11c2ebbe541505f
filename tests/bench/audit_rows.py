"""The audit from files, and what it says of all that was submitted before; and the receipts that were handed out."""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from ledger.audit.export import ENTRIES
from ledger.log.errors import LogInvalid
from ledger.log.note import format_vkey
from ledger.log.receipt import parse_receipt, verify_receipt
from tests.bench.ground import Ground, load, say
from tests.bench.limits import lines_of, verification_and_hashing
from tests.bench.measured import Goal, Round, Row
from tests.bench.processes import Ended, Failed, ended, gledger, require

LOADS: Final = ("batch intake over HTTP", "projection lag", "single submissions", "lone client", "start after kill -9")
"""Rows that add acts: what the audit says of the log, it says of each of them, since a log only grows."""

AUDIT: Final = "audit from files"
MILLION: Final = 1_000_000


def export(ground: Ground) -> tuple[Path, Path]:
    """Copy the log of the running ledger: lines, and a folder of tiles."""
    lines, tiles = ground.data / "export", ground.data / "tiles"
    shutil.rmtree(lines, ignore_errors=True)
    shutil.rmtree(tiles, ignore_errors=True)
    say("exporting")
    for where in ([str(lines)], ["--static", str(tiles)]):
        told = require(ended(gledger("export", *where, "--url", ground.url, *_keys(ground))), "the export")
        say(f"exported in {told.seconds:.0f} s")
    return lines, tiles


def audit(ground: Ground, lines: Path, tiles: Path) -> Row:
    """Audit the copies, beside verifying and hashing as many entries of them on all cores."""
    scale = ground.scale
    targets = [(lines, tiles)[number % 2] for number in range(scale.rounds)]
    load_before, at = load(), _parts(ground)
    limits = [verification_and_hashing(lines / ENTRIES, *next(at), ground.workload.seed)]
    outcomes = []
    for target in targets:
        outcomes.append(audited(ground, target))
        limits.append(verification_and_hashing(lines / ENTRIES, *next(at), ground.workload.seed))
        say(f"audit of {target.name}: {outcomes[-1].seconds:.1f} s, {outcomes[-1].memory_mb:.0f} MB")
    rounds = tuple(
        Round((before + after) / 2, ground.at / outcome.seconds)
        for (before, after), outcome in zip(pairwise(limits), outcomes, strict=True)
    )
    return Row(
        name=AUDIT,
        ours="entries a second, `gledger audit`, from its start to its end",
        limit="Ed25519 verification and two SHA-256 of as many entries a second, all cores",
        rounds=rounds,
        figures={
            "seconds_a_million": max(one.seconds for one in outcomes) * MILLION / ground.at,
            "cpu_us_an_entry": 1e6 * min(one.cpu_seconds for one in outcomes) / ground.at,
            "memory_mb": max(one.memory_mb for one in outcomes),
        },
        goals=(Goal("ratio", "≥", 0.7), Goal("seconds_a_million", "≤", 60), Goal("memory_mb", "≤", 500)),
        entries=ground.at,
        notes=("Rounds audit the lines and the folder of tiles in turn; the limit is measured between them.",),
        load_before=load_before,
    )


def audited(ground: Ground, target: Path) -> Ended:
    """Audit a copy. Raises Failed unless every entry of it was proved."""
    outcome = require(ended(gledger("audit", str(target), *_keys(ground))), "the audit")
    if f"valid: {ground.at} entries" not in outcome.said:
        raise Failed(f"expected an audit of {ground.at} entries; it said {outcome.said[-600:]}")
    return outcome


def judged(ground: Ground, lines: Path) -> None:
    """Say of every row that added acts whether the audit is clean and the receipts that were kept hold.

    Where the row of the audit was measured, every round of it was of the whole log and clean.
    """
    try:
        if AUDIT not in {row.name for row in ground.rows}:
            audited(ground, lines)
        checked = receipts_hold(ground, lines)
        clean, note = True, f"Audit clean after it, {ground.at:,} entries; {checked} receipts verified."
    except (Failed, LogInvalid) as error:
        clean, note = False, f"Not clean: {error}"
    say(note)
    ground.rows = [
        msgspec.structs.replace(row, clean=clean, notes=(*row.notes, note)) if row.name in LOADS else row
        for row in ground.rows
    ]


def receipts_hold(ground: Ground, lines: Path) -> int:
    """Verify the receipts that the client kept, against the entries of the export. Raises LogInvalid."""
    kept = dict(ground.receipts)
    vkeys = [signer.vkey for signer in ground.workload.log_signers]
    for position, raw in enumerate(lines_of(lines / ENTRIES, 0, ground.at), 1):
        if position in kept:
            verify_receipt(parse_receipt(kept[position].encode()), raw, ground.workload.founded.origin, vkeys[:1])
    return len(kept)


def _keys(ground: Ground) -> list[str]:
    return [part for signer in ground.workload.log_signers for part in ("--vkey", format_vkey(signer.vkey))]


def _parts(ground: Ground) -> Iterator[tuple[int, int]]:
    """Yield, one after the other and round again, the parts of the log that the limit is measured on."""
    size = min(ground.at, 10 * ground.scale.verified)
    while True:
        yield from ((at, at + size) for at in range(0, ground.at - size + 1, size))
