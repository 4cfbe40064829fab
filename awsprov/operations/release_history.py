"""The releases of a function: its published versions, and what changed from each to the next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.limits import FREE_TMP
from awsprov.engine.resource import Values
from awsprov.packaging.environment import environment_in
from awsprov.resources.function.alias import Alias
from awsprov.resources.function.alias_history import AliasHistory
from awsprov.resources.function.entry_point import handler_of
from awsprov.resources.function.published_versions import published, publisher
from awsprov.resources.storage.library_file_system import values_of

# awsprov's own variables, by the words of config.yaml for what they hold; the handler is compared as such.
_OWN = {
    "AWSPROV_SECRETS": "secrets",
    "AWSPROV_START_PACK": "start pack",
    "AWSPROV_START_CHECK": "start check",
    "AWSPROV_ERRORS": "errors",
}
_SETTINGS = ("memory", "timeout", "runtime", "tmp")
_HIDDEN = ("PYTHONPATH", "AWSPROV_FILES", "AWSPROV_HANDLER")  # compared as libraries, files and handler


@dataclass(frozen=True)
class Release:
    """A published version of a function.

    Arguments:
        version: its number.
        at: when it was published.
        by: who published it; empty if unknown.
        code: the hash of its code.
        libraries: the name of the environment that it imports from.
        files: the name of the environment of its files; empty for none.
        state: `live`; of a newer version `held back` after a rollback, `canary` while it serves a share of the
            requests, or `never live` if it did not start or failed its smoke test; otherwise empty.
        changed: what differs from the previous version.
    """

    version: int
    at: datetime
    by: str
    code: str
    libraries: str
    files: str
    state: str
    changed: tuple[str, ...]


def releases(aws: Aws, alias: Alias) -> list[Release]:
    """Return the releases of an alias's function, newest first."""
    values, history = alias.read(aws), alias.history(aws)
    versions = published(aws, alias.function.id)
    environments = alias.function.access_point.file_system.environments(aws)
    found = [
        _release(old, new, release_state(new["Version"], values, history), environments)
        for old, new in zip([None, *versions], versions, strict=False)
    ]
    return found[::-1]


def release_state(version: str, alias: Values, history: AliasHistory) -> str:
    """Return the state of a version: see `Release`.

    Arguments:
        version: its number.
        alias: the values of the alias.
        history: the versions that the alias has pointed to.
    """
    live = alias["version"]
    if version == live:
        return "live"
    if version in alias["shares"]:
        return "canary"
    if live and not (live.isdigit() and int(live) < int(version)):
        return ""
    return "held back" if history.was_live(int(version)) else "never live"


@dataclass(frozen=True)
class LiveVersion:
    """The live version of a function after a deploy.

    Arguments:
        function: the function's name.
        live: the version that is live.
        wanted: the version that config.yaml describes; another one is live while a rollback holds it back.
        is_older: whether a newer version than `wanted` was published before.
    """

    function: str
    live: str
    wanted: str
    is_older: bool


def live_after_deploy(aws: Aws, alias: Alias) -> LiveVersion:
    """Return the live version from what the deploy has read: without a call."""
    function, version = alias.function, alias.version.id
    known = aws.cached(f"versions {function.id}", lambda: published(aws, function.id))
    is_older = any(int(each["Version"]) > int(version) for each in known)
    return LiveVersion(function.name, str(alias.wanted(aws)["version"]), version, is_older)


def _release(old: Any, new: Any, state: str, environments: Mapping[str, str]) -> Release:
    return Release(
        int(new["Version"]),
        datetime.fromisoformat(new["LastModified"]),
        publisher(new),
        str(new["CodeSha256"]),
        libraries(new),
        files(new),
        state,
        tuple(_changes(old, new, environments)) if old else ("first version",),
    )


def libraries(version: Any) -> str:
    """Return the name of the environment that a version imports from; empty for none."""
    return environment_in(_variables(version).get("PYTHONPATH", ""))


def files(version: Any) -> str:
    """Return the name of the environment of a version's files; empty for none."""
    return environment_in(_variables(version).get("AWSPROV_FILES", ""))


def _variables(version: Any) -> Mapping[str, str]:
    found: Mapping[str, str] = version.get("Environment", {}).get("Variables", {})
    return found


def _settings(version: Any) -> list[Any]:
    """Return the values of _SETTINGS."""
    tmp = version.get("EphemeralStorage", {}).get("Size", FREE_TMP)
    return [version.get("MemorySize"), version.get("Timeout"), version.get("Runtime"), tmp]


def _changes(old: Any, new: Any, environments: Mapping[str, str]) -> Iterator[str]:
    """Yield what differs between two versions, without the value of any variable.

    Arguments:
        old: the version before.
        new: the version.
        environments: the facts about the published environments, by name.
    """
    if old["CodeSha256"] != new["CodeSha256"]:
        yield "code"
    if libraries(old) != libraries(new):
        yield "libraries"
    if files(old) != files(new):
        yield _changed_files(files(old), environments.get(files(new), ""))
    before, after = _variables(old), _variables(new)
    changed = {name for name in {*before, *after} - {*_HIDDEN} if before.get(name) != after.get(name)}
    yield from sorted(_OWN.get(name, f"variable {name}") for name in changed)
    if handler_of(old) != handler_of(new):
        yield f"handler {handler_of(old)} → {handler_of(new)}"
    for word, has, wants in zip(_SETTINGS, _settings(old), _settings(new), strict=True):
        if has != wants:
            yield f"{word} {has} → {wants}"
    if any(old.get(key) != new.get(key) for key in ("Role", "VpcConfig", "FileSystemConfigs", "Architectures")):
        yield "role, network, file system or architecture"


def _changed_files(before: str, facts: str) -> str:
    """Return which files changed, as far as their environment's tag says: it compares with one earlier environment.

    Arguments:
        before: the name of the environment of the version before.
        facts: those about the environment of the version.
    """
    values = values_of(facts)
    if not before or values.get("from") != before:
        return "files"
    count, *names = values["changed"].split(":")
    more = [f"{int(count) - len(names)} more"] if int(count) > len(names) else []
    return f"files: {', '.join([*names, *more])}"
