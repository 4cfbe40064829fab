"""Measures the bars, holds them and what was kept of earlier runs: `python -m benchmarks [--keep] [NAME …]`."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks import deploys, front, install, noop, path, picture, scale, start, startup
from benchmarks.bars import Bar, Unavailable

RESULTS = Path(__file__).parent / "results"
BENCHES: dict[str, Callable[[], list[Bar]]] = {  # a new one is a line here
    "install": install.measure,
    "start": start.measure,
    "deploys": deploys.measure,
    "noop": noop.measure,
    "path": path.measure,
    "front": front.measure,
    "scale": scale.measure,
    "startup": startup.measure,
}


def main() -> int:
    """Run the benches; returns 1 when a bar is not held, or held less well than before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--keep", action="store_true", help="keep what is measured as what later runs are held to")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as in the Makefile, for who calls this without it
    held = [_run(name, options.keep) for name in options.names or BENCHES]
    if options.keep:
        picture.main()
    return int(not all(held))


def _run(name: str, keep: bool) -> bool:
    print(f"{name} …", file=sys.stderr, flush=True)
    try:
        bars = BENCHES[name]()
    except Unavailable as reason:
        print(f"{name}: not measured: {reason}")
        return True
    kept = RESULTS / f"{name}.json"
    before = json.loads(kept.read_text())["bars"] if kept.exists() else {}
    for bar in bars:
        print(bar.line(before.get(bar.name, {}).get("ratio")), flush=True)
    if keep:
        document = {"machine": _machine(), "bars": {bar.name: {**asdict(bar), "ratio": bar.ratio} for bar in bars}}
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(document, indent=1) + "\n")
    return all(bar.held and (keep or not bar.worse(before.get(bar.name, {}).get("ratio"))) for bar in bars)


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
