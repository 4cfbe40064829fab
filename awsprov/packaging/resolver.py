"""Resolves requirements with uv: unlike pip, it evaluates markers and wheels for the target platform.

uv sees a pyproject.toml that is generated for it in an empty directory, and none of the project's files. What it
returns is checked, and reduced to one file for each package.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from awsprov.errors import AwsprovError
from awsprov.packaging import uv_process
from awsprov.packaging.bound_packages import bind_dependencies
from awsprov.packaging.index_access import IndexAccess, variables_in, with_credentials, with_credentials_for
from awsprov.packaging.index_names import with_other_indexes
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.local_package import LocalPackage
from awsprov.packaging.local_wheels import LocalWheel, check_target, wheel_to_resolve
from awsprov.packaging.locked_package import LockedPackage
from awsprov.packaging.requirement_lines import is_url
from awsprov.packaging.requirements import Requirements
from awsprov.packaging.resolution_error import has_twin, lacks_wheel, resolution_error
from awsprov.packaging.source_distributions import SourceMetadata, fetch, metadata_of
from awsprov.packaging.uv_project import UvProject
from awsprov.packaging.uv_result import File, lock_package, read_files, read_indexes, read_pins

_MAX_ROUNDS = 5  # resolutions until all bound packages are known; one is usual


@dataclass(frozen=True)
class Resolution:
    """What is resolved, and for what.

    Arguments:
        wanted: the requirements.
        target: the Python and the platform.
        path: the file of the requirements.
        bound: the URL of the index of each package that is bound to one, by a pattern for the package's name.
        as_of: the last day whose files are considered, as `2024-06-30`; empty for today.
        built: the names of the packages that the builder builds.
    """

    wanted: Requirements
    target: InstallTarget
    path: Path
    bound: Mapping[str, str] = field(default_factory=dict)
    as_of: str = ""
    built: tuple[str, ...] = ()

    @property
    def indexes(self) -> list[str]:
        """The URLs of the indexes of packages that are not bound to one; the default one comes last."""
        wanted = self.wanted
        return [] if wanted.no_index else [*wanted.extra_index_urls, wanted.index_url or uv_process.default_index()]

    @property
    def urls(self) -> list[str]:
        """All URLs that uv is sent to."""
        direct = [url for each in self.wanted.packages if (url := Requirement(each).url)]
        return [*self.indexes, *filter(is_url, self.wanted.find_links), *self.bound.values(), *direct]

    def index_of(self, name: str) -> str:
        """Return the URL of the index that a package is bound to; empty for none. The longest pattern decides."""
        fitting = [pattern for pattern in self.bound if fnmatchcase(name, pattern)]
        return self.bound[max(fitting, key=len)] if fitting else ""

    def resolve(self, access: IndexAccess, pins: Mapping[str, str], *, build: bool = False) -> list[LockedPackage]:
        """Return the packages, ordered by name.

        Arguments:
            access: what may be sent to indexes.
            pins: the versions to keep if possible, by package.
            build: whether directories of this machine may be built.

        Raises:
            AwsprovError: the requirements cannot be resolved.
            RefusedError: they need a variable that is not allowed, or a build that is not.
        """
        access.check(*self.urls)
        with uv_process.scratch_directory() as scratch:
            local = [(each, self._wheel(each, scratch, build=build)) for each in self.wanted.local]
            required = [each.requirement(wheel.name, wheel.path) for each, wheel in local]
            wanted = replace(self.wanted, packages=[*self.wanted.packages, *required])
            project = UvProject(scratch, wanted, self.bound, access, as_of=self.as_of)
            project.built = dict.fromkeys(sorted({*self.built} - {wheel.name for _, wheel in local}), SourceMetadata())
            self._bind(project)
            files = self._with_sources(project, pins)
            indexes = self._indexes(project, {name: version for name, (version, _) in files.items()})
        built = [self._built(each, wheel) for each, wheel in local if wheel.name in files]
        files = {name: files[name] for name in files if name not in {each.name for each in built}}
        self._check_locked(files)
        packages = [self._locked(name, *files[name], indexes.get(name, ""), access) for name in files]
        if self.wanted.extra_index_urls:
            packages = with_other_indexes(packages, self.indexes, access)
        return sorted([*packages, *built], key=lambda each: each.name)

    def _wheel(self, package: LocalPackage, scratch: Path, *, build: bool) -> LocalWheel:
        """Return a wheel of a directory of this machine, to resolve with."""
        wheel = wheel_to_resolve(package, self.wanted, scratch, compiled=self.built, build=build)
        check_target(package, wheel, self.target)
        return wheel

    def _built(self, package: LocalPackage, wheel: LocalWheel) -> LockedPackage:
        """Return a directory of this machine for the lock file. Its hash is that of its files, not that of a build."""
        place = os.path.relpath(package.directory, self.path.parent)
        return LockedPackage(wheel.name, wheel.version, f"sha256:{package.digest}", f"{place}/")

    def _with_sources(self, project: UvProject, pins: Mapping[str, str]) -> dict[str, tuple[str, list[File]]]:
        """Return version and files of each package. Resolve again until all that is built has its own metadata."""
        for _ in range(_MAX_ROUNDS):
            files = self._files(project, pins)
            found = {
                name: self._source_metadata(files[name][1], project.access) for name in project.built if name in files
            }
            if all(project.built[name] == metadata for name, metadata in found.items()):
                break
            project.built |= found
        return files

    def _source_metadata(self, files: list[File], access: IndexAccess) -> SourceMetadata:
        url, hashes = files[0]
        return metadata_of(fetch(with_credentials_for(url, self.urls, access), f"sha256:{hashes.get('sha256', '')}"))

    def _check_locked(self, files: Mapping[str, tuple[str, list[File]]]) -> None:
        """Check that a lock of another tool has the packages that are needed.

        Raises:
            AwsprovError: it has not.
        """
        locked = self.wanted.locked
        missing = [f"{name} {files[name][0]}" for name in files if files[name][0] not in locked.get(name, ())]
        if locked and missing:
            raise AwsprovError(
                f"{self.path.name} does not have all packages that {self.target} needs. Nothing was changed.",
                why=f"Missing: {', '.join(missing)}.",
                remedy=f"Create {self.path.name} again with the tool that it is from.",
            )

    @property
    def _required(self) -> list[str]:
        """The normalized names of the packages that are required directly."""
        return [canonicalize_name(Requirement(each).name) for each in self.wanted.packages]

    def _bind(self, project: UvProject) -> None:
        project.bind({name: url for name in self._required if (url := self.index_of(name))})
        bind_dependencies(project, self.target, self.bound, self.index_of)

    def _files(self, project: UvProject, pins: Mapping[str, str]) -> dict[str, tuple[str, list[File]]]:
        """Return version and wheels of each package. Resolve again when more packages turn out to be bound."""
        draft = "".join(f'[[packages]]\nname = "{name}"\nversion = "{pins[name]}"\n' for name in pins)
        draft = f'lock-version = "1.0"\ncreated-by = "awsprov"\n{draft}' if pins else ""
        for _ in range(_MAX_ROUNDS):
            files = read_files(self._uv(project, "pylock.toml", draft, "--format=pylock.toml"))
            missing = {name: url for name in files if (url := self.index_of(name)) and name not in project.sources}
            if not missing:
                return files
            project.bind(missing)
        raise AwsprovError(
            f"{self.path.name} cannot be resolved: the packages of `libraries.indexes` depend on others.",
            remedy=f"Require these directly, too: {', '.join(missing)}.",
        )

    def _indexes(self, project: UvProject, pins: Mapping[str, str]) -> dict[str, str]:
        """Return the URL of each package's index: only the other of uv's formats has it."""
        draft = "".join(f"{name}=={version}\n" for name, version in pins.items())
        options = ("--no-annotate", "--emit-index-annotation")
        return read_indexes(self._uv(project, "requirements.txt", draft, *options))

    def _uv(self, project: UvProject, output: str, draft: str, *options: str) -> str:
        ran = project.compile(self.target, output, draft, *options)
        if ran.returncode:
            newer = self._first_with_wheels(project) if lacks_wheel(ran.stderr) else {}
            shown = project.access.hide(ran.stderr)
            raise resolution_error(shown, self.path.name, self.target, self._required, newer)
        return (project.scratch / output).read_text(encoding="utf-8")

    def _first_with_wheels(self, project: UvProject) -> dict[str, str]:
        """Return the first version with a wheel, from the required one on, of each package whose own has none."""
        pinned = [each for each in map(Requirement, self.wanted.packages) if str(each.specifier)[:2] == "=="]
        named = {canonicalize_name(each.name): each for each in pinned}
        pins = {name: named[name] for name in named if not has_twin(name)}  # those that a twin replaces have no wheel
        loose = [f"{name}{str(pins[name].specifier).replace('==', '>=')}" for name in pins]
        scratch = project.scratch / "loose"
        scratch.mkdir(exist_ok=True)
        wanted = replace(self.wanted, packages=loose, constraints=[], local=[])
        other = UvProject(scratch, wanted, self.bound, project.access, as_of=self.as_of)
        other.sources = project.sources
        if other.compile(self.target, "requirements.txt", "", "--no-deps", "--resolution=lowest-direct").returncode:
            return {}
        found = read_pins((scratch / "requirements.txt").read_text(encoding="utf-8"))
        return {name: found[name] for name in pins if name in found and found[name] not in pins[name].specifier}

    def _locked(self, name: str, version: str, files: list[File], index: str, access: IndexAccess) -> LockedPackage:
        """Return a package for the lock file: variables in the paths of URLs stay variables."""
        index = "" if index.startswith("file:") else index
        hashes = self.wanted.hashes.get(name, set())
        package = lock_package(
            name, version, files, self.target, hashes, base=self.path.parent, build=name in self.built
        )
        hidden = {name for url in self.urls for name in variables_in(with_credentials(url, ""))}
        return replace(package, file=access.hide(package.file, hidden), index=access.hide(index, hidden))
