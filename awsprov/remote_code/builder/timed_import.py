"""Imports modules, and prints what could not be imported, and the CPU time of each part of the imports, as JSON.

Runs as a program of its own, whose source is passed to Python. Its arguments are the names of modules, in this order.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import machinery
from typing import Any

FIND, BYTECODE, EXTENSIONS, RUN = (
    "find the modules",
    "load bytecode",
    "load extension modules and the libraries that they need",
    "run the code of the modules",
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
        self._inner = [0.0]  # seconds of the parts inside of each part that is running

    def measured(self, what: str, function: "Callable[..., Any]", *values: Any, **named: Any) -> Any:
        """Call a function; add its time to a part."""
        self._inner.append(0.0)
        began = time.thread_time()
        try:
            return function(*values, **named)
        finally:
            took = time.thread_time() - began
            self.seconds[what] += took - self._inner.pop()
            self._inner[-1] += took

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
    for module in sys.argv[1:]:
        try:
            parts.measured(RUN, __import__, module)  # `importlib.import_module` is not timed by -X importtime
        except BaseException as error:  # also one that ends the process
            failed[module] = f"{type(error).__name__}: {error}"
    print(json.dumps({"failed": failed, "parts": parts.seconds}))


if __name__ == "__main__":
    main()
