"""The environments on the file system, and which versions of the functions import from them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.stack import Stack
from awsprov.operations.release_history import libraries
from awsprov.resources.function.versions import Alias, published
from awsprov.resources.missing_ok import none_if_missing
from awsprov.resources.storage.file_system import FileSystem


@dataclass(frozen=True)
class Installed:
    """One published environment.

    Arguments:
        name: its hash.
        at: when it was published; nothing when that is not known.
        python: the Python that it was made by.
        packages: how many it holds.
        size: bytes.
        versions: the versions that use it, by function.
        live: the functions that serve from it.
        wanted: whether it is what the lock asks for.
    """

    name: str
    at: datetime | None
    python: str
    packages: int
    size: int
    versions: dict[str, list[int]]
    live: tuple[str, ...]
    wanted: bool

    def plain(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {**asdict(self), "at": self.at and self.at.isoformat()}


def installed(aws: Aws, stack: Stack, wanted: str, former: Mapping[str, str]) -> list[Installed]:
    """All environments, newest first. The stack's resources must have been found.

    Arguments:
        wanted: the name of the one that the lock asks for.
        former: the ids of functions that are configured no more, by name. They serve until the next `up`.
    """
    users: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    live: dict[str, list[str]] = defaultdict(list)
    aliases = {alias.function.name: alias for alias in stack.of(Alias) if alias.function.id}
    for name, function in {**former, **{name: alias.function.id for name, alias in aliases.items()}}.items():
        now = aliases[name].read(aws)["version"] if name in aliases else ""
        for version in _published(aws, function):
            users[libraries(version)][name].append(int(version["Version"]))
            if version["Version"] == now:
                live[libraries(version)].append(name)
    published_ones = stack.of(FileSystem)[0].environments(aws)
    found = [_installed(each, facts, users[each], live[each], each == wanted) for each, facts in published_ones.items()]
    return sorted(found, key=lambda each: each.at.timestamp() if each.at else 0.0, reverse=True)


def _published(aws: Aws, function: str) -> list[Any]:
    """Its versions; none when somebody has deleted it."""
    return none_if_missing(lambda: published(aws, function), missing=["ResourceNotFoundException"]) or []


def _installed(name: str, facts: str, versions: dict[str, list[int]], live: list[str], wanted: bool) -> Installed:
    told = dict(word.split("=", 1) for word in facts.split() if "=" in word)
    return Installed(
        name,
        datetime.fromisoformat(told["at"]) if "at" in told else None,
        told.get("python", ""),
        int(told.get("packages", 0)),
        int(told.get("bytes", 0)),
        dict(versions),
        tuple(live),
        wanted,
    )
