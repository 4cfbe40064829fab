"""A program that kills the cloud's child processes when the cloud has ended. Standard library only.

It reads lines, `+SESSION` or `-SESSION`. At the end of its input it kills the processes of the sessions that remain.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator


def members(sessions: set[int]) -> Iterator[int]:
    """Yield the ids of the processes in these sessions."""
    for pid in _pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) in sessions:
                yield pid


def _pids() -> list[int]:
    if os.path.isdir("/proc/self"):  # noqa: PTH112 - pathlib would triple this program's start
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    listed = subprocess.run(["/bin/ps", "-axo", "pid="], stdout=subprocess.PIPE, check=False).stdout
    return [int(word) for word in listed.split()]


def main() -> None:
    """Read lines until the cloud ends, then kill."""
    sessions: set[int] = set()
    for line in sys.stdin:
        (sessions.add if line[0] == "+" else sessions.discard)(int(line[1:]))
    for pid in members(sessions - {0}):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
