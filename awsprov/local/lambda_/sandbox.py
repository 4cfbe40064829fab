"""What a worker is given to run in: code, environment and places of its own, as Lambda's sandbox has them.

The environment is made from nothing. Neither the user's variables nor those of the cloud's process reach a function.
There is no isolation beyond that: a function runs as the user who started the cloud.
"""

import ctypes
import io
import os
import shutil
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from awsprov.local.cloud import ACCESS_KEY, SECRET_KEY, Cloud
from awsprov.local.efs import storage

DISK_LIMIT = 250 * 1024 * 1024  # bytes of unpacked code


@dataclass(frozen=True)
class Spec:
    """All that a worker depends on. Invocations with an equal one may share workers; none is ever changed."""

    region: str
    name: str
    version: str
    handler: str
    runtime: str
    code: str  # hash
    timeout: int
    memory: int
    log_group: str
    log_format: str = "Text"
    log_level: str = ""
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    mounts: tuple[tuple[str, str], ...] = ()  # access point, path
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def python(self) -> str:
        """The Python version of the runtime, "3.12"."""
        return self.runtime.removeprefix("python")


@dataclass(frozen=True)
class Places:
    """What a worker is given on this machine: its interpreter, its unpacked code, a home of its own, its log stream."""

    python: Path
    task: Path
    scratch: Path
    stream: str


def environment(cloud: Cloud, spec: Spec, places: Places) -> dict[str, str]:
    """A worker's environment: Lambda's variables, then the function's own."""
    directories = _directories(cloud, spec)
    own = {name: _rewritten(value, directories) for name, value in spec.variables}
    lambda_ = {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": "local",
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": places.stream,
        "LAMBDA_TASK_ROOT": str(places.task),
        "LAMBDA_RUNTIME_DIR": str(places.python.parent),
        "_HANDLER": spec.handler,
    }
    system = {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "HOME": str(places.scratch),
        "TMPDIR": str(places.scratch),
        "PATH": f"{places.python.parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "PYTHONUTF8": "1",
        "TZ": ":UTC",
        # /var/task and the libraries are read-only on AWS; here, nothing but this keeps an import from writing there
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    levels = {"AWS_LAMBDA_LOG_FORMAT": spec.log_format, "AWS_LAMBDA_LOG_LEVEL": spec.log_level}
    return {**system, **{k: v for k, v in levels.items() if v not in {"", "Text"}}, **own, **lambda_}


def _directories(cloud: Cloud, spec: Spec) -> dict[str, str]:
    """Where each mount of the function really is."""
    return {path: str(storage.access_point(cloud, point)) for point, path in spec.mounts}


def _rewritten(value: str, directories: dict[str, str]) -> str:
    """A variable's value with mount paths replaced, in lists of paths too."""
    return os.pathsep.join(_moved(part, directories) for part in value.split(os.pathsep))


def _moved(path: str, directories: dict[str, str]) -> str:
    for mount, directory in directories.items():
        if path == mount or path.startswith(f"{mount}/"):
            return directory + path[len(mount) :]
    return path


def unpacked(cloud: Cloud, code: str) -> Path:
    """The directory of the code with this hash."""
    return cloud.directory / "functions" / "code" / code


def unpack(cloud: Cloud, code: str, archive: bytes) -> None:
    """Unpack a function's code, once for each content; a half-unpacked one never has its name."""
    home = unpacked(cloud, code)
    if home.exists():
        return
    draft = Path(tempfile.mkdtemp(prefix=".", dir=cloud.keep("functions", "code")))
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as package:
            if sum(entry.file_size for entry in package.infolist()) > DISK_LIMIT:
                raise ValueError(f"Unzipped size must be smaller than {DISK_LIMIT} bytes")
            package.extractall(draft)  # it drops leading slashes and '..', and makes no links
        if not home.exists():
            draft.rename(home)
    except OSError:
        if not home.exists():  # else another thread was first
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def peak_memory(pid: int) -> int:
    """The most memory that the process has used so far, in bytes; 0 where the system does not say."""
    try:
        if sys.platform == "darwin":
            return _darwin_memory(pid)
        with Path(f"/proc/{pid}/status").open("rb") as status:
            for line in status:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return 0


def _darwin_memory(pid: int) -> int:
    """`ri_resident_size` of proc_pid_rusage, RUSAGE_INFO_V0."""
    usage = (ctypes.c_uint64 * 32)()
    library = ctypes.CDLL("/usr/lib/libproc.dylib")
    return int(usage[8]) if library.proc_pid_rusage(pid, 0, ctypes.byref(usage)) == 0 else 0
