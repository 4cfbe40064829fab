"""What the builder gets to install exactly the files of a lock: pip's input, variables, and wheels of this machine."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from awsprov.errors import AwsprovError
from awsprov.files import read_limited
from awsprov.packaging.index_access import (
    IndexAccess,
    credentials_of,
    same_server,
    variables_in,
    with_credentials,
    with_credentials_for,
)
from awsprov.packaging.local_builds import built_file
from awsprov.packaging.local_package import LocalPackage
from awsprov.packaging.local_sources import source_archive
from awsprov.packaging.local_wheels import LocalWheel, check_target, file_hash
from awsprov.packaging.locked_package import LockedPackage
from awsprov.packaging.lockfile import Lock
from awsprov.packaging.requirement_lines import is_url
from awsprov.packaging.source_distributions import fetch

_MAX_WHEEL = 2 * 1024**3  # bytes


@dataclass(frozen=True)
class Installation:
    """The input of an installation.

    Arguments:
        requirements: a requirements file for pip, with a URL or a path and a hash in each line.
        variables: the values of the variables in it. They are for one installation, and are not stored.
        wheels: the wheels of this machine that it names, by name.
        sources: the source distributions that the builder builds first.
    """

    requirements: str
    variables: dict[str, str] = field(repr=False)
    wheels: dict[str, Path]
    sources: list[Path] = field(default_factory=list)


def installation_of(lock: Lock, directory: str, access: IndexAccess) -> Installation:
    """Return the input for the installation of a lock.

    Arguments:
        lock: the lock.
        directory: where wheels of this machine are on the builder, relative to its home directory.
        access: what may be sent to package indexes.

    Raises:
        RefusedError: a variable is not allowed.
        AwsprovError: a wheel or a directory of this machine is missing, is another one than that which was locked, or
            cannot be built.
    """
    servers = _Servers(lock, access)
    lines: list[str] = []
    wheels: dict[str, Path] = {}
    sources: list[Path] = []
    for package in lock.packages:
        if package.is_local and package.name in lock.built:
            sources.append(source_archive(_local(package, lock), package.name, package.version))
            continue
        if package.is_source:
            sources.append(_source(package, lock, access))
            continue
        if is_url(package.file):
            lines.append(f"{package.name} @ {servers.url(package.file)} --hash={package.hash}")
            continue
        path = _built(package, lock) if package.is_local else _wheel(package, lock.requirements.parent)
        digest = file_hash(path) if package.is_local else package.hash  # the lock has the hash of a directory's source
        wheels[path.name] = path
        lines.append(f"{directory}/{path.name} --hash={digest}")
    return Installation("\n".join([*lines, ""]), servers.variables, wheels, sources)


class _Servers:
    """The servers that need credentials, as the requirements have them."""

    def __init__(self, lock: Lock, access: IndexAccess) -> None:
        self.variables: dict[str, str] = {}
        self._access = access
        self._urls = lock.urls

    def url(self, file: str) -> str:
        """Return the URL of a file for pip: with variables in place of values, and with credentials for its server."""
        self._access.check(file)
        self.variables |= {name: self._access.variables[name] for name in variables_in(file)}
        credentials = next(
            (found for each in self._urls if same_server(each, file) and (found := self._credentials(each))), ""
        )
        return with_credentials(file, credentials)

    def _credentials(self, url: str) -> str:
        """Return references to variables that have the user and the password of an index."""
        expanded = self._access.expand(url)
        user, colon, password = credentials_of(expanded).partition(":")
        if not user:
            return ""
        number = self._urls.index(url)
        names = (f"AWSPROV_INDEX_{number}_USER", f"AWSPROV_INDEX_{number}_PASSWORD")
        self.variables |= {names[0]: user} | ({names[1]: password} if colon else {})
        return f"${{{names[0]}}}:${{{names[1]}}}" if colon else f"${{{names[0]}}}"


def _source(package: LockedPackage, lock: Lock, access: IndexAccess) -> Path:
    """Return a source distribution, which is downloaded if it is not in the cache."""
    if package.name not in lock.built:
        raise AwsprovError(
            f"The lock file has a source distribution of {package.name}, which `libraries.build` does not name.",
            remedy="Run `awsprov lock`.",
        )
    url = package.file if is_url(package.file) else (lock.requirements.parent.absolute() / package.file).as_uri()
    return fetch(with_credentials_for(url, lock.urls, access), package.hash)


def _built(package: LockedPackage, lock: Lock) -> Path:
    """Return the wheel of a directory of this machine, which is built now unless it was before."""
    local = _local(package, lock)
    wheel = LocalWheel.of(built_file(local, lock.wanted, "wheel"))
    if (wheel.name, wheel.version) != (package.name, package.version):
        raise AwsprovError(
            f"The package {local.directory} was built as {wheel.name} {wheel.version}, but is locked as {package.pin}.",
            remedy="Run `awsprov lock`.",
        )
    check_target(local, wheel, lock.target)
    return wheel.path


def _local(package: LockedPackage, lock: Lock) -> LocalPackage:
    """Return the directory of this machine that was locked."""
    directory = Path(os.path.normpath(lock.requirements.parent.absolute() / package.file))
    local = next((each for each in lock.wanted.local if each.directory == directory), None)
    if local is None or f"sha256:{local.digest}" != package.hash:
        raise AwsprovError(f"The package {directory} has changed since it was locked.", remedy="Run `awsprov lock`.")
    return local


def _wheel(package: LockedPackage, base: Path) -> Path:
    path = base / package.file
    try:
        digest = hashlib.sha256(read_limited(path, _MAX_WHEEL)).hexdigest()
    except OSError as error:
        raise AwsprovError(
            f"The wheel {path} cannot be read.", why=str(error.strerror), remedy="Run `awsprov lock`."
        ) from error
    if f"sha256:{digest}" != package.hash:
        raise AwsprovError(f"The wheel {path} has changed since it was locked.", remedy="Run `awsprov lock`.")
    return path
