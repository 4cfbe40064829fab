"""A stack with a NAT instance: from `up` to `down`, with exactly the printed policy, and what is shown without it."""

import json
from typing import Any

import pytest

from awsprov.config.loader import load
from awsprov.iam.permissions import TASKS
from awsprov.iam.policies import policy_statements
from tests.e2e.accounts import Account
from tests.e2e.projects import Project, inventory

NAME = "nat"
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def project(account: Account) -> Project:
    project = account.project(NAME, more="network: {nat: instance}\n")
    project.environment = account.user(NAME, policy_statements(load(project.config), TASKS, "123456789012"))
    project.timeout = 400
    project.run("up", "--yes")
    return project


@pytest.fixture
def ec2(account: Account) -> Any:
    return account.client("ec2")


def recorded(project: Project) -> dict[str, str]:
    """Return the ids in the state file, by name. To the project, the cloud is AWS."""
    records = json.loads((project.state_dir / f"{NAME}.json").read_text())["resources"]
    return {name: record["id"] for name, record in records.items()}


def test_its_console_says_that_the_local_cloud_forwards_nothing(project: Project, ec2: Any) -> None:
    assert not project.json("plan")["changes"]
    console = ec2.get_console_output(InstanceId=recorded(project)["nat-instance"])["Output"]
    assert "forwards nothing" in console
    assert project.json("status")["states"]["nat-instance"] == "running"
    assert project.json("status")["outbound_failure"] == ""


def test_plan_cost_and_graph_show_it(project: Project) -> None:
    names = set(recorded(project))
    assert {"nat-instance", "nat-interface", "nat-security-group", "nat-elastic-ip-1"} <= names
    running = project.json("cost")
    assert "nat-instance" in str(running)
    assert "NAT instance" in project.run("graph", "--format", "svg").stdout


def test_status_and_explain_report_that_it_was_deleted_and_up_replaces_it_behind_the_same_address(
    project: Project, ec2: Any
) -> None:
    before, addresses = recorded(project)["nat-instance"], project.json("status")["outbound_addresses"]
    ec2.terminate_instances(InstanceIds=[before])
    status = project.json("status")
    assert "nat-instance" in status["missing"]
    assert "functions have no internet access" in status["outbound_failure"]
    assert "creates another one behind the same address" in status["outbound_failure"]
    assert "functions have no internet access" in project.run("status").stdout
    explained = project.run("explain", exits=1)
    assert "functions have no internet access" in explained.stdout + explained.stderr
    assert [each["name"] for each in project.json("plan")["changes"]] == ["nat-instance"]
    project.run("up", "--yes")
    assert recorded(project)["nat-instance"] != before
    assert project.json("status")["outbound_addresses"] == addresses
    assert "is running, behind eni-" in project.run("explain").stdout


def test_pause_deletes_it_and_keeps_its_address_if_asked_to(project: Project, ec2: Any, account: Account) -> None:
    addresses = project.json("status")["outbound_addresses"]
    project.run("pause", "--keep-address", "--yes")
    found = inventory(account.client, NAME)
    assert ("instances" in found, len(found["addresses"])) == (True, 1)  # the builder, which is stopped
    assert "nat-instance" not in recorded(project)
    project.run("resume")
    assert project.json("status")["outbound_addresses"] == addresses
    assert not project.json("plan")["changes"]


def test_down_leaves_nothing(project: Project, account: Account) -> None:
    project.run("down", "--yes")
    assert inventory(account.client, NAME) == {}
