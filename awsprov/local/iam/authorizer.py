"""The authorizer of the local cloud: refuses calls that the policies of the caller do not allow.

The key pair of the local account belongs to the root user, who may do everything. IAM users, functions and assumed
roles may do what their policies, their permissions boundary and the policy of the resource allow.
moto's own check does not support resources and conditions.
"""

import base64
import functools
import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from wsgiref.types import WSGIEnvironment

from moto.core.responses import ActionResult
from moto.sts.responses import TokenResponse

from awsprov.local.cloud import Cloud
from awsprov.local.iam import access_keys, principals, resource_policies
from awsprov.local.iam.authorization_requests import authorization_requests
from awsprov.local.iam.evaluation import AuthorizationRequest, reason_for_denial
from awsprov.local.iam.policies import Statement
from awsprov.local.iam.principals import Principal
from awsprov.local.wire import ApiCall, ServiceError

_MAX_REQUESTS = 100_000
_ENCODED_MESSAGE = "Encoded authorization failure message: "
_ALWAYS_ALLOWED = "sts:GetCallerIdentity"
_NOT_JUDGED = 501  # SDKs retry 500, but not 501
# The error codes of services that differ from `AccessDeniedException` (API reference of each service, common errors).
_CODES = {"iam": "AccessDenied", "sts": "AccessDenied", "s3": "AccessDenied", "sqs": "AccessDenied"}
_CODES |= {"sns": "AuthorizationError", "ec2": "UnauthorizedOperation"}


@dataclass(frozen=True)
class EvaluatedRequest:
    """An authorization request that was evaluated.

    Arguments:
        request: the action, its resource and the condition keys.
        caller: the ARN of the user or the session.
        function: the ARN of the function whose code made the call; "" for other callers.
        allowed: whether policies allow it.
    """

    request: AuthorizationRequest
    caller: str
    function: str
    allowed: bool


@dataclass(frozen=True)
class Trial:
    """What the code of a function may do for a while. `awsprov policy --prove` finds the least permissions with it.

    Arguments:
        statements: that replace the policies of the function's role, and its boundary.
        until: on the monotonic clock. If a proof is killed, the function soon has the permissions of its role again.
    """

    statements: list[Statement]
    until: float


class Authorizer:
    """Checks calls against policies.

    Arguments:
        cloud: whose root user may do everything.

    Attributes:
        requests: the latest authorization requests.
        trials: by the ARN of a function, what its code may do in place of what its role may do.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        TokenResponse.decode_authorization_message = _decode_authorization_message
        self.requests: deque[EvaluatedRequest] = deque(maxlen=_MAX_REQUESTS)
        self.trials: dict[str, Trial] = {}

    def check(self, call: ApiCall, environ: WSGIEnvironment) -> None:
        """Check a call. The root user may make all.

        Raises:
            ServiceError: the key belongs to no user or role, the policies do not allow the call, or it is not known
                which permissions it needs.
        """
        key = access_keys.key_id_of(environ)
        if call.name == _ALWAYS_ALLOWED or self._cloud.root_secret(key) is not None:
            return
        principal = principals.find(key)
        if principal is None:
            if self._cloud.any_key:
                return
            raise ServiceError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
        if "HTTP_AUTHORIZATION" not in environ:
            environ.pop("HTTP_X_AMZ_TARGET", None)  # moto would take the operation of a presigned URL from it
        needed = authorization_requests(call, environ)
        if not needed:
            raise _not_judged(call)
        self._check_all(call, principal, needed)

    def reason_for_denial(self, principal: Principal, request: AuthorizationRequest) -> str:
        """Return why policies deny a request, in AWS's words; "" if they allow it. The request is recorded."""
        request = replace(request, context={**principal.context(), **request.context})
        identity, boundary = list(principal.statements()), principal.boundary()
        trial = self.trials.get(principal.function)
        if trial and trial.until > time.monotonic():
            identity, boundary = trial.statements, None
        of_resource = resource_policies.statements_for(request.resource, request.action, principal)
        reason = reason_for_denial(request, identity, boundary, of_resource)
        self.requests.append(EvaluatedRequest(request, principal.arn, principal.function, not reason))
        return reason

    def _check_all(self, call: ApiCall, principal: Principal, needed: Sequence[AuthorizationRequest]) -> None:
        for request in needed:
            reason = self.reason_for_denial(principal, request)
            if reason:
                raise _denial(call, principal.arn, request, reason)


@functools.cache
def authorizer_of(cloud: Cloud) -> Authorizer:
    """Return the authorizer of a cloud."""
    return Authorizer(cloud)


def _denial(call: ApiCall, caller: str, request: AuthorizationRequest, reason: str) -> ServiceError:
    resource = f'"{request.resource}"' if call.service == "s3" else request.resource
    message = f"User: {caller} is not authorized to perform: {request.action} on resource: {resource} {reason}"
    if call.service == "ec2":
        encoded = f"{_ENCODED_MESSAGE}{_encode_message(caller, request)}"
        message = f"You are not authorized to perform this operation. {message}. {encoded}"
    return ServiceError(_CODES.get(call.service, "AccessDeniedException"), message, 403)


def _not_judged(call: ApiCall) -> ServiceError:
    message = (
        f"{call.name or 'This call'} is not judged by the local cloud: it does not know which permissions the call "
        "needs on AWS, so it refuses it to all but the account's own key pair."
    )
    return ServiceError("NotImplemented", message, _NOT_JUDGED)


def _encode_message(user: str, request: AuthorizationRequest) -> str:
    """Return the details for `sts:DecodeAuthorizationMessage`, in base64. AWS encrypts them."""
    context: Mapping[str, object] = {
        "principal": {"arn": user},
        "action": request.action,
        "resource": request.resource,
    }
    details = {"allowed": False, "explicitDeny": False, "matchedStatements": {"items": []}, "context": context}
    return base64.urlsafe_b64encode(json.dumps(details).encode()).decode()


def _decode_authorization_message(response: TokenResponse) -> ActionResult:
    """Answer `sts:DecodeAuthorizationMessage`, which moto does not implement."""
    try:
        message = base64.urlsafe_b64decode(response._get_param("EncodedMessage")).decode()
        return ActionResult({"DecodedMessage": message})
    except ValueError:
        raise ServiceError("InvalidAuthorizationMessageException", "The message cannot be decoded.") from None
