"""Imports a handler as Lambda does, and writes the name of each file of the libraries that it reads.

Runs as a program of its own, whose source is passed to Python: another user than the builder's runs it, who cannot read
the builder's files. What to import comes in a JSON document on standard input. Standard output gets the names, each
ended by a zero byte; one that begins with `/` is the error of a failed import instead.
"""

import contextlib
import importlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

READS = {"open": 0, "import": 1, "ctypes.dlopen": 0}  # audit events, and the index of the argument that is a path
# Modules of Lambda's runtime, which a handler may import although they are not in its requirements.
RUNTIME = (
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "urllib3",
    "six",
    "awslambdaric",
    "snapshot_restore_py",
)


def main() -> None:
    """Import the handler, and end the process whatever its code has started."""
    about = json.load(sys.stdin)
    names, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what the handler prints is not a name of a file
    os.dup2(nowhere, 2)
    os.environ.clear()
    os.environ.update(about["environment"])
    os.chdir(about["code"])
    sys.path[:] = [about["code"], about["site"], *sys.path]
    observe(about["site"], about["handler"], lambda name: os.write(names, os.fsencode(name) + b"\0"))


def observe(site: str, handler: str, write: Callable[[str], object]) -> None:
    """Import a handler, and write the name of every file below `site` when it is read."""
    sys.meta_path.append(_RuntimeFinder())  # the last: modules that are installed are found by the others
    record = _recorder(f"{site}/", write)
    sys.addaudithook(lambda event, values: record(values[READS[event]]) if event in READS else None)
    status = 0
    try:
        importlib.import_module(handler.rpartition(".")[0])
    except BaseException as error:  # also one that ends the process
        write(f"/{_described(error)}")
        status = 1
    with contextlib.suppress(FileNotFoundError):  # macOS
        for line in Path("/proc/self/maps").read_text().splitlines():  # extension modules and linked libraries
            record(line.split(maxsplit=5)[-1])
    os._exit(status)


def _described(error: BaseException) -> str:
    """Return an error in a line; if it is about a stub, with the reason."""
    text = traceback.format_exception_only(error)[-1].strip()
    if RuntimeStub.__name__ not in text:
        return text
    return f"{text} (boto3 and other modules of Lambda's runtime are stubs here, which return no data)"


def _recorder(root: str, write: Callable[[str], object]) -> Callable[[Any], None]:
    """Return a function that writes each path below `root`; for bytecode also its source, which imports look for."""

    def record(path: Any) -> None:
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        name = os.path.normpath(text)
        if name.startswith(root):
            write(name.removeprefix(root))
            with contextlib.suppress(ValueError):  # it is not bytecode
                write(importlib.util.source_from_cache(name).removeprefix(root))

    return record


class RuntimeStub(MagicMock):
    """What a module of Lambda's runtime has and returns here: all attributes exist, and do nothing."""


class _RuntimeFinder:
    """A finder of the modules that only Lambda's runtime has: they are stubs."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        parent = name.rpartition(".")[0]
        wanted = self._is_ours(parent) if parent else name in RUNTIME  # an installed package has modules of its own
        return ModuleSpec(name, self, is_package=True) if wanted else None  # type: ignore[arg-type]

    def _is_ours(self, name: str) -> bool:
        return getattr(getattr(sys.modules.get(name), "__spec__", None), "loader", None) is self

    def create_module(self, spec: ModuleSpec) -> None:
        """Return None for a module of the default type."""

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__getattr__"] = lambda name: RuntimeStub() if not name.startswith("__") else _absent(name)


def _absent(name: str) -> None:
    raise AttributeError(name)


if __name__ == "__main__":
    main()
