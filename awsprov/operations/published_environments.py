"""The environments on the file system, and the function versions that use each."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.stack import Stack
from awsprov.operations.release_history import files, libraries
from awsprov.resources.function.alias import Alias
from awsprov.resources.function.published_versions import published
from awsprov.resources.missing_ok import none_if_missing
from awsprov.resources.storage.library_file_system import LibraryFileSystem, values_of


@dataclass(frozen=True)
class PublishedEnvironment:
    """An environment on the file system.

    Arguments:
        name: its hash.
        kind: `libraries` or `files`.
        at: when it was published; None if unknown.
        python: the Python version that it was installed with.
        packages: the number of packages.
        files: the number of files.
        size: bytes.
        pack: bytes of its start pack, which each cold start reads; 0 if it has none, or if that is unknown.
        versions: the versions that use it, by function.
        live: the functions whose live version uses it.
        wanted: whether config.yaml asks for it: it has what the lock file names, or the current files.
        manifest: the SHA-256 of its manifest; empty if unknown.
    """

    name: str
    kind: str
    at: datetime | None
    python: str
    packages: int
    files: int
    size: int
    pack: int
    versions: dict[str, list[int]]
    live: tuple[str, ...]
    wanted: bool
    manifest: str

    def document(self) -> dict[str, Any]:
        """Return the fields for `--json`."""
        return {**asdict(self), "at": self.at and self.at.isoformat()}


def published_environments(
    aws: Aws, stack: Stack, wanted: Collection[str], former: Mapping[str, str]
) -> list[PublishedEnvironment]:
    """Return all environments, newest first. The stack's resources must have been found.

    Arguments:
        wanted: the names of the environments that config.yaml asks for.
        former: the ids, by name, of functions that are no longer in config.yaml. They exist until the next `up`.
    """
    users: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    live: dict[str, list[str]] = defaultdict(list)
    aliases = {alias.function.name: alias for alias in stack.of(Alias) if alias.function.id}
    for name, function in {**former, **{name: alias.function.id for name, alias in aliases.items()}}.items():
        live_version = aliases[name].read(aws)["version"] if name in aliases else ""
        for version in _published(aws, function):
            for environment in {libraries(version), files(version)}:
                users[environment][name].append(int(version["Version"]))
                if version["Version"] == live_version:
                    live[environment].append(name)
    on_disk = stack.of(LibraryFileSystem)[0].environments(aws)
    found = [_environment(each, facts, users[each], live[each], each in wanted) for each, facts in on_disk.items()]
    return sorted(found, key=lambda each: each.at.timestamp() if each.at else 0.0, reverse=True)


def _published(aws: Aws, function: str) -> list[Any]:
    """Return the versions of a function; none if it was deleted."""
    return none_if_missing(lambda: published(aws, function), missing=["ResourceNotFoundException"]) or []


def environment_sizes(facts: str) -> tuple[int, int]:
    """Return the bytes of an environment and of its start pack, from the facts in its tag; 0 if there are none."""
    values = values_of(facts)
    return int(values.get("bytes", 0)), int(values.get("pack", 0))


def _environment(
    name: str, facts: str, versions: dict[str, list[int]], live: list[str], wanted: bool
) -> PublishedEnvironment:
    values, (size, pack) = values_of(facts), environment_sizes(facts)
    return PublishedEnvironment(
        name,
        values.get("kind", "libraries"),
        datetime.fromisoformat(values["at"]) if "at" in values else None,
        values.get("python", ""),
        int(values.get("packages", 0)),
        int(values.get("files", 0)),
        size,
        pack,
        dict(versions),
        tuple(live),
        wanted,
        values.get("manifest", ""),
    )
