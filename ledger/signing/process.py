"""This process as a whole: how often its memory is looked through for cycles, and how its threads take turns.

What the ledger makes of bytes by the thousand are frozen values of which none refers to itself, so there is nothing to
find; and looking through them again and again is a good part of what an act costs.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

COLLECTED_AFTER: Final = (50_000, 20, 1_000)
"""Objects made, net, before the youngest are looked through, and rounds of each age before the next older.

By the defaults it is 20 of 110 µs an entry of an audit, and 30 of 180 of a rebuild.
"""

TURN_SECONDS: Final = 0.0005
"""How long a thread runs before another that waits gets its turn.

By the default, 5 ms, the committer waits that long for each answer from PostgreSQL while the event loop is busy (4,100
to 5,700 acts a second in batches), and the thread that writes falls behind the one that folds.
"""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let this process look for garbage rarely, and its threads take turns often, while many entries are folded."""
    thresholds, turn = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(*COLLECTED_AFTER)
    sys.setswitchinterval(min(turn, TURN_SECONDS))
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(turn)
