"""Checks of the machine that awsprov runs on: Python, disk space, the ssh client."""

import shutil
import sys

from awsprov.aws.client import Aws
from awsprov.config.models import Config
from awsprov.engine.stack import Stack
from awsprov.operations.checks import CheckResult

MIN_FREE = 500 * 1024**2  # bytes for lock file, bundle and logs; the local cloud with its libraries needs more


def python(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Report the Python that awsprov runs on and that of the functions."""
    version = ".".join(map(str, sys.version_info[:3]))
    return CheckResult("ok", f"awsprov runs on {version}, functions on {config.libraries.python}")


def disk_space(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check the free space where the state directory is or will be."""
    directory = next(path for path in (config.state_dir, *config.state_dir.parents) if path.exists())
    free = shutil.disk_usage(directory).free
    message = f"{free / 1024**3:.1f} GB free at {directory}"
    if free >= MIN_FREE:
        return CheckResult("ok", message)
    return CheckResult("warning", message, f"Delete files until {MIN_FREE // 1024**2} MB are free.")


def ssh_client(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that there is an ssh client; only `awsprov ssh` needs it."""
    found = shutil.which("ssh")
    if found:
        return CheckResult("ok", found)
    return CheckResult("warning", "no ssh client found; `awsprov ssh` needs one", "Install the OpenSSH client.")
