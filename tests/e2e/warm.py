"""A command in a process of its own that finds everything imported: forked from a server that has imported it once.

`python -m awsprov` spends 0.8 s of CPU on imports before it does anything, and the tests run it hundreds of times. All
else is as it would be: `main()`, with its words, variables and directory, in a session of its own, which ends with the
exit code or by the signal that it would end with. multiprocessing's own fork server does the work.

It is not for who looks at the start itself (lazy imports, seconds, Python's own variables), nor for who reads, signals
or kills a command while it runs: `Project.start` is for them. On macOS, whose frameworks do not survive a fork, every
start is a cold one.
"""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from awsprov.cli import COMMANDS, main

Ended = subprocess.CompletedProcess[str]

# What commands import late. One that is missing here costs time, and nothing else.
_LATE = (
    "awsprov.cli.failure", "awsprov.cli.standing", "awsprov.local", "awsprov.local.interpreters", "awsprov.models",
    "boto3", "encodings.idna", "filelock", "paramiko", "tenacity", "uv",
)  # fmt: skip
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__, *(f"awsprov.cli.{each}" for each in COMMANDS.values()), *_LATE])


def run(words: Sequence[str], environment: Mapping[str, str], patience: float) -> Ended:
    """Run a command of awsprov to its end.

    Arguments:
        words: what stands behind `awsprov`.
        environment: all of its variables.
        patience: seconds that it may take.

    Raises:
        TimeoutExpired: it took longer, and was killed with its group.
    """
    if sys.platform != "linux":
        return subprocess.run(
            [sys.executable, "-m", "awsprov", *words], env=environment, timeout=patience, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True,
        )  # fmt: skip
    with TemporaryDirectory() as directory:
        stdout, stderr = Path(directory, "stdout"), Path(directory, "stderr")
        process = _FORKS.Process(target=_become, args=(words, dict(environment), Path.cwd(), stdout, stderr))
        process.start()
        process.join(patience)
        if process.exitcode is None:
            assert process.pid
            os.killpg(process.pid, signal.SIGKILL)
            process.join()
            raise subprocess.TimeoutExpired(words, patience, stdout.read_bytes(), stderr.read_bytes())
        return Ended(words, process.exitcode, stdout.read_text(), stderr.read_text())


def _become(words: Sequence[str], environment: dict[str, str], directory: Path, stdout: Path, stderr: Path) -> None:
    """Be that command; the server has given it an empty stdin."""
    gc.freeze()  # what is shared with the server stays shared: a collection would write to all of it
    os.setsid()
    for number, path in ((1, stdout), (2, stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["awsprov", *words]
    main()
