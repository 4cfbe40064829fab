"""A cloud on 127.0.0.1 for people without an AWS account. It knows nothing of the core, and the core nothing of it.

This module starts, finds and ends it, and is cheap to import: the cloud itself is a process of its own.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awsprov.local.cloud import ACCESS_KEY, HOST, SECRET_KEY

_PATIENCE = 60.0  # seconds for a start on a busy computer; two are usual
_ROOM = 200 * 1024 * 1024  # bytes of disk without which there is no point in starting
_LIMITS = (
    "The network is on record only: subnets, security groups and NAT isolate nothing here.",
    "Machines and functions run as you, on this computer: do not run what you would not run yourself.",
    "A function's memory is reported, not enforced.",
)
_INSTALL = "pip install 'awsprov[local]'"


class CloudError(Exception):
    """The local cloud cannot start or stop; the message says why, `hint` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Running:
    """A local cloud that runs."""

    directory: Path
    pid: int
    port: int
    endpoint: str
    pace: float
    consistency: float
    versions: dict[str, str]
    started: float
    enforce_iam: bool = False

    def environment(self) -> dict[str, str]:
        """The variables that turn any AWS client to this cloud."""
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def ask(self, method: str, name: str, **body: Any) -> dict[str, Any]:
        """A call of the cloud's own API: `ask("POST", "faults", kind="throttle")`. See docs/local-cloud.md."""
        import http.client  # noqa: PLC0415 - a quarter of this module's import, for the sweeps only

        scope = "Credential=test/20000101/us-east-1/awsprov/aws4_request, SignedHeaders=host, Signature=0"
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_PATIENCE)
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}"}
        connection.request(method, f"/_awsprov/{name}", json.dumps(body), headers)
        answer = connection.getresponse()
        said = dict(json.load(answer))
        if answer.status != http.client.OK:
            raise CloudError(said.get("message", answer.reason))
        return said

    def resolve_python(self, python: str) -> str:
        """Which Python of this machine, as in `3.11`, stands for `python` in machines and functions."""
        from awsprov.local import interpreters  # noqa: PLC0415 - for those who lock libraries

        interpreters.record(self.directory)
        return ".".join(interpreters.find(python).version.split(".")[:2])

    @property
    def notices(self) -> list[str]:
        """What an honest cloud says of itself: what it does not do, and which Python stands in for which."""
        return [*_LIMITS, *_stand_ins(self.directory / "interpreters.json")]


def start(
    directory: Path, *, port: int = 0, pace: float = 0.0, consistency: float = 0.0, enforce_iam: bool = False
) -> Running:
    """The cloud of a directory: the one that runs, or a new one, once it answers.

    A port is chosen once and kept, unless it has been taken meanwhile or another one is asked for.
    """
    import filelock  # noqa: PLC0415 - not needed by those who only look

    directory = directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with filelock.FileLock(directory / "start.lock"):
        running = find(directory)
        if running is not None:
            return running
        _check_room(directory)
        kept = _record(directory).get("port", 0)
        try:
            _spawn(directory, port or kept, pace, consistency, enforce_iam)
        except _PortTakenError:
            if port:
                raise CloudError(f"Port {port} is taken by another program.", "Choose another --port.") from None
            _spawn(directory, 0, pace, consistency, enforce_iam)
        started = find(directory)
    if started is None:
        raise CloudError("The local cloud started and ended at once.", f"Look into {directory / 'cloud.log'}.")
    return started


def find(directory: Path) -> Running | None:
    """The cloud of a directory, if it runs."""
    directory = directory.resolve()
    record = _record(directory)
    if not record or not _alive(directory):
        return None
    known = {name: record[name] for name in Running.__dataclass_fields__ if name in record}
    return Running(**{**known, "directory": directory})


def stop(directory: Path) -> bool:
    """End the cloud of a directory and wait until it has saved its state. False when none runs."""
    running = find(directory)
    if running is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)  # its lock is held, so the pid in its record is its own
    deadline = time.monotonic() + _PATIENCE
    while _alive(running.directory):
        if time.monotonic() > deadline:
            raise CloudError(f"The local cloud (pid {running.pid}) does not end.", f"kill -9 {running.pid}")
        time.sleep(0.02)
    return True


class _PortTakenError(Exception):
    """The port is taken, which only matters to who asked for it."""


def _spawn(directory: Path, port: int, pace: float, consistency: float, enforce_iam: bool) -> None:
    """Start the daemon in a session of its own, and wait for what it says first on a pipe."""
    read, write = os.pipe()
    command = [sys.executable, "-m", "awsprov.local", "--directory", str(directory), "--port", str(port)]
    command += ["--pace", str(pace), "--consistency", str(consistency), "--ready-fd", str(write)]
    command += ["--enforce-iam"] if enforce_iam else []
    with (directory / "start.log").open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(write,),
            start_new_session=True,
        )
    os.close(write)
    with os.fdopen(read) as pipe:
        said = _heard(pipe.readline())
    if not said or "error" in said:
        process.wait()
        raise _trouble(said, directory)


def _heard(line: str) -> dict[str, Any]:
    return dict(json.loads(line)) if line else {}


def _trouble(said: dict[str, Any], directory: Path) -> Exception:
    kind, error = said.get("kind", ""), said.get("error", "it ended without a word")
    if kind in ("ModuleNotFoundError", "PackageNotFoundError"):
        return CloudError(f"The local cloud needs packages that are not installed ({error}).", _INSTALL)
    if kind == "OSError" and "use" in error.lower():
        return _PortTakenError()
    if kind == "Timeout":
        return CloudError("Another process holds this cloud's directory.", f"See {directory / 'server.json'}.")
    if kind == "StateVersionError":
        return CloudError(error.partition(": ")[2])
    return CloudError(f"The local cloud could not start: {error}", f"Look into {directory / 'start.log'}.")


def _check_room(directory: Path) -> None:
    free = shutil.disk_usage(directory).free
    if free < _ROOM:
        raise CloudError(f"There are only {free // 1024**2} MB left on the disk of {directory}.", "Make some room.")


def _stand_ins(file: Path) -> list[str]:
    """The interpreters chosen so far. The daemon writes the file when it needs one for the first time."""
    with contextlib.suppress(OSError, ValueError):
        chosen = json.loads(file.read_text())
        return [f"python{wanted} is Python {one['version']}, {one['path']}." for wanted, one in chosen.items()]
    return []


def _record(directory: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((directory / "server.json").read_text()))
    except (OSError, ValueError):
        return {}


def _alive(directory: Path) -> bool:
    """Whether the daemon holds its lock. A pid proves nothing: another process may have it by now."""
    with (directory / "server.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared, so that those who look do not see each other
        except BlockingIOError:
            return True
    return False
