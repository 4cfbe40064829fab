"""Warm processes for commands: forked from a server that has imported all of awsprov once.

`python -m awsprov` spends 0.8 s of CPU on imports, and the tests run it hundreds of times. A warm process calls
`main()` with the arguments, variables and directory of a command, in a session of its own, and ends with its exit code
or signal.
multiprocessing's fork server creates the processes.

Tests of the start itself (lazy imports, duration, Python's own variables) and tests that read output while a command
runs use `Project.start` instead. On macOS, whose frameworks do not survive a fork, each process imports everything.
"""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from awsprov.cli import main
from awsprov.cli.registry import COMMANDS

Ended = subprocess.CompletedProcess[str]

# Modules that commands import late. If one is missing here, each command imports it: this costs time only.
_LATE = (
    "awsprov.cli.error_view", "awsprov.cli.status_view", "awsprov.local", "awsprov.local.interpreters",
    "awsprov.aws.service_models", "boto3", "encodings.idna", "filelock", "paramiko", "tenacity", "uv",
)  # fmt: skip
_PROCESSES = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
multiprocessing.set_forkserver_preload([__name__, *(f"awsprov.cli.{each}" for each in COMMANDS.values()), *_LATE])


class Command:
    """A command of awsprov that runs in a warm process.

    Arguments:
        words: its arguments.
        environment: all of its variables.
        first: called with its pid before it begins.

    Attributes:
        pid: the id of the process, and of its process group.
    """

    def __init__(
        self, words: Sequence[str], environment: Mapping[str, str], first: Callable[[int], object] = lambda _: None
    ) -> None:
        self._words, self._scratch = words, TemporaryDirectory()
        self._outputs = Path(self._scratch.name, "stdout"), Path(self._scratch.name, "stderr")
        self._go = _PROCESSES.Event()
        arguments = (self._go, words, dict(environment), Path.cwd(), self._outputs)
        self._process: Any = _PROCESSES.Process(target=_become, args=arguments)  # type: ignore[attr-defined]  # both have it
        self._process.start()
        self.pid: int = self._process.pid
        first(self.pid)
        self._go.set()

    def end(self, timeout: float) -> Ended:
        """Wait until it ends, for at most `timeout` seconds.

        Raises:
            TimeoutExpired: it took longer, and was killed with its process group.
        """
        self._process.join(timeout)
        late = self._process.exitcode is None
        if late:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.join()
        with self._scratch:
            stdout, stderr = (path.read_text() if path.exists() else "" for path in self._outputs)
        if late:
            raise subprocess.TimeoutExpired(self._words, timeout, stdout, stderr)
        return Ended(self._words, self._process.exitcode, stdout, stderr)


def _become(
    go: Event, words: Sequence[str], environment: dict[str, str], directory: Path, outputs: tuple[Path, Path]
) -> None:
    """Run the command in this process when `go` is set. The fork server has given it an empty stdin."""
    gc.freeze()  # pages stay shared with the server: a garbage collection would write to all of them
    os.setsid()
    go.wait()
    for number, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["awsprov", *words]
    main()
