"""The virtual environments that functions run in: the Lambda runtime client and boto3, as on AWS, and nothing else.

Functions never run in the cloud's own environment: they could import awsprov's dependencies, and would work here only.
"""

import logging
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from filelock import FileLock

from awsprov.local import interpreters, uv
from awsprov.local.cloud import Cloud

_log = logging.getLogger(__name__)

_CLIENT = "awslambdaric>=3,<5"
_CLIENT_NEEDS = ("simplejson", "snapshot-restore-py")
_BOTO3 = "boto3>=1.34"
_PLATFORM = "x86_64-manylinux_2_28"  # for which the client has wheels
_RETRY_AFTER = 15.0  # seconds; SDKs repeat a refused invocation at once, and uv would fail again
_failed: dict[Path, tuple[float, str]] = {}  # environment → when it failed, and why


class RuntimeUnavailableError(Exception):
    """The environment of a runtime could not be created; the message says why, with the end of uv's output."""


def python(cloud: Cloud, version: str) -> Path:
    """Return the Python of a runtime's environment, which is created when it is first needed.

    Arguments:
        cloud: the environment is in its directory.
        version: the runtime's Python version, "3.12".

    Raises:
        RuntimeUnavailableError: it cannot be created, or could not a few seconds ago.
    """
    home = cloud.make_directory("runtimes") / version
    executable = home / "bin" / "python"
    if executable.exists():
        return executable
    failed_at, reason = _failed.get(home, (0.0, ""))
    if reason and time.monotonic() - failed_at < _RETRY_AFTER:
        raise RuntimeUnavailableError(reason)
    with FileLock(str(home.with_suffix(f"{home.suffix}.lock"))):
        if not executable.exists():
            _create(interpreters.find(version).path, home)
    return executable


def _create(interpreter: Path, home: Path) -> None:
    """Create the environment under another name and rename it, so that one with the right name is complete."""
    for unfinished in home.parent.glob(f".{home.name}-*"):  # we hold the lock: whatever created it has ended
        shutil.rmtree(unfinished, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    started = time.monotonic()
    _log.info("creating the Lambda runtime of Python %s with %s", home.name, interpreter)
    try:
        uv.run("venv", "--allow-existing", "--no-project", f"--python={interpreter}", str(draft))
        _install(draft)
        shutil.rmtree(home, ignore_errors=True)  # one whose interpreter was uninstalled
        draft.rename(home)
    except uv.UvError as error:
        message = f"uv could not create the Lambda runtime of Python {home.name} with {interpreter}:\n{error}"
        _failed[home] = (time.monotonic(), message)
        raise RuntimeUnavailableError(message) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _log.info("created the Lambda runtime of Python %s in %.1f s", home.name, time.monotonic() - started)


def _install(environment: Path) -> None:
    """Install the packages. Where no wheel of the client fits, take one for Linux, for its Python files alone."""
    executable = environment / "bin" / "python"
    install = ["pip", "install", f"--python={executable}"]
    try:
        uv.run(*install, "--only-binary=:all:", _CLIENT, _BOTO3)
    except uv.UvError:
        # If the index cannot be reached, the next command fails with a better message.
        uv.run(*install, _BOTO3, *_CLIENT_NEEDS)
        uv.run(*install, "--no-deps", "--only-binary=:all:", f"--python-platform={_PLATFORM}", _CLIENT)
    if subprocess.run([executable, "-c", "import runtime_client"], capture_output=True, check=False).returncode:
        shutil.copy(Path(__file__).with_name("runtime_client.py"), _site_packages(environment))


def _site_packages(environment: Path) -> Path:
    return next((environment / "lib").glob("python3*")) / "site-packages"
