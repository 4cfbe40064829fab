"""A worker's sandbox: its code, its environment variables and its directories.

The environment starts empty: neither the user's variables nor those of the cloud's process reach a function. There is
no other isolation: a function runs as the user who started the cloud.
"""

import ctypes
import io
import os
import shutil
import stat
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from awsprov.local.cloud import ACCOUNT, HOST, Cloud
from awsprov.local.efs import storage
from awsprov.local.iam.role_sessions import RoleSession

CODE_LIMIT = 250 * 1024 * 1024  # bytes of unpacked code (Lambda quotas)


@dataclass(frozen=True)
class WorkerConfig:
    """Everything that a worker depends on. Invocations with equal configurations may share a worker.

    Arguments:
        code: the hash of the zip.
        timeout: seconds.
        memory: MB.
        variables: of the function's own, as pairs.
        mounts: pairs of an access point's ARN and a path.
        subnets: ids; empty outside a VPC.
        groups: ids of security groups.
        role: the ARN of the function's role.
    """

    region: str
    name: str
    version: str
    handler: str
    runtime: str
    code: str
    timeout: int
    memory: int
    log_group: str
    log_format: str = "Text"
    log_level: str = ""
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    mounts: tuple[tuple[str, str], ...] = ()
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    role: str = ""

    @property
    def function_arn(self) -> str:
        """The ARN of the function, without a qualifier."""
        return f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:{self.name}"

    @property
    def python(self) -> str:
        """The runtime's Python version, "3.12"."""
        return self.runtime.removeprefix("python")


@dataclass(frozen=True)
class Sandbox:
    """What one worker uses on this machine.

    Arguments:
        python: the interpreter of the runtime's environment.
        task_root: the directory of the unpacked code, /var/task on AWS.
        scratch: its home and temporary directory, deleted with the worker.
        log_stream: in CloudWatch Logs.
        session: with whose keys the function makes calls.
    """

    python: Path
    task_root: Path
    scratch: Path
    log_stream: str
    session: RoleSession


def environment(cloud: Cloud, config: WorkerConfig, sandbox: Sandbox) -> dict[str, str]:
    """Return a worker's environment variables: Lambda's, and the function's own."""
    directories = _directories(cloud, config)
    own = {n: _replace_mounts(value, directories) for n, value in config.variables if not _leads_elsewhere(n, value)}
    lambda_ = {
        "AWS_ACCESS_KEY_ID": sandbox.session.access_key,
        "AWS_SECRET_ACCESS_KEY": sandbox.session.secret_key,
        "AWS_SESSION_TOKEN": sandbox.session.token,
        "AWS_REGION": config.region,
        "AWS_DEFAULT_REGION": config.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": config.name,
        "AWS_LAMBDA_FUNCTION_VERSION": config.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": config.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": sandbox.log_stream,
        "LAMBDA_TASK_ROOT": str(sandbox.task_root),
        "LAMBDA_RUNTIME_DIR": str(sandbox.python.parent),
        "_HANDLER": config.handler,
        "AWS_ENDPOINT_URL": cloud.endpoint,
    }
    system = {
        "HOME": str(sandbox.scratch),
        "TMPDIR": str(sandbox.scratch),
        "PATH": f"{sandbox.python.parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "PYTHONUTF8": "1",
        "TZ": ":UTC",
        # /var/task and the libraries are read-only on AWS; here an import could write there
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    levels = {"AWS_LAMBDA_LOG_FORMAT": config.log_format, "AWS_LAMBDA_LOG_LEVEL": config.log_level}
    return {**system, **{k: v for k, v in levels.items() if v not in {"", "Text"}}, **own, **lambda_}


def _leads_elsewhere(name: str, value: str) -> bool:
    """Return whether a variable would send the calls of AWS clients to another host: they are for the cloud only."""
    if name.startswith("AWS_ENDPOINT_URL"):
        return urlsplit(value).hostname not in {HOST, "localhost", "::1"}
    return name == "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"


def _directories(cloud: Cloud, config: WorkerConfig) -> dict[str, str]:
    """Return the directory behind each mount path of the function."""
    return {path: str(storage.access_point(cloud, point)) for point, path in config.mounts}


def _replace_mounts(value: str, directories: dict[str, str]) -> str:
    """Replace mount paths in a variable's value, which may be a list of paths."""
    return os.pathsep.join(_replace_mount(part, directories) for part in value.split(os.pathsep))


def _replace_mount(path: str, directories: dict[str, str]) -> str:
    for mount, directory in directories.items():
        if path == mount or path.startswith(f"{mount}/"):
            return directory + path[len(mount) :]
    return path


def code_directory(cloud: Cloud, code: str) -> Path:
    """Return the directory of the unpacked code with this hash."""
    return cloud.directory / "functions" / "code" / code


def unpack(cloud: Cloud, code: str, archive: bytes) -> None:
    """Unpack a function's code, once for each hash. The directory gets its name when it is complete.

    Arguments:
        cloud: whose directory it is in.
        code: the hash of the archive.
        archive: the zip.

    Raises:
        ValueError: the code is too large.
        zipfile.BadZipFile: the archive is not a zip.
    """
    home = code_directory(cloud, code)
    if home.exists():
        return
    draft = Path(tempfile.mkdtemp(prefix=".", dir=cloud.make_directory("functions", "code")))
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as package:
            if sum(entry.file_size for entry in package.infolist()) > CODE_LIMIT:
                raise ValueError(f"Unzipped size must be smaller than {CODE_LIMIT} bytes")
            _extract(package, draft)
        if not home.exists():
            draft.rename(home)
    except OSError:
        if not home.exists():  # else another thread was first
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _extract(package: zipfile.ZipFile, directory: Path) -> None:
    """Unpack a zip, with the modes of its files, as Lambda does. Neither leading slashes, '..' nor links are kept."""
    for entry in package.infolist():
        path = Path(package.extract(entry, directory))
        mode = stat.S_IMODE(entry.external_attr >> 16)
        if mode and path.is_file():
            path.chmod(mode | stat.S_IRUSR | stat.S_IWUSR)  # unused code must be deletable


def peak_memory(pid: int) -> int:
    """Return the most memory that a process has used, in bytes; 0 if the system does not report it."""
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
    """Return `ri_resident_size` of proc_pid_rusage, RUSAGE_INFO_V0 (libproc.h)."""
    usage = (ctypes.c_uint64 * 32)()
    library = ctypes.CDLL("/usr/lib/libproc.dylib")
    return int(usage[8]) if library.proc_pid_rusage(pid, 0, ctypes.byref(usage)) == 0 else 0
