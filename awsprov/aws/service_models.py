"""A loader of botocore's service models that reads them without documentation, from copies in the user's cache.

A model with its documentation is compressed and four times as large. Each command would decompress and parse it only to
discard most of it.
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader, instance_cache

from awsprov.files import write_atomically
from awsprov.paths import cache_directory

_WHOLE = ("clientContextParams",)  # botocore reads the documentation of these, which S3 has


class ModelFileLoader(JSONFileLoader):
    """Reads model files; service models come without documentation."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        path = Path(full_path)
        if not path.is_file():
            return None
        if path.name.startswith("service-2."):
            return _cached(path, lambda: self._read(path, open_method))
        return self._read(path, open_method)

    @staticmethod
    def _read(path: Path, open_method: Callable[..., Any]) -> Any:
        with open_method(path, "rb") as file:
            return json.loads(file.read())


def _cached(path: Path, read: Callable[[], dict[str, Any]]) -> Any:
    """Return a service model from the cache, or read it and cache it when the file is another one or has changed."""
    status = path.stat()
    source = [str(path), status.st_size, status.st_mtime_ns]
    copy = cache_directory() / "services" / f"{path.parent.parent.name}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        document = json.loads(copy.read_bytes())
        if document["source"] == source:
            return document["model"]
    model = {part: each if part in _WHOLE else _without_documentation(each) for part, each in read().items()}
    with suppress(OSError):  # a cache that cannot be written costs time only
        write_atomically(copy, json.dumps({"source": source, "model": model}, separators=(",", ":")).encode())
    return model


def _without_documentation(part: Any) -> Any:
    """Return a part of a model without its documentation texts; a member named `documentation` is no text and stays."""
    if isinstance(part, dict):
        return {k: _without_documentation(v) for k, v in part.items() if k != "documentation" or not isinstance(v, str)}
    return [_without_documentation(each) for each in part] if isinstance(part, list) else part


class ModelLoader(Loader):
    """Finds model files; lists a directory for the available services instead of looking into each of them.

    Arguments:
        data_path: directories with more models, as in AWS_DATA_PATH.
    """

    FILE_LOADER_CLASS = ModelFileLoader

    def __init__(self, data_path: str | None) -> None:
        more = data_path.split(os.pathsep) if data_path else []
        super().__init__(extra_search_paths=[os.path.expanduser(os.path.expandvars(path)) for path in more])  # noqa: PTH111 - text in, text out

    @instance_cache
    def list_available_services(self, type_name: str) -> list[str]:
        """Return the services that have a directory.

        botocore's own looks into the directories of all four hundred services before it reads the model of one, which
        takes threads that create clients at the same time seconds.
        """
        directories = [Path(path) for path in self.search_paths]
        return sorted({each.name for directory in directories if directory.is_dir() for each in directory.iterdir()})
