"""Directories for their owner only."""

import shutil
import subprocess
from pathlib import Path

import pytest

from awsprov.files import STATE_DIRECTORY, make_private_directory


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_git_ignores_the_state_directory(tmp_path: Path) -> None:
    make_private_directory(tmp_path / STATE_DIRECTORY / "keys")
    (tmp_path / STATE_DIRECTORY / "keys" / "prices.pem").touch()
    (tmp_path / "config.yaml").touch()
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    added = subprocess.run(["git", "add", "-An", "."], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert added.stdout == "add 'config.yaml'\n"


def test_what_is_created_is_for_its_owner_only(tmp_path: Path) -> None:
    make_private_directory(tmp_path / "new" / "keys")
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "new", tmp_path / "new" / "keys")] == [0o700, 0o700]
