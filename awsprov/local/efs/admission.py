"""Whether EFS lets a role mount a file system: a change of policies takes some time to have an effect."""

import time
from typing import Any

from awsprov.local.behaviour import Behaviour, states
from awsprov.local.iam.policies import document_statements, strings


def note_policy_change(file_system: Any) -> None:
    """Keep the policy that a file system had before its policy is replaced."""
    file_system.policy_before = (time.time(), file_system.file_system_policy)


def admits(behaviour: Behaviour, file_system: Any, role: str) -> bool:
    """Return whether EFS lets a role mount a file system.

    A role is refused only while a change of its policies, and a change of the file system's policy that newly names it,
    have no effect yet. Whether policies allow a mount at all is not checked here.

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


def _names(statement: Any, role: str) -> bool:
    principal = statement.get("Principal")
    names = strings(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]
    return statement.get("Effect") == "Allow" and bool({role, "*"} & set(names))
