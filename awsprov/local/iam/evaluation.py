"""How IAM judges: action, resource and conditions of each statement; an explicit Deny wins, silence is a no.

Source: IAM user guide, policy evaluation logic.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from awsprov.local.iam.policies import Statement, strings
from awsprov.local.wildcards import matches


@dataclass(frozen=True)
class AuthorizationRequest:
    """One thing that must be allowed for a call to go through.

    Arguments:
        action: as IAM names it.
        resource: the ARN; one that is not made yet has `*` for its id.
        context: the condition keys that AWS fills for this action and resource.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


def allows(statements: Iterable[Statement], demand: AuthorizationRequest) -> bool:
    """Whether some statement allows it and none denies it."""
    effects = {statement["Effect"] for statement in statements if _applies(statement, demand)}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Statement, demand: AuthorizationRequest) -> bool:
    action = any(matches(pattern, demand.action, ignore_case=True) for pattern in strings(statement.get("Action", [])))
    resource = any(matches(pattern, demand.resource) for pattern in strings(statement.get("Resource", [])))
    return action and resource and _met(statement.get("Condition", {}), demand.context)


def _met(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """All tests, each against any of its values. A test that is not known here is not met: better too strict."""
    return all(
        operator in _TESTS
        and key in context
        and any(_TESTS[operator](value, context[key]) for value in strings(values))
        for operator, tests in condition.items()
        for key, values in tests.items()
    )


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, context: value == context,
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": lambda value, context: value.lower() == context.lower(),
}
