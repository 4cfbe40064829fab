"""The authorizer of `--enforce-iam`: refuses calls that the policies of the calling user do not allow.

The key pair of the local account belongs to the root user, who may do everything. The keys of IAM users and of assumed
roles may do what their policies and their permissions boundary allow. The roles of functions and instances are not
checked: their calls come with the root user's keys.
moto's own check does not support resources and conditions.
"""

import base64
import json
import re
from collections import deque
from collections.abc import Iterator
from typing import Any
from wsgiref.types import WSGIEnvironment

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.authorization_requests import authorization_requests
from awsprov.local.iam.evaluation import AuthorizationRequest, authorizes
from awsprov.local.iam.policies import Statement, boundary_statements, identity_statements
from awsprov.local.wire import ApiCall, ServiceError

_KEY = re.compile(r"Credential=([^/]+)/")
_MAX_REQUESTS = 100_000
_ENCODED_MESSAGE = "Encoded authorization failure message: "
_ALWAYS_ALLOWED = "sts:GetCallerIdentity"


class Authorizer:
    """Checks calls against policies.

    Arguments:
        root_access_key: of the root user, who may do everything.

    Attributes:
        requests: the latest authorization requests. Tests read them to find the least policy for a command.
    """

    def __init__(self, root_access_key: str) -> None:
        self._root = root_access_key
        TokenResponse.decode_authorization_message = _decode_authorization_message
        self.requests: deque[AuthorizationRequest] = deque(maxlen=_MAX_REQUESTS)

    def check(self, call: ApiCall, environ: WSGIEnvironment) -> None:
        """Check a call.

        Raises:
            ServiceError: no user has the key, or the policies of the user do not allow the call.
        """
        found = _KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
        key = found[1] if found else ""
        if key == self._root or call.name == _ALWAYS_ALLOWED:
            return
        principal = _user(key) or _assumed_role(key)
        if principal is None:
            raise ServiceError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
        statements, boundary = list(_statements(principal)), boundary_statements(principal)
        for request in authorization_requests(call, environ):
            self.requests.append(request)
            if not authorizes(statements, boundary, request):
                raise _denial(call, principal.arn, request)


def _denial(call: ApiCall, user: str, request: AuthorizationRequest) -> ServiceError:
    message = f"User: {user} is not authorized to perform: {request.action} on resource: {request.resource} because "
    message += "no identity-based policy allows the action"
    if call.service == "ec2":
        encoded = f"{_ENCODED_MESSAGE}{_encode_message(user, request)}"
        message = f"You are not authorized to perform this operation. {message}. {encoded}"
        return ServiceError("UnauthorizedOperation", message, 403)
    query_protocol = call.service in ("iam", "sts")
    return ServiceError("AccessDenied" if query_protocol else "AccessDeniedException", message, 403)


def _encode_message(user: str, request: AuthorizationRequest) -> str:
    """Return the details for `sts:DecodeAuthorizationMessage`, in base64. AWS encrypts them."""
    context = {"principal": {"arn": user}, "action": request.action, "resource": request.resource}
    details = {"allowed": False, "explicitDeny": False, "matchedStatements": {"items": []}, "context": context}
    return base64.urlsafe_b64encode(json.dumps(details).encode()).decode()


def _decode_authorization_message(response: TokenResponse) -> ActionResult:
    """Answer `sts:DecodeAuthorizationMessage`, which moto does not implement."""
    try:
        message = base64.urlsafe_b64decode(response._get_param("EncodedMessage")).decode()
        return ActionResult({"DecodedMessage": message})
    except ValueError:
        raise ServiceError("InvalidAuthorizationMessageException", "The message cannot be decoded.") from None


def _user(key: str) -> Any:
    users = iam_backends[ACCOUNT]["aws"].users.values()
    return next((user for user in users if any(each.access_key_id == key for each in user.access_keys)), None)


def _assumed_role(key: str) -> Any:
    """Return the role whose temporary credentials have this key."""
    session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(key)
    roles = iam_backends[ACCOUNT]["aws"].get_roles()
    return next((role for role in roles if session and role.arn == session.role_arn), None)


def _statements(principal: Any) -> Iterator[Statement]:
    """Return the statements of a user or role, and of the user's groups."""
    groups = [group for group in iam_backends[ACCOUNT]["aws"].groups.values() if principal in group.users]
    for identity in (principal, *groups):
        yield from identity_statements(identity)
