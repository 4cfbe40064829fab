"""The script that prunes on the builder: it deletes unused environments, and keeps those in use or in progress."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

DAYS = 2 * 24 * 3600


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "envs").mkdir()
    return tmp_path


def environment(root: Path, name: str, age: float = 0) -> None:
    inside = root / "envs" / name / "package"
    inside.mkdir(parents=True)
    (inside / "module.py").write_text("")
    (inside.parent / "link").symlink_to(inside)
    os.utime(inside.parent, (time.time() - age,) * 2)


def prune(root: Path, *, to_delete: tuple[str, ...] = (), kept: tuple[str, ...] = ()) -> set[str]:
    """What is left."""
    words = ["--root", str(root), "--delete", *to_delete, "--kept", *kept]
    subprocess.run(
        [sys.executable, "-m", "awsprov.remote_code.builder", "prune", *words], check=True, capture_output=True
    )
    return {path.name for path in (root / "envs").iterdir()}


def test_what_is_to_delete_goes_and_what_is_kept_stays_however_old(root: Path) -> None:
    environment(root, "new")
    environment(root, "unused")
    environment(root, "live", age=DAYS)
    assert prune(root, to_delete=("unused",), kept=("live", "new")) == {"live", "new"}


def test_what_another_builder_is_making_or_has_just_published_stays(root: Path) -> None:
    environment(root, ".abc.other-builder")
    environment(root, "abd")
    assert prune(root, kept=("live",)) == {".abc.other-builder", "abd"}


def test_what_dead_builders_and_interrupted_prunes_left_goes(root: Path) -> None:
    environment(root, ".abc.dead-builder", age=DAYS)
    environment(root, "withdrawn", age=DAYS)
    environment(root, ".deleted-half")
    assert prune(root) == set()
