"""The environments on the file system, and the function versions that import from each."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.stack import Stack
from awsprov.operations.release_history import libraries
from awsprov.resources.function.published_versions import published
from awsprov.resources.function.versions import Alias
from awsprov.resources.missing_ok import none_if_missing
from awsprov.resources.storage.file_system import FileSystem


@dataclass(frozen=True)
class PublishedEnvironment:
    """An environment on the file system.

    Arguments:
        name: its hash.
        at: when it was published; None if unknown.
        python: the Python version that it was installed with.
        packages: the number of packages.
        size: bytes.
        pack: bytes of its start pack, which each cold start reads; 0 if it has none, or if that is unknown.
        versions: the versions that import from it, by function.
        live: the functions whose live version imports from it.
        wanted: whether it is the environment of the current lock file.
        manifest: the SHA-256 of its manifest; empty if unknown.
    """

    name: str
    at: datetime | None
    python: str
    packages: int
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
    aws: Aws, stack: Stack, wanted: str, former: Mapping[str, str]
) -> list[PublishedEnvironment]:
    """Return all environments, newest first. The stack's resources must have been found.

    Arguments:
        wanted: the name of the environment of the current lock file.
        former: the ids, by name, of functions that are no longer in config.yaml. They exist until the next `up`.
    """
    users: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    live: dict[str, list[str]] = defaultdict(list)
    aliases = {alias.function.name: alias for alias in stack.of(Alias) if alias.function.id}
    for name, function in {**former, **{name: alias.function.id for name, alias in aliases.items()}}.items():
        live_version = aliases[name].read(aws)["version"] if name in aliases else ""
        for version in _published(aws, function):
            users[libraries(version)][name].append(int(version["Version"]))
            if version["Version"] == live_version:
                live[libraries(version)].append(name)
    on_disk = stack.of(FileSystem)[0].environments(aws)
    found = [_environment(each, facts, users[each], live[each], each == wanted) for each, facts in on_disk.items()]
    return sorted(found, key=lambda each: each.at.timestamp() if each.at else 0.0, reverse=True)


def _published(aws: Aws, function: str) -> list[Any]:
    """Return the versions of a function; none if it was deleted."""
    return none_if_missing(lambda: published(aws, function), missing=["ResourceNotFoundException"]) or []


def environment_sizes(facts: str) -> tuple[int, int]:
    """Return the bytes of an environment and of its start pack, from the facts in its tag; 0 if there are none."""
    values = _values(facts)
    return int(values.get("bytes", 0)), int(values.get("pack", 0))


def _values(facts: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in facts.split() if "=" in word)


def _environment(
    name: str, facts: str, versions: dict[str, list[int]], live: list[str], wanted: bool
) -> PublishedEnvironment:
    values, (size, pack) = _values(facts), environment_sizes(facts)
    return PublishedEnvironment(
        name,
        datetime.fromisoformat(values["at"]) if "at" in values else None,
        values.get("python", ""),
        int(values.get("packages", 0)),
        size,
        pack,
        dict(versions),
        tuple(live),
        wanted,
        values.get("manifest", ""),
    )
