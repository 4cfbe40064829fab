"""The table of rights: nothing missing, nothing superfluous, and nothing that AWS's own table does not know."""

import ast
import fnmatch
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from policy_sentry.querying.actions import get_action_data

from awsprov.config.loader import load
from awsprov.iam.oidc_trust import trust
from awsprov.iam.permissions import ANY, TABLE, TASKS, Right, Task, document
from awsprov.local.iam.actions import action_of

PACKAGE = Path(__file__).parents[2] / "awsprov"
CLIENTS = {
    "ec2": "ec2", "efs": "efs", "iam": "iam", "lambda_": "lambda", "invoker": "lambda", "logs": "logs",
    "apigateway": "apigateway", "apigatewayv2": "apigatewayv2", "ssm": "ssm", "secretsmanager": "secretsmanager",
    "sts": "sts", "quotas": "service-quotas", "pricing": "pricing",
}  # fmt: skip
# What AWS asks for beside the call itself: tags and roles that go with a creation, service-linked roles.
BESIDES = {
    "ec2:CreateTags", "elasticfilesystem:TagResource", "iam:TagRole", "iam:TagPolicy", "iam:TagInstanceProfile",
    "iam:PassRole", "iam:CreateServiceLinkedRole", "lambda:TagResource", "logs:TagResource",
    # API Gateway asks for these in the caller's name, to have the lines of an HTTP API delivered.
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeResourcePolicies", "logs:GetLogDelivery",
    "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
}  # fmt: skip
# On every resource: IAM knows none for these, or they list all that there is.
UNTOLD = {("iam:AttachRolePolicy", "iam:PolicyARN")}  # the IAM guide does, the table of its actions does not
UNBOUND = {"pricing:GetProducts", "iam:ListInstanceProfiles", "iam:ListPolicies", "iam:ListRoles"}


@functools.cache
def methods(service: str) -> dict[str, str]:
    client = boto3.client(service, region_name="us-east-1")  # type: ignore[call-overload]  # any service
    return dict(client.meta.method_to_api_mapping)


def calls() -> Iterator[tuple[str, str]]:
    """Service and operation of each call that the package's source can make."""
    for path in PACKAGE.rglob("*.py"):
        if "local" not in path.parts and path.name not in ("start.py", "install.py"):  # those two run elsewhere
            for node in ast.walk(ast.parse(path.read_text())):
                yield from spelt(node)


def spelt(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The calls that a piece of source names: `aws.ec2.create_vpc`, a listing's name, or the two sides of a group."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
        service = CLIENTS.get(node.value.attr, "")
        if service and node.attr in methods(service):
            yield service, methods(service)[node.attr]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from ((s, methods(s)[node.value]) for s in set(CLIENTS.values()) if node.value in methods(s))
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        start = str(node.values[0].value)
        if start.endswith("security_group_"):
            yield from (("ec2", methods("ec2")[f"{start}{side}"]) for side in ("ingress", "egress"))


def actions(right: Right) -> set[str]:
    return {f"{right.service}:{action}" for action in right.actions.split()}


def test_each_call_of_the_package_is_in_the_table_and_nothing_else() -> None:
    called = {action_of(service, operation) for service, operation in calls()} - {"sts:GetCallerIdentity"}
    listed = {action for right in TABLE for action in actions(right)}
    named = {
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
    }  # comes with a configuration that has such secrets
    asked_where_allowed = {"iam:SimulatePrincipalPolicy"}  # by `doctor`, which does without
    namesakes = {"logs:DeleteIntegration"}  # of API Gateway's, whose name alone is seen here
    assert called - listed - named - asked_where_allowed - namesakes == set()
    assert listed - called - BESIDES == set()


@functools.cache
def known(action: str) -> list[dict[str, Any]]:
    """What AWS's own table says of an action, a row for each kind of resource."""
    service, name = action.split(":")
    found = get_action_data(service, name)
    assert found, f"AWS knows no {action}"
    return list(found[service])


def kind(arn: str) -> str:
    """The kind of resource in the end of an ARN, or in a whole one."""
    tail = re.sub(r"^arn:[^:]*:[^:]*:[^:]*:[^:]*:", "", arn)
    return re.split("[/:]", tail)[0]


@pytest.mark.parametrize("action", sorted({action for right in TABLE for action in actions(right)}))
def test_an_action_takes_the_resources_and_conditions_that_it_is_given(action: str) -> None:
    kinds = {kind(row["resource_arn_format"]) for row in known(action)}
    keys = {key for row in known(action) for key in row["condition_keys"]} | {"aws:RequestedRegion"}
    for right in (right for right in TABLE if action in actions(right)):
        for key in (key for test in (right.condition or {}).values() for key in test):
            generic = "/".join([key.partition("/")[0], *(["${TagKey}"] if "/" in key else [])])
            assert generic in keys or (action, key) in UNTOLD, key
        if right.resources == ANY:
            assert right.condition or action in UNBOUND, f"{action} on everything, everywhere"
        else:
            given = {kind(each) for each in right.resources}
            assert given & {*kinds, "*"} or right.service in ("apigateway", "servicequotas"), (given, kinds)


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
    for statement in document(load(tmp_path / "config.yaml"), tasks, "123456789012")["Statement"]:
        resources = statement["Resource"]
        for action in statement["Action"]:
            found.setdefault(action, set()).update([resources] if isinstance(resources, str) else resources)
    return found


def test_names_of_the_stack_are_filled_in(tmp_path: Path) -> None:
    found = least(tmp_path, "up")
    assert found["iam:CreateRole"] == {"arn:aws:iam::123456789012:role/awsprov/prices/*"}
    assert found["lambda:CreateFunction"] == {"arn:aws:lambda:eu-west-1:123456789012:function:prices-*"}
    assert "{" not in json.dumps(document(load(tmp_path / "config.yaml"), TASKS, "123456789012")).replace('{"', "")


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


def test_each_command_has_what_it_needs_and_no_more(tmp_path: Path) -> None:
    changing = ("Create", "Delete", "Update", "Put", "Attach", "Detach", "Run", "Terminate", "Modify", "Add", "Remove")
    for task in ("read", "invoke"):
        assert not [a for a in least(tmp_path, task) if a.partition(":")[2].startswith(changing)]
    assert not [action for action in least(tmp_path, "down") if fnmatch.fnmatch(action, "*:Create*")]
    assert {a for a in least(tmp_path, "deploy") if a.startswith("iam:")} <= {
        "iam:ListRoles", "iam:ListPolicies", "iam:ListInstanceProfiles", "iam:PassRole"
    }  # fmt: skip
    assert "apigateway:POST" in least(tmp_path, "up")
    assert "/apis/*" not in json.dumps([r.resources for r in TABLE if r.api == "rest"])


@pytest.mark.parametrize(
    ("branch", "subject"), [("", "repo:octo/prices:*"), ("main", "repo:octo/prices:ref:refs/heads/main")]
)
def test_the_trust_names_repository_and_branch(branch: str, subject: str) -> None:
    (statement,) = trust("octo/prices", branch, "123456789012")["Statement"]
    assert statement["Condition"]["StringLike"] == {"token.actions.githubusercontent.com:sub": subject}
    assert statement["Condition"]["StringEquals"] == {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}
