"""Changes after the first `up`: updates, replacements and deletions, without data loss, under the lock, and resumed."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from awsprov import local
from tests.e2e.projects import ONE_OF_EACH, Client, Project

pytestmark = pytest.mark.xdist_group("changes")

Inventory = Callable[[str], dict[str, list[str]]]


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A deployed stack."""
    created = make_project("changes")
    created.run("up", "--yes")
    return created


@pytest.fixture
def cloud(project: Project) -> Iterator[local.RunningCloud]:
    """The local cloud; faults that a test sets are removed after it."""
    running = local.find(project.state_dir / "local")
    assert running
    yield running
    running.admin_request("DELETE", "faults")


def planned(project: Project, *options: str) -> dict[str, str]:
    changes = project.json("plan", *options)["changes"]
    return {change["name"]: change["action"] for change in changes}


def up_completely(project: Project, *options: str) -> None:
    """Run `up`; after it, nothing is left to do."""
    project.run("up", "--yes", *options)
    project.run("plan", "--detailed-exitcode")
    assert json.loads(project.run("invoke", "--http").stdout)["library"] == "1.0"


def counted(found: dict[str, list[str]]) -> dict[str, int]:
    return {kind: len(ids) for kind, ids in found.items() if kind != "interfaces"}


def test_what_aws_can_change_is_changed_in_place(project: Project, inventory: Inventory) -> None:
    before = inventory("changes")
    project.edit("memory: 256", "memory: 512")
    project.edit("{LEVEL: low}", "{LEVEL: high, MORE: x}")
    project.config.write_text(project.config.read_text() + "api: {throttle: {rate: 7.5, burst: 9}}\n")
    shown = planned(project)
    assert shown == {"answer": "change", "answer-version": "create", "answer-live": "change", "api-stage": "change"}
    up_completely(project)
    assert inventory("changes") == before


def test_the_nat_gateway_is_deleted_and_created(project: Project, inventory: Inventory) -> None:
    project.edit("api: {", "network: {nat: none}\napi: {")
    assert planned(project) == {
        "private-route-table": "change",
        "nat-gateway-1": "delete",
        "nat-elastic-ip-1": "delete",
    }
    up_completely(project)
    assert not {"nats", "addresses"} & set(inventory("changes"))
    project.edit("{nat: none}", "{nat: single}")
    up_completely(project)
    assert counted(inventory("changes")) == ONE_OF_EACH


def test_a_zone_is_removed_and_added(project: Project, inventory: Inventory) -> None:
    project.edit("{nat: single}", "{zones: 1}")
    shown = planned(project)
    gone = ("public-subnet-2", "private-subnet-2", "mount-target-2")
    assert {name for name, action in shown.items() if action == "delete"} == set(gone)
    assert "replace" not in shown.values()
    up_completely(project)
    assert counted(inventory("changes")) == {**ONE_OF_EACH, "subnets": 2}
    project.edit("{zones: 1}", "{zones: 2}")
    up_completely(project)
    assert counted(inventory("changes")) == ONE_OF_EACH


def test_another_authorization_replaces_the_method_only(project: Project, inventory: Inventory) -> None:
    before = inventory("changes")
    project.edit("api: {", "api: {auth: api_key, ")
    shown = planned(project)
    assert shown["POST /answer"] == "replace"
    assert [name for name, action in shown.items() if action == "create"] == ["api-key", "usage-plan"]
    up_completely(project)
    after = inventory("changes")
    assert {kind: after[kind] for kind in before} == before
    assert len(after["api keys"]) == len(after["usage plans"]) == 1


def test_another_kind_of_api_replaces_the_first(project: Project, inventory: Inventory) -> None:
    project.edit("auth: api_key", "type: http")
    assert re.search(r"Warning: the API gets a new URL, .* http://\S+ is removed", project.run("plan").stdout)
    up_completely(project)
    found = inventory("changes")
    assert len(found["http apis"]) == 1
    assert not {"rest apis", "api keys", "usage plans"} & set(found)
    project.edit("type: http", "type: rest")
    up_completely(project)
    assert counted(inventory("changes")) == ONE_OF_EACH


def test_another_range_of_addresses_replaces_the_network_and_keeps_the_data(
    project: Project, inventory: Inventory
) -> None:
    before = inventory("changes")
    project.edit("{zones: 2}", "{zones: 2, cidr: 10.7.0.0/16}")
    output = project.run("plan").stdout
    assert re.search(r"cidr: .*10\.0\.0\.0/16.*10\.7\.0\.0/16", output)
    shown = planned(project)
    replaced = {name for name, action in shown.items() if action == "replace"}
    assert {
        "vpc",
        "internet-gateway",
        "public-subnet-1",
        "nat-gateway-1",
        "mount-target-1",
        "builder-security-group",
        "builder",
        "answer",
    } <= replaced
    assert not {"file-system", "builder-access-point", "function-access-point", "api", "answer-role", "key-pair"} & set(
        shown
    )
    up_completely(project)
    after = inventory("changes")
    assert counted(after) == ONE_OF_EACH
    for kind in ("file systems", "access points", "rest apis", "roles", "keys", "logs"):
        assert after[kind] == before[kind]
    assert not set(after["vpcs"] + after["subnets"]) & set(before["vpcs"] + before["subnets"])


