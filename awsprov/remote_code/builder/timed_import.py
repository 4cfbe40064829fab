"""Imports modules, and prints what could not be imported, and the CPU time of each part of the imports, as JSON.

Runs as a program of its own, whose source is passed to Python. Its arguments are the names of modules, in this order.
"""

import gc
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import machinery
from typing import Any

FIND, BYTECODE, EXTENSIONS, RUN, COLLECT = (
    "find the modules",
    "load bytecode",
    "load extension modules and the libraries that they need",
    "run the code of the modules",
    "collect garbage",
)
PARTS: "list[tuple[type, str, str]]" = [
    (machinery.PathFinder, "find_spec", FIND),
    (machinery.SourceFileLoader, "get_code", BYTECODE),
    (machinery.ExtensionFileLoader, "create_module", EXTENSIONS),
    (machinery.ExtensionFileLoader, "exec_module", EXTENSIONS),
]


class Parts:
    """The CPU time of each part, without the parts that run inside of it: an import runs code, which imports."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._running: list[list[float]] = [[0.0, 0.0]]  # of each part: when it began, and the seconds of parts inside

    def begin(self) -> None:
        """Begin a part, inside of those that have begun and not ended."""
        self._running.append([time.thread_time(), 0.0])

    def end(self, what: str) -> None:
        """End the part that began last; add its time to a part."""
        began, inner = self._running.pop()
        took = time.thread_time() - began
        self.seconds[what] += took - inner
        self._running[-1][1] += took

    def on_collection(self, phase: str, _: "dict[str, int]") -> None:
        """Measure a garbage collection; a callback of `gc`."""
        if phase == "start":
            self.begin()
        else:
            self.end(COLLECT)

    def measured(self, what: str, function: "Callable[..., Any]", *values: Any, **named: Any) -> Any:
        """Call a function; add its time to a part."""
        self.begin()
        try:
            return function(*values, **named)
        finally:
            self.end(what)

    def measure(self, owner: type, name: str, what: str) -> None:
        """Measure all calls of a method from now on."""
        plain = owner.__dict__[name]
        function = getattr(plain, "__func__", plain)  # of a class method

        def call(*values: Any, **named: Any) -> Any:
            return self.measured(what, function, *values, **named)

        setattr(owner, name, classmethod(call) if isinstance(plain, classmethod) else call)


def main() -> None:
    """Import the modules that the arguments name."""
    failed, parts = {}, Parts()
    for owner, name, what in PARTS:
        defined = next(each for each in owner.__mro__ if name in each.__dict__)
        parts.measure(defined, name, what)
    gc.callbacks.append(parts.on_collection)
    for module in sys.argv[1:]:
        try:
            parts.measured(RUN, __import__, module)  # `importlib.import_module` is not timed by -X importtime
        except BaseException as error:  # also one that ends the process
            failed[module] = f"{type(error).__name__}: {error}"
    gc.callbacks.remove(parts.on_collection)
    print(json.dumps({"failed": failed, "parts": parts.seconds}))


if __name__ == "__main__":
    main()
