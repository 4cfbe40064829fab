"""The first moment of a command: what is imported before anything is printed, against `python -c "import click"`."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bars import Bar

_ROUNDS = 15
_NOBODY = "http://127.0.0.1:9"  # the discard port: nothing answers there
_CLICK = ("-c", "import click")
_RECORD = {"type": "Vpc", "id": "vpc-1", "token": "", "needs": [], "inputs": {}, "at": 1.0}
_STATE = {"schema": 1, "stack": "bench", "account": "123456789012", "region": "us-east-1", "generation": 0}


def measure() -> list[Bar]:
    """Processor seconds of each, in turn; the least of several rounds, as other work only ever adds to them."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        (home / "config.yaml").write_text("name: bench\nregion: us-east-1\n")
        (home / ".awsprov").mkdir()
        (home / ".awsprov" / "bench.json").write_text(json.dumps({**_STATE, "resources": {"vpc": _RECORD}}))
        commands: list[Sequence[str]] = [_CLICK, ("-m", "awsprov", "--help"), ("-m", "awsprov", "status")]
        rounds = [[_processor(home, command) for command in commands] for _ in range(_ROUNDS)]
    click, own_help, status = (min(each) * 1000 for each in zip(*rounds, strict=True))
    return [
        Bar("awsprov --help, against import click", own_help, click, 2.0, faster=False, unit="ms"),
        Bar("awsprov status without a network, against import click", status, click, 4.0, faster=False, unit="ms"),
    ]


def _processor(home: Path, arguments: Sequence[str]) -> float:
    """The processor seconds of a run of Python."""
    environment = {**os.environ, "AWS_ENDPOINT_URL": _NOBODY}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=home, env=environment, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
