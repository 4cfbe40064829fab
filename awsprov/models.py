"""The descriptions of AWS's services as botocore has them, found and read in a part of the time."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader, instance_cache

from awsprov.durations import cache_directory
from awsprov.journal import replace

_DESCRIBED = ("operations", "shapes")  # the parts of a service's description in which each thing has its documentation


class PlainLoader(JSONFileLoader):
    """Reads them as plain dictionaries, which keep their order, too; botocore's own choice is older than that.

    A service is described once with all of its documentation, three quarters of the whole and compressed; without that
    it is read from the user's cache from then on.
    """

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        path = Path(full_path)
        if not path.is_file():
            return None
        if not path.name.startswith("service-2."):
            return self._read(path, open_method)
        of, copy = _stamp(path), cache_directory() / "services" / f"{path.parent.parent.name}.json"
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(copy.read_bytes())
            if kept["of"] == of:
                return kept["description"]
        read = self._read(path, open_method)
        bare = {name: _bare(part) if name in _DESCRIBED else part for name, part in read.items()}
        with suppress(OSError):
            replace(copy, json.dumps({"of": of, "description": bare}, separators=(",", ":")).encode())
        return bare

    @staticmethod
    def _read(path: Path, open_method: Callable[..., Any]) -> Any:
        with open_method(path, "rb") as file:
            return json.loads(file.read())


def _stamp(path: Path) -> list[Any]:
    """What tells a file from what another release has in its place."""
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]


def _bare(part: Any) -> Any:
    """The same without documentation, which is text; a member of that name is none."""
    if isinstance(part, dict):
        return {k: _bare(v) for k, v in part.items() if k != "documentation" or not isinstance(v, str)}
    return [_bare(each) for each in part] if isinstance(part, list) else part


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
