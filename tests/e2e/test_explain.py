"""Each link between a request and the libraries, broken on purpose: `explain` names it, with evidence and a remedy."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.projects import LIBRARY, Client, Project

pytestmark = pytest.mark.xdist_group("explain")

LINKS = ["API", "permission", "function", "network interfaces", "port 2049", "access point", "import"]
Ids = dict[str, str]
Break = Callable[[Client, Ids], object]


@pytest.fixture(scope="module", params=["rest", "http"])
def project(make_project: Callable[[str], Project], request: pytest.FixtureRequest) -> Project:
    made = make_project(f"links-{request.param}")
    made.config.write_text(made.config.read_text() + f"network: {{nat: none}}\napi: {{type: {request.param}}}\n")
    made.run("up", "--yes")
    return made


@pytest.fixture
def ids(project: Project) -> Ids:
    return {name: record["id"] for name, record in project.state()["resources"].items()}


def explained(project: Project, exits: int = 1) -> Any:
    return project.json("explain", exits=exits)


def broken(project: Project) -> Any:
    """The one broken link; those before it are whole, those behind it were not looked at."""
    told = explained(project)
    at = [link["name"] for link in told["links"]].index(told["broken"])
    assert [link["state"] for link in told["links"]] == ["whole"] * at + ["broken"] + ["unseen"] * (6 - at)
    return told["links"][at]


def test_a_sound_stack_is_whole_link_by_link(project: Project) -> None:
    told = explained(project, exits=0)
    assert [(link["name"], link["state"]) for link in told["links"]] == [(name, "whole") for name in LINKS]
    assert told["broken"] is None
    shown = project.run("explain")
    assert shown.stdout.count("✓") == 7
    assert "every link is whole" in shown.stderr


# ---- links that `up` mends


def api_without_route(client: Client, ids: Ids) -> None:
    api, _, part = ids["POST /answer"].partition("/")
    if "api" in ids:
        client("apigateway").delete_method(restApiId=api, resourceId=part.split("/")[0], httpMethod="POST")
    else:
        client("apigatewayv2").delete_route(ApiId=api, RouteId=part)


def api_without_stage(client: Client, ids: Ids) -> None:
    api, stage = ids["api-stage"].split("/")
    if "api" in ids:
        client("apigateway").delete_stage(restApiId=api, stageName=stage)
    else:
        client("apigatewayv2").delete_stage(ApiId=api, StageName=stage)


def no_permission(client: Client, ids: Ids) -> None:
    function, qualifier, statement = ids["permission-1"].split(":")
    client("lambda").remove_permission(FunctionName=function, Qualifier=qualifier, StatementId=statement)


def no_rule(client: Client, ids: Ids) -> None:
    (group,) = client("ec2").describe_security_groups(GroupIds=[ids["efs-security-group"]])["SecurityGroups"]
    client("ec2").revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])


def no_way_out(client: Client, ids: Ids) -> None:
    (group,) = client("ec2").describe_security_groups(GroupIds=[ids["function-security-group"]])["SecurityGroups"]
    client("ec2").revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])


def no_mount_target(client: Client, ids: Ids) -> None:
    client("efs").delete_mount_target(MountTargetId=ids["mount-target-2"])


def foreign_group(client: Client, ids: Ids) -> None:
    client("efs").modify_mount_target_security_groups(
        MountTargetId=ids["mount-target-1"], SecurityGroups=[ids["builder-security-group"]]
    )


def no_policy(client: Client, ids: Ids) -> None:
    client("iam").detach_role_policy(RoleName=ids["answer-role"], PolicyArn=ids["answer-policy"])


def closed_file_system(client: Client, ids: Ids) -> None:
    policy = json.loads(client("efs").describe_file_system_policy(FileSystemId=ids["file-system"])["Policy"])
    policy["Statement"] = [each for each in policy["Statement"] if not each["Sid"].startswith("Function")]
    client("efs").put_file_system_policy(FileSystemId=ids["file-system"], Policy=json.dumps(policy))


MENDED: dict[Break, tuple[str, str]] = {
    api_without_route: ("API", "POST /answer"),
    api_without_stage: ("API", "api-stage"),
    no_permission: ("permission", "Nothing lets POST /answer call"),
    no_rule: ("port 2049", "does not let"),
    no_way_out: ("port 2049", "lets nothing out to TCP port 2049"),
    no_mount_target: ("port 2049", "is not there"),
    foreign_group: ("port 2049", "around mount target"),
    no_policy: ("access point", "lacks the policy"),
    closed_file_system: ("access point", "does not let"),
}


@pytest.mark.parametrize("breaks", MENDED, ids=lambda breaks: breaks.__name__)
def test_the_broken_link_is_named_and_the_remedy_mends_it(
    project: Project, client: Client, ids: Ids, breaks: Break
) -> None:
    breaks(client, ids)
    link = broken(project)
    name, evidence = MENDED[breaks]
    assert link["name"] == name
    assert evidence in link["evidence"]
    assert "awsprov up" in link["remedy"]
    project.run("up", "--yes")
    explained(project, exits=0)


def test_the_first_of_two_broken_links_is_named(project: Project, client: Client, ids: Ids) -> None:
    no_rule(client, ids)
    no_permission(client, ids)
    shown = project.run("explain", exits=1)
    assert "✗ permission" in shown.stdout
    assert "· port 2049" in shown.stdout
    assert "What to do" in shown.stdout
    project.run("up", "--yes")


# ---- links that others mend


def test_a_reserved_concurrency_of_nothing(project: Project, client: Client, ids: Ids) -> None:
    client("lambda").put_function_concurrency(FunctionName=ids["answer"], ReservedConcurrentExecutions=0)
    link = broken(project)
    client("lambda").delete_function_concurrency(FunctionName=ids["answer"])
    assert (link["name"], link["evidence"]) == ("function", "Its reserved concurrency is 0: Lambda refuses every call.")
    assert f"delete-function-concurrency --function-name {ids['answer']}" in link["remedy"]


def publish(client: Client, name: str, **changes: Any) -> None:
    """Somebody else releases a version."""
    client("lambda").update_function_configuration(FunctionName=name, **changes)
    version = client("lambda").publish_version(FunctionName=name, Description=str(changes))["Version"]
    client("lambda").update_alias(FunctionName=name, Name="live", FunctionVersion=version)


def test_a_version_outside_of_the_network(project: Project, client: Client, ids: Ids) -> None:
    nowhere: Any = {"SubnetIds": [], "SecurityGroupIds": []}
    publish(client, ids["answer"], VpcConfig=nowhere, FileSystemConfigs=[])
    link = broken(project)
    project.run("up", "--yes")
    assert link["name"] == "network interfaces"
    assert "is in no VPC" in link["evidence"]


def test_a_version_that_mounts_nothing(project: Project, client: Client, ids: Ids) -> None:
    publish(client, ids["answer"], FileSystemConfigs=[])
    link = broken(project)
    project.run("up", "--yes")
    assert link["name"] == "access point"
    assert "mounts no file system" in link["evidence"]


def test_an_access_point_that_is_gone(project: Project, client: Client, ids: Ids) -> None:
    client("efs").delete_access_point(AccessPointId=ids["function-access-point"])
    link = broken(project)
    project.run("up", "--yes")
    assert link["name"] == "access point"
    assert "gone" in link["evidence"]
    explained(project, exits=0)


def test_libraries_that_were_never_published(project: Project, client: Client, ids: Ids) -> None:
    publish(client, ids["answer"], Environment={"Variables": {"PYTHONPATH": "/mnt/libraries/envs/0123"}})
    link = broken(project)
    project.run("up", "--yes")
    assert link["name"] == "import"
    assert "/envs/0123, which version" in link["evidence"]


def test_a_handler_that_cannot_be_loaded_is_found_in_the_log_and_by_the_smoke_request(project: Project) -> None:
    handler = project.home / "lambda_src" / "lambda_function.py"
    good = handler.read_text()
    handler.write_text(good.replace(f"import {LIBRARY}", f"import {LIBRARY}\nimport no_such_library"))
    project.run("deploy")
    assert explained(project, exits=0)["broken"] is None  # nobody has called it yet
    project.run("invoke", exits=1)
    link = broken(project)
    assert link["name"] == "import"
    assert "No module named 'no_such_library'" in link["evidence"]
    assert "requirements.txt" in link["remedy"]
    project.edit("    routes:", "    smoke: {request: {}}\n    routes:")
    assert "The smoke request failed with" in broken(project)["evidence"]
    handler.write_text(good)
    project.run("deploy")
    assert "has just answered the smoke request" in explained(project, exits=0)["links"][-1]["evidence"]


def test_a_function_that_is_gone(project: Project, client: Client, ids: Ids) -> None:
    client("lambda").delete_function(FunctionName=ids["answer"])
    link = broken(project)
    assert link["name"] in ("permission", "function")
    assert project.run("explain", "--stage", "other", exits=6)
