"""Imports a handler as Lambda does, and writes the name of each file of the libraries that it reads.

Runs as a program of its own, whose source is passed to Python: another user than the builder's runs it, who cannot read
the builder's files. What to import comes in a JSON document on standard input. Standard output gets the names, each
ended by a zero byte; one that begins with `/` is the error of a failed import instead.
"""

import contextlib
import gc
import importlib
import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

STUB = "RuntimeStub"  # the name of the type of all attributes of a stub
_GARBAGE = 20_000  # new objects between two collections: modules stay, and collections were a tenth of the import
READS = {"open": 0, "import": 1, "ctypes.dlopen": 0}  # audit events, and the index of the argument that is a path


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
    sys.meta_path.append(_RuntimeFinder(about["runtime"]))  # the last: modules that are installed are found by others
    observe(about["site"], about["handler"], lambda name: os.write(names, os.fsencode(name) + b"\0"))


def observe(site: str, handler: str, write: Callable[[str], object]) -> None:
    """Import a handler, and write the name of every file below `site` when it is read."""
    reads = _Reads(f"{site}/", write)
    sys.addaudithook(reads.on_event)
    gc.set_threshold(_GARBAGE)
    status = 0
    try:
        importlib.import_module(handler.rpartition(".")[0])
    except BaseException as error:  # also one that ends the process
        write(f"/{_described(error)}")
        status = 1
    reads.record_mapped()
    os._exit(status)


def _described(error: BaseException) -> str:
    """Return an error in a line; if it is about a stub, with the reason."""
    text = traceback.format_exception_only(error)[-1].strip()
    if STUB not in text:
        return text
    return f"{text} (boto3 and other modules of Lambda's runtime are stubs here, which return no data)"


class _Reads:
    """Writes each path below a directory that is read. Shared libraries come before what needs them."""

    def __init__(self, root: str, write: Callable[[str], object]) -> None:
        self._root, self._write = root, write
        self._path = re.compile(rb" (%s.+)" % re.escape(os.fsencode(root)))  # at the end of a line of a memory map
        self._extension: Any = None  # the file of the extension module that is being loaded
        self._mapped = set[bytes]()

    def on_event(self, event: str, values: "tuple[Any, ...]") -> None:
        """Record what an audit event is about."""
        if event in READS:
            if self._extension is not None:
                self.record_mapped()
            if event == "import":
                self._extension = values[READS[event]]  # None for other modules
            else:
                self._record(values[READS[event]])

    def record_mapped(self) -> None:
        """Record the libraries that were loaded since the last time, and then the extension module that needs them."""
        extension, self._extension = self._extension, None
        with contextlib.suppress(FileNotFoundError):  # macOS
            mapped = set(self._path.findall(Path("/proc/self/maps").read_bytes()))
            for name in sorted(map(os.fsdecode, mapped - self._mapped)):
                if name != extension:
                    self._record(name)
            self._mapped |= mapped
        self._record(extension)

    def _record(self, path: Any) -> None:
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        name = os.path.normpath(text)
        if name.startswith(self._root):
            self._write(name.removeprefix(self._root))


class _RuntimeFinder:
    """A finder of the modules that only Lambda's runtime has: they are stubs.

    Arguments:
        names: their names.
    """

    def __init__(self, names: "list[str]") -> None:
        self._names = names

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        parent = name.rpartition(".")[0]
        wanted = self._is_ours(parent) if parent else name in self._names  # an installed package has modules of its own
        return ModuleSpec(name, self, is_package=True) if wanted else None  # type: ignore[arg-type]

    def _is_ours(self, name: str) -> bool:
        return getattr(getattr(sys.modules.get(name), "__spec__", None), "loader", None) is self

    def create_module(self, spec: ModuleSpec) -> None:
        """Return None for a module of the default type."""

    def exec_module(self, module: ModuleType) -> None:
        """Let all attributes exist, and do nothing."""
        from unittest.mock import MagicMock  # only here: it imports a lot, and most handlers need no stub

        stub = type(STUB, (MagicMock,), {})
        module.__dict__["__getattr__"] = lambda name: stub() if not name.startswith("__") else _absent(name)


def _absent(name: str) -> None:
    raise AttributeError(name)


if __name__ == "__main__":
    main()
