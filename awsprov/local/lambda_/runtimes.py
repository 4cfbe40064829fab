"""The virtual environments that functions run in: the Lambda runtime client and boto3, as on AWS, and nothing else.

Functions never run in the cloud's own environment: they would import awsprov's dependencies and work here only.
"""

import logging
import shutil
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

from filelock import FileLock

from awsprov.local import interpreters
from awsprov.local.cloud import Cloud
from awsprov.local.interpreters import Interpreter
from awsprov.local.processes import Processes

_log = logging.getLogger(__name__)

_CLIENT = "awslambdaric>=3,<5"
_PACKAGES = [_CLIENT, "boto3>=1.34"]
_NO_INDEX = (
    "The Lambda runtime of the local cloud could not be made: pip must reach its index once, to install awslambdaric "
    "and boto3. It said:\n"
)
_NO_VENV = (
    "The Lambda runtime of the local cloud could not be made: Python cannot make a virtual environment. It said:\n"
)
_FAILURE_STANDS = 15.0  # seconds; clients repeat a refused invocation at once, pip would not fare better
_PATIENCE = 600.0  # seconds for pip
_failed: dict[Path, tuple[float, str]] = {}


class RuntimeUnavailableError(Exception):
    """The environment of a runtime could not be made; the message says why, with pip's own last lines."""


def python(cloud: Cloud, version: str) -> Path:
    """The interpreter of the runtime's environment, which is made on first need."""
    home = cloud.keep("runtimes") / version
    executable = home / "bin" / "python"
    if executable.exists():
        return executable
    at, reason = _failed.get(home, (0.0, ""))
    if reason and time.monotonic() - at < _FAILURE_STANDS:
        raise RuntimeUnavailableError(reason)
    with FileLock(str(home.with_suffix(f"{home.suffix}.lock"))):
        if not executable.exists():
            _make(interpreters.find(version), home)
    return executable


def _make(interpreter: Interpreter, home: Path) -> None:
    """Make the environment beside its place and rename it there: what has its place is whole."""
    for left in home.parent.glob(f".{home.name}-*"):  # we hold the lock: its maker is dead
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    started = time.monotonic()
    _log.info("making the Lambda runtime of Python %s with %s", home.name, interpreter.path)
    try:
        _run([str(interpreter.path), "-I", "-m", "venv", str(draft)], _NO_VENV)
        _install(draft, interpreter)
        shutil.rmtree(home, ignore_errors=True)  # one whose interpreter has gone
        draft.rename(home)
    except RuntimeUnavailableError as error:
        _failed[home] = (time.monotonic(), str(error))
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _log.info("made the Lambda runtime of Python %s in %.1f s", home.name, time.monotonic() - started)


def _install(environment: Path, interpreter: Interpreter) -> None:
    """Install the packages; where no wheel of the client fits, take a Linux one for its Python files alone."""
    executable = str(environment / "bin" / "python")
    pip = [executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
    try:
        _run([*pip, "--only-binary=:all:", *_PACKAGES])
    except RuntimeUnavailableError:
        # An index out of reach fails here, with the better message; else only the compiled client is missing.
        _run([*pip, *_PACKAGES[1:], "simplejson", "snapshot-restore-py"])
        _run([*pip, *_foreign_wheel(environment, interpreter), _CLIENT])
    if subprocess.run([executable, "-c", "import runtime_client"], capture_output=True, check=False).returncode:
        shutil.copy(Path(__file__).with_name("runtime_client.py"), _site_packages(environment))


def _foreign_wheel(environment: Path, interpreter: Interpreter) -> list[str]:
    """Options that make pip unpack a wheel of another platform into the environment."""
    minor = ".".join(interpreter.version.split(".")[:2])
    tag = f"cp{minor.replace('.', '')}"
    platform = ["--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64"]
    abi = ["--python-version", minor, "--implementation", "cp", "--abi", tag]
    return [*platform, *abi, "--only-binary=:all:", "--no-deps", "--target", str(_site_packages(environment))]


def _site_packages(environment: Path) -> Path:
    return next((environment / "lib").glob("python3*")) / "site-packages"


def _run(command: list[str], why: str = _NO_INDEX) -> None:
    """Run a command that does not outlive the cloud: it would go on to write where nobody looks any more."""
    try:
        with closing(Processes()) as processes:
            process = processes.start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            told, _ = process.communicate(timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeUnavailableError(why + str(error)) from error
    if process.returncode:
        raise RuntimeUnavailableError(why + "\n".join(told.decode(errors="replace").strip().splitlines()[-4:]))
