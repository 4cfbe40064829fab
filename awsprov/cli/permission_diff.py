"""What a plan does to permissions, in statements: who may do what."""

from collections.abc import Sequence
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.plan import Change
from awsprov.resources.api.access import Permission
from awsprov.resources.iam import IamResource
from awsprov.resources.identity.policies import Policy
from awsprov.resources.identity.roles import Role
from awsprov.resources.storage.file_system_policy import FileSystemPolicy

_KINDS = (IamResource, FileSystemPolicy, Permission)


def concerns(change: Change) -> bool:
    """Whether a change is one of permissions."""
    return isinstance(change.resource, _KINDS)


def lines(change: Change, aws: Aws) -> list[str]:
    """What is granted (`+`) and taken (`-`), a line each; ids that are not known yet are left out."""
    resource = change.resource
    if isinstance(resource, Permission) and change.action != "delete":
        return [f"+ {resource.method} {resource.path} may call {resource.alias.function.name}"]
    if isinstance(resource, Role) and change.action == "create":
        return [f"+ {resource.service} may act as it, with {resource.policy.name}"]
    if isinstance(resource, Policy | FileSystemPolicy):
        return _statements(change, aws)
    return []


def _statements(change: Change, aws: Aws) -> list[str]:
    if change.action == "delete":
        return []
    if change.action in ("create", "replace"):
        return [f"+ {text}" for text in _texts(change.resource.wanted(aws).values(), known=False)]
    has, wants = (_texts([pair[side] for pair in change.differences.values()], known=True) for side in (0, 1))
    taken = [f"- {text}" for text in has if text not in wants]
    return [*taken, *(f"+ {text}" for text in wants if text not in has)]


def _texts(values: Any, *, known: bool) -> list[str]:
    """Statements, from values that are lists of them or documents with such a list."""
    found = [value["Statement"] if isinstance(value, dict) else value for value in values]
    return [_text(statement, known) for statements in found for statement in _listed(statements)]


def _text(statement: Any, known: bool) -> str:
    """One statement as a sentence."""
    principal = statement.get("Principal")
    who = [f"for {_names(principal.values() if isinstance(principal, dict) else [principal])}"] if principal else []
    where = [f"on {_names(_listed(statement['Resource']))}"] if known and "Resource" in statement else []
    conditions = [f"{key} = {_names(_listed(value))}" for test in statement.get("Condition", {}).values()
                  for key, value in test.items()]  # fmt: skip
    always = known or statement["Effect"] == "Deny"  # what a prohibition is about is known from the start
    only = [f"when {' and '.join(conditions)}"] if always and conditions else []
    return " ".join([statement["Effect"], ", ".join(_listed(statement["Action"])), *who, *where, *only])


def _names(values: Any) -> str:
    return ", ".join(str(value) for value in values)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
