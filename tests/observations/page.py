"""What docs/observations.md says of each treatment: its flag and how many rows of release 7 it met."""

import re

from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "observations.md"
_ROW = re.compile(r"^\| (`[a-z_`, ]+`) \| ([0-9, ]+) \|", re.MULTILINE)


def numbers_on_the_page() -> dict[str, int]:
    """Return the rows by flag. A line may be about several flags: with a number for each, or one for all."""
    numbers: dict[str, int] = {}
    for flags, counts in _ROW.findall(PAGE.read_text(encoding="utf-8")):
        named = re.findall(r"[a-z_]+", flags)
        counted = [int(one) for one in counts.split(",")]
        numbers |= zip(named, counted if len(counted) == len(named) else counted * len(named), strict=True)
    return numbers
