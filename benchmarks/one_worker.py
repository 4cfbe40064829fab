"""awsprov with one worker, for comparison: `python -m benchmarks.one_worker up …`."""

from functools import partialmethod

from awsprov.cli import main
from awsprov.engine.discovery import Discovery

if __name__ == "__main__":
    Discovery.__init__ = partialmethod(Discovery.__init__, workers=1)  # type: ignore[method-assign,assignment]
    main()
