"""Finds names that several indexes have: with --extra-index-url, pip takes the best version of all of them.

Somebody can register the name of a private package at a public index, with a higher version. So it is reported which
index a package is from if others have the name, too.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus
from http.client import HTTPException
from itertools import product
from pathlib import Path

from awsprov.packaging.index_access import IndexAccess, with_credentials
from awsprov.packaging.index_request import open_url
from awsprov.packaging.locked_package import LockedPackage
from awsprov.packaging.requirement_lines import file_path

_THREADS = 16
_TIMEOUT = 15.0  # seconds


def with_other_indexes(
    packages: Sequence[LockedPackage], indexes: Sequence[str], access: IndexAccess
) -> list[LockedPackage]:
    """Return packages with the other indexes that have their names.

    Arguments:
        packages: the packages.
        indexes: the URLs of the indexes that uv chose from, as they are in the requirements.
        access: what may be sent to them.
    """
    public = {url: with_credentials(url, "").rstrip("/") for url in indexes}
    expanded = {url: access.expand(url) for url in indexes}
    pairs = [(each, url) for each, url in product(packages, indexes) if public[url] != each.index]
    with ThreadPoolExecutor(_THREADS) as pool:
        answers = list(pool.map(lambda pair: _has(expanded[pair[1]], pair[0].name), pairs))
    having = [(each.name, public[url]) for (each, url), has in zip(pairs, answers, strict=True) if has]
    return [replace(each, others=tuple(url for name, url in having if name == each.name)) for each in packages]


def _has(index: str, name: str) -> bool:
    """Return whether an index has a package of this name; not if it does not answer."""
    if index.startswith("file:"):
        return Path(file_path(index), name).is_dir()
    try:
        with open_url(f"{index.rstrip('/')}/{name}/", _TIMEOUT) as response:
            return response.status == HTTPStatus.OK
    except (OSError, ValueError, HTTPException):
        return False
