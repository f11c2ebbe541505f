"""Others that do the nearest thing."""

from tests.bench.ground import Ground
from tests.bench.measured import Row


def peers(ground: Ground) -> tuple[list[Row], list[str]]:
    return [], []
