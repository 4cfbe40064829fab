"""Reads what uv returns, and accepts only what a lock file may contain: names, versions, wheels and their hashes."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name, parse_wheel_filename

from awsprov.errors import AwsprovError
from awsprov.packaging.index_access import with_credentials
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.locked_package import LockedPackage
from awsprov.packaging.requirement_lines import file_name, file_path
from awsprov.packaging.source_distributions import is_source

_PIN = re.compile(r"([a-z0-9-]+)==(\S+)")
_FROM = re.compile(r"    # from (\S+)")

File = tuple[str, dict[str, str]]  # a URL, and hashes by algorithm


def read_files(text: str) -> dict[str, tuple[str, list[File]]]:
    """Return the version and the wheels of each package in uv's pylock.toml.

    Raises:
        AwsprovError: it has something else.
    """
    try:
        packages = tomllib.loads(text).get("packages", [])
        return {canonicalize_name(each["name"]): _version(each) for each in packages}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise unexpected(f"{type(error).__name__}: {error}") from error


def _version(package: Mapping[str, Any]) -> tuple[str, list[File]]:
    """Return the version and the wheels, or the source distribution if it is to be built.

    A wheel that was required by its URL is an archive, without a version.
    """
    archive = package.get("archive")
    wheels = [archive] if archive else package.get("wheels") or [package[key] for key in ("sdist",) if key in package]
    files = [(_url(each), {str(k): str(v) for k, v in each["hashes"].items()}) for each in wheels]
    version = package.get("version") or str(parse_wheel_filename(file_name(files[0][0]))[1])
    return version, files


def _url(wheel: Mapping[str, Any]) -> str:
    return str(wheel["url"]) if "url" in wheel else Path(wheel["path"]).absolute().as_uri()


def read_indexes(text: str) -> dict[str, str]:
    """Return the URL of each package's index, as uv's annotations in a requirements file name it."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if pin := _PIN.match(line):
            name = canonicalize_name(pin[1])
        elif name and (index := _FROM.fullmatch(line)):
            found[name] = with_credentials(index[1], "").rstrip("/")
    return found


def read_pins(text: str) -> dict[str, str]:
    """Return the version of each package in a requirements file of uv."""
    return {pin[1]: pin[2] for line in text.splitlines() if (pin := _PIN.match(line))}


def lock_package(
    name: str,
    version: str,
    files: list[File],
    target: InstallTarget,
    hashes: set[str],
    *,
    base: Path,
    build: bool = False,
) -> LockedPackage:
    """Return a package with the wheel that fits the target best.

    Arguments:
        name: the package's name.
        version: its version.
        files: its wheels.
        target: the Python and the platform.
        hashes: the hashes of which the wheel must have one; empty for any.
        base: the directory that paths of wheels are relative to.
        build: whether it may be a source distribution.

    Raises:
        AwsprovError: there is no such wheel, or its entry is not valid.
    """
    fitting = [file for file in files if target.rank(file[0]) >= 0 or (build and is_source(file[0]))]
    if not fitting:
        raise unexpected(f"{name} {version} has no wheel for {target}.")
    if hashes:
        fitting = [file for file in fitting if hashes & {f"{kind}:{digest}" for kind, digest in file[1].items()}]
    if not fitting:
        raise _other_hashes(name, version, target)
    url, digests = min(fitting, key=lambda file: target.rank(file[0]))
    place = with_credentials(url.partition("#")[0], "")
    file = os.path.relpath(file_path(url), base) if url.startswith("file:") else place
    package = LockedPackage(name, version, f"sha256:{digests.get('sha256', '')}", file)
    try:
        package.check()
    except ValueError as error:
        raise unexpected(str(error)) from error
    return package


def _other_hashes(name: str, version: str, target: InstallTarget) -> AwsprovError:
    return AwsprovError(
        f"{name}=={version}: no file on the package index has one of the hashes in the requirements.",
        why=f"The files have changed, or the hashes are of another version, or of files that are not for {target}.",
        remedy="Nothing was changed. Compare the hashes with those on the package index.",
    )


def unexpected(why: str) -> AwsprovError:
    """Return the error for a result of uv that a lock file cannot contain."""
    return AwsprovError(
        "uv returned something that cannot be locked. Nothing was changed.",
        why=why,
        remedy="Check the settings of uv in its own configuration file, and the package index.",
    )
