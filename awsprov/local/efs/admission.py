"""Whether EFS lets a client mount a file system: by policies, whose changes take some time to have an effect."""

import time
from typing import Any

from awsprov.local.behaviour import Behaviour, states
from awsprov.local.iam.evaluation import AuthorizationRequest, authorizes
from awsprov.local.iam.policies import boundary_statements, document_statements, identity_statements, strings


def note_policy_change(file_system: Any) -> None:
    """Keep the policy that a file system had before its policy is replaced."""
    file_system.policy_before = (time.time(), file_system.file_system_policy)


def admits(behaviour: Behaviour, file_system: Any, role: str) -> bool:
    """Return whether EFS lets a role mount a file system.

    A role is refused only while a change of its policies, and a change of the file system's policy that newly names it,
    have no effect yet. Whether policies allow a mount at all is checked by `permits`.

    Arguments:
        behaviour: knows when the role's policies were changed.
        file_system: moto's record.
        role: the ARN of the role; empty for none.
    """
    if not role or behaviour.propagated(f"policies:{role.rpartition('/')[2]}", states.EFS_POLICY):
        return True
    changed, before = getattr(file_system, "policy_before", (0.0, None))
    effective = time.time() - changed >= states.EFS_POLICY.seconds * behaviour.cloud.pace
    policy = file_system.file_system_policy if effective else before
    return not policy or any(_names(statement, role) for statement in document_statements(policy))


def permits(file_system: Any, role: Any, access_point: str, *, tls: bool) -> bool:
    """Return whether policies allow a client to mount a file system.

    Without a policy of the file system every client may. With one, the policy of the file system or one of the client's
    role must allow it, and none may deny it (EFS user guide, "Using IAM to control file system data access").

    Arguments:
        file_system: moto's record.
        role: the role that the client proves to have; None if it proves nothing.
        access_point: the ARN of the access point; empty for none.
        tls: whether the connection is encrypted.
    """
    if not file_system.file_system_policy:
        return True
    context = {"aws:SecureTransport": str(tls).lower(), "elasticfilesystem:AccessedViaMountTarget": "true"}
    context |= {"elasticfilesystem:AccessPointArn": access_point} if access_point else {}
    tags = file_system._context.list_tags_for_resource(file_system.file_system_id)
    context |= {f"aws:ResourceTag/{tag['Key']}": tag["Value"] for tag in tags}
    request = AuthorizationRequest("elasticfilesystem:ClientMount", file_system.file_system_arn, context)
    arn = str(role.arn) if role else ""
    own = [each for each in document_statements(file_system.file_system_policy) if _is_about(each, arn)]
    boundary = boundary_statements(role) if role else None
    return authorizes([*own, *(identity_statements(role) if role else ())], boundary, request)


def _is_about(statement: Any, role: str) -> bool:
    principal = statement.get("Principal")
    names = strings(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]
    return bool({role, "*"} & set(names))


def _names(statement: Any, role: str) -> bool:
    return statement.get("Effect") == "Allow" and _is_about(statement, role)
