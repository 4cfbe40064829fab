"""Runs the scanners and holds what they find to the table: `python -m scans [NAME …]`."""

import argparse
import sys
import time
from collections.abc import Callable

from scans import checkov, parliament, prowler, scoutsuite
from scans.environments import python
from scans.judging import Result, Verdict, judge
from scans.lab import Lab, stack

SCANNERS: dict[str, Callable[[Lab], list[Result]]] = {
    "parliament": parliament.scan,
    "checkov": checkov.scan,
    "scoutsuite": scoutsuite.scan,
    "prowler": prowler.scan,
}


def main() -> int:
    """Run the scanners; returns 1 when one finds something new, finds something no more, or finds too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*SCANNERS, []], metavar="NAME", help=f"of {', '.join(SCANNERS)}")
    names = parser.parse_args().names or list(SCANNERS)
    for name in names:
        python(name)  # installed before the stack is made
    with stack() as lab:
        verdicts = [_run(name, lab) for name in names]
    return int(not all(verdict.held for verdict in verdicts))


def _run(name: str, lab: Lab) -> Verdict:
    print(f"{name} …", file=sys.stderr, flush=True)
    began = time.monotonic()
    verdict = judge(name, SCANNERS[name](lab), lab.foreign)
    print("\n".join(verdict.lines()), flush=True)
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
