"""Runs awsprov and prints its CPU time and peak memory at the end: `python -m benchmarks.usage up …`."""

import re
import resource
import sys
from typing import NamedTuple

from awsprov.cli import run


class Usage(NamedTuple):
    """The CPU time and the peak memory of a process."""

    cpu_seconds: float
    megabytes: float


def usage_in(output: str) -> Usage:
    """Return what this module printed.

    Raises:
        ValueError: it printed nothing.
    """
    found = re.search(r"usage: ([\d.]+) s, ([\d.]+) MB", output)
    if found is None:
        raise ValueError(output)
    return Usage(float(found[1]), float(found[2]))


if __name__ == "__main__":
    code = run(sys.argv[1:])
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"usage: {used.ru_utime + used.ru_stime:.2f} s, {used.ru_maxrss / 1024:.0f} MB", file=sys.stderr)
    sys.exit(code)
