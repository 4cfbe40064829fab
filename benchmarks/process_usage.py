"""The CPU time and the memory of a process, as the kernel reports them in /proc."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _CUTIME = 11, 13  # indexes of user and system time in stat, after the name; of the children's that ended


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, without its children."""
    return _times(pid, _UTIME)


def children_cpu_seconds(pid: int) -> float:
    """Return the CPU time of the children of a process that have ended."""
    return _times(pid, _CUTIME)


def memory(pid: int) -> float:
    """Return the resident memory of a process, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _times(pid: int, index: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[index]) + int(fields[index + 1])) / _TICKS
