"""The sessions of roles: those of moto's AssumeRole, and those with which functions run.

The keys of functions end with the cloud's process and are not in moto's state, as their workers end with it, too. moto
keeps the sessions of AssumeRole for ever.
"""

import base64
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC

from moto.core.responses import ActionResult
from moto.sts.models import AssumedRole, sts_backends
from moto.sts.responses import TokenResponse

from awsprov.local.cloud import ACCOUNT, account_backends
from awsprov.local.iam.identities import role_with_arn

# Seconds for which the keys of a function are valid. Lambda's own keys last for hours, and AWS documents no number.
DURATION = 6 * 3600.0


@dataclass(frozen=True)
class RoleSession:
    """A session of a role.

    Arguments:
        access_key: its access key ID.
        secret_key: its secret access key.
        token: its session token, without which the keys are not valid.
        role: the ARN of the role.
        name: the role session name; for a function's session the function's name (Lambda developer guide, execution
            role).
        function: the ARN of the function whose code has the keys; "" for a session of AssumeRole.
        expires: seconds since the epoch.
    """

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    role: str
    name: str
    function: str
    expires: float

    @property
    def arn(self) -> str:
        """The ARN of the session, which has no path, unlike that of the role."""
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.role.rpartition('/')[2]}/{self.name}"


_sessions: dict[str, RoleSession] = {}
_caller_identity = TokenResponse.get_caller_identity


class NoRoleError(Exception):
    """The role of a function does not exist."""


def create(role: str, function: str, duration: float = DURATION) -> RoleSession:
    """Return a new session of a function's role. Sessions that have expired are forgotten.

    Arguments:
        role: the ARN of the role.
        function: the ARN of the function, without a qualifier.
        duration: seconds until it expires.

    Raises:
        NoRoleError: the role does not exist.
    """
    if role_with_arn(role) is None:
        raise NoRoleError(role)
    now = time.time()
    for key in [key for key, session in list(_sessions.items()) if session.expires < now]:
        _sessions.pop(key, None)
    access_key = f"ASIA{base64.b32encode(secrets.token_bytes(10)).decode()}"
    name = function.rpartition(":")[2]
    session = RoleSession(
        access_key, secrets.token_urlsafe(30), secrets.token_urlsafe(90), role, name, function, now + duration
    )
    _sessions[access_key] = session
    return session


def find(access_key: str) -> RoleSession | None:
    """Return the session with an access key; None if there is none."""
    if session := _sessions.get(access_key):
        return session
    found = account_backends(sts_backends)["aws"].get_assumed_role_from_access_key(access_key)
    return _of_moto(found) if found else None


def _of_moto(found: AssumedRole) -> RoleSession:
    secret, token = str(found.secret_access_key), str(found.session_token)
    expires = found.expiration.replace(tzinfo=UTC).timestamp()
    return RoleSession(found.access_key_id, secret, token, found.role_arn, found.session_name, "", expires)


def install() -> None:
    """Let `sts:GetCallerIdentity` of moto know the sessions of functions."""
    TokenResponse.get_caller_identity = _get_caller_identity


def _get_caller_identity(response: TokenResponse) -> ActionResult:
    session = _sessions.get(response.get_access_key())
    if session is None:
        return _caller_identity(response)
    role_id = getattr(role_with_arn(session.role), "id", "")
    return ActionResult({"UserId": f"{role_id}:{session.name}", "Account": ACCOUNT, "Arn": session.arn})
