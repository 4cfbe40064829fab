"""The limits for tags: how many a resource can have, and the length of their keys and values."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from moto.awslambda.models import lambda_backends
from moto.efs.models import efs_backends
from moto.logs.models import logs_backends

from awsprov.local.behaviour.fidelity_row import GUIDE, FidelityRow
from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall, ServiceError

TAGS, TAG_KEY, TAG_VALUE = 50, 128, 256  # a resource's tags; characters of a key and of a value


@dataclass(frozen=True)
class TagLimit(FidelityRow):
    """The limits of a service. Those that its model contains are checked before.

    Arguments:
        service: botocore's name of the service.
        too_many: the error code for too many tags.
        too_long: the error code for a key or value that is too long.
    """

    service: str
    too_many: str
    too_long: str
    moto: str = field(default="accepted by most operations", kw_only=True)
    source: str = field(default=f"{GUIDE} (AWS General Reference, tags)", kw_only=True)

    @property
    def title(self) -> str:
        return (
            f"More than {TAGS} tags of a resource of {self.service}, keys of more than {TAG_KEY} characters, or values "
            f"of more than {TAG_VALUE}"
        )

    @property
    def on_aws(self) -> str:
        codes = dict.fromkeys([self.too_many, self.too_long])
        return " or ".join(f"`{code}`" for code in codes)


TAG_LIMITS = (
    TagLimit("ec2", "TagLimitExceeded", "InvalidParameterValue"),
    TagLimit("efs", "BadRequest", "ValidationException"),
    TagLimit("lambda", "InvalidParameterValueException", "ValidationException"),
    TagLimit("logs", "TooManyTagsException", "InvalidParameterException"),
    TagLimit("iam", "ValidationError", "ValidationError"),
    TagLimit("apigateway", "BadRequestException", "BadRequestException"),
    TagLimit("apigatewayv2", "BadRequestException", "BadRequestException"),
)
_BY_SERVICE = {limit.service: limit for limit in TAG_LIMITS}


def check(call: ApiCall) -> None:
    """Check the tags that a call gives to a resource.

    Raises:
        ServiceError: they are too many, with those that the resource has, or a key or value is too long.
    """
    limit = _BY_SERVICE.get(call.service)
    if limit is None:
        return
    for tags in _tags(call):
        if len({*_existing(call), *tags}) > TAGS:
            raise ServiceError(limit.too_many, f"A resource can have no more than {TAGS} tags.")
        for key, value in tags.items():
            if len(key) > TAG_KEY or len(value) > TAG_VALUE:
                message = f"The key of a tag can have {TAG_KEY} characters and its value {TAG_VALUE}: {key}"
                raise ServiceError(limit.too_long, message)


def _tags(call: ApiCall) -> Iterator[dict[str, str]]:
    """Yield the tags of each resource in a call: a mapping, or a list of keys and values."""
    found = [call.params.get("Tags"), call.params.get("tags")]
    found += [each.get("Tags") for each in call.params.get("TagSpecifications") or []]
    for tags in found:
        if isinstance(tags, dict):
            yield {str(key): str(value) for key, value in tags.items()}
        elif tags:
            yield {str(tag.get("Key")): str(tag.get("Value") or "") for tag in tags}


def _existing(call: ApiCall) -> list[str]:
    """Return the keys of the tags that the resource has. moto counts those of EC2."""
    if call.name == "efs:TagResource":
        name = str(call.params.get("ResourceId", "")).rpartition("/")[2]
        return list(efs_backends[ACCOUNT][call.region].tagging_service.get_tag_dict_for_resource(name))
    if call.name == "lambda:TagResource":
        return list(lambda_backends[ACCOUNT][call.region].list_tags(str(call.params.get("Resource"))))
    if call.name == "logs:TagResource":
        return list(logs_backends[ACCOUNT][call.region].list_tags_for_resource(str(call.params.get("resourceArn"))))
    return []
