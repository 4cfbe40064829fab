"""Fuzz the targets of this directory guided by coverage: `python -m tests.fuzz.guided [SECONDS]`.

Atheris changes the bytes from which hypothesis draws a target's input, and keeps those that reach new code. It has
wheels for some versions of Python on Linux only; elsewhere this is skipped.
"""

import argparse
import importlib
import importlib.util
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MODULES = tuple(f"tests.fuzz.test_{name}" for name in ("answers", "documents", "http", "projects", "terminals"))
HOME = Path(".hypothesis/guided")  # the inputs of each target, from which the next run continues


def targets() -> Iterator[str]:
    """Yield the targets, as `module:name`."""
    for module in MODULES:
        members = inspect.getmembers(importlib.import_module(module), lambda member: hasattr(member, "batch"))
        yield from (f"{module}:{name}" for name, _ in members)


def fuzz(target: str, seconds: int) -> None:
    """Fuzz one target in this process, which libFuzzer ends: with an error if an input failed."""
    import atheris  # not everywhere

    module, name = target.split(":")
    with atheris.instrument_imports(include=["awsprov"]):
        batch: Any = getattr(importlib.import_module(module), name).batch
    inputs = HOME / name
    inputs.mkdir(parents=True, exist_ok=True)
    length = ["-max_len=4096", "-len_control=0"]  # hypothesis discards what is too short for an input
    limits = [f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=4096", f"-artifact_prefix={HOME}/{name}."]
    atheris.Setup([name, *length, *limits, str(inputs)], batch.hypothesis.fuzz_one_input)
    atheris.Fuzz()


def main() -> int:
    """Fuzz each target in a process of its own; return 1 if an input failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="?", type=int, default=60, help="for each target")
    parser.add_argument("--target", help="module:name; default: each")
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print(
            f"SKIPPED: atheris is not installed, or has no wheel for Python {sys.version.split()[0]} on {sys.platform}."
        )
        return 0
    if given.target:
        fuzz(given.target, given.seconds)
    failed = [target for target in targets() if not _passes(target, given.seconds)]
    return int(bool(failed))


def _passes(target: str, seconds: int) -> bool:
    words = [sys.executable, "-m", "tests.fuzz.guided", str(seconds), "--target", target]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    runs = next((line for line in reversed(ended.stderr.splitlines()) if line.startswith("Done ")), "no summary")
    print(f"{target}: {runs if ended.returncode == 0 else ended.stdout + ended.stderr}", flush=True)
    return ended.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
