"""Runs the benchmarks and compares them with their thresholds: `python -m benchmarks [--keep] [NAME …]`."""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

from benchmarks import deploys, front, install, libraries, noop, path, picture, scale, start, startup
from benchmarks.comparison import Comparison, Unavailable

BENCHMARKS: dict[str, Callable[[], list[Comparison]]] = {  # a new one is a line here
    "start": start.measure,
    "install": install.measure,
    "libraries": libraries.measure,
    "deploys": deploys.measure,
    "noop": noop.measure,
    "path": path.measure,
    "front": front.measure,
    "scale": scale.measure,
    "startup": startup.measure,
}
_WAITING = ("path", "libraries")  # for the local cloud's durations, nearly all the time: measured side by side


def main() -> int:
    """Run the benchmarks; return 1 if a threshold is missed, or a ratio is worse than the saved one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--keep", action="store_true", help="save the results, with which later runs are compared")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as in the Makefile, for calls without it
    names, run = options.names or list(BENCHMARKS), partial(_run, keep=options.keep)
    with ThreadPoolExecutor() as pool:
        passed = list(pool.map(run, [name for name in names if name in _WAITING]))
    passed += map(run, [name for name in names if name not in _WAITING])
    if options.keep:
        picture.main()
    return int(not all(passed))


def _run(name: str, keep: bool) -> bool:
    print(f"{name} …", file=sys.stderr, flush=True)
    start_time = time.monotonic()
    try:
        comparisons = BENCHMARKS[name]()
    except Unavailable as reason:
        print(f"{name}: not measured: {reason}")
        return True
    file = picture.RESULTS / f"{name}.json"
    saved = json.loads(file.read_text())["results"] if file.exists() else {}
    ratios = {comparison: saved.get(comparison.name, {}).get("ratio") for comparison in comparisons}
    for comparison, ratio in ratios.items():
        print(comparison.line(ratio), flush=True)
    print(f"{name}: {time.monotonic() - start_time:.0f} s", file=sys.stderr, flush=True)
    if keep:
        _save(file, comparisons)
    return all(each.passed and (keep or not each.is_regression(ratio)) for each, ratio in ratios.items())


def _save(file: Path, comparisons: list[Comparison]) -> None:
    results = {each.name: {**asdict(each), "ratio": each.ratio} for each in comparisons}
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"machine": machine, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
