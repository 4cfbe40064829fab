"""The policy of `awsprov policy`: sufficient for `up`, `deploy` and `down`, and each of its actions is necessary."""

import json
import os
import re
import zlib
from datetime import date
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from awsprov.config.loader import load
from awsprov.iam.boundary import BOUNDARY_PATH
from awsprov.iam.permissions import PERMISSIONS, Task
from awsprov.iam.permissions import TASKS as ALL_TASKS
from awsprov.iam.policies import policy_statements
from awsprov.local.iam.evaluation import AuthorizationRequest, allows
from tests.e2e.accounts import Account, Away, boundary, change, create_network
from tests.e2e.projects import Project, inventory
from tests.e2e.test_permissions import RARE

TASKS: tuple[Task, ...] = ("up", "deploy", "down")
# No service is used for the first time in this lifecycle.
UNTESTED = {"iam:CreateServiceLinkedRole"}
# `up` runs the checks of `doctor` first. One that may not make its call is a warning, and `up` continues.
OPTIONAL = {"ec2:DescribeInstanceTypes", "ec2:DescribeRegions", "servicequotas:GetServiceQuota"}
LIFECYCLE = (("up", "--yes"), ("deploy", "--yes"), ("down", "--yes"))


@pytest.fixture(scope="module")
def statements(account: Account) -> list[dict[str, Any]]:
    """The policy of the stack, exactly as it is printed."""
    project = account.project("least")
    return policy_statements(load(project.config), TASKS, "123456789012")


@pytest.fixture(scope="module")
def lifecycle(account: Account, statements: list[dict[str, Any]]) -> list[AuthorizationRequest]:
    """The requests of a user with exactly this policy, from the first `up` to `down`."""
    project = Away(account.home / "least", "least", account.home / "least-state", account.user("least", statements))
    before = len(account.authorization_requests())
    for words in LIFECYCLE:
        change(project, words[0])
        project.run(*words)
    return account.authorization_requests()[before:]


def test_up_deploy_and_down_pass_with_exactly_the_printed_policy(
    account: Account, lifecycle: list[AuthorizationRequest]
) -> None:
    assert len(lifecycle) > 100
    assert inventory(account.client, "least") == {}


@pytest.mark.parametrize("api", ["type: http", "auth: api_key"])
def test_a_stack_with_another_api_needs_no_more_than_the_printed_policy(account: Account, api: str) -> None:
    name = f"api{zlib.crc32(api.encode())}"
    project = account.project(name)
    project.config.write_text(f"{project.config.read_text()}api: {{{api}}}\n")
    project.environment = account.user(name, policy_statements(load(project.config), ALL_TASKS, "123456789012"))
    for words in (("up", "--yes"), ("pause", "--yes"), ("resume",), ("plan",), ("invoke", "{}"), ("down", "--yes")):
        project.run(*words)
    assert inventory(account.client, name) == {}


@pytest.mark.timeout(900)  # four commands that change the stack
def test_permissions_tags_and_a_path_need_no_more_than_the_printed_policy(account: Account) -> None:
    name, iam = "company", account.client("iam")
    more = "tags: {team: risk}\nroles: {path: /apps/}\n"
    project = account.project(name, "    permissions: [s3:GetObject on models/*]\n", more)
    project.environment = account.user(name, policy_statements(load(project.config), ALL_TASKS, "123456789012"))
    project.run("up", "--yes")
    project.run("plan", "--detailed-exitcode")
    (role,) = [each for each in iam.list_roles(PathPrefix="/apps/")["Roles"] if "answer" in each["RoleName"]]
    assert role["Path"] == f"/apps/awsprov/{name}/"
    assert {"Key": "team", "Value": "risk"} in iam.get_role(RoleName=role["RoleName"])["Role"]["Tags"]

    text = project.config.read_text().replace("team: risk", "cost-center: fraud")
    project.config.write_text(
        text.replace("[s3:GetObject on models/*]", "[s3:GetObject on models/*, sqs:SendMessage on a]")
    )
    refused = project.run("plan", exits=2).stderr
    assert "does not allow sqs:SendMessage on arn:aws:sqs:us-east-1:123456789012:a" in refused
    assert "--boundary > FILE" in refused
    arn = f"arn:aws:iam::123456789012:policy{BOUNDARY_PATH}{name}"
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=boundary(project.config), SetAsDefault=True)
    changed = project.json("plan")["changes"]
    assert "answer-permissions" in {each["name"] for each in changed}
    project.run("up", "--yes")
    project.run("plan", "--detailed-exitcode")
    tags = {tag["Key"]: tag["Value"] for tag in iam.get_role(RoleName=role["RoleName"])["Role"]["Tags"]}
    assert tags["cost-center"] == "fraud"
    assert "team" not in tags
    project.run("down", "--yes")
    assert iam.list_roles(PathPrefix="/apps/")["Roles"] == []
    assert iam.list_policies(Scope="Local", PathPrefix="/apps/")["Policies"] == []
    assert inventory(account.client, name) == {}


