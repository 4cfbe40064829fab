"""Runs on the builder, under the function's own Python: makes an environment and publishes it on the file system.

Standard library only: it is sent over SFTP. The environment is built on the local disk, copied by many threads (on EFS
a thread waits most of its time) while it is compiled, given a manifest, and published by a rename: whole or not at all.
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

PIP_FAILED = 3  # the exit status that tells pip's failure from our own
COPIERS = 64  # the fastest of 16, 64 and 128 at EFS's latency
DIRECTORY, FILE = 0o755, 0o644  # functions read as another user


def main() -> int:
    """Install; returns the exit status."""
    arguments = _arguments()
    envs = Path(arguments.root) / "envs"
    envs.mkdir(mode=DIRECTORY, exist_ok=True)
    work = Path(__file__).parent
    with (work / "install.lock").open("w") as lock:
        _wait_for(lock)
        return _install(envs, arguments, work)


def _wait_for(lock: TextIO) -> None:
    """An earlier installation may go on although its session is gone. What it publishes is there then."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("waiting for an earlier installation, which goes on")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _say(text: str) -> None:
    """Tell whoever listens. When the session is gone nobody does, and the work goes on: the next one finds it done."""
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="where the file system is mounted")
    parser.add_argument("--name", required=True, help="the environment's hash")
    parser.add_argument("--requirements", required=True, help="exact versions and hashes of all packages")
    parser.add_argument("--files", help="a tar of files that go into the environment besides")
    parser.add_argument("--handlers", help="JSON for start_pack.py; nothing: no start pack")
    return parser.parse_args()


