"""Builds an environment on the builder's own disk, with the functions' Python version, and publishes nothing.

The file system is not needed for it, and not mounted while the handlers are imported for the start pack. A build is
complete, with a manifest of all its files, or it does not exist.
"""

import argparse
import dataclasses
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from . import built_wheels, compression, native_libraries, pack_file, pip_install, reuse, slim, start_pack, tree
from .receive import FILES
from .source_builds import BuildError, build_all
from .workspace import BUILD_FAILED, FILE_BUILDS, MANIFEST, Workspace, parsed, report

_COMPILED = 32  # modules at least that are worth another process


def main() -> int:
    """Build the environment; return the exit status."""
    arguments = _arguments()
    workspace, variables = Workspace(arguments.work), _take_variables(arguments.variables)
    with workspace.locked():
        if manifest := workspace.manifest(arguments.name):
            report(f"environment {arguments.name} is already built: {len(parsed(manifest)['files'])} files")
            return 0
        manifests = dict(each.split("=", 1) for each in arguments.manifests)
        _fetch_wheels(arguments, manifests)
        for mounted in arguments.unmount:
            _unmount(mounted)
        earlier = reuse.find(workspace, manifests)
        with workspace.building(arguments.name, earlier.name if earlier else "") as scratch:
            try:
                built = build_all(workspace.directory, arguments.sources, arguments.packages)
            except (BuildError, subprocess.CalledProcessError) as error:
                report(f"error: {error}")
                return BUILD_FAILED
            task = _Task(scratch, arguments, variables, built)
            if earlier:
                try:
                    return task.build(earlier)
                except reuse.ReuseError as error:
                    report(f"installing all packages again: {error}")
                    workspace.delete(earlier.name)
                    task.clear()
            return task.build(None)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=Path, help="the working directory")
    parser.add_argument("--name", required=True, help="the environment's hash")
    parser.add_argument("--requirements", required=True, type=Path, help="exact versions and hashes, for pip")
    parser.add_argument("--index", default="", help="the package index that most packages are from")
    parser.add_argument("--sources", nargs="*", default=[], type=Path, help="source distributions to build")
    parser.add_argument("--packages", nargs="*", default=[], help="system packages that were installed")
    parser.add_argument("--root", type=Path, help="where the file system is mounted, for wheels that were built before")
    parser.add_argument("--manifests", nargs="*", default=[], help="NAME=SHA256 of the environments that are published")
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


def _fetch_wheels(arguments: argparse.Namespace, manifests: "dict[str, str]") -> None:
    """Copy wheels that another builder built from the file system, before it is unmounted and anything is built."""
    work = arguments.work.resolve()
    directories = [built_wheels.directory_of(work, each, arguments.packages) for each in arguments.sources]
    if arguments.root:
        built_wheels.fetch(directories, arguments.root, manifests)


def _unmount(directory: str) -> None:
    """Unmount a file system if it is mounted: no handler is imported while there is something to change."""
    if subprocess.run(["mountpoint", "-q", directory], check=False).returncode == 0:
        subprocess.run(["sudo", "umount", directory], check=True)


