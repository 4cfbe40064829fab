"""What `awsprov policy` prints for one stack allows nothing on another's resources, and no way to more permissions.

The calls are judged by the function that judges them under `--enforce-iam`, without a server.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from policy_sentry.querying.actions import get_action_data
from policy_sentry.querying.all import get_all_actions

from awsprov.config.loader import load
from awsprov.iam.permissions import TASKS, Task
from awsprov.iam.policies import policy_statements
from awsprov.local.iam.authorization_requests import authorization_requests
from awsprov.local.iam.evaluation import AuthorizationRequest, allows
from awsprov.local.wire import ApiCall
from tests.local.attempts import ACCOUNT, OWNERS, REGION, Attempt, attempts, create_resources, escalations
from tests.local.unrestricted import UNRESTRICTED

CONFIG = """\
name: shop
region: us-east-1
libraries: {requirements: requirements.txt}
functions:
  one: {source: src, handler: app.handler, routes: [POST /one], secrets: {KEY: "ssm:/prices/key"}}
"""
CONFIGURATIONS = {
    "rest": "",
    "api_key": "api: {auth: api_key}",
    "http": "api: {type: http}",
    "NAT instance": "network: {nat: instance, endpoints: [s3, dynamodb]}",
    "company": "roles: {path: /apps/}\ntags: {team: shop}",
    "existing network": "network: {subnets: [subnet-0a, subnet-0b], groups: [sg-0a]}\nbuilder: {subnet: subnet-0c}",
    "no builder": "network: {nat: none}\nbuilder: {when_idle: terminate}",
}
PURPOSES: list[tuple[Task, ...]] = [TASKS, ("up", "deploy", "down"), *((task,) for task in TASKS)]
SERVICES = ("ec2", "elasticfilesystem", "iam", "lambda", "logs", "apigateway", "ssm", "secretsmanager", "kms", "sts")
READS = {"sts:DecodeAuthorizationMessage"}  # a write, by the table
WRITES = ("Write", "Permissions management", "Tagging")


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, tuple[Task, ...]], list[Any]]:
    """The statements of the printed policy, by configuration and purpose."""
    home, found = tmp_path_factory.mktemp("shop"), {}
    (home / "src").mkdir()
    (home / "src" / "app.py").write_text("def handler(event, context): ...\n")
    (home / "requirements.txt").write_text("numpy\n")
    for name, lines in CONFIGURATIONS.items():
        (home / "config.yaml").write_text(f"{CONFIG}{lines}\n")
        config = load(home / "config.yaml")
        for tasks in PURPOSES:
            found[name, tasks] = policy_statements(config, tasks, ACCOUNT)
    return found


@pytest.fixture(scope="module")
def moto() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def others(moto: None) -> dict[str, dict[str, str]]:
    return {owner: create_resources(stack) for owner, stack in OWNERS.items()}


@pytest.fixture(scope="module")
def own(moto: None) -> dict[str, str]:
    return create_resources("shop")


def permitted(statements: list[Any], attempt: Attempt) -> bool:
    """Return whether the statements allow everything that a call needs."""
    call = ApiCall(attempt.service, attempt.operation, REGION, attempt.params)
    requests = list(authorization_requests(call, {"PATH_INFO": attempt.path}))
    assert requests
    return all(allows(statements, request) for request in requests)


# ---- by hand


@pytest.mark.parametrize("owner", list(OWNERS))
@pytest.mark.parametrize("tasks", PURPOSES, ids=",".join)
def test_calls_on_resources_of_others_are_refused(
    documents: dict[tuple[str, tuple[Task, ...]], list[Any]],
    others: dict[str, dict[str, str]],
    tasks: tuple[Task, ...],
    owner: str,
) -> None:
    calls = attempts(others[owner])
    assert len(calls) > 80
    passed = {
        (name, f"{a.service}:{a.operation}")
        for name in CONFIGURATIONS
        for a in calls
        if permitted(documents[name, tasks], a)
    }
    # The VPC is another team's on purpose.
    passed -= {("existing network", "ec2:CreateSecurityGroup")}
    assert passed == set()


@pytest.mark.parametrize("tasks", PURPOSES, ids=",".join)
def test_no_call_gives_more_permissions(
    documents: dict[tuple[str, tuple[Task, ...]], list[Any]], own: dict[str, str], tasks: tuple[Task, ...]
) -> None:
    calls = escalations(own["role"], own["policy"].removesuffix("-bounded"))
    passed = {(a.operation, str(a.params)) for a in calls if permitted(documents["rest", tasks], a)}
    assert passed == set()


def test_most_of_these_calls_are_allowed_on_the_stack_s_own_resources(
    documents: dict[tuple[str, tuple[Task, ...]], list[Any]], own: dict[str, str]
) -> None:
    calls = attempts(own)
    allowed = [a for a in calls if any(permitted(documents[name, TASKS], a) for name in CONFIGURATIONS)]
    assert len(allowed) > len(calls) * 0.7


# ---- generated


def writes() -> list[str]:
    """Every action of AWS's table that changes something, of the services that awsprov uses."""
    known = [action for action in get_all_actions() if action.partition(":")[0] in SERVICES and rows(action)]
    return sorted(action for action in known if rows(action)[0]["access_level"] in WRITES and action not in READS)


