"""The table of permissions: complete, minimal, and as AWS's own table of actions has them."""

import ast
import fnmatch
import functools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from policy_sentry.querying.actions import get_action_data

from awsprov.aws.limits import MANAGED_POLICY
from awsprov.config.loader import load
from awsprov.iam.permissions import ANY, EC2, PERMISSIONS, TAG_CHANGES, TASKS, Grant, Task, service_principal
from awsprov.iam.policies import policy_documents, policy_size, policy_statements
from awsprov.local.iam.actions import actions_of

PACKAGE = Path(__file__).parents[3] / "awsprov"
CLIENTS = {  # attribute of Aws: service
    "ec2": "ec2", "efs": "efs", "iam": "iam", "lambda_": "lambda", "invoker": "lambda", "logs": "logs",
    "apigateway": "apigateway", "apigatewayv2": "apigatewayv2", "ssm": "ssm", "secretsmanager": "secretsmanager",
    "s3": "s3", "sts": "sts", "quotas": "service-quotas", "pricing": "pricing",
}  # fmt: skip
NOT_AWS = {"list_commands"}  # click's method has the name of one of SSM's
# What AWS asks for beside the call itself: tags and roles that go with a creation, service-linked roles.
INDIRECT = {
    "ec2:CreateTags", "elasticfilesystem:TagResource", "iam:TagRole", "iam:TagPolicy", "iam:TagInstanceProfile",
    "iam:PassRole", "iam:CreateServiceLinkedRole", "lambda:TagResource", "logs:TagResource",
    # EFS calls these in the caller's name, for the network interface of a mount target.
    "ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute", "ec2:DescribeNetworkInterfaceAttribute",
    # API Gateway asks for these in the caller's name, to have the lines of an HTTP API delivered.
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeResourcePolicies", "logs:GetLogDelivery",
    "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
}  # fmt: skip
# On every resource: IAM knows none for these, or they list all that there is.
UNDOCUMENTED = {("iam:AttachRolePolicy", "iam:PolicyARN")}  # the IAM guide does, the table of its actions does not
UNBOUND = {"pricing:GetProducts", "iam:ListInstanceProfiles", "iam:ListPolicies", "iam:ListRoles"}


@functools.cache
def methods(service: str) -> dict[str, str]:
    client = boto3.client(service, region_name="us-east-1")  # type: ignore[call-overload]  # any service
    return dict(client.meta.method_to_api_mapping)


def source_files() -> list[Path]:
    """The files whose calls awsprov's own credentials make."""
    elsewhere = {"local", "remote_code"}  # run by the local cloud, by the function, by the builder
    return [path for path in PACKAGE.rglob("*.py") if not elsewhere & set(path.relative_to(PACKAGE).parts[:-1])]


@functools.cache
def services_with(method: str) -> frozenset[str]:
    """The services whose client has a method of this name."""
    return frozenset(service for service in CLIENTS.values() if method in methods(service))


def operations(source: str) -> Iterator[frozenset[str]]:
    """The IAM action of each operation that a source calls or names; several, if it does not say of which service."""
    for node in ast.walk(ast.parse(source)):
        for method, service in named_methods(node):
            services = {service} & services_with(method) if service else services_with(method)
            if services and method not in NOT_AWS:
                yield frozenset(actions_of(each, methods(each)[method])[0] for each in services)


