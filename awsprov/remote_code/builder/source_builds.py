"""Builds wheels of source distributions, with the shared libraries that they need inside.

Their code runs as a user who owns nothing, and without network and instance metadata. What a build requires is
installed before, from wheels only. A wheel is stored (`built_wheels`), and built again only for other input.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from . import build_tools, built_wheels
from .start_pack import isolated, passable
from .workspace import report

WITHIN = 3600.0  # seconds for the build of one package
_WRITABLE = 0o1777
_DEFAULT = ["setuptools", "wheel"]  # of a source distribution without pyproject.toml (PEP 517)


class BuildError(Exception):
    """A wheel could not be built; the output says why."""


def build_all(work: Path, sources: "list[Path]", packages: "list[str]") -> "list[Path]":
    """Return a wheel for each source distribution, which is built unless it is on the builder's disk.

    Arguments:
        work: the working directory of the builder.
        sources: the source distributions.
        packages: the system packages that were installed for the builds.

    Raises:
        BuildError: one cannot be built.
    """
    if sources and sys.platform != "linux":
        raise BuildError("packages are built on Linux only: what is built on macOS does not fit a function")
    return [_wheel(work, source, built_wheels.directory_of(work, source, packages)) for source in sources]


def _wheel(work: Path, source: Path, directory: Path) -> Path:
    if wheel := built_wheels.wheel_in(directory):
        report(f"{wheel.name} was built before")
        return wheel
    report(f"building {source.name}")
    with _task(work) as task:
        _install_requirements(source, task / "requires")
        built = _compile(source, task)
        if not built.name.endswith("-any.whl"):
            built = _repair(built, task, build_tools.install(work))
        wheel = built_wheels.store(built, directory)
    report(_about(wheel))
    return wheel


def _about(wheel: Path) -> str:
    """Return a line about a wheel: its size, and which shared libraries were added."""
    with zipfile.ZipFile(wheel) as archive:
        names = (PurePosixPath(name) for name in archive.namelist())
        added = sorted(name.name for name in names if name.parent.name.endswith(".libs"))
    return f"built {wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, with {', '.join(added) or 'no shared library'}"


@contextmanager
def _task(work: Path) -> Iterator[Path]:
    """Create a directory for a build, in which another user may write. What that user owns is deleted by root."""
    task = work / "tmp" / "build"
    task.mkdir(parents=True)
    for name in ("tmp", "raw", "repaired", "requires"):
        (task / name).mkdir()
        (task / name).chmod(_WRITABLE if name != "requires" else 0o755)
    try:
        yield task
    finally:
        subprocess.run(["sudo", "-n", "rm", "-rf", str(task)], check=False)


def _install_requirements(source: Path, into: Path) -> None:
    """Install what a build requires, from wheels only, so that nothing of it is run with a network."""
    required = _requires(source)
    if not required:
        return
    ran = subprocess.run([*build_tools.PIP, f"--target={into}", "--", *required], check=False)
    if ran.returncode:
        raise BuildError(f"what the build of {source.name} requires cannot be installed: {', '.join(required)}")


def _requires(source: Path) -> "list[str]":
    """Return what the pyproject.toml of a source distribution requires for a build."""
    found = tomllib.loads(_member(source, "pyproject.toml") or "").get("build-system", {}).get("requires", _DEFAULT)
    if not isinstance(found, list) or any(str(each).startswith("-") or " @ " in str(each) for each in found):
        raise BuildError(f"{source.name} requires what is no package of an index: {found}")
    return [*map(str, found), *(each for each in _DEFAULT if "setuptools" in json.dumps(found) and each not in found)]


def _member(source: Path, name: str) -> str:
    """Return a file at the top of a source distribution; empty if it has none of this name."""
    if source.suffix == ".zip":
        with zipfile.ZipFile(source) as archive:
            found = [each for each in archive.namelist() if PurePosixPath(each).parts[1:] == (name,)]
            return archive.read(found[0]).decode() if found else ""
    with tarfile.open(source) as tar:
        for each in tar:
            if PurePosixPath(each.name).parts[1:] == (name,) and (file := tar.extractfile(each)):
                return file.read().decode()
    return ""


def _compile(source: Path, task: Path) -> Path:
    """Build a wheel, alone, with pip and the build backend that were installed."""
    copy = shutil.copyfile(source, task / source.name)
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--no-cache-dir", "--progress-bar=off"]
    options += ["--disable-pip-version-check", f"--wheel-dir={task / 'raw'}", str(copy)]
    paths = {
        "PYTHONPATH": str(task / "requires"),
        "PATH": f"{task / 'requires' / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
    _alone([sys.executable, "-m", "pip", "wheel", *options], task, paths)
    return _only(task / "raw", source)


def _repair(wheel: Path, task: Path, tools: Path) -> Path:
    """Put the shared libraries that a wheel needs into it, for the glibc of this machine."""
    _, glibc = platform.libc_ver()
    label = f"manylinux_{glibc.replace('.', '_')}_{platform.machine()}"
    options = ["repair", f"--plat={label}", f"--wheel-dir={task / 'repaired'}", str(wheel)]
    _alone([sys.executable, "-m", "auditwheel", *options], task, build_tools.variables(tools))
    return _only(task / "repaired", wheel)


def _only(directory: Path, source: Path) -> Path:
    wheels = list(directory.glob("*.whl"))
    if len(wheels) != 1:
        raise BuildError(f"{source.name} gave {len(wheels)} wheels")
    return wheels[0]


def _alone(command: "list[str]", task: Path, variables: "dict[str, str]") -> None:
    """Run a command as a user who owns nothing, without network; report its output."""
    scratch = str(task / "tmp")
    fixed = {"HOME": scratch, "TMPDIR": scratch, "LANG": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull}
    environment = [f"{name}={value}" for name, value in {**fixed, **variables}.items()]
    with passable(task / "tmp"):
        process = subprocess.Popen(
            [*isolated(WITHIN), "env", "-i", *environment, *command],
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        with process:
            for line in process.stdout or ():
                report(line.rstrip("\n"))
    if process.returncode:
        raise BuildError(f"{command[2]} failed with status {process.returncode}")
