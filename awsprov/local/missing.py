"""Extends moto: an operation that removes what does not exist is refused as AWS does; moto breaks.

A client repeats a call whose response is lost, so that the second one finds nothing to remove.
"""

import functools
from collections.abc import Callable
from typing import Any

from moto.apigateway import exceptions as api_errors
from moto.apigateway.models import APIGatewayBackend
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend

NewError = Callable[[], Exception]
# How moto breaks: it takes an element out of a dictionary or a list without looking.
_BREAKS = (LookupError, ValueError, StopIteration)
_REFUSALS: tuple[tuple[type, str, NewError], ...] = (
    (APIGatewayBackend, "delete_rest_api", api_errors.RestAPINotFound),
    (APIGatewayBackend, "delete_resource", api_errors.ResourceIdNotFoundException),
    (APIGatewayBackend, "delete_authorizer", api_errors.AuthorizerNotFoundException),
    (APIGatewayBackend, "delete_usage_plan", api_errors.UsagePlanNotFoundException),
    (APIGatewayBackend, "delete_usage_plan_key", api_errors.ApiKeyNotFoundException),
    (
        APIGatewayBackend,
        "delete_request_validator",
        lambda: api_errors.NotFoundException("Invalid Request Validator identifier specified"),
    ),
    (
        EC2Backend,
        "delete_network_acl_entry",
        lambda: EC2ClientError("InvalidNetworkAclEntry.NotFound", "The network ACL entry does not exist"),
    ),
    (
        IAMBackend,
        "remove_role_from_instance_profile",
        lambda: NotFoundException("The role is not in the instance profile."),
    ),
)
_ORIGINALS = {(backend, name): getattr(backend, name) for backend, name, _ in _REFUSALS}


def install() -> None:
    """Replace moto's methods. Must be called before moto is used."""
    for backend, name, refusal in _REFUSALS:
        setattr(backend, name, _refusing(_ORIGINALS[backend, name], refusal))


def _refusing(method: Callable[..., Any], refusal: NewError) -> Callable[..., Any]:
    """Return a method of moto that refuses to remove what does not exist."""

    @functools.wraps(method)
    def refusing(*arguments: Any, **named: Any) -> Any:
        try:
            return method(*arguments, **named)
        except _BREAKS as error:
            raise refusal() from error

    return refusing
