"""Print docs/attacks.md."""

import sys

from tests.attacks.table import page

if __name__ == "__main__":
    sys.stdout.write(page())
