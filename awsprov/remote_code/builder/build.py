"""Builds an environment on the builder's own disk, with the functions' Python version, and publishes nothing.

The file system is not needed for it, and not mounted while the handlers are imported for the start pack. A build is
complete, with a manifest of all its files, or it does not exist.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import built_wheels, native_libraries, slim, start_pack, tree
from .receive import FILES
from .source_builds import BuildError, build_all
from .workspace import FILE_BUILDS, MANIFEST, Workspace, parsed, report

PIP_FAILED = 3  # the exit status when pip failed
BUILD_FAILED = 5  # the exit status when a source distribution could not be built
KILLED = 137  # the exit status when pip was killed: a shell's for signal 9


def main() -> int:
    """Build the environment; return the exit status."""
    arguments = _arguments()
    workspace, variables = Workspace(arguments.work), _take_variables(arguments.variables)
    with workspace.locked():
        if manifest := workspace.manifest(arguments.name):
            report(f"environment {arguments.name} is already built: {len(parsed(manifest)['files'])} files")
            return 0
        _fetch_wheels(arguments)
        for mounted in arguments.unmount:
            _unmount(mounted)
        with workspace.building(arguments.name) as scratch:
            try:
                wheels = build_all(workspace.directory, arguments.sources, arguments.packages)
            except (BuildError, subprocess.CalledProcessError) as error:
                report(f"error: {error}")
                return BUILD_FAILED
            status = _pip(scratch / "site", arguments.requirements, variables, wheels)
            if status == 0:
                _finish(scratch, arguments, wheels)
        return status


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=Path, help="the working directory")
    parser.add_argument("--name", required=True, help="the environment's hash")
    parser.add_argument("--requirements", required=True, type=Path, help="exact versions and hashes, for pip")
    parser.add_argument("--sources", nargs="*", default=[], type=Path, help="source distributions to build")
    parser.add_argument("--packages", nargs="*", default=[], help="system packages that were installed")
    parser.add_argument("--root", type=Path, help="where the file system is mounted, for wheels that were built before")
    parser.add_argument("--manifests", nargs="*", default=[], help="NAME=SHA256 of the environments with such wheels")
    parser.add_argument("--variables", type=Path, help="a JSON file with variables for pip; it is deleted")
    parser.add_argument("--files", default="", help="the hash of the environment of files, which handlers may read")
    parser.add_argument("--handlers", type=Path, help="the input of start_pack.make; without it no start pack is built")
    parser.add_argument("--unmount", nargs="*", default=[], help="where a file system may be mounted")
    return parser.parse_args()


def _take_variables(file: Path | None) -> dict[str, str]:
    """Return the variables for this build, such as a package index's credentials, and delete the file."""
    if file is None:
        return {}
    variables: dict[str, str] = json.loads(file.read_bytes())
    file.unlink()
    return variables


def _fetch_wheels(arguments: argparse.Namespace) -> None:
    """Copy wheels that another builder built from the file system, before it is unmounted and anything is built."""
    work = arguments.work.resolve()
    directories = [built_wheels.directory_of(work, each, arguments.packages) for each in arguments.sources]
    manifests = dict(each.split("=", 1) for each in arguments.manifests)
    if manifests:
        built_wheels.fetch(directories, arguments.root, manifests)


def _unmount(directory: str) -> None:
    """Unmount a file system if it is mounted: no handler is imported while there is something to change."""
    if subprocess.run(["mountpoint", "-q", directory], check=False).returncode == 0:
        subprocess.run(["sudo", "umount", directory], check=True)


def _pip(site: Path, requirements: Path, variables: dict[str, str], built: "Iterable[Path]" = ()) -> int:
    """Install wheels only, by hash: those of the requirements, and those that were built. Return the exit status."""
    site.mkdir(tree.DIRECTORY)
    lines = [f"{wheel} --hash=sha256:{tree.describe(wheel)['sha256']}\n" for wheel in built]
    requirements.write_text("".join([requirements.read_text(), *lines]))
    if not requirements.read_text().strip():
        return 0
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile", "--no-input"]
    options += ["--disable-pip-version-check", "--progress-bar=off", "--root-user-action=ignore"]
    command = [sys.executable, "-m", "pip", "install", *options, f"--target={site}", f"--requirement={requirements}"]
    cache = {"PIP_CACHE_DIR": str(requirements.resolve().parent / "pip-cache")}
    process = subprocess.Popen(
        command, env={**cache, **os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process:
        for line in process.stdout or ():
            report(_without_values(line.rstrip("\n"), variables))
    _forget_urls(site)
    status = process.returncode
    return KILLED if status < 0 else PIP_FAILED if status else 0


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


def _finish(scratch: Path, arguments: argparse.Namespace, wheels: "list[Path]") -> None:
    """Bring the packages into the form in which they are published, and write the manifest."""
    site = scratch / "site"
    report(slim.delete_unused(site))
    native_libraries.complete(site, arguments.work.resolve(), copy=bool(arguments.packages))
    report("compiling the packages")
    _compile(site)
    packages = _packages(site)
    files, unpacked = tree.describe_all(site, os.cpu_count() or 1), 0  # before any code of the project runs
    files |= built_wheels.entries_of(wheels)
    if arguments.handlers:
        handlers = json.loads(arguments.handlers.read_bytes())
        pack = start_pack.make(site, handlers, scratch / "pack", _files(arguments))
        unpacked = start_pack.unpacked_size(pack)
        files |= {path.name: tree.describe(path.replace(site / path.name)) for path in pack}
    built_wheels.add(wheels, site, files)
    entries = {name: tree.published(entry) for name, entry in files.items()}
    about = {"name": arguments.name, "python": platform.python_version(), "packages": packages, "unpacked": unpacked}
    (scratch / MANIFEST).write_text(json.dumps({**about, "files": entries}))
    report(f"built environment {arguments.name}: {len(entries)} files")


def _compile(site: Path) -> None:
    """Compile to bytecode that Python does not check against its source: an environment never changes.

    The same source gives the same bytecode: it holds no path of this build, and sets are hashed in the same way.
    """
    sources = sorted(f"{site / name}" for name in tree.walk(site) if name.endswith(".py"))
    processors = os.cpu_count() or 1
    with ThreadPoolExecutor(processors) as pool:  # compileall's own workers need a socket with a short path
        list(pool.map(lambda n: _compile_some(site, sources[n::processors]), range(processors)))


def _compile_some(site: Path, sources: list[str]) -> None:
    """Compile some files. Status 1 means that some are not Python, such as templates in packages."""
    options = ["-qq", "--invalidation-mode=unchecked-hash", "-s", str(site), "-i", "-"]
    command = [sys.executable, "-m", "compileall", *options]
    names = "\n".join(sources).encode(errors="surrogateescape")
    compiled = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, input=names, check=False)
    if compiled.returncode not in (0, 1):
        raise subprocess.CalledProcessError(compiled.returncode, command)


def _packages(site: Path) -> dict[str, str]:
    """Return the version of each installed package, by name."""
    names = sorted(path.name.removesuffix(".dist-info") for path in site.glob("*.dist-info"))
    return {name: version for name, _, version in (each.rpartition("-") for each in names)}


def _files(arguments: argparse.Namespace) -> Path | None:
    """Return the directory of the user's files, which were received before; None if there are none."""
    return Workspace(arguments.work, FILE_BUILDS).site(arguments.files) / FILES if arguments.files else None
