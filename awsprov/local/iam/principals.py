"""Who makes a call: an IAM user, or a session of a role, with the condition keys that AWS sets for it."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.iam.models import iam_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam import role_sessions
from awsprov.local.iam.identities import role_with_arn, user_and_key
from awsprov.local.iam.policies import Statement, boundary_statements, identity_statements

ROOT = f"arn:aws:iam::{ACCOUNT}:root"


@dataclass(frozen=True)
class Principal:
    """A caller whose policies are evaluated.

    Arguments:
        arn: of the user or the session, as in error messages.
        identity: moto's user or role.
        user_id: the unique ID, for a session with the session's name.
        function: the ARN of the function whose code makes the call; "" for other callers.
    """

    arn: str
    identity: Any = field(repr=False)
    user_id: str = ""
    function: str = ""

    @property
    def identity_arn(self) -> str:
        """The ARN of the user or the role, which is `aws:PrincipalArn`."""
        return str(self.identity.arn)

    def statements(self) -> Iterator[Statement]:
        """Return the statements of the identity policies: its own, and those of a user's groups."""
        groups = [group for group in iam_backends[ACCOUNT]["aws"].groups.values() if self.identity in group.users]
        for identity in (self.identity, *groups):
            yield from identity_statements(identity)

    def boundary(self) -> list[Statement] | None:
        """Return the statements of the permissions boundary; None if there is none."""
        return boundary_statements(self.identity)

    def context(self) -> Mapping[str, str]:
        """Return the condition keys of the caller (IAM user guide, AWS global condition context keys).

        Clients of the local cloud use HTTP, but a policy must be evaluated as on AWS, where they use HTTPS.
        """
        is_session = self.arn != self.identity_arn
        keys = {
            "aws:PrincipalArn": self.identity_arn,
            "aws:PrincipalAccount": ACCOUNT,
            "aws:PrincipalType": "AssumedRole" if is_session else "User",
            "aws:userid": self.user_id,
            "aws:SecureTransport": "true",
            "aws:ViaAWSService": "false",
            "aws:CurrentTime": datetime.now(UTC).isoformat(timespec="seconds"),
            "aws:EpochTime": str(int(time.time())),
        }
        keys |= {} if is_session else {"aws:username": str(self.identity.name)}
        keys |= {"lambda:SourceFunctionArn": self.function} if self.function else {}
        return keys | {f"aws:PrincipalTag/{name}": value for name, value in self._tags().items()}

    def _tags(self) -> dict[str, str]:
        tags = self.identity.tags or {}
        if isinstance(tags, dict):  # of a role: by name, each with its key and value
            return {tag["Key"]: tag["Value"] for tag in tags.values()}
        return {tag["Key"]: tag["Value"] for tag in tags}


def find(key_id: str) -> Principal | None:
    """Return the principal with an access key; None if there is none, or if its role no longer exists."""
    if session := role_sessions.find(key_id):
        role = role_with_arn(session.role)
        return Principal(session.arn, role, f"{role.id}:{session.name}", session.function) if role else None
    user, _ = user_and_key(key_id) or (None, None)
    return Principal(user.arn, user, str(user.id)) if user else None
