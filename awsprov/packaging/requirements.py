"""Reads requirements.txt as pip does: encodings, continued lines, included files, constraints, hashes and options."""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from awsprov.files import expand_home, is_inside, read_limited
from awsprov.packaging import requirement_lines
from awsprov.packaging.local_package import LocalPackage, local_package, with_their_own
from awsprov.packaging.requirement_lines import Line, is_url

MAX_SIZE = 1024 * 1024  # bytes of a file
MAX_FILES = 50  # that include each other
_VCS = ("git+", "hg+", "svn+", "bzr+")
AS_WHEEL = "build a wheel with `pip wheel`, and name its directory with --find-links in a requirements.txt"


@dataclass
class Requirements:
    """The content of a requirements.txt, with the files that it includes.

    Attributes:
        packages: the requirements, as in PEP 508, without hashes.
        local: the packages that are directories of this machine, with those that they require in turn.
        constraints: the same, to limit the version of a package without requiring it.
        hashes: the hashes of which one must match, as `sha256:…`, by package.
        index_url: the URL of the package index; empty for the default.
        extra_index_urls: the URLs of further package indexes.
        find_links: directories with wheels, as absolute paths, and URLs of pages with links to wheels.
        no_index: whether no package index is used.
        prerelease: whether pre-releases are accepted.
        complete: whether the packages are those of a lock, which is installed without further dependencies.
        locked: the versions of each package in a lock of another tool; empty without one. Others are not installed.
        bound: the URL of the index of each package that is bound to one.
        files: the files that were read, in order.
        problems: what cannot be installed, each with file and line, as `requirements.txt:3: …`.
    """

    packages: list[str] = field(default_factory=list)
    local: list[LocalPackage] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    hashes: dict[str, set[str]] = field(default_factory=dict)
    index_url: str = ""
    extra_index_urls: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    no_index: bool = False
    prerelease: bool = False
    complete: bool = False
    locked: dict[str, set[str]] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> list[str]:
        """Everything that a resolution depends on, one a line; paths are relative to the first file."""
        base = self.files[0].parent if self.files else Path()
        links = [link if is_url(link) else os.path.relpath(link, base) for link in self.find_links]
        hashes = [f"{name} {' '.join(sorted(self.hashes[name]))}" for name in sorted(self.hashes)]
        flags = [str(flag) for flag in (self.no_index, self.prerelease, self.complete)]
        bound = [f"{name} {self.bound[name]}" for name in sorted(self.bound)]
        local = [
            f"{os.path.relpath(each.directory, base)} {','.join(each.extras)} {each.marker} {each.digest}"
            for each in self.local
        ]
        lists = (
            self.packages,
            *([local] if local else []),
            self.constraints,
            hashes,
            self.extra_index_urls,
            links,
            flags,
            bound,
        )
        return [self.index_url, *(line for each in lists for line in (*each, ""))]


def read_requirements(path: Path, project: Path | None = None) -> Requirements:
    """Read a requirements file, and the files that it includes.

    Arguments:
        path: the file.
        project: the project's directory; problems quote only lines of files in it. None to quote nothing.
    """
    reader = _Reader(project)
    reader.read(path, constraints=False)
    try:
        reader.found.local = with_their_own(reader.found.local)
    except ValueError as error:
        reader.found.problems.append(f"{path.name}: {error}")
    return reader.found


