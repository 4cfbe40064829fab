"""The calls that each command makes, compared with the permissions that `awsprov policy` prints for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from awsprov import local
from awsprov.config.loader import load
from awsprov.iam.permissions import Task
from awsprov.iam.policies import policy_statements
from awsprov.local.iam.actions import actions_of
from tests.e2e.projects import Project
from tests.unit.iam.test_permissions import INDIRECT

# What an `up` and `down` without errors do not need: changes, replacements, and the remains of failures.
RARE: dict[Task, set[str]] = {
    "up": {
        "apigateway:DELETE", "ec2:AuthorizeSecurityGroupEgress", "ec2:DeleteRoute", "ec2:ModifySubnetAttribute",
        "ec2:ReplaceRoute", "ec2:StartInstances", "elasticfilesystem:ModifyMountTargetSecurityGroups",
        "iam:CreatePolicyVersion", "iam:UpdateAssumeRolePolicy", "lambda:UpdateAlias", "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration", "lambda:InvokeFunction", "logs:FilterLogEvents",
        "ec2:DeleteInternetGateway", "ec2:DeleteKeyPair", "ec2:DeleteNatGateway", "ec2:DeleteRouteTable",
        "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet", "ec2:DeleteVpc", "ec2:DetachInternetGateway",
        "ec2:DisassociateRouteTable", "ec2:ReleaseAddress", "ec2:RevokeSecurityGroupIngress", "ec2:TerminateInstances",
        "ec2:DeleteNetworkInterface", "elasticfilesystem:DeleteAccessPoint", "elasticfilesystem:DeleteFileSystem",
        "elasticfilesystem:DeleteFileSystemPolicy", "elasticfilesystem:DeleteMountTarget", "iam:DetachRolePolicy",
        "iam:DeleteRole", "iam:ListPolicyVersions", "iam:DeletePolicy", "iam:DeletePolicyVersion",
        "iam:DeleteInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "logs:DeleteLogGroup", "lambda:DeleteAlias",
        "lambda:DeleteFunction", "lambda:RemovePermission", "lambda:DeleteFunctionConcurrency",
        "ec2:DeleteNetworkAcl", "ec2:DeleteNetworkAclEntry", "ec2:ReplaceNetworkAclEntry",
        "sts:DecodeAuthorizationMessage", "ec2:DescribeNetworkInterfaces",
        "ec2:ModifyNetworkInterfaceAttribute", "iam:PutRolePermissionsBoundary",
        "ec2:DeleteVpcEndpoints", "iam:ListRolePolicies", "iam:DeleteRolePolicy",
        "lambda:ListAliases",  # with versions.keep
    },
    "deploy": {
        "lambda:DeleteFunction",  # of old versions
        "lambda:InvokeFunction", "elasticfilesystem:UntagResource", "ec2:GetConsoleOutput", "lambda:GetAccountSettings",
        "sts:DecodeAuthorizationMessage",
    },
    "down": {
        "ec2:DeleteNetworkInterface", "iam:DeletePolicyVersion", "sts:DecodeAuthorizationMessage",
        "ec2:DeleteVpcEndpoints",  # GuardDuty's, and the stack's
        "iam:DeleteRolePolicy",  # of policies that someone added
    },
    "invoke": {"execute-api:Invoke", "logs:FilterLogEvents"},
    "read": {
        "iam:GetRole", "iam:GetInstanceProfile", "iam:GetPolicy", "pricing:GetProducts", "lambda:GetAccountSettings",
        "ec2:GetConsoleOutput",  # of a builder without host keys in its tags
    },
}  # fmt: skip
# Calls that are made where they are allowed: `explain` starts the live version, if its log has no failure.
TRIED: dict[Task, set[str]] = {"up": set(), "read": {"lambda:InvokeFunction"}, "invoke": set(), "deploy": set(),
                               "down": set()}  # fmt: skip
TAKES: dict[Task, tuple[tuple[str, ...], ...]] = {
    "up": (("up", "--yes"), ("up", "--yes")),
    "read": (("plan",), ("status",), ("logs", "--since", "1h"), ("history",), ("explain",)),
    "invoke": (("invoke", "{}"), ("invoke", "--http", "{}")),
    "deploy": (("deploy", "--yes"), ("rollback",), ("history", "--prune", "--yes"), ("ssh", "--", "true")),
    "down": (("down", "--yes"),),
}


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    return make_project("rights")


@pytest.fixture(scope="module")
def calls(project: Project, state_dir: Path) -> dict[Task, set[str]]:
    """The actions of each task of a life."""
    running = local.find(state_dir / "local")
    assert running
    found: dict[Task, set[str]] = {}
    for task, commands in TAKES.items():
        if task == "deploy":
            handler = project.home / "lambda_src" / "lambda_function.py"
            handler.write_text(f"{handler.read_text()}# new\n")
            requirements = project.home / "lambda_src" / "requirements.txt"
            requirements.write_text(requirements.read_text().replace("==1.0", "==2.0"))
        running.admin_request("DELETE", "calls")
        for words in commands:
            project.run(*words)
        heard = {tuple(call.split(":")) for call in running.admin_request("GET", "calls")["calls"]}
        found[task] = {actions_of(service, operation)[0] for service, operation in heard} - {"sts:GetCallerIdentity"}
    return found


@pytest.mark.parametrize("task", list(TAKES))
def test_a_command_makes_no_call_without_a_right_and_has_no_right_without_a_call(
    project: Project, calls: dict[Task, set[str]], task: Task
) -> None:
    statements = policy_statements(load(project.config), [task], "123456789012")
    granted = {action for statement in statements for action in statement["Action"]}
    assert calls[task] - granted - TRIED[task] == set()
    assert granted - calls[task] - INDIRECT - RARE[task] == set()
    assert RARE[task] <= granted
