"""The descriptions of AWS's services as botocore has them, found and read in a part of the time."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader, instance_cache


class PlainLoader(JSONFileLoader):
    """Reads them as plain dictionaries, which keep their order, too; botocore's own choice is older than that."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        if not Path(full_path).is_file():
            return None
        with open_method(full_path, "rb") as file:
            return json.loads(file.read())


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
