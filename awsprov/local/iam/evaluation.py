"""The evaluation of policies: an explicit Deny overrides each Allow, and what is not allowed is denied.

A permissions boundary limits what identity policies allow: both must allow a request. Source: IAM User Guide, "Policy
evaluation logic" and "Permissions boundaries for IAM entities".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from awsprov.local.iam.policies import Statement, strings
from awsprov.local.wildcards import matches


@dataclass(frozen=True)
class AuthorizationRequest:
    """An action on a resource, which policies allow or deny.

    Arguments:
        action: the IAM action, such as `ec2:CreateVpc`.
        resource: the ARN, with `*` in place of the id of a resource that the call creates.
        context: the condition keys that AWS sets for the action and the resource.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


def allows(statements: Iterable[Statement], request: AuthorizationRequest) -> bool:
    """Return whether a statement allows the request, and none denies it."""
    effects = {statement["Effect"] for statement in statements if _applies(statement, request)}
    return "Allow" in effects and "Deny" not in effects


def authorizes(
    identity: Iterable[Statement], boundary: Iterable[Statement] | None, request: AuthorizationRequest
) -> bool:
    """Return whether the identity policies of a user or role, and its permissions boundary if any, allow a request.

    Arguments:
        identity: the statements of the identity policies.
        boundary: the statements of the permissions boundary; None if there is none.
        request: the request.
    """
    return allows(identity, request) and (boundary is None or allows(boundary, request))


def _applies(statement: Statement, request: AuthorizationRequest) -> bool:
    actions, resources = strings(statement.get("Action", [])), strings(statement.get("Resource", []))
    return (
        any(matches(pattern, request.action, ignore_case=True) for pattern in actions)
        and any(matches(pattern, request.resource) for pattern in resources)
        and _is_met(statement.get("Condition", {}), request.context)
    )


def _is_met(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Return whether each operator holds for each of its keys, with any of the values.

    An operator that is not supported here does not hold: the local cloud is rather too strict than too lax.
    """
    tests = [(operator, key, values) for operator, keys in condition.items() for key, values in keys.items()]
    return all(_holds(operator, strings(values), context.get(key)) for operator, key, values in tests)


def _holds(operator: str, values: Iterable[str], actual: str | None) -> bool:
    if operator == "Null":
        return any((value.lower() == "true") is (actual is None) for value in values)
    if operator.startswith(_FOR_ALL):
        each = operator.removeprefix(_FOR_ALL)
        return all(_holds(each, values, value) for value in (actual or "").split(SEPARATOR) if value)
    compare = _OPERATORS.get(operator.removesuffix(_IF_EXISTS))
    if compare is None or actual is None:
        return compare is not None and operator.endswith(_IF_EXISTS)
    return any(compare(value, actual) for value in values)


SEPARATOR = "\n"  # between the values of a key that has several, such as aws:TagKeys
_FOR_ALL = "ForAllValues:"  # the start of operators that must hold for each value of a key, and hold if there is none
_IF_EXISTS = "IfExists"  # the end of operators that also hold if the key is missing
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, actual: value == actual,
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": lambda value, actual: value.lower() == actual.lower(),
}