def _install(envs: Path, arguments: argparse.Namespace, work: Path) -> int:
    name = arguments.name
    target, scratch = envs / name, envs / f".{name}.{socket.gethostname()}"
    if (target / "manifest.json").exists():
        _say(f"environment {name} is there already")
        _say(_facts(json.loads((target / "manifest.json").read_text())))
        return 0
    shutil.rmtree(scratch, ignore_errors=True)  # of an interrupted installation on this machine
    for left in work.glob("building-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=work, prefix="building-") as local:
        site = Path(local) / "site"
        if not _pip(site, Path(arguments.requirements)):
            return PIP_FAILED
        slim = [sys.executable, str(Path(__file__).with_name("slim.py")), f"--site={site}"]
        _say(subprocess.run(slim, check=True, stdout=subprocess.PIPE, text=True).stdout.rstrip())
        _say("compiling, and copying the packages")
        compiling = _compile(site)  # goes on while copying, which mostly waits
        files = _copy(site, scratch, [path for path in _files(site) if "__pycache__" not in path.parts])
        _finish(compiling)
        _say("copying the bytecode")
        if arguments.files:
            _unpack(Path(arguments.files), site)
        pack = _start_pack(site, arguments.handlers, Path(local) / "pack")  # and this one, too
        files |= _copy(site, scratch, [path for path in _files(site) if path.as_posix() not in files])
        files |= _add(pack, scratch)
    _sync(scratch)  # once for all files: the manifest must not be there before they are
    manifest = {"name": name, "python": platform.python_version(), "files": files, "packages": _packages(scratch)}
    _seal(scratch, manifest)
    _publish(scratch, target)
    _say(f"environment {name} published: {len(files)} files")
    _say(_facts(manifest))
    return 0


def _pip(site: Path, requirements: Path) -> bool:
    """Wheels only, by hash: no setup.py of anybody's runs, and nothing needs a compiler."""
    site.mkdir()
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile", "--no-input"]
    options += ["--disable-pip-version-check", "--progress-bar=off", "--root-user-action=ignore"]
    command = [sys.executable, "-m", "pip", "install", *options, f"--target={site}", f"--requirement={requirements}"]
    return subprocess.run(command, check=False).returncode == 0


def _unpack(archive: Path, directory: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    archive.unlink()


def _compile(site: Path) -> "subprocess.Popen[bytes]":
    """Begin to write bytecode that nobody compares with its source again: an environment never changes."""
    options = ["-qq", "--workers=0", "--invalidation-mode=unchecked-hash"]
    return subprocess.Popen([sys.executable, "-m", "compileall", *options, str(site)])


def _finish(compiling: "subprocess.Popen[bytes]") -> None:
    """Have all bytecode. Packages bring files that are no Python, or another's (templates): 1 says that some were."""
    if compiling.wait() not in (0, 1):
        raise subprocess.CalledProcessError(compiling.returncode, compiling.args)


def _files(tree: Path) -> list[Path]:
    """The files below a directory, as seen from it."""
    return [path.relative_to(tree) for path in tree.rglob("*") if path.is_file()]


def _copy(source: Path, target: Path, files: list[Path]) -> dict[str, int]:
    """Copy files of a tree side by side, after their directories. Returns each file's size in bytes."""
    directories = {parent for path in files for parent in path.parents}
    with ThreadPoolExecutor(COPIERS) as pool:
        for _, siblings in groupby(sorted(directories, key=_depth), _depth):  # parents before their children
            list(pool.map(lambda path: (target / path).mkdir(mode=DIRECTORY, exist_ok=True), siblings))
        sizes = list(pool.map(lambda path: _copy_file(source / path, target / path), files))
    return {path.as_posix(): size for path, size in zip(files, sizes, strict=True)}


def _depth(path: Path) -> int:
    return len(path.parts)


def _copy_file(source: Path, target: Path) -> int:
    """Open, write, close: each further call about a file is one more round trip to EFS."""
    content = source.read_bytes()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE)
    try:
        written = 0
        while written < len(content):  # a call takes 2 GB at most
            written += os.write(descriptor, memoryview(content)[written:])
    finally:
        os.close(descriptor)
    return len(content)


def _start_pack(site: Path, handlers: str, into: Path) -> "tuple[Path, subprocess.Popen[str]] | None":
    """Begin to make the start pack, in a process of its own: it runs the user's code."""
    if not handlers:
        return None
    into.mkdir()
    script = Path(__file__).with_name("start_pack.py")
    options = [f"--site={site}", f"--handlers={handlers}", f"--into={into}"]
    return into, subprocess.Popen([sys.executable, str(script), *options], stdout=subprocess.PIPE, text=True)


def _add(pack: "tuple[Path, subprocess.Popen[str]] | None", target: Path) -> dict[str, int]:
    """Copy the start pack, once it is made. An environment without one is whole, only slower at a start."""
    if pack is None:
        return {}
    into, process = pack
    _say(process.communicate()[0].rstrip())
    if process.returncode:
        _say(f"start pack: none, exit status {process.returncode}")
        return {}
    return {path.name: _copy_file(path, target / path.name) for path in sorted(into.iterdir())}


def _sync(directory: Path) -> None:
    """Have a file system's data on its disk, and not that of the machine's others."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "syncfs"):  # macOS
        os.sync()
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        if libc.syncfs(descriptor):
            raise OSError(f"{directory} could not be written to its disk")
    finally:
        os.close(descriptor)


def _packages(site: Path) -> dict[str, str]:
    """Name and version of each distribution."""
    names = sorted(path.name.removesuffix(".dist-info") for path in site.glob("*.dist-info"))
    return {name: version for name, _, version in (each.rpartition("-") for each in names)}


def _facts(manifest: dict[str, Any]) -> str:
    """The last line: what the tag on the file system will say."""
    size = sum(manifest["files"].values())
    numbers = f"packages={len(manifest['packages'])} files={len(manifest['files'])} bytes={size}"
    return f"python={manifest['python']} {numbers}"


def _seal(scratch: Path, manifest: dict[str, object]) -> None:
    content = json.dumps(manifest, indent=1).encode()
    with (scratch / "manifest.json").open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _say(f"manifest {hashlib.sha256(content).hexdigest()[:12]}")


def _publish(scratch: Path, target: Path) -> None:
    try:
        scratch.rename(target)
    except OSError:
        if not (target / "manifest.json").exists():
            raise
        shutil.rmtree(scratch)  # another builder was quicker: the same name is the same content


if __name__ == "__main__":
    sys.exit(main())
