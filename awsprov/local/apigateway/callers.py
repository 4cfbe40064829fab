"""Who calls an API with IAM authorization, and whether policies let the caller invoke it."""

import functools
from dataclasses import dataclass

from awsprov.local.apigateway.messages import Request
from awsprov.local.cloud import ACCOUNT, Cloud
from awsprov.local.iam import access_keys, principals
from awsprov.local.iam.evaluation import AuthorizationRequest
from awsprov.local.iam.principals import ROOT
from awsprov.local.iam.signatures import SignatureError, SignedRequest, verify

_ACTION = "execute-api:Invoke"
_INVALID = "The security token included in the request is invalid."


class NotAllowedError(Exception):
    """Policies do not allow the caller to invoke the API; the message is AWS's."""


@dataclass(frozen=True)
class ApiCaller:
    """The owner of the key that signed a request.

    Arguments:
        access_key: the access key ID.
        arn: of the user or the session.
        user_id: the unique ID; for the root user the account's.
    """

    access_key: str
    arn: str = ROOT
    user_id: str = ACCOUNT


def authorize(cloud: Cloud, request: Request, region: str, method: str) -> ApiCaller:
    """Return the caller of a method or a route.

    Arguments:
        cloud: that has the keys.
        request: the request.
        region: of the API.
        method: the API's ID, stage, HTTP method and path, as in the ARN.

    Raises:
        SignatureError: the request has no valid signature.
        NotAllowedError: policies do not allow the caller to invoke the API.
    """
    signed = SignedRequest(request.method, request.path, request.query, request.lower_headers, request.body)
    caller = verify(signed, region, functools.partial(access_keys.secret_of, cloud))
    if refused := access_keys.refusal(cloud, caller.access_key, caller.session_token):
        raise SignatureError(*refused)
    if cloud.root_secret(caller.access_key) is not None:
        return ApiCaller(caller.access_key)
    principal = principals.find(caller.access_key)
    if principal is None:
        raise SignatureError("UnrecognizedClientException", _INVALID)
    _check_permission(cloud, principal, region, method)
    return ApiCaller(caller.access_key, principal.arn, principal.user_id)


def _check_permission(cloud: Cloud, principal: principals.Principal, region: str, method: str) -> None:
    from awsprov.local.iam.authorizer import authorizer_of  # it reads AWS's large table of actions

    resource = f"arn:aws:execute-api:{region}:{ACCOUNT}:{method}"
    reason = authorizer_of(cloud).reason_for_denial(principal, AuthorizationRequest(_ACTION, resource))
    if reason:
        hidden = resource.replace(ACCOUNT, f"********{ACCOUNT[-4:]}")  # as API Gateway writes the account
        message = f"User: {principal.arn} is not authorized to perform: {_ACTION} on resource: {hidden} {reason}"
        raise NotAllowedError(message)
