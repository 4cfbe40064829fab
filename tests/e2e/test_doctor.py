"""The doctor on the local cloud, and before an `up`: what cannot end well does not begin."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from awsprov import local
from tests.e2e.projects import Project

Inventory = Callable[[str], dict[str, list[str]]]


@pytest.fixture
def project(make_project: Callable[[str], Project]) -> Project:
    return make_project("sick")


@pytest.fixture
def full(state_dir: Path) -> Iterator[None]:
    """An account that has all the VPCs that it may have."""
    running = local.find(state_dir / "local")
    assert running
    before = running.ask("GET", "quotas")
    running.ask("POST", "quotas", vpcs=0)
    yield
    running.ask("POST", "quotas", vpcs=before.get("vpcs", 5))


def test_the_local_cloud_is_well(project: Project) -> None:
    told = project.json("doctor")
    assert {finding["state"] for finding in told["findings"]} <= {"ok", "warn", "skip"}
    skipped = [finding for finding in told["findings"] if finding["state"] == "skip"]
    assert [finding["check"] for finding in skipped] == ["rights"]  # IAM simulates nothing here
    assert "not implemented by the local cloud" in skipped[0]["message"]


@pytest.mark.usefixtures("full")
def test_what_cannot_be_made_is_told_with_its_remedy(project: Project) -> None:
    said = project.run("doctor", exits=1)
    (line,) = [line for line in said.stdout.splitlines() if line.startswith("fail")]
    assert "of 0 VPCs in use, 1 more wanted" in line
    assert "What to do: Raise L-F678F1CE" in said.stdout


@pytest.mark.usefixtures("full")
def test_up_makes_nothing_then(project: Project, inventory: Inventory) -> None:
    said = project.run("up", "--yes", exits=1)
    assert "nothing was made" in said.stderr
    assert inventory("sick") == {}
