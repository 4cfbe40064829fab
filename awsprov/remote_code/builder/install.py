"""Runs on the builder, with the functions' Python version: installs an environment and publishes it on EFS.

Standard library only, as it is sent over SFTP. The environment is built on the local disk and copied by many threads,
as on EFS a thread waits most of the time, while it is compiled. Then it gets a manifest and is published by a rename:
it is complete, or it does not exist.
"""

import argparse
import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

PIP_FAILED = 3  # the exit status of this script when pip failed
_PACK = "awsprov-start.pack"  # the start pack, as in start_pack.py
COPY_THREADS = 64  # the fastest of 16, 64 and 128 at EFS's latency
DIRECTORY, FILE = 0o755, 0o644  # readable by the functions' user


def main() -> int:
    """Install the environment; return the exit status."""
    arguments = _arguments()
    envs = Path(arguments.root) / "envs"
    envs.mkdir(mode=DIRECTORY, exist_ok=True)
    work = Path(__file__).parent
    variables = _take_variables(arguments.variables)
    with (work / "install.lock").open("w") as lock:
        _wait_for(lock)
        return _install(envs, arguments, work, variables)


def _take_variables(file: str | None) -> dict[str, str]:
    """Return the variables for this installation, such as a package index's credentials, and delete the file."""
    if not file:
        return {}
    content = Path(file).read_text()
    Path(file).unlink()
    variables: dict[str, str] = json.loads(content)
    return variables


def _wait_for(lock: TextIO) -> None:
    """Wait for the lock: an earlier installation continues after its session has ended, and may publish the same."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _report("waiting for an earlier installation, which is still running")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _report(line: str) -> None:
    """Print a line. After the session has ended this fails, but the installation continues for the next session."""
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="the directory where the file system is mounted")
    parser.add_argument("--name", required=True, help="the environment's hash")
    parser.add_argument("--requirements", required=True, help="a requirements file with exact versions and hashes")
    parser.add_argument("--variables", help="a JSON file with variables for the requirements; it is deleted")
    parser.add_argument("--files", help="a tar archive of other files for the environment")
    parser.add_argument("--handlers", help="the input of start_pack.py; without it no start pack is built")
    return parser.parse_args()


def _install(envs: Path, arguments: argparse.Namespace, work: Path, variables: dict[str, str]) -> int:
    name = arguments.name
    target, scratch = envs / name, envs / f".{name}.{socket.gethostname()}"
    if (target / "manifest.json").exists():
        _report(f"environment {name} is already published")
        _report(_facts(json.loads((target / "manifest.json").read_text())))
        return 0
    for leftover in (scratch, *work.glob("building-*")):  # of an interrupted installation on this builder
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=work, prefix="building-") as local:
        site = Path(local) / "site"
        if not _pip(site, Path(arguments.requirements), variables):
            return PIP_FAILED
        slim = [sys.executable, str(Path(__file__).with_name("slim.py")), f"--site={site}"]
        _report(subprocess.run(slim, check=True, stdout=subprocess.PIPE, text=True).stdout.rstrip())
        _report("compiling, and copying the packages")
        compiling = _start_compiling(site)  # runs during copying, which mostly waits
        files = _copy(site, scratch, [path for path in _files(site) if "__pycache__" not in path.parts])
        _wait_for_bytecode(compiling)
        _report("copying the bytecode")
        if arguments.files:
            _unpack(Path(arguments.files), site)
        pack = _start_packing(site, arguments.handlers, Path(local) / "pack")  # runs during copying, too
        files |= _copy(site, scratch, [path for path in _files(site) if path.as_posix() not in files])
        files |= _copy_pack(pack, scratch)
    scratch.mkdir(mode=DIRECTORY, exist_ok=True)  # an environment may be empty
    _sync(scratch)  # all files must be on disk before the manifest
    manifest = {"name": name, "python": platform.python_version(), "files": files, "packages": _packages(scratch)}
    _write_manifest(scratch, manifest)
    _publish(scratch, target)
    _report(f"environment {name} published: {len(files)} files")
    _report(_facts(manifest))
    return 0


def _pip(site: Path, requirements: Path, variables: dict[str, str]) -> bool:
    """Install wheels only, by hash: no setup.py runs, and no compiler is needed. Return whether pip succeeded."""
    site.mkdir()
    if not requirements.read_text().strip():
        return True
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile", "--no-input"]
    options += ["--disable-pip-version-check", "--progress-bar=off", "--root-user-action=ignore"]
    command = [sys.executable, "-m", "pip", "install", *options, f"--target={site}", f"--requirement={requirements}"]
    process = subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process:
        for line in process.stdout or ():
            _report(_without_values(line.rstrip("\n"), variables))
    _forget_urls(site)
    return process.returncode == 0


def _without_values(line: str, variables: dict[str, str]) -> str:
    """Return a line of output with the names of variables in place of their values."""
    for name, value in variables.items():
        line = line.replace(value, f"${{{name}}}")
    return line


def _forget_urls(site: Path) -> None:
    """Delete pip's records of the URLs that packages are from: they may contain a variable's value."""
    for file in site.glob("*.dist-info/direct_url.json"):
        file.unlink()
        record = file.with_name("RECORD")
        lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(f"{file.parent.name}/{file.name},")]
        record.write_text("".join(kept), encoding="utf-8")


def _unpack(archive: Path, directory: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    archive.unlink()


def _start_compiling(site: Path) -> "subprocess.Popen[bytes]":
    """Start to compile to bytecode that Python does not check against its source: an environment never changes."""
    options = ["-qq", "--workers=0", "--invalidation-mode=unchecked-hash"]
    return subprocess.Popen([sys.executable, "-m", "compileall", *options, str(site)])


def _wait_for_bytecode(compiling: "subprocess.Popen[bytes]") -> None:
    """Wait for the compilation. Status 1 means that some files are not Python, such as templates in packages."""
    if compiling.wait() not in (0, 1):
        raise subprocess.CalledProcessError(compiling.returncode, compiling.args)


def _files(tree: Path) -> list[Path]:
    """Return the files below a directory, relative to it."""
    return [path.relative_to(tree) for path in tree.rglob("*") if path.is_file()]


def _copy(source: Path, target: Path, files: list[Path]) -> dict[str, int]:
    """Create the directories, then copy the files with many threads; return each file's size in bytes."""
    directories = {parent for path in files for parent in path.parents}
    with ThreadPoolExecutor(COPY_THREADS) as pool:
        for _, siblings in groupby(sorted(directories, key=_depth), _depth):  # parents before their children
            list(pool.map(lambda path: (target / path).mkdir(mode=DIRECTORY, exist_ok=True), siblings))
        sizes = list(pool.map(lambda path: _copy_file(source / path, target / path), files))
    return {path.as_posix(): size for path, size in zip(files, sizes, strict=True)}


