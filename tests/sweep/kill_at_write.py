"""`python -m tests.sweep.kill_at_write N …`: run awsprov, and kill its process group at the N-th write of the state.

A third of the kills come while the new content is written, a third before the file is renamed into place, a third right
after that. With 0 the command finishes, and prints each write to stderr.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path

from awsprov.cli import main

MOMENTS = ("torn", "unnamed", "named")


def kill_at_write(number: int) -> None:
    """Replace `Path.replace` by one that kills the process group at that write."""
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
    kill_at_write(int(sys.argv.pop(1)))
    main()