class _Reader:
    """Collects requirements from a file and the files that it includes."""

    def __init__(self, project: Path | None) -> None:
        self.found = Requirements()
        self._project = project
        self._read: set[tuple[Path, bool]] = set()

    def read(self, path: Path, *, constraints: bool, included_by: str = "") -> None:
        """Read a file.

        Arguments:
            path: the file.
            constraints: whether its requirements are constraints.
            included_by: where it is included, as `requirements.txt:3: `.
        """
        real = Path(os.path.realpath(path))
        if (real, constraints) in self._read:
            return
        self._read.add((real, constraints))
        if len(self._read) > MAX_FILES:
            self.found.problems.append(f"{included_by}more than {MAX_FILES} files are included")
            return
        try:
            text = requirement_lines.decode(read_limited(path, MAX_SIZE))
        except OSError as error:
            self.found.problems.append(f"{included_by}{path.name} cannot be read: {error.strerror}")
            return
        except (UnicodeDecodeError, LookupError):
            self.found.problems.append(f"{included_by}{path.name} cannot be read: it is not UTF-8 text")
            return
        self.found.files.append(path)
        for number, line in requirement_lines.lines(text):
            self._line(path, number, line, constraints)

    def _line(self, path: Path, number: int, text: str, constraints: bool) -> None:
        where = f"{path.name}:{number}: "
        try:
            line = Line.parse(text)
            self._options(path, line, where)
            if line.editable:
                self.found.local.append(_editable(line.editable, path.parent))
            if line.requirement:
                self._requirement(path, line, constraints)
        except ValueError as error:
            quoted = f" (`{text}`)" if self._is_quotable(path) else ""
            self.found.problems.append(f"{where}{error}{quoted}")

    def _is_quotable(self, path: Path) -> bool:
        return self._project is not None and is_inside(path, self._project)

    def _options(self, path: Path, line: Line, where: str) -> None:
        found = self.found
        found.index_url = line.index_url or found.index_url
        found.extra_index_urls += [url for url in line.extra_index_urls if url not in found.extra_index_urls]
        found.find_links += [_link(link, path.parent) for link in line.find_links]
        found.no_index |= line.no_index
        found.prerelease |= line.pre
        for included, constraints in (*((f, False) for f in line.files), *((f, True) for f in line.constraints)):
            if is_url(included):
                raise ValueError("a file to include must be on this machine; save it beside this one")
            self.read(path.parent / included, constraints=constraints, included_by=where)

    def _requirement(self, path: Path, line: Line, constraints: bool) -> None:
        if local := directory_of(line.requirement, path.parent):
            if constraints or line.hashes:
                raise ValueError("a directory can be no constraint and has no hash")
            self.found.local.append(local)
            return
        wanted = parse_requirement(line.requirement, path.parent)
        (self.found.constraints if constraints else self.found.packages).append(str(wanted))
        if line.hashes:
            self.found.hashes.setdefault(canonicalize_name(wanted.name), set()).update(line.hashes)


def _link(link: str, base: Path) -> str:
    """Return a URL as it is, a directory as an absolute path."""
    if link.startswith("file:"):
        return requirement_lines.file_path(link)
    return link if is_url(link) else str((base / expand_home(Path(link))).absolute())


def _editable(text: str, base: Path) -> LocalPackage:
    """Return the package of `--editable`."""
    found = directory_of(text if "/" in text or text.startswith(".") else f"./{text}", base)
    if found is None:
        raise ValueError(f"it is no directory of this machine; {AS_WHEEL}")
    return found


def directory_of(text: str, base: Path) -> LocalPackage | None:
    """Return the package of a requirement that is a directory, by its path or as `name @ file:///…`."""
    with contextlib.suppress(InvalidRequirement):
        wanted = Requirement(text)
        if (wanted.url or "").startswith("file:"):
            extras = f"[{','.join(wanted.extras)}]" if wanted.extras else ""
            marker = f" ; {wanted.marker}" if wanted.marker else ""
            return local_package(f"{requirement_lines.file_path(str(wanted.url))}{extras}{marker}", base)
    if text.startswith("file:"):
        text = requirement_lines.file_path(text)
    return None if is_url(text) or text.startswith(_VCS) else local_package(text, base)


def no_wheel(what: str) -> ValueError:
    """Return the error that a package is not installed, as it is no wheel."""
    return ValueError(f"{what} has to be built, and awsprov installs wheels only; {AS_WHEEL}")


def parse_requirement(text: str, base: Path) -> Requirement:
    """Parse a requirement.

    Raises:
        ValueError: it is none, or it is not a wheel.
    """
    if text.startswith(_VCS):
        raise no_wheel("a repository")
    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        return _wheel(text, base)
    if wanted.name.endswith((".whl", ".zip", ".gz", ".bz2", ".xz", ".tgz", ".tar")) and not wanted.url:
        return _wheel(text, base)
    if wanted.url:
        _check_url(wanted.url)
        if wanted.url.startswith("file:"):
            wanted.url = Path(base, requirement_lines.file_path(wanted.url)).absolute().as_uri()
    return wanted


def _wheel(text: str, base: Path) -> Requirement:
    """Return the requirement for a wheel that is given by its path or URL alone."""
    place, _, marker = text.partition(" ;")
    place = place.strip()
    if not (is_url(place) or "/" in place or place.endswith(".whl") or Path(base, place).exists()):
        raise ValueError("not a valid requirement, as in `scikit-learn>=1.5`")
    _check_url(place)
    try:
        name = parse_wheel_filename(requirement_lines.file_name(place))[0]
    except InvalidWheelFilename as error:
        raise ValueError("this is not the name of a wheel; rename the file as `pip wheel` does") from error
    url = place if is_url(place) else Path(base, place).absolute().as_uri()
    return Requirement(f"{name} @ {url}{f' ;{marker}' if marker else ''}")


def _check_url(place: str) -> None:
    if place.startswith(_VCS):
        raise no_wheel("a repository")
    if not requirement_lines.file_name(place).endswith(".whl"):
        raise no_wheel("it")
    if is_url(place):
        requirement_lines.check_url(place)
