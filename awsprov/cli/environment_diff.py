"""What differs between environments: packages, or files."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name

from awsprov.cli.package_diff import compared
from awsprov.errors import UsageError
from awsprov.operations.published_environments import PublishedEnvironment
from awsprov.packaging.lockfile import differences
from awsprov.project.project import Project
from awsprov.resources.compute.libraries import Libraries

LIBRARIES, FILES = "libraries", "files"  # the kinds of environments


@dataclass(frozen=True)
class Pair:
    """Two environments of one kind to compare; a name is empty for one without contents."""

    kind: str
    first: str
    second: str

    def changes(self, contents: Mapping[str, dict[str, str]]) -> list[str]:
        """Return what differs, given the contents of the environments by name."""
        has, wants = contents.get(self.first, {}), contents.get(self.second, {})
        return compared(has, wants) if self.kind == FILES else differences(_normalized(has), _normalized(wants))

    def document(self, contents: Mapping[str, dict[str, str]]) -> dict[str, Any]:
        """Return the fields for `--json`."""
        return {"a": self.first, "b": self.second, "changes": self.changes(contents)}

    def text(self, contents: Mapping[str, dict[str, str]]) -> list[str]:
        """Return the lines to print."""
        what = "packages" if self.kind == LIBRARIES else "files"
        lines = self.changes(contents) or [f"The same {what}."]
        return [f"{self.first or 'no files'} → {self.second or 'no files'}", *lines]


def _normalized(packages: Mapping[str, str]) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in packages.items()}


def pairs(project: Project, found: Collection[PublishedEnvironment], a: str, b: str) -> list[Pair]:
    """Return which environments to compare.

    Arguments:
        found: the published environments.
        a: the first letters of a name; empty for the live environments.
        b: the same; empty for those that config.yaml asks for.
    """
    wanted = _wanted(project)
    if not (a or b):
        every = [Pair(kind, live(found, kind), wanted[kind]) for kind in (LIBRARIES, FILES)]
        return [pair for pair in every if pair.first or pair.second]
    kind = named(found, a or b).kind
    first = named(found, a).name if a else live(found, kind)
    return [Pair(kind, first, named(found, b).name if b else wanted[kind])]


def contents(project: Project, libraries: Libraries, compared_pairs: Collection[Pair]) -> dict[str, dict[str, str]]:
    """Return the contents of environments: from this machine, or from the file system, for which the builder starts."""
    wanted, files = project.config.environment, project.config.file_environment
    here = {wanted.name: dict(wanted.lock.pins), **({files.name: files.contents} if files else {})}
    elsewhere = {name for pair in compared_pairs for name in (pair.first, pair.second)} - {"", *here}
    return {**here, **(libraries.contents(project.aws, sorted(elsewhere)) if elsewhere else {})}


def _wanted(project: Project) -> dict[str, str]:
    files = project.config.file_environment
    return {LIBRARIES: project.config.environment.name, FILES: files.name if files else ""}


def named(found: Collection[PublishedEnvironment], start: str) -> PublishedEnvironment:
    """Return the one environment whose name begins with these letters."""
    matching = [each for each in found if each.name.startswith(start)]
    if len(matching) != 1:
        known = ", ".join(each.name for each in found) or "none"
        raise UsageError(
            f"{len(matching)} environments begin with {start!r}.",
            why=f"Published: {known}.",
            remedy="Give the first letters of one name; `awsprov libs list` shows what each contains.",
        )
    return matching[0]


def live(found: Collection[PublishedEnvironment], kind: str = LIBRARIES) -> str:
    """Return the name of the live environment of a kind; empty if no files are live."""
    names = [each.name for each in found if each.live and each.kind == kind]
    if kind == FILES and not names:
        return ""
    if len(names) != 1:
        raise UsageError(
            f"{len(names)} environments of {kind} are live.",
            remedy="Name one of them; `awsprov libs list` shows them.",
        )
    return names[0]
