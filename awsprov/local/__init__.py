"""A cloud on 127.0.0.1, for use without an AWS account. It does not depend on the rest of awsprov, or the rest on it.

This module starts, finds and stops it. It is quick to import: the cloud itself is a separate process.
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

from awsprov.files import make_private_directory
from awsprov.local import credentials
from awsprov.local.cloud import HOST
from awsprov.local.credentials import RootKey

_TIMEOUT = 60.0  # seconds for a start or a stop on a busy machine; two are usual
_MIN_FREE = 200 * 1024 * 1024  # bytes of disk space
_LIMITS = (
    "Networks are only recorded: subnets, security groups and NAT gateways isolate nothing.",
    "Instances and functions run as your user on this machine: run only code that you trust.",
    "A function's memory limit is not enforced.",
)
_ANY_KEY = "Any program of this machine can control this cloud, and so run programs as you: it accepts any key pair."
_INSTALL = "pip install 'awsprov[local]'"


class CloudError(Exception):
    """The local cloud cannot start or stop, or rejects a request. `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class RunningCloud:
    """A local cloud that runs.

    Arguments:
        directory: of its files.
        pid: of its process.
        port: on 127.0.0.1.
        endpoint: the URL for SDKs.
        pace: 0 for no delays, 1 for as slow as AWS.
        consistency: seconds for which new ids are not found.
        versions: of awsprov, moto and Python.
        started: seconds since the epoch.
        key: the key pair of its root user.
        front_port: on 127.0.0.1, where APIs answer.
        enforce_iam: whether policies of IAM users are enforced.
        any_key: whether it accepts any key pair.
    """

    directory: Path
    pid: int
    port: int
    endpoint: str
    pace: float
    consistency: float
    versions: dict[str, str]
    started: float
    key: RootKey
    front_port: int = 0
    enforce_iam: bool = False
    any_key: bool = False

    def environment(self) -> dict[str, str]:
        """Return the environment variables with which AWS clients use this cloud."""
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key.access_key,
            "AWS_SECRET_ACCESS_KEY": self.key.secret_key,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def admin_request(self, method: str, name: str, **body: Any) -> dict[str, Any]:
        """Call the cloud's own API, such as `admin_request("POST", "faults", kind="throttle")`.

        Raises:
            CloudError: with the message of the response.
        """
        import http.client  # noqa: PLC0415 - a quarter of this module's import, and only tests need it

        from botocore.auth import SigV4Auth  # noqa: PLC0415 - as above
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        request = AWSRequest(method, f"{self.endpoint}/_awsprov/{name}", data=json.dumps(body))
        SigV4Auth(Credentials(self.key.access_key, self.key.secret_key), "awsprov", "us-east-1").add_auth(request)
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_TIMEOUT)
        connection.request(method, f"/_awsprov/{name}", request.data, dict(request.headers))
        response = connection.getresponse()
        document = dict(json.load(response))
        if response.status != http.client.OK:
            raise CloudError(document.get("message", response.reason))
        return document

    def resolve_python(self, python: str) -> str:
        """Return the version, such as "3.11", of the Python that runs `python` in instances and functions.

        It is another version only if the wanted one is neither installed nor can be downloaded.
        """
        from awsprov.local import interpreters  # noqa: PLC0415 - only to resolve

        interpreters.record(self.directory)
        return ".".join(interpreters.find(python).version.split(".")[:2])

    @property
    def notices(self) -> list[str]:
        """What a user must know: the limits of the cloud, and which Python stands in for another one."""
        return [*_LIMITS, *([_ANY_KEY] if self.any_key else []), *_stand_ins(self.directory / "interpreters.json")]


def start(
    directory: Path,
    *,
    port: int = 0,
    pace: float = 0.0,
    consistency: float = 0.0,
    enforce_iam: bool = False,
    any_key: bool = False,
) -> RunningCloud:
    """Return the running cloud of a directory; start one if none runs.

    Arguments:
        directory: of its files.
        port: by default the one of the last start, or a free one if another program uses it.
        pace: 0 for no delays, 1 for as slow as AWS.
        consistency: seconds for which new ids are not found.
        enforce_iam: whether to enforce the policies of IAM users.
        any_key: whether to accept any key pair, for tools that cannot use the cloud's own.

    Raises:
        CloudError: it cannot start.
    """
    import filelock  # noqa: PLC0415 - not needed to find a cloud

    directory = directory.resolve()
    make_private_directory(directory)
    check_links(directory)
    with filelock.FileLock(directory / "start.lock"):
        running = find(directory)
        if running is not None:
            return running
        _check_disk_space(directory)
        last = _record(directory)
        options = ["--pace", str(pace), "--consistency", str(consistency)]
        options += ["--front-port", str(last.get("front_port", 0))]
        options += ["--enforce-iam"] if enforce_iam else []
        options += ["--any-key"] if any_key else []
        try:
            _spawn(directory, port or last.get("port", 0), options)
        except _PortTakenError:
            if port:
                raise CloudError(f"Port {port} is in use by another program.", "Choose another --port.") from None
            _spawn(directory, 0, options)
        started = find(directory)
    if started is None:
        raise CloudError("The local cloud started, and exited at once.", f"See {directory / 'cloud.log'}.")
    return started


def find(directory: Path) -> RunningCloud | None:
    """Return the cloud of a directory, or None if it does not run."""
    directory = directory.resolve()
    record, key = _record(directory), credentials.read(directory)
    if not record or key is None or not _is_locked(directory):
        return None
    fields = {name: record[name] for name in RunningCloud.__dataclass_fields__ if name in record}
    return RunningCloud(**{**fields, "directory": directory, "key": key})


def stop(directory: Path) -> bool:
    """Stop the cloud of a directory, and wait until it has saved its state.

    Returns:
        False when it does not run.

    Raises:
        CloudError: it does not exit within a minute.
    """
    running = find(directory)
    if running is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)  # its lock is held, so the pid is not another process's
    deadline = time.monotonic() + _TIMEOUT
    while _is_locked(running.directory):
        if time.monotonic() > deadline:
            raise CloudError(f"The local cloud (pid {running.pid}) does not exit.", f"kill -9 {running.pid}")
        time.sleep(0.02)
    return True


def check_links(directory: Path) -> None:
    """Check that no file or directory of a cloud is a link: one that came with a project could lead anywhere.

    Log and lock files would be overwritten there, and unused code deleted. Only `runtimes` may be a link.

    Raises:
        CloudError: there is a link.
    """
    for path in (*directory.glob("*"), *directory.glob("functions/*")):
        if path.is_symlink() and path != directory / "runtimes":
            raise CloudError(f"{path} is a link, and the local cloud does not follow links.", f"Delete it: rm {path}")


class _PortTakenError(Exception):
    """The port is in use; without a --port, another one is chosen."""


def _spawn(directory: Path, port: int, options: list[str]) -> None:
    """Start the daemon in a session of its own, and wait for its first line on a pipe."""
    read, write = os.pipe()
    command = [sys.executable, "-m", "awsprov.local", "--directory", str(directory), "--port", str(port)]
    command += [*options, "--ready-fd", str(write)]
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
        line = pipe.readline()
    document = dict(json.loads(line)) if line else {}
    if not document or "error" in document:
        process.wait()
        raise _start_error(document, directory)


def _start_error(document: dict[str, Any], directory: Path) -> Exception:
    kind, error = document.get("kind", ""), document.get("error", "it exited without a message")
    if kind in ("ModuleNotFoundError", "PackageNotFoundError"):
        return CloudError(f"The local cloud needs packages that are not installed ({error}).", _INSTALL)
    if kind == "OSError" and "in use" in error.lower():
        return _PortTakenError()
    if kind == "Timeout":
        return CloudError(f"Another process uses the directory {directory}.", f"See {directory / 'server.json'}.")
    if kind in ("StateVersionError", "StateNotTrustedError"):
        return CloudError(error.partition(": ")[2])
    return CloudError(f"The local cloud could not start: {error}", f"See {directory / 'start.log'}.")


def _check_disk_space(directory: Path) -> None:
    free = shutil.disk_usage(directory).free
    if free < _MIN_FREE:
        raise CloudError(f"Only {free // 1024**2} MB are free on the disk of {directory}.", "Free at least 200 MB.")


def _stand_ins(file: Path) -> list[str]:
    """Return a notice for each Python that stands in for another version, as far as they are chosen."""
    with contextlib.suppress(OSError, ValueError):
        chosen = json.loads(file.read_text())
        stand_ins = {version: choice for version, choice in chosen.items() if not choice["exact"]}
        return [f"Python {c['version']} ({c['path']}) stands in for Python {v}." for v, c in stand_ins.items()]
    return []


def _record(directory: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((directory / "server.json").read_text()))
    except (OSError, ValueError):
        return {}


def _is_locked(directory: Path) -> bool:
    """Return whether the daemon holds its lock. A pid could be another process's by now."""
    try:
        lock = os.open(directory / "server.lock", os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:  # it was never started, or the file is a link
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two such checks must not find each other
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
