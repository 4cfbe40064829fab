"""What the statements of a resource policy that deny mean for a request, whose context is known only in part."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from awsprov.iam.policy_meaning import Statement, as_list, concerns, covers, matches, statements


@dataclass(frozen=True)
class AccessRequest:
    """A request of a role, as a policy judges it.

    Arguments:
        principal: the ARN of the role.
        action: the action, as `elasticfilesystem:ClientMount`.
        resource: the ARN of the resource.
        context: the condition keys whose values are known, in lower case.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, str]


def denials(document: Mapping[str, Any], request: AccessRequest) -> tuple[list[str], list[str]]:
    """Return the statements of a policy that deny a request, and those that may: a condition of theirs is not known.

    Each is named by its `Sid`, or by its number. Source: IAM user guide, "IAM JSON policy elements reference".
    """
    certain: list[str] = []
    possible: list[str] = []
    for number, statement in enumerate(statements(document), start=1):
        if statement.get("Effect") != "Deny" or not concerns(statement, request.principal):
            continue
        if not covers(statement, request.action, request.resource):
            continue
        name = str(statement.get("Sid") or f"statement {number}")
        verdicts = list(_verdicts(statement, request.context))
        if False in verdicts:
            continue
        (possible if None in verdicts else certain).append(name)
    return certain, possible


def _verdicts(statement: Statement, context: Mapping[str, str]) -> Iterator[bool | None]:
    """Yield for each condition key whether it is fulfilled; None if that is not known."""
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            yield _fulfilled(operator.lower(), _texts(values), context.get(key.lower()))


def _fulfilled(operator: str, values: list[str], actual: str | None) -> bool | None:
    if operator == "null":
        return None if actual is None else values == ["false"]
    if actual is None:
        return None
    found = _OPERATOR.fullmatch(operator)
    if found is None:
        return None
    kind, negated = found["kind"], bool(found["negated"])
    if kind == "bool" or found["case"]:
        values, actual = [each.lower() for each in values], actual.lower()
    wild = kind == "arn" or found["how"] == "like"
    return any(matches(each, actual) if wild else each == actual for each in values) is not negated


_OPERATOR = re.compile(
    r"(?P<kind>bool|string|arn)(?P<negated>not)?(?P<how>equals|like)?(?P<case>ignorecase)?(ifexists)?"
)


def _texts(value: Any) -> list[str]:
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in as_list(value)]
