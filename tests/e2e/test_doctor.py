"""`doctor` on the local cloud, and its checks before an `up`."""

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
    """An account whose quota of VPCs is used up."""
    running = local.find(state_dir / "local")
    assert running
    before = running.admin_request("GET", "quotas")
    running.admin_request("POST", "quotas", vpcs=0)
    yield
    running.admin_request("POST", "quotas", vpcs=before.get("vpcs", 5))


def test_no_check_fails_on_the_local_cloud(project: Project) -> None:
    document = project.json("doctor")
    assert {check["status"] for check in document["checks"]} <= {"ok", "warning", "skipped"}
    skipped = [check for check in document["checks"] if check["status"] == "skipped"]
    assert [check["name"] for check in skipped] == ["IAM permissions"]  # the local cloud simulates no policy
    assert "not implemented by the local cloud" in skipped[0]["message"]


@pytest.mark.usefixtures("full")
def test_a_failed_check_is_shown_with_its_remedy(project: Project) -> None:
    result = project.run("doctor", exits=1)
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("✗")]
    assert "of 0 VPCs in use, 1 more needed" in line
    assert "What to do: Request an increase of L-F678F1CE" in result.stdout


@pytest.mark.usefixtures("full")
def test_up_creates_nothing_then(project: Project, inventory: Inventory) -> None:
    result = project.run("up", "--yes", exits=1)
    assert "Nothing was created" in result.stderr
    assert inventory("sick") == {}
