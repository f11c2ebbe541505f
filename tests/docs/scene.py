"""What a scene is, and the days in one."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Scene:
    """An act that `authority` signs next. The first scene of a type is the sample of that type."""

    label: str
    authority: str
    type: str
    fields: Mapping[str, object]


def day(text: str) -> dict[str, str]:
    return {"first": text, "last": text, "precision": "day"}


def year(number: int) -> dict[str, str]:
    return {"first": f"{number}-01-01", "last": f"{number}-12-31", "precision": "year"}
