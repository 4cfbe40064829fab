"""Kill what the cloud started once the cloud is gone. A program of its own, of nothing but the standard library.

Reads `+SESSION` and `-SESSION` lines; at the end of its input, kills every process of the sessions that are left.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator


def members(sessions: set[int]) -> Iterator[int]:
    """The processes that belong to these sessions."""
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
    """Follow the cloud until it is gone."""
    sessions: set[int] = set()
    for line in sys.stdin:
        (sessions.add if line[0] == "+" else sessions.discard)(int(line[1:]))
    for pid in members(sessions - {0}):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
