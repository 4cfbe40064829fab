"""Whether IAM lets the caller make, change and delete the stack: asked by simulation, where that is allowed."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from awsprov.aws.client import Aws
from awsprov.config.models import Config
from awsprov.doctor.check_result import CheckResult
from awsprov.engine.stack import Stack
from awsprov.iam.permissions import Task, document

_FOR: tuple[Task, ...] = ("up", "deploy", "down")
_AT_ONCE = 8
_TOLD = 8  # missing rights that are named


def rights(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Each statement of `awsprov policy`, tried on the caller's own policies and boundary."""
    if aws.caller.endswith(":root"):
        return CheckResult("skip", "the root user may do everything")
    statements = document(config, _FOR, aws.account, aws.partition)["Statement"]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(lambda statement: list(_denied(aws, statement)), statements))
    denied = sorted({action for each in answers for action in each})
    if not denied:
        return CheckResult("ok", f"IAM allows all {len({a for s in statements for a in s['Action']})} actions")
    more = f" and {len(denied) - _TOLD} more" if len(denied) > _TOLD else ""
    return CheckResult(
        "warn",
        f"IAM does not allow {', '.join(denied[:_TOLD])}{more}",
        "Ask whoever manages the account for the rights that `awsprov policy` prints.",
    )


def _denied(aws: Aws, statement: dict[str, Any]) -> Iterator[str]:
    """The actions of a statement that are not allowed on any of its resources, under its conditions."""
    pages = aws.iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=principal(aws.caller),
        ActionNames=statement["Action"],
        ResourceArns=[concrete(arn) for arn in _listed(statement["Resource"])],
        ContextEntries=list(_context(statement.get("Condition", {}))),
    )
    results = [result for page in pages for result in page["EvaluationResults"]]
    allowed = {result["EvalActionName"] for result in results if result["EvalDecision"] == "allowed"}
    yield from (result["EvalActionName"] for result in results if result["EvalActionName"] not in allowed)


def principal(caller: str) -> str:
    """The user or role behind a caller: a session of a role has an ARN of its own, without the role's path."""
    session = re.fullmatch(r"arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/.+", caller)
    return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session else caller


def concrete(arn: str) -> str:
    """One resource that a pattern stands for, as a simulation is of resources, not of patterns."""
    if arn == "*":
        return arn
    return arn.replace(":*/*", ":vpc/vpc-0").replace("*", "0").replace("?", "0")


def _context(condition: dict[str, dict[str, Any]]) -> Iterator[Any]:
    """What the conditions ask for, given."""
    for test in condition.values():
        for key, value in test.items():
            values = [concrete(each) for each in _listed(value)]
            kind = "stringList" if len(values) > 1 else "string"
            yield {"ContextKeyName": key, "ContextKeyValues": values, "ContextKeyType": kind}


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
