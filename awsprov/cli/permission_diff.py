"""What a plan changes in permissions, statement by statement."""

from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.plan import Change
from awsprov.iam.policy_meaning import as_list
from awsprov.resources.api.permission import Permission
from awsprov.resources.iam import IamResource
from awsprov.resources.identity.existing import ExistingPolicy
from awsprov.resources.identity.policies import Policy
from awsprov.resources.identity.roles import Role
from awsprov.resources.storage.file_system_policy import FileSystemPolicy

_KINDS = (IamResource, FileSystemPolicy, Permission)


def concerns(change: Change) -> bool:
    """Return whether a change concerns permissions."""
    return isinstance(change.resource, _KINDS)


def lines(change: Change, aws: Aws) -> list[str]:
    """Return what is granted (`+`) and revoked (`-`), a line each, without ids that are not known yet."""
    resource = change.resource
    if isinstance(resource, Permission) and change.action != "delete":
        return [f"+ {resource.route or 'every route'} may call {resource.alias.function.name}"]
    if isinstance(resource, Role) and change.action == "create":
        names = [policy.id if isinstance(policy, ExistingPolicy) else policy.name for policy in resource.policies]
        return [f"+ {resource.service} may act as it, with {', '.join(names)}"]
    if isinstance(resource, Policy | FileSystemPolicy):
        return _statements(change, aws)
    return []


def _statements(change: Change, aws: Aws) -> list[str]:
    if change.action == "delete":
        return []
    if change.action in ("create", "replace"):
        known = all(need.id for need in change.resource.needs)
        return [f"+ {text}" for text in _texts(change.resource.wanted(aws).values(), known=known)]
    has, wants = (_texts([pair[side] for pair in change.differences.values()], known=True) for side in (0, 1))
    revoked = [f"- {text}" for text in has if text not in wants]
    return [*revoked, *(f"+ {text}" for text in wants if text not in has)]


def _texts(values: Any, *, known: bool) -> list[str]:
    """Return the statements in lists of statements and in policy documents."""
    documents = [value for value in values if isinstance(value, list) or "Statement" in value]  # no path, no tags
    found = [value["Statement"] if isinstance(value, dict) else value for value in documents]
    return [_text(statement, known) for statements in found for statement in as_list(statements)]


def _text(statement: Any, known: bool) -> str:
    """Return a policy statement as a sentence."""
    principal = statement.get("Principal")
    named = principal.values() if isinstance(principal, dict) else [principal]
    who = [f"for {_names(name for names in named for name in as_list(names))}"] if principal else []
    where = [f"on {_names(as_list(statement['Resource']))}"] if known and "Resource" in statement else []
    conditions = [f"{key} = {_names(as_list(value))}" for test in statement.get("Condition", {}).values()
                  for key, value in test.items()]  # fmt: skip
    always = known or statement["Effect"] == "Deny"  # a Deny names what it is about, even before ids are known
    only = [f"when {' and '.join(conditions)}"] if always and conditions else []
    return " ".join([statement["Effect"], ", ".join(as_list(statement["Action"])), *who, *where, *only])


def _names(values: Any) -> str:
    return ", ".join(str(value) for value in values)