def _depth(path: Path) -> int:
    return len(path.parts)


def _copy_file(source: Path, target: Path) -> int:
    """Copy a file with open, write and close only: each other call would be one more round trip to EFS."""
    content = source.read_bytes()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE)
    try:
        written = 0
        while written < len(content):  # a call writes 2 GB at most
            written += os.write(descriptor, memoryview(content)[written:])
    finally:
        os.close(descriptor)
    return len(content)


def _start_packing(site: Path, handlers: str, into: Path) -> "tuple[Path, subprocess.Popen[str]] | None":
    """Start to build the start pack, in another process, as it runs the user's code."""
    if not handlers:
        return None
    into.mkdir()
    script = Path(__file__).with_name("start_pack.py")
    options = [f"--site={site}", f"--handlers={handlers}", f"--into={into}"]
    return into, subprocess.Popen([sys.executable, str(script), *options], stdout=subprocess.PIPE, text=True)


def _copy_pack(pack: "tuple[Path, subprocess.Popen[str]] | None", target: Path) -> dict[str, int]:
    """Wait for the start pack and copy it. An environment works without one; cold starts are slower then."""
    if pack is None:
        return {}
    into, process = pack
    _report(process.communicate()[0].rstrip())
    if process.returncode:
        _report(f"start pack: could not be built, exit status {process.returncode}")
        return {}
    return {path.name: _copy_file(path, target / path.name) for path in sorted(into.iterdir())}


def _sync(directory: Path) -> None:
    """Write all data of a directory's file system to disk, but not the data of other file systems."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "syncfs"):  # macOS
        os.sync()
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        if libc.syncfs(descriptor):
            raise OSError(f"could not write {directory} to disk")
    finally:
        os.close(descriptor)


def _packages(site: Path) -> dict[str, str]:
    """Return the version of each installed package, by name."""
    names = sorted(path.name.removesuffix(".dist-info") for path in site.glob("*.dist-info"))
    return {name: version for name, _, version in (each.rpartition("-") for each in names)}


def _facts(manifest: dict[str, Any]) -> str:
    """Return the last line of output, which becomes the environment's tag on the file system."""
    size, pack = sum(manifest["files"].values()), manifest["files"].get(_PACK, 0)
    numbers = f"packages={len(manifest['packages'])} files={len(manifest['files'])} bytes={size} pack={pack}"
    return f"python={manifest['python']} {numbers}"


def _write_manifest(scratch: Path, manifest: dict[str, object]) -> None:
    content = json.dumps(manifest, indent=1).encode()
    with (scratch / "manifest.json").open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _report(f"manifest {hashlib.sha256(content).hexdigest()[:12]}")


def _publish(scratch: Path, target: Path) -> None:
    try:
        scratch.rename(target)
    except OSError:
        if not (target / "manifest.json").exists():
            raise
        shutil.rmtree(scratch)  # another builder published it first: the same name means the same content


if __name__ == "__main__":
    sys.exit(main())