def test_a_stack_with_gateway_endpoints_needs_no_more_than_the_printed_policy(account: Account) -> None:
    project = account.project("endpoints")
    project.config.write_text(f"{project.config.read_text()}network: {{nat: none, endpoints: [s3, dynamodb]}}\n")
    project.environment = account.user("endpoints", policy_statements(load(project.config), ALL_TASKS, "123456789012"))
    for words in (("up", "--yes"), ("plan",), ("invoke", "{}"), ("down", "--yes")):
        project.run(*words)
    assert inventory(account.client, "endpoints") == {}


def test_a_stack_in_an_existing_network_needs_no_more_than_the_printed_policy(account: Account) -> None:
    ec2 = account.client("ec2")
    public, private, group = create_network(ec2)
    created = ec2.create_instance_connect_endpoint(SubnetId=private[0], SecurityGroupIds=[group])
    endpoint = created["InstanceConnectEndpoint"]["InstanceConnectEndpointId"]
    before = snapshot(ec2)
    project = account.project("inside")
    builder = f"builder: {{subnet: {public}, via: {endpoint}}}"
    keys = f"network: {{subnets: [{', '.join(private)}], groups: [{group}]}}\n{builder}\n"
    project.config.write_text(f"{project.config.read_text()}{keys}")
    project.environment = account.user("inside", policy_statements(load(project.config), ALL_TASKS, "123456789012"))
    project.run("up", "--yes")
    assert not project.json("plan")["changes"]
    project.run("invoke", "{}")
    change(project, "deploy")
    project.run("deploy", "--yes")
    project.run("doctor")
    assert project.run("ssh", "--", "echo", "over", "there").stdout == "over there\n"
    project.run("down", "--yes")
    assert inventory(account.client, "inside") == {}
    assert snapshot(ec2) == before
    requests = [each for each in account.authorization_requests() if each.resource.endswith(endpoint)]
    assert {each.action for each in requests} == {"ec2-instance-connect:OpenTunnel"}


def snapshot(ec2: Any) -> Any:
    """Return everything of the network."""
    return (
        [{**each, "AvailableIpAddressCount": 0} for each in ec2.describe_subnets()["Subnets"]],
        ec2.describe_vpcs()["Vpcs"],
        ec2.describe_route_tables()["RouteTables"],
        ec2.describe_security_groups()["SecurityGroups"],
        ec2.describe_network_acls()["NetworkAcls"],
        ec2.describe_network_interfaces()["NetworkInterfaces"],
    )


def test_a_refusal_of_ec2_is_explained_to_users_who_may_decode_it(account: Account) -> None:
    others = ["elasticfilesystem:*", "iam:*", "lambda:*", "logs:*", "apigateway:*"]
    project = account.project("denied")
    for name, more, reason in (
        ("curious", ["sts:DecodeAuthorizationMessage"], ":user/curious may not call ec2:Describe"),
        ("plain", [], "Encoded authorization failure message: "),
    ):
        allowed = {"Effect": "Allow", "Action": [*others, *more], "Resource": "*"}
        asker = Away(project.home, project.name, project.state_dir, account.user(name, [allowed]))
        message = asker.run("status", exits=3).stderr
        assert "These credentials are not allowed to do that." in message
        assert reason in message


def test_each_missing_permission_fails_something(
    lifecycle: list[AuthorizationRequest], statements: list[dict[str, Any]]
) -> None:
    granted = {action for statement in statements for action in statement["Action"]}
    idle = {action for action in granted if all(allows(without(statements, action), request) for request in lifecycle)}
    assert idle <= RARE["up"] | RARE["deploy"] | RARE["down"] | UNTESTED


def omitted_actions() -> list[str]:
    """The actions that a lifecycle is run without: all of them under `make rights`, one a day otherwise."""
    used = [grant for grant in PERMISSIONS if set(grant.tasks.split()) & set(TASKS) and grant.only in ("", "rest")]
    needed = {f"{grant.service}:{action}" for grant in used for action in grant.actions.split()}
    every = sorted(needed - RARE["up"] - RARE["deploy"] - RARE["down"] - UNTESTED - OPTIONAL)
    today = date.today().toordinal() % len(every)  # noqa: DTZ011 - any day will do
    return every if os.environ.get("AWSPROV_RIGHTS") == "whole" else [every[today]]


@pytest.mark.parametrize("action", omitted_actions())
def test_a_lifecycle_without_a_permission_fails_for_lack_of_it(
    account: Account, statements: list[dict[str, Any]], action: str
) -> None:
    name = f"no{zlib.crc32(action.encode())}"
    project = account.project(name)
    project.environment = account.user(name, json.loads(json.dumps(without(statements, action)).replace("least", name)))
    try:
        message = first_error(project)
        assert re.search(f"{action}\\b|may not call", message), message
    finally:
        project.environment = account.running.environment()
        project.run("down", "--yes")


