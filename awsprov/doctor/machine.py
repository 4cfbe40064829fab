"""The machine that awsprov runs on: its Python, its disk, and the programs that it lends."""

import shutil
import sys

from awsprov.aws.client import Aws
from awsprov.config.models import Config
from awsprov.doctor.check_result import CheckResult
from awsprov.engine.stack import Stack

ENOUGH = 500 * 1024**2  # bytes: a lock, a bundle, logs; the local cloud with its libraries wants more


def python(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Which Python runs here; the functions' own is the builder's business."""
    version = ".".join(map(str, sys.version_info[:3]))
    return CheckResult("ok", f"awsprov runs on {version}, functions on {config.libraries.python}")


def disk(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Whether there is room for the state and what lies beside it."""
    place = next(path for path in (config.state_dir, *config.state_dir.parents) if path.exists())
    free = shutil.disk_usage(place).free
    told = f"{free / 1024**3:.1f} GB free at {place}"
    return CheckResult("ok", told) if free >= ENOUGH else CheckResult("warn", told, "Make some room.")


def client(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Whether `awsprov ssh` has a client; an installation needs none."""
    found = shutil.which("ssh")
    if found:
        return CheckResult("ok", found)
    return CheckResult("warn", "there is no ssh here, which `awsprov ssh` needs", "Install OpenSSH's client.")
