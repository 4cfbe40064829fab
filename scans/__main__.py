"""Runs the scanners and compares their findings with the accepted ones: `python -m scans [NAME …]`."""

import argparse
import sys
import time
from collections.abc import Callable

from scans import checkov, parliament, prowler, scoutsuite
from scans.environments import python
from scans.findings import Report, Result, evaluate
from scans.lab import Lab, stack

SCANNERS: dict[str, Callable[[Lab], list[Result]]] = {
    "parliament": parliament.scan,
    "checkov": checkov.scan,
    "scoutsuite": scoutsuite.scan,
    "prowler": prowler.scan,
}


def main() -> int:
    """Run the scanners; return 1 if a finding is new, if an accepted one no longer occurs, or if there are too many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*SCANNERS, []], metavar="NAME", help=f"of {', '.join(SCANNERS)}")
    names = parser.parse_args().names or list(SCANNERS)
    for name in names:
        python(name)  # installed before the stack is created
    with stack() as lab:
        reports = [_run(name, lab) for name in names]
    return int(not all(report.passed for report in reports))


def _run(name: str, lab: Lab) -> Report:
    print(f"{name} …", file=sys.stderr, flush=True)
    began = time.monotonic()
    report = evaluate(name, SCANNERS[name](lab), lab.foreign)
    print("\n".join(report.lines()), flush=True)
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return report


if __name__ == "__main__":
    sys.exit(main())
