"""The process that serves, as a whole: how its memory is looked through, and how its threads take turns."""

import gc
import sys
from typing import Final

from ledger.signing.process import TURN_SECONDS

COLLECTED_AFTER: Final = (50_000, 20, 50)
"""Objects made, net, before the youngest are looked through for cycles; rounds of each age before the next older.

By the defaults a quarter of an act's CPU goes there (183 to 134 µs in batches, 990 to 640 µs singly), and a look
through everything, acts that were recorded a moment ago among it, stops all threads for 80 ms.
"""


def prepare_process() -> None:
    """Set this process up for serving, once everything is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
    sys.setswitchinterval(TURN_SECONDS)
