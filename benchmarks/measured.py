"""awsprov, telling at its end what it took of the processor and of memory: `python -m benchmarks.measured up …`."""

import resource
import sys

from awsprov.cli import run

if __name__ == "__main__":
    code = run(sys.argv[1:])
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"measured {used.ru_utime + used.ru_stime:.2f} s {used.ru_maxrss / 1024:.0f} MB", file=sys.stderr)
    sys.exit(code)
