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
from pathlib import Path
from typing import Any

from awsprov.documents import read_document
from awsprov.files import make_private_directory
from awsprov.local import credentials, known_clouds
from awsprov.local.process_tree import descendants, exists, runs
from awsprov.local.running_cloud import CloudError, CloudRecord, RunningCloud

__all__ = ["CloudError", "RunningCloud", "check_links", "every", "find", "reset", "start", "stop", "was_started"]

_TIMEOUT = 60.0  # seconds for a start or a stop on a busy machine; two are usual
_REAPING = 3.0  # seconds until the system forgets processes that have ended; some take their time
_MAX_RECORD = 64 * 1024  # bytes of server.json
_MIN_FREE = 200 * 1024 * 1024  # bytes of disk space
_CONTENTS = (
    "state.pickle*",
    "server.json",
    "credentials.json",
    "cloud.log*",
    "start.log",
    "instances",
    "efs",
    "functions",
)
_INSTALL = "pip install 'awsprov[local]'"


def start(
    directory: Path,
    *,
    port: int = 0,
    pace: float = 0.0,
    consistency: float = 0.0,
    any_key: bool = False,
) -> RunningCloud:
    """Return the running cloud of a directory; start one if none runs.

    Arguments:
        directory: of its files.
        port: by default the one of the last start, or a free one if another program uses it.
        pace: 0 for no delays, 1 for as slow as AWS.
        consistency: seconds for which new ids are not found.
        any_key: whether to accept any key pair, for tools that cannot use the cloud's own.

    Raises:
        CloudError: it cannot start.
    """
    import filelock  # not needed to find a cloud

    directory = directory.resolve()
    make_private_directory(directory)
    check_links(directory)
    with filelock.FileLock(directory / "start.lock", mode=0o600):
        running = find(directory)
        if running is not None:
            return running
        _check_disk_space(directory)
        last_port, last_front_port = _last_ports(directory)
        options = ["--pace", str(pace), "--consistency", str(consistency)]
        options += ["--front-port", str(last_front_port)]
        options += ["--any-key"] if any_key else []
        try:
            _spawn(directory, port or last_port, options)
        except _PortTakenError:
            if port:
                raise CloudError(f"Port {port} is in use by another program.", "Choose another --port.") from None
            _spawn(directory, 0, options)
        started = find(directory)
    if started is None:
        raise CloudError("The local cloud started, and exited at once.", f"See {directory / 'cloud.log'}.")
    return started


def every() -> list[tuple[Path, RunningCloud | None]]:
    """Return the directories of the user's local clouds, each with the cloud if it runs."""
    return [(directory, find(directory)) for directory in known_clouds.directories()]


def find(directory: Path) -> RunningCloud | None:
    """Return the cloud of a directory, or None if it does not run."""
    directory = directory.resolve()
    record, stored = _record(directory), credentials.read(directory)
    if record is None or stored is None or not _is_locked(directory):
        return None
    return RunningCloud(**vars(record), directory=directory, key=stored[0])


def was_started(directory: Path) -> bool:
    """Return whether the cloud of a directory was ever started: otherwise nothing can exist in it."""
    return (directory / "server.json").exists()


def stop(directory: Path) -> bool:
    """Stop the cloud of a directory, and wait until it has saved its state and all its processes have ended.

    Returns:
        False when it does not run.

    Raises:
        CloudError: it does not exit within a minute.
    """
    running = find(directory)
    if running is None:
        return False
    family = [running.pid, *descendants(running.pid)]
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)  # its lock is held, so the pid is not another process's
    deadline = time.monotonic() + _TIMEOUT
    while _is_locked(running.directory) or any(map(runs, family)):
        if time.monotonic() > deadline:
            left = " ".join(str(pid) for pid in family if runs(pid))
            raise CloudError(f"The local cloud (process {running.pid}) does not exit.", f"kill -9 {left}")
        time.sleep(0.02)
    reaped = time.monotonic() + _REAPING
    while any(map(exists, family)) and time.monotonic() < reaped:
        time.sleep(0.02)
    return True


def reset(directory: Path) -> list[str]:
    """Stop the cloud of a directory, and delete its resources, files and log. Return the names of what was deleted.

    The runtimes of functions are kept: they do not depend on what is in the cloud.

    Raises:
        CloudError: it does not exit, or a link is in the way.
    """
    stop(directory)
    check_links(directory)
    deleted = [path for name in _CONTENTS for path in directory.glob(name)]
    for path in deleted:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return [path.name for path in deleted]


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
        raise CloudError(
            f"Only {free // 1024**2} MB are free on the disk of {directory}.",
            f"Delete files until {_MIN_FREE // 1024**2} MB are free; then run the same command again.",
        )


def _last_ports(directory: Path) -> list[int]:
    """Return the ports of the last start, the front's last; 0, for any port, where there is none."""
    last = _record(directory)
    ports = (last.port, last.front_port) if last else (0, 0)
    return [port if 0 < port < 2**16 else 0 for port in ports]


def _record(directory: Path) -> CloudRecord | None:
    """Return what the cloud of a directory recorded; None if it never ran, or if the file was changed."""
    try:
        return read_document(directory / "server.json", CloudRecord, _MAX_RECORD)
    except (OSError, ValueError):
        return None


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
