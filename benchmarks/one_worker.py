"""Runs awsprov with one worker: `python -m benchmarks.one_worker up …`."""

from functools import partialmethod

from awsprov.cli import main
from awsprov.engine.engine import Engine

if __name__ == "__main__":
    Engine.__init__ = partialmethod(Engine.__init__, workers=1)  # type: ignore[method-assign,assignment]
    main()