def named_methods(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names of possible client methods in a piece of source, each with the service if that is known.

    `aws.ec2.create_vpc`; `client.create_vpc`, whatever `client` is; `getattr(client, f"create_{kind}")`; and text such
    as the class attribute `describe = "describe_vpcs"`.
    """
    if isinstance(node, ast.Attribute):
        yield node.attr, CLIENTS.get(node.value.attr, "") if isinstance(node.value, ast.Attribute) else ""
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, ""
    elif isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr" and isinstance(node.args[1], ast.JoinedStr):
        pattern = "".join(str(p.value) if isinstance(p, ast.Constant) else r"\w+" for p in node.args[1].values)
        every = {method for service in CLIENTS.values() for method in methods(service)}
        yield from ((method, "") for method in every if re.fullmatch(pattern, method))


def actions(grant: Grant) -> set[str]:
    return {f"{grant.service}:{action}" for action in grant.actions.split()}


TABLE = (*PERMISSIONS, *TAG_CHANGES)
LISTED = {action for grant in TABLE for action in actions(grant)}
CONFIGURED = {  # granted if config.yaml has secrets, a shared state, or an EC2 Instance Connect endpoint
    "ec2:DescribeInstanceConnectEndpoints", "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue",
    "s3:GetObject", "s3:PutObject", "s3:DeleteObject",
}  # fmt: skip
NOT_GRANTED = {
    "sts:GetCallerIdentity",  # needs no permission
    "iam:SimulatePrincipalPolicy",  # `doctor` works without
    # for administrators only
    "iam:DeleteRolePermissionsBoundary",
    *(f"iam:{verb}{who}Policy" for verb in ("Attach", "Detach") for who in ("User", "Group")),
    *(f"iam:ListAttached{who}Policies" for who in ("User", "Group")),
}


@functools.cache
def called() -> dict[frozenset[str], str]:
    """The actions of every operation that awsprov can call, with a file that calls it."""
    files = {path: path.read_text(encoding="utf-8") for path in source_files()}
    return {each: str(path.relative_to(PACKAGE)) for path, source in files.items() for each in operations(source)}


def test_every_operation_that_awsprov_can_call_is_granted() -> None:
    allowed = LISTED | CONFIGURED | NOT_GRANTED
    assert {path: sorted(actions) for actions, path in called().items() if not actions & allowed} == {}


def test_nothing_is_granted_that_awsprov_does_not_call() -> None:
    assert LISTED - frozenset().union(*called()) - INDIRECT == set()


@pytest.mark.parametrize(
    "source",
    [
        "aws.ec2.create_flow_logs(ResourceIds=[vpc])",
        "client = aws.ec2\nclient.create_flow_logs(ResourceIds=[vpc])",
        "def client(aws): return aws.ec2\npartial(client(aws).create_flow_logs, ResourceIds=[vpc])",
        "getattr(aws.ec2, f'create_flow_{kind}')(ResourceIds=[vpc])",
        "class FlowLogs:\n    create_call = 'create_flow_logs'",
    ],
)
def test_an_operation_is_found_however_it_is_written(source: str) -> None:
    assert frozenset({"ec2:CreateFlowLogs"}) in set(operations(source))


@functools.cache
def known(action: str) -> list[dict[str, Any]]:
    """Return the rows of AWS's own table for an action, one for each kind of resource."""
    service, name = action.split(":")
    found = get_action_data(service, name)
    assert found, f"AWS knows no {action}"
    return list(found[service])


def kind(arn: str) -> str:
    """The kind of resource in the end of an ARN, or in a whole one."""
    if arn == "{boundary}":
        return "policy"
    tail = re.sub(r"^arn:[^:]*:[^:]*:[^:]*:[^:]*:", "", arn)
    return re.split("[/:]", tail)[0]


@pytest.mark.parametrize("action", sorted(LISTED))
def test_an_action_supports_the_resources_and_conditions_of_its_grants(action: str) -> None:
    kinds = {kind(row["resource_arn_format"]) for row in known(action)}
    keys = {key for row in known(action) for key in row["condition_keys"]} | {"aws:RequestedRegion"}
    for grant in (grant for grant in TABLE if action in actions(grant)):
        for key in (key for test in (grant.condition or {}).values() for key in test):
            generic = "/".join([key.partition("/")[0], *(["${TagKey}"] if "/" in key else [])])
            assert generic in keys or (action, key) in UNDOCUMENTED, key
        if grant.resources == ANY:
            assert grant.condition or action in UNBOUND, f"{action} on everything, everywhere"
        else:
            given = {kind(each) for each in grant.resources}
            assert given & {*kinds, "*"} or grant.service in ("apigateway", "servicequotas"), (given, kinds)


CONFIG = """\
name: prices
region: eu-west-1
libraries: {requirements: requirements.txt}
functions:
  one:
    source: src
    handler: app.handler
    routes: ["POST /one/{id}", "ANY /two"]
    secrets: {KEY_A: "ssm:/prices/key", KEY_B: "secretsmanager:prices"}
"""


def least(tmp_path: Path, *tasks: Task, more: str = "") -> dict[str, set[str]]:
    """Each action of the policy, with its resources."""
    (tmp_path / "src").mkdir(exist_ok=True)
    (tmp_path / "src" / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "requirements.txt").write_text("numpy\n")
    (tmp_path / "key.pem").write_text("")
    (tmp_path / "config.yaml").write_text(CONFIG + more)
    found: dict[str, set[str]] = {}
    for statement in policy_statements(load(tmp_path / "config.yaml"), tasks, "123456789012"):
        resources = statement["Resource"]
        for action in statement["Action"]:
            found.setdefault(action, set()).update([resources] if isinstance(resources, str) else resources)
    return found


def test_names_of_the_stack_are_filled_in(tmp_path: Path) -> None:
    found = least(tmp_path, "up")
    assert found["iam:CreateRole"] == {"arn:aws:iam::123456789012:role/awsprov/prices/*"}
    assert found["lambda:CreateFunction"] == {"arn:aws:lambda:eu-west-1:123456789012:function:prices-one"}
    assert found["lambda:DeleteFunction"] == {"arn:aws:lambda:eu-west-1:123456789012:function:prices-*"}
    statements = policy_statements(load(tmp_path / "config.yaml"), TASKS, "123456789012")
    assert "{" not in json.dumps(statements).replace('{"', "")


def test_secrets_routes_and_a_key_pair_are_named(tmp_path: Path) -> None:
    found = least(tmp_path, *TASKS, more="keypair: {name: mine, private_key: key.pem}\n")
    assert "arn:aws:ssm:eu-west-1:123456789012:parameter/prices/key" in found["ssm:GetParameter"]
    assert found["secretsmanager:DescribeSecret"] == {
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prices-??????"
    }
    assert found["execute-api:Invoke"] == {
        "arn:aws:execute-api:eu-west-1:123456789012:*/*/POST/one/*",
        "arn:aws:execute-api:eu-west-1:123456789012:*/*/*/two",
    }
    assert "arn:aws:ec2:eu-west-1:123456789012:key-pair/mine" in found["ec2:RunInstances"]


def test_the_shared_state_needs_its_own_objects_only(tmp_path: Path) -> None:
    shared = "shared: s3://team-state/awsprov\n"
    for task in TASKS:
        found = least(tmp_path, task, more=shared)
        assert found["s3:GetObject"] == {"arn:aws:s3:::team-state/awsprov/eu-west-1/prices/*"}
        assert found["s3:ListBucket"] == {"arn:aws:s3:::team-state"}
        assert ("s3:PutObject" in found) is ("s3:DeleteObject" in found) is (task in ("up", "down", "deploy"))
        for action in (action for action in found if action.startswith("s3:")):
            assert known(action)
    assert not [action for action in least(tmp_path, *TASKS) if action.startswith("s3:")]


def test_each_command_has_what_it_needs_and_no_more(tmp_path: Path) -> None:
    changing = ("Create", "Delete", "Update", "Put", "Attach", "Detach", "Run", "Terminate", "Modify", "Add", "Remove")
    for task in ("read", "invoke"):
        assert not [a for a in least(tmp_path, task) if a.partition(":")[2].startswith(changing)]
    assert not [action for action in least(tmp_path, "down") if fnmatch.fnmatch(action, "*:Create*")]
    assert {a for a in least(tmp_path, "deploy") if a.startswith("iam:")} <= {
        "iam:ListRoles", "iam:ListPolicies", "iam:ListInstanceProfiles", "iam:PassRole",
        "iam:GetRole", "iam:GetPolicy", "iam:GetInstanceProfile",
    }  # fmt: skip
    assert "apigateway:POST" in least(tmp_path, "up")
    assert "/apis/*" not in json.dumps([r.resources for r in PERMISSIONS if r.only == "rest"])


@pytest.mark.parametrize("functions", [1, 10, 40])
def test_policies_are_short_enough_for_managed_policies_and_say_the_same(tmp_path: Path, functions: int) -> None:
    least(tmp_path, *TASKS)
    more = "".join(f"  f{n}: {{source: src, handler: app.handler, routes: [GET /f{n}]}}\n" for n in range(1, functions))
    (tmp_path / "config.yaml").write_text(CONFIG.replace("name: prices", f"name: {'p' * 24}") + more)
    config = load(tmp_path / "config.yaml")
    documents = policy_documents(config, TASKS, "123456789012")
    assert all(policy_size(document) <= MANAGED_POLICY for document in documents)
    assert len(documents) <= {1: 3, 10: 4, 40: 9}[functions]
    whole = policy_statements(config, TASKS, "123456789012")
    assert permitted(statement for document in documents for statement in document["Statement"]) == permitted(whole)


def permitted(statements: Iterable[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Each action with each resource and condition."""
    return {
        (action, resource, json.dumps(statement.get("Condition")))
        for statement in statements
        for action in statement["Action"]
        for resource in ([statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"])
    }


def test_routes_are_of_the_api_if_it_is_known(tmp_path: Path) -> None:
    least(tmp_path, "invoke")
    statements = policy_statements(load(tmp_path / "config.yaml"), ["invoke"], "123456789012", api="abc")
    routes = next(s["Resource"] for s in statements if s["Action"] == ["execute-api:Invoke"])
    assert all(route.startswith("arn:aws:execute-api:eu-west-1:123456789012:abc/*/") for route in routes)


def test_ec2_has_a_name_of_its_own_in_china(tmp_path: Path) -> None:
    least(tmp_path, "up")
    config, china = load(tmp_path / "config.yaml"), {"region": "cn-north-1"}
    cases = (("aws", config, "ec2.amazonaws.com"), ("aws-cn", config.model_copy(update=china), "ec2.amazonaws.com.cn"))
    for partition, each, name in cases:
        statements = policy_statements(each, ["up"], "123456789012")
        (pass_role,) = [statement for statement in statements if statement["Action"] == ["iam:PassRole"]]
        assert pass_role["Condition"]["StringEquals"]["iam:PassedToService"] == [name, "lambda.amazonaws.com"]
        assert str(pass_role["Resource"]).startswith(f"arn:{partition}:iam::123456789012:role/")
        assert service_principal(EC2, partition) == name
    assert service_principal("lambda.amazonaws.com", "aws-cn") == "lambda.amazonaws.com"
