"""The lock file: exact versions of all libraries, with index, file and hash, for the function's Python and platform."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from awsprov.files import read_limited, write_atomically
from awsprov.packaging import locked_package
from awsprov.packaging.index_access import IndexAccess
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.libraries_file import read_libraries
from awsprov.packaging.locked_package import LockedPackage
from awsprov.packaging.requirement_lines import is_url
from awsprov.packaging.requirements import Requirements

LockState = Literal["missing", "stale", "fresh"]
Pins = dict[str, str]  # package name: version

GLIBC = "manylinux_2_28"  # Amazon Linux 2023, below Lambda's Python 3.12 and later, has glibc 2.34
MAX_SIZE = 4 * 1024 * 1024  # bytes of a lock file; a package takes about 300
_MARK = "# awsprov lock 2 "  # 2 is the version of the format


@dataclass(frozen=True)
class Lock:
    """A lock file, and what it is resolved from.

    Arguments:
        requirements: the requirements.txt.
        path: the lock file.
        target: the Python and the platform.
        indexes: the URL of the index of each package that is bound to one, by a pattern for the package's name.
        as_of: the last day whose files are considered, as `2024-06-30`; empty for today.
        draft: the content to use in place of the file's; None for the file's.
        built: the names of the packages that the builder builds from their source distributions.
    """

    requirements: Path
    path: Path
    target: InstallTarget
    indexes: Mapping[str, str] = field(default_factory=dict)
    as_of: str = ""
    draft: str | None = None
    built: tuple[str, ...] = ()

    @cached_property
    def wanted(self) -> Requirements:
        """The requirements."""
        return read_libraries(self.requirements)

    @property
    def bound(self) -> dict[str, str]:
        """The URL of the index of each package that is bound to one, by pattern; the settings come first."""
        return {**self.wanted.bound, **self.indexes}

    @property
    def fingerprint(self) -> str:
        """A hash of everything that a resolution depends on, without comments and blank lines."""
        bound = [f"{pattern} {self.indexes[pattern]}" for pattern in sorted(self.indexes)]
        inputs = [self.target.python, self.target.platform, self.as_of, *self.built, *bound, *self.wanted.inputs]
        return hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:16]

    @property
    def state(self) -> LockState:
        """Whether there is a lock file, and whether it is valid and matches the requirements."""
        if not self.text:
            return "missing"
        is_current = self.text.startswith(f"{_MARK}{self.fingerprint}\n")
        return "fresh" if is_current and not self.problem else "stale"

    @property
    def problem(self) -> str:
        """Why the lock file is not valid; empty if it is."""
        return self._content[1]

    @property
    def packages(self) -> list[LockedPackage]:
        """The packages; none if there is no valid lock file."""
        return self._content[0]

    @property
    def sources(self) -> list[LockedPackage]:
        """The packages that the builder builds: source distributions, and directories that the settings name."""
        return [each for each in self.packages if each.is_source or (each.is_local and each.name in self.built)]

    @property
    def pins(self) -> Pins:
        """The version of each package, by name."""
        return {each.name: each.version for each in self.packages}

    @property
    def index(self) -> str:
        """The URL of the package index that most packages are from, without credentials; empty if none is from one."""
        found = Counter(each.index for each in self.packages if is_url(each.index))
        return found.most_common(1)[0][0] if found else ""

    @cached_property
    def text(self) -> str:
        """The content of the lock file; empty if there is none, or if it cannot be read."""
        if self.draft is not None:
            return self.draft
        try:
            return read_limited(self.path, MAX_SIZE).decode()
        except (OSError, UnicodeDecodeError):
            return "\n" if self.path.exists() else ""

    @cached_property
    def _content(self) -> tuple[list[LockedPackage], str]:
        """The packages and an empty string; or no packages and what is wrong."""
        lines = list(enumerate(self.text.splitlines(), start=1))
        try:
            return list(locked_package.parse((n, line) for n, line in lines if not line.startswith("#"))), ""
        except ValueError as error:
            return [], str(error)

    def resolved(self, access: IndexAccess, *, upgrade: bool = False, build: bool = False) -> "Lock":
        """Resolve the requirements. Return the lock with the result as its draft; nothing is written.

        Arguments:
            access: what may be sent to package indexes.
            upgrade: use the newest versions, and do not keep those that are locked.
            build: whether directories of this machine may be built.

        Raises:
            AwsprovError: the requirements cannot be resolved.
            RefusedError: they need a variable that is not allowed, or a build that is not.
        """
        from awsprov.packaging.resolver import Resolution  # only to resolve

        resolution = Resolution(self.wanted, self.target, self.requirements, self.bound, self.as_of, self.built)
        packages = resolution.resolve(access, {} if upgrade else self.pins, build=build)
        return replace(self, draft=self.text_of(packages))

    def check_access(self, access: IndexAccess) -> None:
        """Check that the builder may get what the package indexes need.

        Raises:
            RefusedError: a variable is not allowed.
        """
        access.check(*self.urls, *(each.file for each in self.packages if not each.is_local))

    @property
    def urls(self) -> list[str]:
        """The URLs in the requirements and the settings that may have credentials, as they are written."""
        wanted = self.wanted
        direct = [url for each in wanted.packages if (url := Requirement(each).url)]
        indexes = [*([wanted.index_url] if wanted.index_url else []), *wanted.extra_index_urls, *self.bound.values()]
        return [*indexes, *filter(is_url, wanted.find_links), *direct]

    def text_of(self, packages: list[LockedPackage]) -> str:
        """Return the content of a lock file with these packages."""
        header = [
            f"{_MARK}{self.fingerprint}",
            f"# Made by `awsprov lock` from {self.requirements.name} for {self.target}.",
        ]
        return "\n".join([*header, *(line for each in packages for line in each.lines), ""])

    def write(self) -> None:
        """Write the draft to the lock file, atomically."""
        write_atomically(self.path, self.text.encode())
        self.path.chmod(0o644)

    @property
    def ambiguous(self) -> list[str]:
        """A line for each package whose name other indexes have, too."""
        return [
            f"{each.name} {each.version} is from {each.index}; {', '.join(each.others)} also has this name."
            for each in self.packages
            if each.others
        ]


def changed_sources(old: Lock, new: Lock) -> list[str]:
    """Return a line for each directory of this machine whose files have changed, while its version has not."""
    before = {(each.name, each.version): each.hash for each in old.packages}
    return [
        f"~ {each.name} {each.version}, whose files have changed"
        for each in new.packages
        if each.is_local and before.get((each.name, each.version), each.hash) != each.hash
    ]


def differences(old: Pins, new: Pins) -> list[str]:
    """Return the differences of two sets of packages, one a line: `+ new 1.0`, `- old 1.0`, `~ other 1.0 → 2.0`."""
    added = [f"+ {name} {new[name]}" for name in new if name not in old]
    removed = [f"- {name} {old[name]}" for name in old if name not in new]
    changed = [f"~ {name} {old[name]} → {new[name]}" for name in new if name in old and old[name] != new[name]]
    return sorted([*added, *removed, *changed], key=lambda line: line[2:])
