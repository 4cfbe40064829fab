"""The processes of machines: each in a session of its own, and none outlives the cloud, even when that is killed.

A small companion (`reaper.py`) holds one end of a pipe. When the other end closes, for whatever reason, it kills every
session that was registered. Nothing here depends on Linux: macOS has no parent-death signal.
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
    """Starts processes, remembers their sessions, ends them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        companion = [sys.executable, "-I", "-S", str(Path(reaper.__file__))]
        self._reaper = subprocess.Popen(companion, stdin=subprocess.PIPE, start_new_session=True)

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a command in a new session."""
        process = subprocess.Popen(command, start_new_session=True, **options)
        self._tell(f"+{process.pid}")
        return process

    def finished(self, session: int) -> bool:
        """Forget a session whose leader has ended, unless it left others behind."""
        if any(True for _ in reaper.members({session})):
            return False
        self._tell(f"-{session}")
        return True

    def kill(self, sessions: Iterable[int]) -> None:
        """End whole sessions: those asked to leave, and what has not left, killed."""
        sessions = set(sessions)
        for pid in list(reaper.members(sessions)):
            _signal(pid, signal.SIGHUP)
            _signal(pid, signal.SIGKILL)
        for session in sessions:
            self._tell(f"-{session}")

    def close(self) -> None:
        """End everything that is still registered."""
        if self._reaper.stdin:
            self._reaper.stdin.close()
        self._reaper.wait()

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._reaper.stdin and not self._reaper.stdin.closed:
                self._reaper.stdin.write(f"{line}\n".encode())
                self._reaper.stdin.flush()


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
