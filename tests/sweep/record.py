"""`python -m tests.sweep.record`: record the calls of undisturbed commands in calls.json, the points of the sweeps."""

import json
import tempfile
from collections import Counter
from pathlib import Path

from tests.sweep.lab import Lab
from tests.sweep.moto_lab import MotoLab
from tests.sweep.points import COMMANDS, MOTO_COMMANDS, RECORD

RUNTIMES = Path(".pytest_cache/d/lambda-runtimes").absolute()  # the Lambda runtimes that tests reuse


def record() -> dict[str, dict[str, int]]:
    """Return the calls of each command on a cloud without delays, by operation, in the order of their first calls."""
    RUNTIMES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        lab = Lab(Path(scratch), RUNTIMES, pace=0, consistency=0)
        try:
            calls = {command: _calls(lab, command) for command in COMMANDS}
            writes = {command: _writes(lab, command) for command in COMMANDS}
        finally:
            lab.close()
    return {**calls, "writes": writes, **on_moto()}


def on_moto() -> dict[str, dict[str, int]]:
    """Return the changing calls of each command in the configurations that are swept on moto."""
    with tempfile.TemporaryDirectory() as scratch:
        lab = MotoLab(Path(scratch))
        try:
            return {command: lab.calls(command) for command in MOTO_COMMANDS}
        finally:
            lab.close()


def _calls(lab: Lab, command: str) -> dict[str, int]:
    words = lab.ready(command)
    lab.cloud.admin_request("DELETE", "calls")
    lab.project.run(*words)
    lab.exists, lab.paused = command != "down", command == "pause"
    return dict(Counter(lab.cloud.admin_request("GET", "calls")["calls"]))


def _writes(lab: Lab, command: str) -> int:
    process = lab.kill_at_write(lab.ready(command), 0)
    stderr = process.communicate()[1]
    lab.exists, lab.paused = command != "down", command == "pause"
    return stderr.count("\nwrite ")


if __name__ == "__main__":
    RECORD.write_text(json.dumps(record(), indent=1) + "\n")
