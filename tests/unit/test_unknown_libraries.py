"""Libraries that are not known before a package is built: a plan says so, and `up` and `deploy` ask."""

import json
from pathlib import Path

import pytest

from awsprov import Project
from awsprov.cli import run
from awsprov.errors import RefusedError
from tests.unit.moto_cloud import Moto
from tests.unit.packaging.test_local_packages import BACKEND, BUILD, DYNAMIC
from tests.unit.test_project import moto

__all__ = ["moto"]
WHY = "dynamic has to be built before it is known what it requires: its metadata is dynamic."


@pytest.fixture(autouse=True)
def dynamic(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with dynamic metadata, which is required in addition."""
    monkeypatch.setenv("AWSPROV_CACHE_DIR", str(moto.root / "own-cache"))
    directory = moto.root / "dynamic"
    directory.mkdir()
    (directory / "pyproject.toml").write_text(DYNAMIC + BUILD)
    (directory / "backend.py").write_text(BACKEND.replace('NEEDS = "Requires-Dist: one\\n"', 'NEEDS = ""'))
    (directory / "pkg.py").write_text("NUMBER = 1\n")
    (moto.root / "requirements.txt").write_text("--no-index\n./dynamic\n")
    return directory


def test_a_plan_has_them_known_later_with_the_reason(moto: Moto, capsys: pytest.CaptureFixture[str]) -> None:
    lock = moto.root / "requirements.lock"
    before = lock.read_bytes()
    assert run(["plan"]) == 0
    text = capsys.readouterr().out
    assert "packages known after `up`" in text
    assert WHY in text
    assert run(["plan", "--detailed-exitcode", "-v"]) == 7
    assert "the packages, which are known after `up`" in capsys.readouterr().out
    assert lock.read_bytes() == before
    assert not list(moto.root.glob("own-cache/wheels/**/*.whl"))


def test_the_document_of_a_plan_has_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--json"]) == 0
    document = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert any(WHY in remark for remark in document["remarks"])
    assert "library-build" in {change["name"] for change in document["changes"]}


def test_a_plan_of_what_exists_changes_the_libraries_alone(moto: Moto, dynamic: Path) -> None:
    assert moto
    Project().up()
    assert Project().plan().empty
    (dynamic / "pkg.py").write_text("NUMBER = 2\n")
    plan = Project().plan()
    assert {change.resource.name for change in plan.of("create")} == {"library-build", "libraries", "predict-version"}
    assert {change.resource.name for change in plan.of("change")} == {"predict", "predict-live"}
    assert plan.of("replace", "delete") == []


def test_such_a_plan_is_not_saved(moto: Moto, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--out", "some.plan"]) == RefusedError.exit_code
    assert "awsprov lock" in capsys.readouterr().err
    assert not (moto.root / "some.plan").exists()


def test_up_builds_only_after_its_question(moto: Moto, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["up"]) == RefusedError.exit_code
    assert "A question needs an answer, but stdin is not a terminal" in capsys.readouterr().err
    assert not list(moto.root.glob("own-cache/wheels/**/*.whl"))
    assert run(["up", "--yes"]) == 0
    assert "pkg==1.0" in (moto.root / "requirements.lock").read_text()
