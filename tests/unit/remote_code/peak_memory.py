"""How much memory processes take together (Linux)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_INTERVAL = 0.05  # seconds between two measurements
_OWN = ("RssAnon:", "RssShmem:")  # pages that have no file on a disk, to which the kernel could write them


@dataclass
class Peak:
    """The largest sum that was measured, in bytes."""

    size: int = 0


@contextmanager
def peak_memory(process: int) -> Iterator[Peak]:
    """Measure the memory of all processes that one starts from now on, and those start, until the end."""
    peak, end, others = Peak(), threading.Event(), _descendants(process)

    def measure() -> None:
        while not end.wait(_INTERVAL):
            peak.size = max(peak.size, sum(map(_size, _descendants(process) - others)))

    thread = threading.Thread(target=measure)
    thread.start()
    try:
        yield peak
    finally:
        end.set()
        thread.join()


def _descendants(process: int) -> set[int]:
    parents = dict[int, int]()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found, new = set[int](), {process}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def _size(process: int) -> int:
    with suppress(OSError):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(_OWN))
    return 0
