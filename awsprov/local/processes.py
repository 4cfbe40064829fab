"""Child processes: each in a session of its own, and none outlives the cloud, even if it is killed.

A helper process (`reaper`) holds one end of a pipe. When the other end closes, for any reason, it kills all sessions
that are registered. This also works on macOS, which has no signal for the death of a parent.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from awsprov.local import reaper


class Processes:
    """Starts processes and ends them with all that they have started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        command = [sys.executable, "-I", "-S", str(Path(reaper.__file__))]
        self._reaper = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a command in a new session. The options are those of subprocess.Popen."""
        process = subprocess.Popen(command, start_new_session=True, **options)
        self._send(f"+{process.pid}")
        return process

    def finished(self, session: int) -> bool:
        """Unregister a session whose leader has ended; return False if other processes of it still run."""
        if any(True for _ in reaper.members({session})):
            return False
        self._send(f"-{session}")
        return True

    def kill(self, sessions: Iterable[int]) -> None:
        """End all processes of these sessions: SIGHUP, then SIGKILL."""
        sessions = set(sessions)
        for pid in list(reaper.members(sessions)):
            _signal(pid, signal.SIGHUP)
            _signal(pid, signal.SIGKILL)
        for session in sessions:
            self._send(f"-{session}")

    def close(self) -> None:
        """End all sessions that are registered."""
        if self._reaper.stdin:
            self._reaper.stdin.close()
        self._reaper.wait()

    def _send(self, line: str) -> None:
        with self._lock:
            if self._reaper.stdin and not self._reaper.stdin.closed:
                self._reaper.stdin.write(f"{line}\n".encode())
                self._reaper.stdin.flush()


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
