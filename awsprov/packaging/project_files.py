"""Reads what other tools have in place of a requirements.txt: pyproject.toml and locks.

The packages of a lock are installed in its versions, with its hashes. uv still decides which of them the target needs.
"""

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from awsprov.files import read_limited
from awsprov.packaging.local_package import LocalPackage, checked, local_sources, with_their_own
from awsprov.packaging.requirement_lines import check_url
from awsprov.packaging.requirements import AS_WHEEL, Requirements, directory_of, no_wheel, parse_requirement

MAX_SIZE = 16 * 1024 * 1024  # bytes of a lock
_PYPI = ("https://pypi.org/simple", "https://pypi.org/simple/")
_SUPPORTED = {
    "index",
    "sources",
    "constraint-dependencies",
    "prerelease",
    "dev-dependencies",
    "package",
    "managed",
    "workspace",
}

Table = Mapping[str, Any]


def read_project_file(path: Path) -> Requirements:
    """Read a project file or a lock of another tool; what cannot be followed is in the result's problems."""
    found = Requirements(files=[path])
    try:
        READERS[path.name](path, found)
        found.local = with_their_own(found.local)
        _check_texts(found)
    except OSError as error:
        return Requirements(files=[path], problems=[f"{path.name} cannot be read: {error.strerror}"])
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) and not isinstance(error, UnicodeError) else "not valid"
        return Requirements(files=[path], problems=[f"{path.name}: {reason}"])
    return found


def _check_texts(found: Requirements) -> None:
    """Check what was taken from a file as it is.

    Raises:
        TypeError: a value is no text.
    """
    by_package = (*found.hashes.values(), *found.locked.values(), found.bound.values())
    texts = chain(found.packages, found.constraints, [found.index_url], found.extra_index_urls, *by_package)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a value is no text")


def has_project_file(directory: Path) -> bool:
    """Return whether a directory has a project file, or a lock of another tool."""
    return any((directory / name).is_file() for name in READERS)


def choose_project_file(directory: Path) -> Path:
    """Return the most specific file of a directory: a lock before pyproject.toml.

    Raises:
        ValueError: it has none.
    """
    for name in READERS:
        if (directory / name).is_file():
            return directory / name
    raise ValueError(f"there is none of {', '.join(READERS)} in {directory}")


def _absolute(path: Path, place: str) -> Path:
    """Return the path of a directory that a file names."""
    return Path(os.path.normpath(path.parent.absolute() / place))


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(read_limited(path, MAX_SIZE).decode())


def _pyproject(path: Path, found: Requirements) -> None:
    settings = _project(path, found)
    if others := set(settings) - _SUPPORTED:
        raise ValueError(f"the settings of uv {', '.join(sorted(others))} are not supported; use uv.lock")
    limits = settings.get("constraint-dependencies", [])
    found.constraints += [str(parse_requirement(each, path.parent)) for each in limits]
    found.prerelease = settings.get("prerelease") == "allow"


def _project(path: Path, found: Requirements) -> dict[str, Any]:
    """Read the dependencies of a pyproject.toml and their indexes; return the settings of uv."""
    document = _toml(path)
    project, tool = document.get("project", {}), document.get("tool", {})
    if "dependencies" in project.get("dynamic", []):
        raise ValueError("its dependencies are dynamic, and would have to be computed; list them")
    if "dependencies" not in project and "poetry" in tool:
        raise ValueError("its dependencies are Poetry's; run `poetry lock`, and name poetry.lock")
    settings = tool.get("uv", {})
    sources = {canonicalize_name(name): source for name, source in settings.get("sources", {}).items()}
    directories = local_sources(path.parent)
    for text in project.get("dependencies", []):
        if _add_local(text, path.parent, directories, found):
            continue
        requirement = parse_requirement(text, path.parent)
        source = sources.get(canonicalize_name(requirement.name), {})
        if not {"index"} >= set(source):
            raise no_wheel(requirement.name)
        found.packages.append(str(requirement))
    _indexes(settings.get("index", []), sources, found)
    return dict(settings)


def _add_local(text: str, base: Path, directories: Mapping[str, Path], found: Requirements) -> bool:
    """Add a dependency that is a directory of this machine. Return whether it is one."""
    if package := directory_of(text, base):
        found.local.append(package)
        return True
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return False
    directory = directories.get(canonicalize_name(requirement.name))
    if directory is None:
        return False
    extras, marker = tuple(sorted(requirement.extras)), str(requirement.marker or "")
    found.local.append(checked(LocalPackage(directory, extras, marker)))
    return True


def _indexes(indexes: list[Table], sources: Mapping[Any, Any], found: Requirements) -> None:
    urls = {str(each.get("name")): _checked(each["url"]) for each in indexes}
    found.bound |= {name: urls[source["index"]] for name, source in sources.items() if "index" in source}
    for each in indexes:
        if each.get("default"):
            found.index_url = each["url"]
        elif not each.get("explicit"):
            found.extra_index_urls.append(each["url"])


