"""explain: each part between a request and the libraries is broken in turn; the cause and a remedy are reported."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.projects import LIBRARY, Client, Project

pytestmark = pytest.mark.xdist_group("explain")

CHECKS = [
    "API", "permission", "function", "network interfaces", "port 2049", "access point", "import", "handler", "response",
]  # fmt: skip
Ids = dict[str, str]
Break = Callable[[Client, Ids], object]


@pytest.fixture(scope="module", params=["rest", "http"])
def project(make_project: Callable[[str], Project], request: pytest.FixtureRequest) -> Project:
    created = make_project(f"links-{request.param}")
    created.config.write_text(created.config.read_text() + f"network: {{nat: none}}\napi: {{type: {request.param}}}\n")
    created.run("up", "--yes")
    return created


@pytest.fixture
def ids(project: Project) -> Ids:
    return {name: record["id"] for name, record in project.state()["resources"].items()}


def explained(project: Project, exits: int = 1) -> Any:
    return project.json("explain", exits=exits)


def failed(project: Project) -> Any:
    """The one check that failed; those before it are ok, those after it were skipped."""
    document = explained(project)
    at = [check["name"] for check in document["checks"]].index(document["failed"])
    assert [check["status"] for check in document["checks"]] == ["ok"] * at + ["failed"] + ["skipped"] * (
        len(CHECKS) - 1 - at
    )
    return document["checks"][at]


def test_every_check_of_a_working_stack_is_ok(project: Project) -> None:
    document = explained(project, exits=0)
    assert [(check["name"], check["status"]) for check in document["checks"]] == [(name, "ok") for name in CHECKS]
    assert document["failed"] is None
    result = project.run("explain")
    assert result.stdout.count("✓") == len(CHECKS)
    assert "all checks passed" in result.stderr


# ---- what `up` corrects


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
    function, qualifier, statement = ids["permission POST /answer"].split(":")
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
    by_id = {each["Sid"]: each for each in policy["Statement"]}
    by_id["Functions"]["Principal"] = by_id["Builder"]["Principal"]
    client("efs").put_file_system_policy(FileSystemId=ids["file-system"], Policy=json.dumps(policy))


CORRECTED_BY_UP: dict[Break, tuple[str, str]] = {
    api_without_route: ("API", "POST /answer"),
    api_without_stage: ("API", "api-stage"),
    no_permission: ("permission", "POST /answer may not invoke"),
    no_rule: ("port 2049", "does not allow inbound TCP port 2049"),
    no_way_out: ("port 2049", "does not allow outbound TCP port 2049"),
    no_mount_target: ("port 2049", "does not exist"),
    foreign_group: ("port 2049", "of mount target"),
    no_policy: ("access point", "lacks the policy"),
    closed_file_system: ("access point", "does not let"),
}


@pytest.mark.parametrize("breaks", CORRECTED_BY_UP, ids=lambda breaks: breaks.__name__)
def test_the_failed_check_names_the_cause_and_the_remedy_corrects_it(
    project: Project, client: Client, ids: Ids, breaks: Break
) -> None:
    breaks(client, ids)
    check = failed(project)
    name, message = CORRECTED_BY_UP[breaks]
    assert check["name"] == name
    assert message in check["message"]
    assert "awsprov up" in check["remedy"]
    project.run("up", "--yes")
    explained(project, exits=0)


def test_the_first_of_two_causes_is_found(project: Project, client: Client, ids: Ids) -> None:
    no_rule(client, ids)
    no_permission(client, ids)
    result = project.run("explain", exits=1)
    assert "✗ permission" in result.stdout
    assert "· port 2049" in result.stdout
    assert "What to do" in result.stdout
    project.run("up", "--yes")


# ---- what somebody else must correct


def test_a_reserved_concurrency_of_nothing(project: Project, client: Client, ids: Ids) -> None:
    client("lambda").put_function_concurrency(FunctionName=ids["answer"], ReservedConcurrentExecutions=0)
    check = failed(project)
    client("lambda").delete_function_concurrency(FunctionName=ids["answer"])
    assert (check["name"], check["message"]) == (
        "function",
        "Its reserved concurrency is 0: Lambda throttles every request.",
    )
    assert f"delete-function-concurrency --function-name {ids['answer']}" in check["remedy"]


def publish(client: Client, name: str, **changes: Any) -> None:
    """Publish a version, as somebody else would."""
    client("lambda").update_function_configuration(FunctionName=name, **changes)
    version = client("lambda").publish_version(FunctionName=name, Description=str(changes))["Version"]
    client("lambda").update_alias(FunctionName=name, Name="live", FunctionVersion=version)


def test_a_version_outside_of_the_network(project: Project, client: Client, ids: Ids) -> None:
    nowhere: Any = {"SubnetIds": [], "SecurityGroupIds": []}
    publish(client, ids["answer"], VpcConfig=nowhere, FileSystemConfigs=[])
    check = failed(project)
    project.run("up", "--yes")
    assert check["name"] == "network interfaces"
    assert "is not in a VPC" in check["message"]


def test_a_version_that_mounts_nothing(project: Project, client: Client, ids: Ids) -> None:
    publish(client, ids["answer"], FileSystemConfigs=[])
    check = failed(project)
    project.run("up", "--yes")
    assert check["name"] == "access point"
    assert "does not mount a file system" in check["message"]


def test_an_access_point_that_was_deleted(project: Project, client: Client, ids: Ids) -> None:
    client("efs").delete_access_point(AccessPointId=ids["function-access-point"])
    check = failed(project)
    project.run("up", "--yes")
    assert check["name"] == "access point"
    assert "does not exist" in check["message"]
    explained(project, exits=0)


def test_libraries_that_were_never_published(project: Project, client: Client, ids: Ids) -> None:
    publish(client, ids["answer"], Environment={"Variables": {"PYTHONPATH": "/mnt/libraries/envs/0123"}})
    check = failed(project)
    project.run("up", "--yes")
    assert check["name"] == "import"
    assert "/envs/0123, which version" in check["message"]


def test_a_handler_that_cannot_be_loaded_is_found_in_the_log_and_by_the_smoke_request(project: Project) -> None:
    handler = project.home / "lambda_src" / "lambda_function.py"
    good = handler.read_text()
    project.edit("    routes:", "    start_check: false\n    routes:")  # with it, such a version would not go live
    handler.write_text(good.replace(f"import {LIBRARY}", f"import {LIBRARY}\nimport no_such_library"))
    project.run("deploy")
    assert explained(project, exits=0)["failed"] is None  # nothing has invoked it yet
    project.run("invoke", exits=1)
    check = failed(project)
    assert check["name"] == "import"
    assert "No module named 'no_such_library'" in check["message"]
    assert "requirements.txt" in check["remedy"]
    project.edit("    routes:", "    smoke: {request: {}}\n    routes:")
    assert "No module named 'no_such_library'" in failed(project)["message"]  # the log is searched first
    handler.write_text(good)
    project.run("deploy")
    checks = {check["name"]: check["message"] for check in explained(project, exits=0)["checks"]}
    assert "answered the smoke request" in checks["import"]


def test_a_function_that_was_deleted(project: Project, client: Client, ids: Ids) -> None:
    client("lambda").delete_function(FunctionName=ids["answer"])
    check = failed(project)
    assert check["name"] in ("permission", "function")
    assert project.run("explain", "--stage", "other", exits=6)