def test_data_is_lost_only_if_that_is_allowed(project: Project, inventory: Inventory) -> None:
    before = inventory("changes")
    refused = project.run("up", "--yes", "--replace", "file-system", exits=8)
    assert "This would destroy data: file-system" in refused.stderr
    assert "--allow-data-loss" in refused.stderr
    assert inventory("changes") == before
    up_completely(project, "--replace", "file-system", "--allow-data-loss")
    after = inventory("changes")
    assert counted(after) == ONE_OF_EACH
    assert after["file systems"] != before["file systems"]
    assert after["vpcs"] == before["vpcs"]


@pytest.mark.parametrize(("key", "value"), [("account", "999999999999"), ("region", "eu-west-1"), ("stack", "another")])
def test_state_of_another_home_is_refused(project: Project, key: str, value: str) -> None:
    path = project.state_dir / "changes.local.json"
    ours = path.read_bytes()
    path.write_text(json.dumps({**json.loads(ours), key: value}))
    try:
        for command in (["up", "--yes"], ["plan"], ["down", "--yes"], ["deploy"]):
            assert value in project.run(*command, exits=8).stderr
    finally:
        path.write_bytes(ours)


def until(there: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_second_of_two_commands_reports_who_holds_the_lock(project: Project, cloud: local.RunningCloud) -> None:
    project.edit("memory: 512", "memory: 640")
    cloud.admin_request("POST", "faults", kind="slow", operation="lambda:UpdateFunctionConfiguration", seconds=30)
    first = project.start("up", "--yes")
    holder = project.state_dir / "changes.local.holder"
    until(holder.exists)
    second = project.run("up", "--yes", exits=5).stderr
    assert re.search(rf"awsprov .*up --yes` by \S+ on \S+, process {first.pid}, for \d+ s", second)
    until(lambda: "lambda:UpdateFunctionConfiguration" in cloud.admin_request("GET", "calls")["calls"][-20:])
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert holder.exists()
    up_completely(project)


def test_an_interrupted_up_finishes_the_running_change_and_the_next_one_the_rest(
    make_project: Callable[[str], Project], client: Client, cloud: local.RunningCloud, inventory: Inventory
) -> None:
    project = make_project("stopped")
    cloud.admin_request("POST", "faults", kind="slow", operation="ec2:CreateVpc", seconds=3)
    process = project.start("up", "--yes")
    cloud.admin_request("DELETE", "calls")
    until(lambda: "ec2:CreateVpc" in cloud.admin_request("GET", "calls")["calls"])
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "Run the same command again" in output
    (vpc,) = inventory("stopped")["vpcs"]
    assert project.state()["resources"]["vpc"]["id"] == vpc
    project.run("up", "--yes")
    assert counted(inventory("stopped")) == ONE_OF_EACH
    project.run("down", "--yes")
    assert inventory("stopped") == {}


def test_down_can_leave_the_data_and_up_finds_it(project: Project, inventory: Inventory) -> None:
    kept = inventory("changes")["file systems"]
    output = project.run("down", "--yes", "--keep-data").stdout
    assert kept[0] in output
    assert inventory("changes") == {"file systems": kept}
    shown = project.run("status")
    assert f"is down. Its data is kept: file-system {kept[0]}" in shown.stdout
    assert "missing" not in shown.stdout
    began = time.monotonic()
    assert "published: " not in project.run("up", "--yes", "-v").stderr  # the libraries are still on it
    assert time.monotonic() - began < 60
    up_completely(project)
    assert inventory("changes")["file systems"] == kept


def test_down_can_leave_the_network(project: Project, inventory: Inventory) -> None:
    network = ("vpcs", "subnets", "gateways", "routes", "addresses", "nats", "groups")
    before = inventory("changes")
    project.run("down", "--yes", "--keep-network")
    after = inventory("changes")
    after.pop("interfaces", None)
    assert after == {kind: before[kind] for kind in network}
    up_completely(project)
    assert {kind: inventory("changes")[kind] for kind in network} == after


def test_what_is_kept_can_be_deleted_without_its_state(project: Project, inventory: Inventory) -> None:
    project.run("down", "--yes", "--keep-data", "--keep-network")
    (project.state_dir / "changes.local.json").unlink(missing_ok=True)
    project.run("down", "--yes")
    assert inventory("changes") == {}
