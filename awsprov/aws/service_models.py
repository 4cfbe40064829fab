"""The descriptions of AWS's services as botocore has them, found and read in a part of the time."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader, instance_cache

from awsprov.files import write_atomically
from awsprov.iam.permissions import TABLE
from awsprov.paths import cache_directory

_DESCRIBED = ("operations", "shapes")  # the parts of a service's description in which each thing has its documentation


class PlainLoader(JSONFileLoader):
    """Reads them as plain dictionaries, which keep their order, too; botocore's own choice is older than that.

    A service is described with all of its documentation, three quarters of the whole, and compressed. What is needed of
    that is in the user's cache from the first reading on.
    """

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        path = Path(full_path)
        if not path.is_file():
            return None
        if path.name.startswith("service-2."):
            return _kept(path, lambda: self._read(path, open_method))
        return self._read(path, open_method)

    @staticmethod
    def _read(path: Path, open_method: Callable[..., Any]) -> Any:
        with open_method(path, "rb") as file:
            return json.loads(file.read())


def _kept(path: Path, read: Callable[[], dict[str, Any]]) -> Any:
    """What is needed of a service's description: from the cache, unless the file or the need is another by now."""
    service, status = path.parent.parent.name, path.stat()
    called = _called(service)
    of = [str(path), status.st_size, status.st_mtime_ns, sorted(called)]
    copy = cache_directory() / "services" / f"{service}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(copy.read_bytes())
        if kept["of"] == of:
            return kept["description"]
    needed = _needed(read(), called)
    with suppress(OSError):
        write_atomically(copy, json.dumps({"of": of, "description": needed}, separators=(",", ":")).encode())
    return needed


def _called(service: str) -> set[str]:
    """Which of a service's operations awsprov calls; nothing where that is not known.

    It is of EC2: eight hundred operations, each with an IAM action of the same name.
    """
    if service != "ec2":
        return set()
    return {action for right in TABLE if right.service == service for action in right.actions.split()}


def _needed(description: dict[str, Any], called: set[str]) -> dict[str, Any]:
    """A description without documentation; when it is known what is called, without all that this does not reach."""
    bare = {name: _bare(part) if name in _DESCRIBED else part for name, part in description.items()}
    if called:
        bare["operations"] = {name: each for name, each in bare["operations"].items() if name in called}
        reached: dict[str, Any] = {}
        ahead = set(_shapes(bare["operations"]))
        while ahead:
            reached |= {name: bare["shapes"][name] for name in ahead}
            ahead = set(_shapes([reached[name] for name in ahead])) - reached.keys()
        bare["shapes"] = reached
    return bare


def _bare(part: Any) -> Any:
    """The same without documentation, which is text; a member of that name is none."""
    if isinstance(part, dict):
        return {k: _bare(v) for k, v in part.items() if k != "documentation" or not isinstance(v, str)}
    return [_bare(each) for each in part] if isinstance(part, list) else part


def _shapes(part: Any) -> Iterator[str]:
    """The names of the shapes that a part of a description refers to."""
    if isinstance(part, dict):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _shapes(each)


class Models(Loader):
    """Finds them. That a service has a file of some kind is seen when that file is looked for.

    Botocore looks for it in the folders of all four hundred services before it reads that of one. Threads that do so
    side by side give the interpreter to each other at each of thousands of looks: seconds were lost so.

    Arguments:
        data_path: folders with further descriptions, as in AWS_DATA_PATH.
    """

    FILE_LOADER_CLASS = PlainLoader

    def __init__(self, data_path: str | None) -> None:
        further = data_path.split(os.pathsep) if data_path else []
        super().__init__(extra_search_paths=[os.path.expanduser(os.path.expandvars(path)) for path in further])  # noqa: PTH111 - text in, text out

    @instance_cache
    def list_available_services(self, type_name: str) -> list[str]:
        """The services that have a folder."""
        folders = [Path(path) for path in self.search_paths]
        return sorted({each.name for folder in folders if folder.is_dir() for each in folder.iterdir()})
