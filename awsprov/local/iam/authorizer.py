"""`--enforce-iam`: whether the policies of the user who signed let a call through. moto's own check cannot tell.

The local account's own key pair is the root user's, and may do everything; the keys of IAM users may do what their
policies say. Deny wins, and what is not allowed is refused, as on AWS. Roles that functions and machines act as are
not judged: their calls come in under the root user's keys here.
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
from moto.sts.responses import TokenResponse

from awsprov.local.cloud import ACCESS_KEY, ACCOUNT
from awsprov.local.iam.demands import demands
from awsprov.local.iam.evaluation import AuthorizationRequest, allows
from awsprov.local.iam.policies import Statement, identity_statements
from awsprov.local.wire import ApiCall, ServiceError

_KEY = re.compile(r"Credential=([^/]+)/")
_REMEMBERED = 100_000
_CODED = "Encoded authorization failure message: "
_FREE = "sts:GetCallerIdentity"  # asks for no right


class Authorization:
    """Judges calls.

    Attributes:
        judged: what was asked for so far, for tests that ask how little would have done.
    """

    def __init__(self) -> None:
        TokenResponse.decode_authorization_message = _decode
        self.judged: deque[AuthorizationRequest] = deque(maxlen=_REMEMBERED)

    def check(self, call: ApiCall, environ: WSGIEnvironment) -> None:
        """Refuse a call that the signer's policies do not allow, with all that goes with it."""
        found = _KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
        key = found[1] if found else ""
        if key == ACCESS_KEY or call.name == _FREE:
            return
        user = _user(key)
        if user is None:
            raise ServiceError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
        statements = list(_statements(user))
        for demand in demands(call, environ):
            self.judged.append(demand)
            if not allows(statements, demand):
                raise _refusal(call, user.arn, demand)


def _refusal(call: ApiCall, who: str, demand: AuthorizationRequest) -> ServiceError:
    told = f"User: {who} is not authorized to perform: {demand.action} on resource: {demand.resource} because no "
    told += "identity-based policy allows the action"
    if call.service == "ec2":
        coded = f"You are not authorized to perform this operation. {told}. {_CODED}{_coded(who, demand)}"
        return ServiceError("UnauthorizedOperation", coded, 403)
    query = call.service in ("iam", "sts")
    return ServiceError("AccessDenied" if query else "AccessDeniedException", told, 403)


def _coded(who: str, demand: AuthorizationRequest) -> str:
    """The reason, as `sts:DecodeAuthorizationMessage` will tell it; AWS's code is a secret one."""
    context = {"principal": {"arn": who}, "action": demand.action, "resource": demand.resource}
    told = {"allowed": False, "explicitDeny": False, "matchedStatements": {"items": []}, "context": context}
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode()


def _decode(response: TokenResponse) -> ActionResult:
    """What moto lacks."""
    try:
        return ActionResult(
            {"DecodedMessage": base64.urlsafe_b64decode(response._get_param("EncodedMessage")).decode()}
        )
    except ValueError:
        raise ServiceError("InvalidAuthorizationMessageException", "The message is none of this service's.") from None


def _user(key: str) -> Any:
    iam = iam_backends[ACCOUNT]["aws"]
    return next((user for user in iam.users.values() if any(k.access_key_id == key for k in user.access_keys)), None)


def _statements(user: Any) -> Iterator[Statement]:
    """All of the user's: inline, attached, and those of the groups."""
    iam = iam_backends[ACCOUNT]["aws"]
    groups = [group for group in iam.groups.values() if user in group.users]
    for identity in (user, *groups):
        yield from identity_statements(identity)
