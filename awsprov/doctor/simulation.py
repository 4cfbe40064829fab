"""The check of the caller's IAM permissions: simulates every statement of `awsprov policy`, if IAM allows that."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from awsprov.aws.client import Aws
from awsprov.config.models import Config
from awsprov.engine.stack import Stack
from awsprov.iam.boundary import Boundary
from awsprov.iam.permissions import Task
from awsprov.iam.policies import policy_statements
from awsprov.operations.checks import CheckResult
from awsprov.resources.identity.existing import ExistingRole

_TASKS: tuple[Task, ...] = ("up", "deploy", "down")
_WORKERS = 8  # simulations at the same time
_NAMED = 8  # denied actions that are named


def iam_permissions(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Simulate each statement of `awsprov policy` with the caller's own policies and permissions boundary."""
    if aws.caller.endswith(":root"):
        return CheckResult("skipped", "the root user is allowed everything")
    statements = policy_statements(config, _TASKS, aws.account)
    with ThreadPoolExecutor(_WORKERS) as pool:
        results = list(pool.map(lambda statement: list(_denied(aws, statement)), statements))
    denied = sorted({action for each in results for action in each})
    if not denied:
        return CheckResult("ok", f"IAM allows all {len({a for s in statements for a in s['Action']})} actions")
    more = f" and {len(denied) - _NAMED} more" if len(denied) > _NAMED else ""
    return CheckResult(
        "warning",
        f"IAM does not allow {', '.join(denied[:_NAMED])}{more}",
        "Ask the administrator of the account for the permissions that `awsprov policy` prints.",
    )


def existing_roles(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Simulate with the roles that already exist what each function needs.

    What the policy of the file system allows a role is not simulated: `up` sets that policy.
    """
    roles = [role for role in stack.of(ExistingRole) if role.find(aws)]
    lacking = {role.role_arn: list(_lacking(aws, config, role)) for role in roles}
    if not any(lacking.values()):
        return CheckResult("ok", f"{', '.join(lacking)}: Lambda may assume it, and it has what functions need")
    found = "; ".join(f"{arn} lacks {', '.join(actions)}" for arn, actions in lacking.items() if actions)
    return CheckResult("warning", found, "Ask the owner of the role for these permissions; awsprov never changes it.")


def _lacking(aws: Aws, config: Config, role: ExistingRole) -> Iterator[str]:
    needed = replace(Boundary.of(config), functions=(role.function,), permissions=(), managed_policies=())
    for statement in needed.document(aws.account)["Statement"]:
        if statement["Effect"] == "Allow":
            yield from _denied(aws, statement, role.role_arn)


def _denied(aws: Aws, statement: dict[str, Any], source: str = "") -> Iterator[str]:
    """Yield the actions of a statement that are allowed on none of its resources, under its conditions.

    Arguments:
        aws: the clients.
        statement: the statement.
        source: the ARN of the user or role whose policies are simulated; empty for the caller.
    """
    pages = aws.iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=source or principal(aws.caller),
        ActionNames=_listed(statement["Action"]),
        ResourceArns=[concrete(arn) for arn in _listed(statement["Resource"])],
        ContextEntries=list(_context(statement.get("Condition", {}))),
    )
    results = [result for page in pages for result in page["EvaluationResults"]]
    allowed = {result["EvalActionName"] for result in results if result["EvalDecision"] == "allowed"}
    yield from (result["EvalActionName"] for result in results if result["EvalActionName"] not in allowed)


def principal(caller: str) -> str:
    """Return the ARN of the user or role behind a caller. A role session's ARN lacks the role's path."""
    session = re.fullmatch(r"arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/.+", caller)
    return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session else caller


def concrete(arn: str) -> str:
    """Return one ARN that a pattern matches: a simulation takes resources, not patterns."""
    if arn == "*":
        return arn
    return arn.replace(":*/*", ":vpc/vpc-0").replace("*", "0").replace("?", "0")


def _context(condition: dict[str, dict[str, Any]]) -> Iterator[Any]:
    """Yield context entries that satisfy the conditions."""
    for test in condition.values():
        for key, value in test.items():
            values = [concrete(each) for each in _listed(value)]
            kind = "stringList" if len(values) > 1 else "string"
            yield {"ContextKeyName": key, "ContextKeyValues": values, "ContextKeyType": kind}


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