class _Task:
    """A build.

    Arguments:
        scratch: the directory for it.
        arguments: the options of the program.
        variables: the variables in the requirements.
        built: the wheels that were built.
    """

    _compression: "Future[compression.Compression]"

    def __init__(
        self, scratch: Path, arguments: argparse.Namespace, variables: "dict[str, str]", built: "list[Path]"
    ) -> None:
        self._scratch, self._arguments, self._variables, self._built = scratch, arguments, variables, built
        self._wheels = built_wheels.entries_of(built)
        described = zip(built, self._wheels.values(), strict=True)
        lines = (f"{wheel} --hash=sha256:{entry['sha256']}" for wheel, entry in described)
        self._lines = [*arguments.requirements.read_text().splitlines(), *lines]
        self._site, self._new = scratch / "site", scratch / "new"

    def clear(self) -> None:
        """Delete what an attempt has left."""
        for directory in (self._site, self._new):
            shutil.rmtree(directory, ignore_errors=True)

    def build(self, earlier: "reuse.Earlier | None") -> int:
        """Install the packages, and write the manifest when they are in the form in which they are published.

        Returns:
            The exit status.

        Raises:
            ReuseError: with the packages of the earlier build, the result might be another one.
        """
        with ThreadPoolExecutor() as pool:
            if self._arguments.handlers:  # it may download a wheel, while packages are installed
                self._compression = pool.submit(compression.best, self._arguments.work.resolve(), self._arguments.index)
            return self._build(earlier)

    def _build(self, earlier: "reuse.Earlier | None") -> int:
        wheels = dict(map(pip_install.wheel_of, self._lines))
        reused = reuse.take(earlier, wheels.values(), self._site) if earlier else reuse.NOTHING
        lines = [line for line in self._lines if pip_install.wheel_of(line)[1] not in reused.wheels]
        target = self._new if earlier else self._site
        if status := pip_install.install(target, self._arguments.requirements, lines, self._variables):
            return status
        if earlier:
            report(f"taking {len(reused.wheels)} of {len(wheels)} packages from the last build")
            reuse.add(target, self._site)
        references, reused = _delete_unused(self._site, reused)
        copy = bool(self._arguments.packages)
        missing = native_libraries.complete(self._site, self._arguments.work.resolve(), copy=copy, reused=reused)
        report("compiling the packages")
        _compile(self._site, set(tree.walk(self._site)) - reused.files.keys())
        about = reuse.record(_by_directory(self._site, wheels), references, list(map(dataclasses.astuple, missing)))
        self._finish(reused, about, earlier)
        return 0

    def _finish(self, reused: reuse.Reused, about: "dict[str, Any]", earlier: "reuse.Earlier | None") -> None:
        """Describe all files, add the start pack, and write the manifest."""
        names = sorted(set(tree.walk(self._site)) - reused.files.keys())
        described = tree.mapped(lambda name: tree.describe(self._site / name), names, os.cpu_count() or 1)
        files, unpacked = {**reused.files, **described}, 0  # before any code of the project runs
        packages = _packages(self._site)
        if self._arguments.handlers:
            pack = self._start_pack(files, earlier)
            unpacked = start_pack.unpacked_size(pack)
            files |= {path.name: tree.describe(path.replace(self._site / path.name)) for path in pack}
        built_wheels.add(self._built, self._site, self._wheels)
        files |= self._wheels
        entries = {name: tree.published(files[name]) for name in sorted(files)}
        name, python = self._arguments.name, platform.python_version()
        manifest = {"name": name, "python": python, "packages": packages, "unpacked": unpacked, **about}
        (self._scratch / MANIFEST).write_text(json.dumps({**manifest, "files": entries}))
        report(f"built environment {name}: {len(entries)} files")

    def _start_pack(self, files: tree.Entries, earlier: "reuse.Earlier | None") -> "list[Path]":
        """Make the start pack, with the blocks of the last one that are still right; return its files."""
        handlers = json.loads(self._arguments.handlers.read_bytes())
        blocks = pack_file.Blocks(earlier.site, earlier.files) if earlier else None
        into, own, best = self._scratch / "pack", _files(self._arguments), self._compression.result()
        return start_pack.make(self._site, handlers, into, own, entries=files, blocks=blocks, compression=best)


def _delete_unused(site: Path, reused: reuse.Reused) -> "tuple[slim.References, reuse.Reused]":
    """Delete files that no function imports; return what the modules refer to, and what is left of the last build.

    Raises:
        ReuseError: a file of a package of the earlier build was deleted there, and is used now.
    """
    bytecode = {tree.bytecode(name): name for name in reused.files if name.endswith(".py")}
    names = set(tree.walk(site)) - bytecode.keys()
    references = reused.references.with_those_of(slim.references(site, names - reused.files.keys()))
    unused = slim.unused(names | reused.deleted, references)
    if missing := sorted(reused.deleted - unused):
        raise reuse.ReuseError(f"{missing[0]} was not needed before")
    stubs = sum(name.endswith(slim.STUB) for name in unused)
    deleted = (unused & names) | {name for name in bytecode.keys() & reused.files.keys() if bytecode[name] in unused}
    for name in deleted:
        (site / name).unlink()
    report(f"deleted {len(unused) - stubs} test files and {stubs} type stubs")
    return references, reused.without(deleted)


def _by_directory(site: Path, wheels: "dict[str, str]") -> "dict[str, str]":
    """Return the SHA-256 of the wheel of each package, by the package's directory of metadata."""
    names = {path.name: path.name.removesuffix(".dist-info").rpartition("-")[0] for path in site.glob("*.dist-info")}
    found = {directory: wheels.get(pip_install.normalized(name), "") for directory, name in names.items()}
    return {directory: digest for directory, digest in found.items() if digest}


def _compile(site: Path, names: Iterable[str]) -> None:
    """Compile to bytecode that Python does not check against its source: an environment never changes.

    The same source gives the same bytecode: it holds no path of this build, and sets are hashed in the same way.
    """
    sources = sorted(f"{site / name}" for name in names if name.endswith(".py"))
    shares = min(os.cpu_count() or 1, -(-len(sources) // _COMPILED))
    with ThreadPoolExecutor(max(shares, 1)) as pool:  # compileall's own workers need a socket with a short path
        list(pool.map(lambda n: _compile_some(site, sources[n::shares]), range(shares)))


def _compile_some(site: Path, sources: list[str]) -> None:
    """Compile some files, also those whose wheel has bytecode: it may be of the kind that Python checks.

    There must be at least one: without any, compileall compiles what is on sys.path, the standard library among it.
    Status 1 means that some files are not Python, such as templates in packages.
    """
    options = ["-qq", "-f", "--invalidation-mode=unchecked-hash", "-s", str(site), "-i", "-"]
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
