"""A stack whose project has lost its files: it is inspected, rolled back and deleted by state and tags."""

import shutil

import pytest

from awsprov import Project
from awsprov.cli import run, status
from tests.unit.moto_cloud import Moto
from tests.unit.test_project import moto

__all__ = ["moto"]
pytestmark = pytest.mark.thorough  # it creates a whole stack on moto


def test_all_that_needs_no_file_works_without_any(
    moto: Moto, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(status, "_reachable", lambda _: True)
    Project().up()
    app = moto.root / "src" / "app.py"
    app.write_text(f"{app.read_text()}\nCHANGED = 1\n")
    Project().deploy()
    config = moto.root / "config.yaml"
    config.write_text(f"{config.read_text()}\nnetworks: {{}}\n")
    shutil.rmtree(moto.root / "src")
    for name in ("requirements.txt", "requirements.lock"):
        (moto.root / name).unlink()
    for command in (
        ["status"],
        ["history"],
        ["libs", "list"],
        ["cost"],
        ["graph"],
        ["rollback"],
        ["stages"],
        ["recover"],
    ):
        assert run(command) == 0, (command, capsys.readouterr())
        assert "unknown key `networks`" in capsys.readouterr().err
    assert run(["up", "--yes"]) == 2
    state = moto.root / ".awsprov" / "demo.json"
    state.write_text("{oops")
    assert run(["status"]) == 2
    assert "`awsprov recover` renames it" in capsys.readouterr().err
    assert run(["recover"]) == 0
    assert (state.with_name("demo.json.bad")).read_text() == "{oops"
    assert run(["status"]) == 0
    state.unlink()
    assert run(["down", "--yes"]) == 0
    assert "0 remain" in capsys.readouterr().out
