"""What must be allowed for a call: its action on each resource that it touches, and the actions that go with it."""

import re
from collections.abc import Callable, Iterator
from wsgiref.types import WSGIEnvironment

from awsprov.local.iam import ec2, gateway, names
from awsprov.local.iam.actions import action_of, counts
from awsprov.local.iam.evaluation import AuthorizationRequest
from awsprov.local.iam.resource_ref import ResourceRef
from awsprov.local.wire import ApiCall

_TAGGING = {
    "iam:CreateRole": "iam:TagRole",
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
    "lambda:CreateFunction": "lambda:TagResource",
    "logs:CreateLogGroup": "logs:TagResource",
    "elasticfilesystem:CreateFileSystem": "elasticfilesystem:TagResource",
    "elasticfilesystem:CreateAccessPoint": "elasticfilesystem:TagResource",
}
_MADE = {"elasticfilesystem:CreateFileSystem": "file-system", "elasticfilesystem:CreateAccessPoint": "access-point"}
_TOUCHED: dict[str, Callable[[ApiCall], Iterator[ResourceRef]]] = {"ec2": ec2.touched, **names.TOUCHED}


def demands(call: ApiCall, environ: WSGIEnvironment) -> Iterator[AuthorizationRequest]:
    """Everything that the signer must be allowed."""
    if call.service.startswith("apigateway"):
        found = gateway.touched(call, environ["PATH_INFO"])
    else:
        found = list(_TOUCHED.get(call.service, names.anything)(call))
    action = action_of(call.service, call.operation)
    yield from (_demand(call, action, thing) for thing in found)
    yield from _tagging(call, action, found)
    yield from _passing(call, action)


def _demand(call: ApiCall, action: str, thing: ResourceRef) -> AuthorizationRequest:
    context = {"aws:RequestedRegion": call.region, **thing.context}
    context |= {f"aws:RequestTag/{key}": value for key, value in thing.requested.items()}
    context |= {f"aws:ResourceTag/{key}": value for key, value in thing.tags.items()}
    return AuthorizationRequest(action, thing.arn, {k: v for k, v in context.items() if counts(action, thing.kind, k)})


def _tagging(call: ApiCall, action: str, found: list[ResourceRef]) -> Iterator[AuthorizationRequest]:
    """Who makes a thing with tags must be allowed to write them."""
    made = [thing for thing in found if thing.requested]
    if call.service == "ec2":
        for thing in made:
            yield _demand(call, "ec2:CreateTags", thing.told({"ec2:CreateAction": call.operation}))
    elif call.service.startswith("apigateway") and made:
        arn = re.sub("::/.*", "::/tags/*", made[0].arn)
        yield _demand(call, "apigateway:PUT", ResourceRef("tags", arn, requested=made[0].requested))
    elif action in _TAGGING and made:
        kind = _MADE.get(action)
        thing = names.new(call, kind, made[0].requested) if kind else made[0]
        yield _demand(call, _TAGGING[action], thing)


def _passing(call: ApiCall, action: str) -> Iterator[AuthorizationRequest]:
    """Who gives a role to a service must be allowed to pass it on."""
    role, service = "", ""
    if action in ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"):
        role, service = str(call.params.get("Role") or ""), "lambda.amazonaws.com"
    if action == "iam:AddRoleToInstanceProfile":
        role, service = names.role_arn(str(call.params["RoleName"])), "ec2.amazonaws.com"
    if action == "ec2:RunInstances" and call.params.get("IamInstanceProfile"):
        role, service = names.role_of_profile(call.params["IamInstanceProfile"]), "ec2.amazonaws.com"
    if role:
        yield AuthorizationRequest("iam:PassRole", role, {"iam:PassedToService": service})
