"""The builder: its launch, and its host key, which the console has after the first boot only."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from awsprov import local
from tests.e2e.projects import Client, Project

pytestmark = pytest.mark.xdist_group("builder")


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A stack with a builder that is not of the Nitro system."""
    created = make_project("builder")
    created.config.write_text(f"{created.config.read_text()}builder: {{instance_type: t2.micro}}\n")
    return created


@pytest.fixture
def no_storage(state_dir: Path) -> Iterator[None]:
    """A quota of volume storage that is too small for the builder."""
    running = local.find(state_dir / "local")
    assert running
    running.admin_request("POST", "quotas", **{"volume-storage": 1})
    yield
    running.admin_request("POST", "quotas", **{"volume-storage": 1000})


def instance(client: Client) -> dict[str, Any]:
    """Return the description of the stack's builder."""
    ours: Any = [
        {"Name": "tag:awsprov:stack", "Values": ["builder"]},
        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
    ]
    found = client("ec2").describe_instances(Filters=ours)["Reservations"]
    return dict(found[0]["Instances"][0])


def change_libraries(project: Project, version: str) -> None:
    requirements = project.home / "lambda_src" / "requirements.txt"
    requirements.write_text(f"{requirements.read_text().rpartition('==')[0]}=={version}\n")
    project.run("lock")


def forget_host_keys(project: Project) -> None:
    """Be another machine: one that never had a session with the builder."""
    (project.state_dir / "keys" / "builder.known_hosts").unlink()


@pytest.mark.usefixtures("no_storage")
def test_a_builder_that_ec2_ends_at_its_launch_fails_at_once_with_the_reason(project: Project) -> None:
    stderr = project.run("up", "--yes", exits=4).stderr
    assert "EC2 ended the builder at its launch." in stderr
    assert "Client.VolumeLimitExceeded: Volume limit exceeded" in stderr


def test_another_machine_finds_the_host_key_in_the_tags(project: Project, client: Client) -> None:
    project.run("up", "--yes")
    first = instance(client)["InstanceId"]
    assert "Shutdown scheduled" in project.run("ssh", "--", "shutdown", "--show").stderr  # if this machine is lost
    forget_host_keys(project)
    change_libraries(project, "2.0")
    assert "No changes" not in project.run("plan").stdout
    project.run("deploy", "--yes")
    assert instance(client)["InstanceId"] == first


def test_a_builder_whose_host_key_is_lost_is_replaced(project: Project, client: Client) -> None:
    first = instance(client)
    keys = [{"Key": tag["Key"]} for tag in first["Tags"] if tag["Key"].startswith("awsprov:host-key:")]
    client("ec2").delete_tags(Resources=[first["InstanceId"]], Tags=keys)
    forget_host_keys(project)
    (project.home / "model").mkdir()
    (project.home / "model" / "weights.txt").write_text("one")
    project.edit('python: "3.12"}', 'python: "3.12", files: model}')
    assert "creates a new builder." in project.run("deploy", "--yes", exits=4).stderr
    changes = {change["name"]: change for change in project.json("plan")["changes"]}
    assert changes["builder"]["differences"]["host_keys"] == {"has": "lost", "wants": "known"}
    project.run("up", "--yes")
    assert instance(client)["InstanceId"] != first["InstanceId"]
    assert not project.json("plan")["changes"]
