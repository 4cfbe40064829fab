"""pause and resume: what is deleted, what remains, what is served while paused, and that everything is restored."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.projects import ONE_OF_EACH, Project

GONE = {"addresses", "nats"}


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Iterator[Project]:
    project = make_project("rest")
    project.run("up", "--yes")
    yield project
    project.run("down", "--yes")


@pytest.fixture
def counts(inventory: Callable[[str], dict[str, list[str]]]) -> Callable[[], dict[str, int]]:
    """How many there are of each; interfaces come and go."""
    return lambda: {kind: len(found) for kind, found in inventory("rest").items() if kind != "interfaces"}


def way_out(client: Callable[[str], Any]) -> list[str]:
    """Where the private subnets' default routes lead."""
    tags: Any = [
        {"Name": "tag:awsprov:stack", "Values": ["rest"]},
        {"Name": "tag:awsprov:name", "Values": ["private*"]},
    ]
    tables = client("ec2").describe_route_tables(Filters=tags)["RouteTables"]
    routes = [route for table in tables for route in table["Routes"]]
    return [route["NatGatewayId"] for route in routes if "NatGatewayId" in route]


def test_the_user_must_confirm(project: Project) -> None:
    assert "--yes" in project.run("pause", exits=8).stderr
    assert project.state()["paused"] is False


def test_pause_deletes_what_costs_and_keeps_the_rest(
    project: Project, counts: Callable[[], dict[str, int]], client: Callable[[str], Any]
) -> None:
    assert project.run("pause", "--yes").stdout == "rest is paused.\n"
    assert counts() == {kind: count for kind, count in ONE_OF_EACH.items() if kind not in GONE}
    assert way_out(client) == []
    assert project.state()["paused"] is True
    assert not {"nat-gateway-1", "nat-elastic-ip-1"} & set(project.state()["resources"])
    assert project.json("status")["states"]["builder"] == "stopped"


def test_status_and_the_picture_tell_that_it_is_paused(project: Project) -> None:
    assert project.json("status")["paused"] is True
    assert ", paused\n" in project.run("status").stdout
    drawn = project.run("graph", "--format", "svg").stdout
    assert "rest (paused)" in drawn
    assert "NAT gateway" not in drawn
    assert "EC2 builder · stopped" in drawn


def test_functions_answer_meanwhile(project: Project) -> None:
    assert json.loads(project.run("invoke", "--http", "{}").stdout)["library"] == "1.0"


def test_plan_and_up_leave_it_paused_and_say_so(project: Project) -> None:
    planned = project.run("plan", "--detailed-exitcode")
    assert "The stack is paused. `awsprov resume" in planned.stdout
    before = project.state()
    assert "The stack is paused" in project.run("up", "--yes").stderr
    assert project.state() == before


def test_a_change_is_made_without_waking_it(project: Project, client: Callable[[str], Any]) -> None:
    project.edit("{LEVEL: low}", "{LEVEL: high}")
    project.run("up", "--yes")
    assert json.loads(project.run("invoke", "--http", "{}").stdout)["level"] == "high"
    assert way_out(client) == []


def test_the_builder_is_stopped_again_after_somebody_started_it(project: Project, client: Callable[[str], Any]) -> None:
    client("ec2").start_instances(InstanceIds=[project.state()["resources"]["builder"]["id"]])
    assert project.json("pause")["changes"] == 1
    assert project.json("status")["states"]["builder"] in ("stopping", "stopped")


def test_paused_twice_is_paused_once(project: Project) -> None:
    assert project.json("pause") == {"schema_version": 1, "event": "paused", "stack": "rest", "changes": 0}


def test_without_the_state_file_recover_knows_that_it_is_paused(project: Project) -> None:
    before = project.state()
    (project.state_dir / "rest.local.json").unlink()
    recovered = project.run("recover")
    assert "is paused" in recovered.stderr
    after = project.state()
    assert (after["paused"], after["keeps_addresses"]) == (True, False)
    assert after["resources"].keys() == before["resources"].keys()
    project.run("plan", "--detailed-exitcode")


def test_cost_is_that_of_the_disk(project: Project) -> None:
    states = project.json("cost")["states"]
    assert states["as it is"] == states["paused"]
    assert [each["name"] for each in states["paused"]["resources"]] == ["builder"]
    assert "nat-gateway-1" in [each["name"] for each in states["resumed"]["resources"]]
    assert "$1.25 after `awsprov resume" in project.run("status").stderr + project.run("status").stdout


def test_resume_creates_exactly_that_again(
    project: Project, counts: Callable[[], dict[str, int]], client: Callable[[str], Any]
) -> None:
    before = project.state()["resources"]
    assert project.run("resume").stdout == "rest is resumed.\n"
    after = project.state()
    assert after["paused"] is False
    assert counts() == ONE_OF_EACH
    assert way_out(client) == [after["resources"].pop("nat-gateway-1")["id"]]
    after["resources"].pop("nat-elastic-ip-1")
    assert {name: record["id"] for name, record in after["resources"].items()} == {
        name: record["id"] for name, record in before.items()
    }
    project.run("plan", "--detailed-exitcode")


def test_the_picture_has_ids_and_states_of_what_exists(project: Project) -> None:
    drawn = project.run("graph").stdout
    resources = project.state()["resources"]
    (address,) = project.json("status")["outbound_addresses"]
    assert f"NAT gateway · available<br/>{address}<br/>{resources['nat-gateway-1']['id']}" in drawn
    assert f"Mount target · available<br/>{resources['mount-target-2']['id']}" in drawn
    assert "Lambda answer · active" in drawn
    assert ":::plan" not in drawn


def test_resumed_twice_is_resumed_once(project: Project) -> None:
    assert project.run("resume").stdout == "rest is already resumed.\n"


def test_the_address_can_be_kept(project: Project) -> None:
    (address,) = project.json("status")["outbound_addresses"]
    paused = project.run("pause", "--keep-address", "--yes")
    assert "its address is kept while the stack is paused: $0.005 an hour, $3.65 a month." in paused.stderr
    assert project.json("status")["outbound_addresses"] == [address]
    assert project.json("pause")["changes"] == 0  # a second time, without the option
    assert project.json("up", "--yes")["mutations"] == 0
    (project.state_dir / "rest.local.json").unlink()
    assert project.json("recover")["paused"] is True
    assert project.state()["keeps_addresses"] is True
    project.run("resume")  # with the same address: the NAT gateway must get another token than the one that is deleted
    assert f"The functions call out from {address}." in project.run("up", "--yes").stderr
    assert f"The functions call out from {address}." in project.run("status").stdout


def test_there_must_be_a_stack(make_project: Callable[[str], Project]) -> None:
    assert "awsprov up" in make_project("missing").run("pause", "--yes", exits=6).stderr
