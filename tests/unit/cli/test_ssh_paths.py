"""Paths as options of the ssh client: as ssh itself reads them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from awsprov.cli.ssh import _quoted


@pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is not installed")
@pytest.mark.parametrize("name", ["plain", "my project", "a 100%h", 'quo"te', "back\\slash", "ñ"])
def test_a_path_with_any_name_is_one_value(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "known_hosts"
    words = [
        "ssh",
        "-F",
        "/dev/null",
        "-G",
        "-o",
        f"UserKnownHostsFile={_quoted(path)}",
        "-o",
        "HashKnownHosts=no",
        "x",
    ]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    line = next(line for line in printed.splitlines() if line.startswith("userknownhostsfile "))
    assert line.partition(" ")[2].replace("%%", "%") == str(path)
