"""What was released: a function's published versions as AWS keeps them, and what changed from one to the next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from awsprov.aws.client import Aws
from awsprov.resources.function.versions import Alias, published, publisher


@dataclass(frozen=True)
class Release:
    """One published version.

    Arguments:
        version: its number.
        at: when it was published.
        by: who published it; empty when it does not say so.
        code: the hash of its code.
        libraries: the environment that it imports from.
        state: `live`; `held back`, when a rollback set it aside; otherwise empty.
        changed: what differs from the version before it.
    """

    version: int
    at: datetime
    by: str
    code: str
    libraries: str
    state: str
    changed: tuple[str, ...]


def releases(aws: Aws, alias: Alias) -> list[Release]:
    """The versions of an alias's function, newest first."""
    live, held = alias.read(aws)["version"], alias.trail(aws).held
    versions = published(aws, alias.function.id)
    found = [_release(was, now, live, held) for was, now in zip([None, *versions], versions, strict=False)]
    return found[::-1]


def _release(was: Any, now: Any, live: str, held: int) -> Release:
    number = int(now["Version"])
    set_aside = "held back" if live.isdigit() and int(live) < number <= held else ""
    return Release(
        number,
        datetime.fromisoformat(now["LastModified"]),
        publisher(now),
        str(now["CodeSha256"]),
        libraries(now),
        "live" if now["Version"] == live else set_aside,
        tuple(_changed(was, now)) if was else ("the first",),
    )


def libraries(version: Any) -> str:
    """The environment that a version imports from; empty for none."""
    return str(_variables(version).get("PYTHONPATH", "")).rpartition("/")[2]


def _variables(version: Any) -> Mapping[str, str]:
    found: Mapping[str, str] = version.get("Environment", {}).get("Variables", {})
    return found


def _changed(was: Any, now: Any) -> Iterator[str]:
    """In words, without the value of any variable."""
    if was["CodeSha256"] != now["CodeSha256"]:
        yield "code"
    if libraries(was) != libraries(now):
        yield "libraries"
    before, after = _variables(was), _variables(now)
    for name in sorted({*before, *after} - {"PYTHONPATH"}):
        if before.get(name) != after.get(name):
            yield f"variable {name}"
    for key, word in (("MemorySize", "memory"), ("Timeout", "timeout"), ("Runtime", "runtime"), ("Handler", "handler")):
        if was.get(key) != now.get(key):
            yield f"{word} {was.get(key)} → {now.get(key)}"
    if any(was.get(key) != now.get(key) for key in ("Role", "VpcConfig", "FileSystemConfigs", "Architectures")):
        yield "surroundings"
