"""`python -m tests.sweep.mortal N …`: awsprov that is killed, with its group, at the N-th write of its state.

Every third death comes while the new content is being written, every third between that and its renaming into place,
every third right after. With 0 it lives, and says how many writes there were.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path

from awsprov.cli import main

MOMENTS = ("torn", "unnamed", "named")


def mortal(number: int) -> None:
    """Have the process die at that write."""
    writes, original = count(1), Path.replace

    def replace(self: Path, target: Path) -> Path:
        if target.suffix != ".json":
            return original(self, target)
        n = next(writes)
        if not number:
            print(f"write {n}", file=sys.stderr)
        moment = MOMENTS[n % 3] if n == number else ""
        if moment == "torn":
            os.truncate(self, self.stat().st_size // 2)
        if moment in ("torn", "unnamed"):
            os.killpg(0, signal.SIGKILL)
        result = original(self, target)
        if moment == "named":
            os.killpg(0, signal.SIGKILL)
        return result

    Path.replace = replace  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    mortal(int(sys.argv.pop(1)))
    main()
