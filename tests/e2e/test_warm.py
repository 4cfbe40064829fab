"""A command in a warm process has the same results as in a new one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import warm
from tests.e2e.projects import lay_out


def without_log(text: str) -> str:
    """Remove the path of the debug log, which has the time in its name."""
    return re.sub(r"Log:[\s│]*\S+", "", text)


@pytest.mark.parametrize(
    ("words", "exits"),
    [("--version", 0), ("plan --help", 0), ("plan --no-such", 2), ("config show", 0), ("config show --stage no", 2)],
)
def test_output_and_exit_code_are_the_same(
    words: str, exits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lay_out(tmp_path / "project", "warm", tmp_path / "state").home)
    variables = {**os.environ, "AWSPROV_REGION": "eu-west-1", "COLUMNS": "50"}
    found = warm.Command(words.split(), variables).end(60)
    cold = subprocess.run(
        [sys.executable, "-m", "awsprov", *words.split()], env=variables, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    assert found.returncode == cold.returncode == exits
    assert (found.stdout, without_log(found.stderr)) == (cold.stdout, without_log(cold.stderr))
