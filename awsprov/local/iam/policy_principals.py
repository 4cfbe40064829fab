"""Which statements of a resource's policy name a caller, and how they do."""

from typing import Any

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.evaluation import ResourceStatements
from awsprov.local.iam.policies import Statement, document_statements, strings
from awsprov.local.iam.principals import ROOT, Principal


def naming(document: Any, principal: Principal, *, required: bool = False) -> ResourceStatements:
    """Return the statements of a policy document that name a principal, by how they do.

    Arguments:
        document: of the resource.
        principal: the caller.
        required: whether the document must allow each request.
    """
    groups: dict[str, list[Statement]] = {"caller": [], "role": [], "account": []}
    for statement in document_statements(document or {}):
        group = _names(statement, principal)
        if group:
            groups[group].append(statement if "Resource" in statement else {**statement, "Resource": "*"})
    return ResourceStatements(**groups, required=required)


def _names(statement: Statement, principal: Principal) -> str:
    """Return how a statement names a principal; "" if it does not."""
    if "NotPrincipal" in statement:
        return "" if _matches(statement["NotPrincipal"], principal) else "role"
    return _matches(statement.get("Principal", {}), principal)


def _matches(element: Any, principal: Principal) -> str:
    names = set(strings(element.get("AWS", [])) if isinstance(element, dict) else [element])
    if principal.arn in names:
        return "caller"
    if {"*", principal.identity_arn} & names:
        return "role"
    return "account" if {ROOT, ACCOUNT} & names else ""
