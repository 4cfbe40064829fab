"""How IAM judges: action, resource and conditions of each statement; an explicit Deny wins, silence is a no.

Source: IAM user guide, policy evaluation logic.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Statement = Mapping[str, Any]


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
    action = any(_like(demand.action.lower(), pattern.lower()) for pattern in _list(statement.get("Action", [])))
    resource = any(_like(demand.resource, pattern) for pattern in _list(statement.get("Resource", [])))
    return action and resource and _met(statement.get("Condition", {}), demand.context)


def _met(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """All tests, each against any of its values. A test that is not known here is not met: better too strict."""
    return all(
        operator in _TESTS and key in context and any(_TESTS[operator](context[key], value) for value in _list(values))
        for operator, tests in condition.items()
        for key, values in tests.items()
    )


def _like(text: str, pattern: str) -> bool:
    """IAM's wildcards: `*` and `?`, and no others."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text) is not None


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda has, wants: has == wants,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda has, wants: has.lower() == wants.lower(),
}


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
