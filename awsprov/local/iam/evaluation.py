"""The evaluation of policies: an explicit Deny overrides each Allow, and what is not allowed is denied.

A permissions boundary limits what identity policies allow: both must allow a request. In one account, the policy of a
resource can allow it, too. Source: IAM User Guide, "Policy evaluation logic" and "Permissions boundaries for IAM
entities".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from awsprov.local.iam.conditions import expand, is_met
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


@dataclass(frozen=True)
class ResourceStatements:
    """The statements of a resource's policy that name the caller, by how they do.

    Arguments:
        caller: those that name the user or the session itself.
        role: those that name the session's role, or everyone.
        account: those that name the account: the identity policies must allow the request, too.
        required: whether the resource's policy must allow each request, as with KMS keys and roles.
    """

    caller: Sequence[Statement] = ()
    role: Sequence[Statement] = ()
    account: Sequence[Statement] = ()
    required: bool = False


NO_POLICY = ResourceStatements()


def effects(statements: Iterable[Statement], request: AuthorizationRequest) -> set[str]:
    """Return the effects of the statements that apply to the request."""
    return {statement["Effect"] for statement in statements if _applies(statement, request)}


def allows(statements: Iterable[Statement], request: AuthorizationRequest) -> bool:
    """Return whether a statement allows the request, and none denies it."""
    found = effects(statements, request)
    return "Allow" in found and "Deny" not in found


def authorizes(
    identity: Iterable[Statement], boundary: Iterable[Statement] | None, request: AuthorizationRequest
) -> bool:
    """Return whether the identity policies of a user or role, and its permissions boundary if any, allow a request.

    Arguments:
        identity: the statements of the identity policies.
        boundary: the statements of the permissions boundary; None if there is none.
        request: the request.
    """
    return not reason_for_denial(request, identity, boundary)


def reason_for_denial(
    request: AuthorizationRequest,
    identity: Iterable[Statement],
    boundary: Iterable[Statement] | None = None,
    resource: ResourceStatements = NO_POLICY,
) -> str:
    """Return why a request is denied, in AWS's words; "" if it is allowed.

    Arguments:
        request: the request.
        identity: the statements of the identity policies.
        boundary: the statements of the permissions boundary; None if there is none.
        resource: those of the resource's policy.

    Source: IAM user guide, "Troubleshoot access denied error messages".
    """
    own = effects(identity, request)
    limit = {"Allow"} if boundary is None else effects(boundary, request)
    caller, role, account = (effects(each, request) for each in (resource.caller, resource.role, resource.account))
    for found, policy in ((own, "an identity-based"), (limit, "a permissions boundary"),
                          (caller | role | account, "a resource-based")):  # fmt: skip
        if "Deny" in found:
            return f"with an explicit deny in {policy}{'' if policy.endswith('boundary') else ' policy'}"
    if "Allow" in caller:  # not limited by the boundary, unlike what the policy allows to the role
        return ""
    if resource.required and "Allow" not in role | account:
        return f"because no resource-based policy allows the {request.action} action"
    if "Allow" not in own | role:
        return f"because no identity-based policy allows the {request.action} action"
    return "" if "Allow" in limit else f"because no permissions boundary allows the {request.action} action"


def _applies(statement: Statement, request: AuthorizationRequest) -> bool:
    return (
        _includes(statement, "Action", request.action, request.context, ignore_case=True)
        and _includes(statement, "Resource", request.resource, request.context)
        and is_met(statement.get("Condition", {}), request.context, effect=statement["Effect"])
    )


def _includes(
    statement: Statement, element: str, text: str, context: Mapping[str, str], *, ignore_case: bool = False
) -> bool:
    """Return whether an element of a statement, such as Action or NotAction, includes a string."""
    excluded = f"Not{element}" in statement
    patterns = strings(statement.get(f"Not{element}" if excluded else element, []))
    found = any(matches(expand(pattern, context), text, ignore_case=ignore_case) for pattern in patterns)
    return found is not excluded