@cache
def rows(action: str) -> list[Any]:
    """The rows of an action in AWS's table, one for each resource type."""
    service, name = action.split(":")
    return list((get_action_data(service, name) or {}).get(service, []))


NAMES = {
    "FunctionName": "{0}-one", "LogGroupName": "/aws/lambda/{0}-one", "RoleNameWithPath": "awsprov/{0}/role",
    "PolicyNameWithPath": "awsprov/{0}/policy-bounded", "InstanceProfileNameWithPath": "awsprov/{0}/profile",
    "ParameterNameWithoutLeadingSlash": "{0}/key", "SecretId": "{0}-AbCdEf",
}  # fmt: skip


def foreign(action: str, stack: str) -> Iterator[tuple[str, AuthorizationRequest]]:
    """Requests for an action on each type of resource, as somebody would send them who wants the resource.

    The caller chooses the tags of the request, the boundary of a new role, and the policy that is attached.
    """
    for row in rows(action):
        arn = row["resource_arn_format"]
        values = {"Partition": "aws", "Region": REGION, "Account": ACCOUNT}
        for name in re.findall(r"\$\{(\w+)\}", arn):
            value = values.get(name) or NAMES.get(name, "{0}").format(stack or "shopping")
            arn = arn.replace(f"${{{name}}}", value)
        yield kind(row["resource_arn_format"]), AuthorizationRequest(action, arn, context(row["condition_keys"], stack))


def context(keys: list[str], stack: str) -> dict[str, str]:
    chosen = {
        "aws:RequestedRegion": REGION,
        "aws:RequestTag/${TagKey}": "shop",
        "iam:PolicyARN": f"arn:aws:iam::{ACCOUNT}:policy/awsprov/shop/x",
        "iam:PassedToService": "lambda.amazonaws.com",
        "ec2:Owner": "amazon",
    }
    if stack:
        chosen["aws:ResourceTag/${TagKey}"] = stack
    found = {key.replace("${TagKey}", "awsprov:stack"): chosen[key] for key in keys if key in chosen}
    return {"aws:RequestedRegion": REGION, **found}


def kind(arn: str) -> str:
    tail = re.sub(r"^arn:[^:]*:[^:]*:[^:]*:[^:]*:", "", arn)
    return re.split("[/:]", tail.lstrip("/"))[0]


# What a call creates cannot be somebody else's: AWS refuses a name that exists, and chooses ids itself.
CREATED = {
    "ec2:AllocateAddress": "elastic-ip", "ec2:CreateInternetGateway": "internet-gateway", "ec2:CreateVpc": "vpc",
    "ec2:CreateVpcEndpoint": "vpc-endpoint",
    "ec2:CreateNatGateway": "natgateway", "ec2:CreateNetworkAcl": "network-acl", "ec2:CreateSubnet": "subnet",
    "ec2:CreateRouteTable": "route-table", "ec2:CreateSecurityGroup": "security-group", "ec2:ImportKeyPair": "key-pair",
    "elasticfilesystem:CreateFileSystem": "*", "elasticfilesystem:CreateAccessPoint": "*", "apigateway:POST": "apis",
}  # fmt: skip
# RunInstances creates these, in a subnet of the stack, from an image of Amazon's.
STARTED = {"instance", "volume", "network-interface", "image"}
# Refused by another resource of the call: a subnet, a security group.
HELD = {"ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"}


@pytest.mark.thorough
@pytest.mark.parametrize("owner", list(OWNERS))
@pytest.mark.parametrize("tasks", PURPOSES, ids=",".join)
def test_no_action_of_aws_s_table_is_allowed_on_what_others_have(
    documents: dict[tuple[str, tuple[Task, ...]], list[Any]], tasks: tuple[Task, ...], owner: str
) -> None:
    exceptions = {(action, row.resource) for row in UNRESTRICTED for action in row.actions.split()}
    actions = writes()
    assert len(actions) > 800
    passed = set()
    for action in actions:
        for type_, request in foreign(action, OWNERS[owner]):
            if any(allows(documents[name, tasks], request) for name in CONFIGURATIONS):
                passed.add((action, type_))
    passed -= {each for each in passed if CREATED.get(each[0]) == each[1]}
    passed -= {("ec2:RunInstances", started) for started in STARTED} | {(a, "network-interface") for a in HELD}
    assert passed - exceptions == set()


def test_what_aws_cannot_restrict_is_needed_and_in_security_md() -> None:
    page = " ".join((Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8").split())
    for row in UNRESTRICTED:
        assert row.effect in page, row.effect
        assert row.reason in page, row.reason


@pytest.mark.parametrize("row", UNRESTRICTED, ids=lambda row: row.actions.partition(" ")[0])
def test_an_exception_is_still_necessary(documents: dict[tuple[str, tuple[Task, ...]], list[Any]], row: Any) -> None:
    statements = documents[row.configuration or "rest", TASKS]
    granted = {action for statement in statements for action in statement["Action"]}
    assert set(row.actions.split()) <= granted
