"""Comparison of policies by their meaning: AWS does not return all policies as they were written.

EFS adds the file system's ARN as `Resource`, a `Sid` and an `Id` (EFS API reference, PutFileSystemPolicy). Services may
return a list of one element as the element. IAM and Lambda return what they got.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

Statement = dict[str, Any]

_LISTS = ("Action", "NotAction", "Resource", "NotResource")  # elements with one value or several, in any order
_ARN_OPERATORS = {"arnequals": "arnlike", "arnnotequals": "arnnotlike"}  # both match wildcards (IAM user guide)


def in_declared_form(actual: Iterable[Statement], declared: Iterable[Statement]) -> list[Statement]:
    """Return the statements of an actual policy, each as it is declared if a declared one has the same meaning.

    The result equals the declared statements if both policies allow and deny the same. So a comparison shows only real
    differences.

    Arguments:
        actual: the statements that AWS returns.
        declared: the statements of the policy as it should be.
    """
    by_meaning = {statement_meaning(statement): statement for statement in actual}
    wanted = [(statement_meaning(statement), statement) for statement in declared]
    found = [statement for meaning, statement in wanted if meaning in by_meaning]
    return [*found, *(statement for meaning, statement in by_meaning.items() if meaning not in dict(wanted))]


def document_in_declared_form(actual: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of an actual policy with its statements `in_declared_form`."""
    return {**declared, "Statement": in_declared_form(statements(actual), statements(declared))}


def same_meaning(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two policy documents allow and deny the same."""
    first, second = ({statement_meaning(each) for each in statements(document)} for document in (one, other))
    return first == second


def statements(document: Mapping[str, Any]) -> list[Statement]:
    """Return the statements of a policy document, which may have a single one outside a list."""
    return as_list(document.get("Statement", []))


def as_list(value: Any) -> list[Any]:
    """Return the values of an element of a policy, which may have a single one outside a list."""
    return list(value) if isinstance(value, list) else [value]


def matches(pattern: str, text: str) -> bool:
    """Return whether the whole text matches a pattern: `*` stands for any text, `?` for one character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text) is not None


def covers(statement: Statement, action: str, resource: str) -> bool:
    """Return whether a statement is about an action on a resource; its principal and conditions are not compared.

    Arguments:
        statement: of a policy; without an element for resources it is about all of them.
        action: as `s3:GetObject`, or a pattern, which must be no wider than the statement's.
        resource: an ARN, or a pattern.
    """
    return _names(statement, "Action", action.lower(), fold=True) and _names(
        statement, "Resource", resource, fold=False
    )


def _names(statement: Statement, element: str, value: str, *, fold: bool) -> bool:
    """Return whether an element of a statement, or its negation such as `NotAction`, covers a value."""
    for name, wanted in ((element, True), (f"Not{element}", False)):
        if name in statement:
            patterns = [each.lower() if fold else each for each in _strings(statement[name])]
            return any(matches(pattern, value) for pattern in patterns) is wanted
    return True


def statement_meaning(statement: Statement) -> str:
    """Return a string that two statements share if and only if they mean the same. A `Sid` has no meaning.

    Sources: IAM user guide, "IAM JSON policy elements reference": names of actions and condition keys do not depend on
    case, `"*"` and `{"AWS": "*"}` are the same principal, as are an account's number and the ARN of its root.
    """
    normal: dict[str, Any] = {"Effect": statement.get("Effect")}
    for element in _LISTS:
        if element in statement:
            values = set(_strings(statement[element]))
            normal[element] = sorted({each.lower() for each in values} if "Action" in element else values)
    for element in ("Principal", "NotPrincipal"):
        if element in statement:
            normal[element] = principals(statement[element])
    normal["Condition"] = _condition(statement.get("Condition") or {})
    return json.dumps(normal, sort_keys=True)


def principals(principal: Any) -> dict[str, list[str]]:
    """Return the principals of a statement in lists by their kind, such as `AWS`; of roles, these are the ARNs."""
    kinds = principal if isinstance(principal, dict) else {"AWS": principal}
    return {kind: sorted({_account(each) for each in _strings(values)}) for kind, values in kinds.items()}


def concerns(statement: Statement, role: str) -> bool:
    """Return whether a statement of a resource policy is about a role: by its ARN, its account, or as everyone."""
    if "NotPrincipal" in statement:
        return role not in principals(statement["NotPrincipal"]).get("AWS", ())
    account = role.split(":")[4]
    return not {"*", account, role}.isdisjoint(principals(statement.get("Principal", [])).get("AWS", ()))


def allowed(found: Iterable[Statement], role: str) -> set[str]:
    """Return what statements of a resource policy allow a role, each as its meaning for this role alone."""
    allowing = (each for each in found if each.get("Effect") == "Allow" and concerns(each, role))
    return {statement_meaning({**each, "Principal": {"AWS": role}}) for each in allowing}


def _account(principal: str) -> str:
    """Return the number of an account that is given by the ARN of its root; any other principal as it is."""
    arn, root, rest = principal.partition(":root")
    return arn.rpartition(":")[2] if root and not rest else principal


def _condition(condition: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    normal: dict[str, dict[str, list[str]]] = {}
    for operator, keys in condition.items():
        name = operator.lower()
        of_operator = normal.setdefault(_ARN_OPERATORS.get(name, name), {})
        of_operator.update({key.lower(): sorted(set(_strings(values))) for key, values in keys.items()})
    return normal


def _strings(value: Any) -> list[str]:
    """Return one value or several as strings: `true` and `"true"` are the same."""
    return [each if isinstance(each, str) else json.dumps(each) for each in as_list(value)]
