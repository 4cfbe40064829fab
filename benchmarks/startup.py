"""The CPU time of short commands, which is mostly imports, against `python -c "import click"`."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.comparison import Comparison

_ROUNDS = 15
_UNREACHABLE = "http://127.0.0.1:9"  # the discard port, on which nothing listens
_CLICK = ("-c", "import click")
_RECORD = {"type": "Vpc", "id": "vpc-1", "token": "", "needs": [], "inputs": {}, "at": 1.0}
_STATE = {"schema": 1, "stack": "bench", "account": "123456789012", "region": "us-east-1", "generation": 0}


def measure() -> list[Comparison]:
    """Measure each command several times. The minimum counts, as other work only ever adds to it."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        (home / "config.yaml").write_text("name: bench\nregion: us-east-1\n")
        (home / ".awsprov").mkdir()
        (home / ".awsprov" / "bench.json").write_text(json.dumps({**_STATE, "resources": {"vpc": _RECORD}}))
        commands: list[Sequence[str]] = [_CLICK, ("-m", "awsprov", "--help"), ("-m", "awsprov", "status")]
        rounds = [[_cpu_seconds(home, command) for command in commands] for _ in range(_ROUNDS)]
    click, own_help, status = (min(each) * 1000 for each in zip(*rounds, strict=True))
    return [
        Comparison("awsprov --help, against import click", own_help, click, 2.0, faster=False, unit="ms"),
        Comparison(
            "awsprov status without a network, against import click", status, click, 4.0, faster=False, unit="ms"
        ),
    ]


def _cpu_seconds(home: Path, arguments: Sequence[str]) -> float:
    """Return the CPU time of a Python process."""
    environment = {**os.environ, "AWS_ENDPOINT_URL": _UNREACHABLE}
    before = _own_children_cpu_seconds()
    subprocess.run([sys.executable, *arguments], cwd=home, env=environment, capture_output=True, check=False)
    return _own_children_cpu_seconds() - before


def _own_children_cpu_seconds() -> float:
    """Return the CPU time of the processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
