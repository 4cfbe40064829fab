"""A command in a process of its own that finds everything imported: forked from a server that has imported it once.

`python -m awsprov` spends 0.8 s of CPU on imports before it does anything, and the tests run it hundreds of times. All
else is as it would be: `main()`, with its words, variables and directory, in a session of its own, which ends with the
exit code or by the signal that it would end with. multiprocessing's own fork server does the work.

It is not for who looks at the start itself (lazy imports, seconds, Python's own variables), nor for who reads what it
says while it runs: `Project.start` is for them. On macOS, whose frameworks do not survive a fork, every start is a cold
one.
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

# What commands import late. One that is missing here costs time, and nothing else.
_LATE = (
    "awsprov.cli.error_view", "awsprov.cli.status_view", "awsprov.local", "awsprov.local.interpreters",
    "awsprov.aws.service_models", "boto3", "encodings.idna", "filelock", "paramiko", "tenacity", "uv",
)  # fmt: skip
_PROCESSES = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
multiprocessing.set_forkserver_preload([__name__, *(f"awsprov.cli.{each}" for each in COMMANDS.values()), *_LATE])


class Command:
    """A command of awsprov that runs.

    Arguments:
        words: what stands behind `awsprov`.
        environment: all of its variables.
        first: is called with its pid before it does anything.

    Attributes:
        pid: of the process, which leads a group of its own.
    """

    def __init__(
        self, words: Sequence[str], environment: Mapping[str, str], first: Callable[[int], object] = lambda _: None
    ) -> None:
        self._words, self._scratch = words, TemporaryDirectory()
        self._said = Path(self._scratch.name, "stdout"), Path(self._scratch.name, "stderr")
        self._go = _PROCESSES.Event()
        arguments = (self._go, words, dict(environment), Path.cwd(), self._said)
        self._process: Any = _PROCESSES.Process(target=_become, args=arguments)  # type: ignore[attr-defined]  # both have it
        self._process.start()
        self.pid: int = self._process.pid
        first(self.pid)
        self._go.set()

    def end(self, patience: float) -> Ended:
        """Wait for its end, for so many seconds.

        Raises:
            TimeoutExpired: it took longer, and was killed with its group.
        """
        self._process.join(patience)
        late = self._process.exitcode is None
        if late:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.join()
        with self._scratch:
            stdout, stderr = (said.read_text() if said.exists() else "" for said in self._said)
        if late:
            raise subprocess.TimeoutExpired(self._words, patience, stdout, stderr)
        return Ended(self._words, self._process.exitcode, stdout, stderr)


def _become(
    go: Event, words: Sequence[str], environment: dict[str, str], directory: Path, outputs: tuple[Path, Path]
) -> None:
    """Be that command, once it may go; the server has given it an empty stdin."""
    gc.freeze()  # what is shared with the server stays shared: a collection would write to all of it
    os.setsid()
    go.wait()
    for number, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["awsprov", *words]
    main()
