"""The loader of functions, imported around a handler as Lambda does."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import awsprov.remote_code.function

Handle = Callable[[Any, Any], Any]
_SOURCE = Path(str(awsprov.remote_code.function.__file__)).with_name("loader.py")


@contextmanager
def loaded(directory: Path, module: str, code: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    """Write a module with a `handler`; yield the handler that the loader makes of it."""
    (directory / f"{module}.py").write_text(code)
    monkeypatch.syspath_prepend(str(directory))
    monkeypatch.setenv("AWSPROV_HANDLER", f"{module}.handler")
    spec = importlib.util.spec_from_file_location("_awsprov.bootstrap", _SOURCE)
    assert spec
    assert spec.loader
    bootstrap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bootstrap)
    yield bootstrap.handler
    sys.modules.pop(module, None)