def _checked(url: str) -> str:
    check_url(url)
    return url


def _uv_lock(path: Path, found: Requirements) -> None:
    _project(path.with_name("pyproject.toml"), found)
    found.prerelease = True  # the versions are locked
    for package in _toml(path).get("package", []):
        source = package.get("source", {})
        if "registry" in source:
            files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
            hashes = [file["hash"] for file in files]
            markers = " or ".join(f"({each})" for each in package.get("resolution-markers", []))
            _pin(found, package["name"], package["version"], hashes, markers)
            if source["registry"] not in _PYPI:
                found.bound[canonicalize_name(package["name"])] = _checked(source["registry"])
        elif not {"virtual", "editable", "directory"} & set(source):  # those of pyproject.toml are built
            raise no_wheel(package["name"])


def _poetry_lock(path: Path, found: Requirements) -> None:
    document = _toml(path.with_name("pyproject.toml"))
    own = document.get("tool", {}).get("poetry", {}).get("dependencies", {})
    roots = document.get("project", {}).get("dependencies") or [_root(n, own[n]) for n in own if n != "python"]
    locked = _toml(path).get("package", [])
    directories: Table = {canonicalize_name(each["name"]): _absolute(path, each["source"]["url"]) for each in locked
                   if each.get("source", {}).get("type") == "directory"}  # fmt: skip
    for text in roots:
        if not _add_local(text, path.parent, directories, found):
            found.packages.append(str(parse_requirement(text, path.parent)))
    for package in locked:
        source = package.get("source", {})
        if source.get("type") == "directory":
            found.local.append(checked(LocalPackage(_absolute(path, source["url"]))))
            continue
        if source.get("type", "legacy") != "legacy":
            raise no_wheel(package["name"])
        _pin(found, package["name"], package["version"], [file["hash"] for file in package.get("files", [])])
        if "url" in source:
            found.bound[canonicalize_name(package["name"])] = _checked(source["url"])


def _root(name: str, value: Any) -> str:
    extras = value.get("extras", []) if isinstance(value, dict) else []
    return f"{name}[{','.join(extras)}]" if extras else name


def _pipfile_lock(path: Path, found: Requirements) -> None:
    document = json.loads(read_limited(path, MAX_SIZE))
    urls = {source["name"]: _checked(source["url"]) for source in document.get("_meta", {}).get("sources", [])}
    found.index_url, found.complete = next((url for url in urls.values() if url not in _PYPI), ""), True
    for name, package in document.get("default", {}).items():
        if "path" in package and (local := directory_of(f"./{package['path']}", path.parent)):
            found.local.append(local)
            continue
        if "version" not in package:
            raise no_wheel(name)
        found.packages.append(_line(name, package["version"].removeprefix("=="), package.get("markers", "")))
        _pin(found, name, package["version"].removeprefix("=="), package.get("hashes", []))
        if (url := urls.get(package.get("index", ""))) and url not in _PYPI:
            found.bound[canonicalize_name(name)] = url
    found.index_url = "" if any(url in _PYPI for url in urls.values()) else found.index_url


def _pylock(path: Path, found: Requirements) -> None:
    found.complete = True
    for package in _toml(path).get("packages", []):
        marker = str(package.get("marker", ""))
        if "dependency_groups" in marker or "extras" in marker:
            continue  # not installed by default (PEP 751)
        if "directory" in package:
            found.local.append(checked(LocalPackage(_absolute(path, package["directory"]["path"]), marker=marker)))
            continue
        if "version" not in package or not package.get("wheels"):
            raise ValueError(f"{package['name']} has no wheel with a version; {AS_WHEEL}")
        hashes = [f"{kind}:{digest}" for wheel in package["wheels"] for kind, digest in wheel["hashes"].items()]
        found.packages.append(_line(package["name"], package["version"], marker))
        _pin(found, package["name"], package["version"], hashes)
        if package.get("index", _PYPI[0]) not in _PYPI:
            found.bound[canonicalize_name(package["name"])] = _checked(package["index"])


def _line(name: str, version: str, marker: str) -> str:
    return str(parse_requirement(f"{name}=={version}{f' ; {marker}' if marker else ''}", Path()))


def _pin(found: Requirements, name: str, version: str, hashes: list[str], marker: str = "") -> None:
    """Allow only this version of a package, and only files with these hashes."""
    key = canonicalize_name(name)
    if not found.complete:
        found.constraints.append(_line(name, version, marker))
    found.locked.setdefault(key, set()).add(version)
    found.hashes.setdefault(key, set()).update(hashes)


# In the order in which one is chosen.
READERS: dict[str, Callable[[Path, Requirements], None]] = {
    "uv.lock": _uv_lock,
    "poetry.lock": _poetry_lock,
    "Pipfile.lock": _pipfile_lock,
    "pylock.toml": _pylock,
    "pyproject.toml": _pyproject,
}