def first_error(project: Project) -> str:
    """Return the error of the first command that fails."""
    for words in LIFECYCLE:
        change(project, words[0])
        ended = project.end(*words)
        if ended.returncode:
            return ended.stderr
    raise AssertionError("no command failed")


def without(statements: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    """The policy without one action."""
    left = [{**each, "Action": [a for a in each["Action"] if a != action]} for each in statements]
    return [each for each in left if each["Action"]]


def test_each_statement_is_bound_to_the_stack(
    lifecycle: list[AuthorizationRequest], statements: list[dict[str, Any]]
) -> None:
    """The same calls on another stack's resources are refused: only listings are allowed."""
    other = [
        AuthorizationRequest(
            request.action, request.resource.replace("least", "other"), {**request.context, **foreign(request)}
        )
        for request in lifecycle
    ]
    passing = {request.action for request in other if allows(statements, request)}
    changing = {a for a in passing if not a.partition(":")[2].startswith(("Describe", "Get", "List", "GET"))}
    # An image is Amazon's, an interface has no tags: RunInstances and CreateNetworkInterface are limited by their other
    # resources, and only an interface that nothing uses can be deleted. A VPC's default group has no tags either; it
    # can only be closed.
    interfaces = {"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"}
    groups = {f"ec2:RevokeSecurityGroup{side}" for side in ("Egress", "Ingress")}
    assert changing <= {"ec2:RunInstances"} | interfaces | groups


def foreign(request: AuthorizationRequest) -> dict[str, str]:
    return {key: "other" for key in request.context if key.endswith("/awsprov:stack")}


@pytest.mark.parametrize(
    ("action", "exits", "message"),
    [
        ("ec2:CreateTags", 3, "may not call ec2:CreateInternetGateway"),  # reported by the dry run
        ("iam:PassRole", 4, "iam:PassRole"),
        ("elasticfilesystem:CreateFileSystem", 4, "elasticfilesystem:CreateFileSystem"),
    ],
)
def test_a_missing_permission_is_reported(
    account: Account, statements: list[dict[str, Any]], action: str, exits: int, message: str
) -> None:
    name = action.partition(":")[2].lower()
    reduced = json.loads(json.dumps(without(statements, action)).replace("least", name))
    project = account.project(name)
    project.environment = account.user(name, reduced)
    assert message in project.run("up", "--yes", exits=exits).stderr
    project.environment = account.running.environment()
    project.run("down", "--yes")


def test_an_unknown_key_is_refused(account: Account) -> None:
    project = account.project("unknown-key")
    project.environment = {**account.running.environment(), "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7STRANGE"}
    assert "AWS does not know this access key" in project.run("plan", exits=3).stderr


def test_the_shared_lock_works_with_exactly_the_printed_policy(account: Account) -> None:
    account.client("s3").create_bucket(Bucket="team-state")
    project = account.project("team")
    project.config.write_text(f"{project.config.read_text()}shared: s3://team-state/awsprov\n")
    printed = policy_statements(load(project.config), ["deploy"], "123456789012")
    statements = [each for each in printed if all(action.startswith("s3:") for action in each["Action"])]
    project.environment = account.user("team", statements)
    assert "not locked" in project.run("unlock", "--yes").stdout  # an object that does not exist is no denial
    s3: Any = boto3.client(
        "s3",
        endpoint_url=account.running.endpoint,
        region_name="us-east-1",
        aws_access_key_id=project.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=project.environment["AWS_SECRET_ACCESS_KEY"],
    )
    place = {"Bucket": "team-state", "Key": "awsprov/us-east-1/team/lock.json"}
    first = s3.put_object(**place, Body=b"1", IfNoneMatch="*")["ETag"]
    s3.delete_object(**place, IfMatch=s3.put_object(**place, Body=b"2", IfMatch=first)["ETag"])
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(**{**place, "Key": "awsprov/us-east-1/other/lock.json"}, Body=b"1")
    reader = account.project("reader")
    reader.config.write_text(f"{reader.config.read_text()}shared: s3://team-state/awsprov\n")
    without = [each for each in statements if each["Action"] != ["s3:ListBucket"]]
    reader.environment = account.user("reader", without)
    assert "belongs to another account" in reader.run("unlock", "--yes", exits=3).stderr
    read_only = [each for each in statements if "s3:PutObject" not in each["Action"]]
    for name, permissions, status in (("writer", statements, "ok"), ("watcher", read_only, "failed")):
        project.environment = account.user(name, permissions)
        checks = project.json("doctor", exits=3)["checks"]  # EC2 refuses the dry runs
        assert {check["name"]: check["status"] for check in checks}["shared lock"] == status
