"""The resources of calls of SQS, SNS, SSM, Secrets Manager, Bedrock and STS."""

from collections.abc import Iterator
from typing import Any

from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.ssm.models import ssm_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.actions import actions_of, resource_types
from awsprov.local.iam.resource_ref import ANY_RESOURCE, ActionOnResource, ResourceRef, arn_of, tags_as_dict
from awsprov.local.wire import ApiCall

_GET_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105 - the name of an action


def sqs_resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the queue of a call, which has its URL or its name."""
    url = str(call.params.get("QueueUrl") or "")
    name = url.rstrip("/").rpartition("/")[2] or str(call.params.get("QueueName") or "")
    if not name:
        yield ANY_RESOURCE
        return
    queue = sqs_backends[ACCOUNT][call.region].queues.get(name)
    yield ResourceRef(
        "queue", arn_of(call, "sqs", name), dict(queue.tags) if queue else {}, call.params.get("tags") or {}
    )


def sns_resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the topic of a call. Messages to telephone numbers have no resource."""
    params = call.params
    arn = str(params.get("TopicArn") or params.get("TargetArn") or params.get("ResourceArn") or "")
    arn = arn_of(call, "sns", str(params["Name"])) if call.operation == "CreateTopic" else arn
    if not arn and ":" in str(params.get("SubscriptionArn") or ""):
        arn = str(params["SubscriptionArn"]).rpartition(":")[0]
    if not arn or set(resource_types(next(iter(actions_of("sns", call.operation)), ""))) == {"*"}:
        yield ANY_RESOURCE
        return
    backend = sns_backends[ACCOUNT][call.region]
    tags = backend.list_tags_for_resource(arn) if arn in backend.topics else {}
    yield ResourceRef("topic", arn, dict(tags), tags_as_dict(params.get("Tags")))


def ssm_resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the parameters of a call; the ARNs of public parameters have no account."""
    params = call.params
    names = [*(params.get("Names") or ()), *filter(None, [params.get("Name"), params.get("Path")])]
    yield from (_parameter(call, str(name)) for name in names)
    if not names:
        yield ANY_RESOURCE


def _parameter(call: ApiCall, name: str) -> ResourceRef:
    name = name.partition(":parameter/")[2] or name.removeprefix("/")
    arn, backend = arn_of(call, "ssm", f"parameter/{name}"), ssm_backends[ACCOUNT][call.region]
    if name.startswith("aws/"):
        return ResourceRef("parameter", arn.replace(ACCOUNT, ""))
    stored = next((each for each in (f"/{name}", name) if each in backend._parameters), "")
    tags = backend.list_tags_for_resource("Parameter", stored) if stored else {}
    return ResourceRef("parameter", arn, dict(tags or {}), tags_as_dict(call.params.get("Tags")))


def secretsmanager_actions(call: ApiCall) -> Iterator[ActionOnResource]:
    """Return the actions of a call, each with its secret. A batch needs the right to read each secret, too."""
    secret_id = str(call.params.get("SecretId") or call.params.get("Name") or "")
    resource = _secret(call, secret_id) if secret_id else ANY_RESOURCE
    yield from ((action, resource) for action in actions_of("secretsmanager", call.operation))
    if call.operation == "BatchGetSecretValue":
        yield from ((_GET_SECRET, _secret(call, str(each))) for each in call.params.get("SecretIdList") or ())


def _secret(call: ApiCall, secret_id: str) -> ResourceRef:
    """Return a secret, given by its name or ARN. AWS adds six random characters to the ARN of a new one."""
    secret = secretsmanager_backends[ACCOUNT][call.region].secrets.get(secret_id)
    request_tags = tags_as_dict(call.params.get("Tags"))
    if secret:
        return ResourceRef("secret", str(secret.arn), tags_as_dict(getattr(secret, "tags", ())), request_tags)
    arn = secret_id if secret_id.startswith("arn:") else arn_of(call, "secretsmanager", f"secret:{secret_id}-AbCdEf")
    return ResourceRef("secret", arn, request_tags=request_tags)


def bedrock_resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the model of a call: a foundation model, or an inference profile, whose ID begins with its geography."""
    model = str(call.params.get("modelId") or "")
    if not model:
        yield ANY_RESOURCE
    elif model.startswith("arn:"):
        yield ResourceRef("foundation-model", model)
    elif model.partition(".")[0] in _GEOGRAPHIES:
        yield ResourceRef("inference-profile", arn_of(call, "bedrock", f"inference-profile/{model}"))
    else:
        yield ResourceRef("foundation-model", f"arn:aws:bedrock:{call.region}::foundation-model/{model}")


_GEOGRAPHIES = {"us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"}


def sts_resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the role of a call, whose trust policy must allow the caller to assume it."""
    params: dict[str, Any] = call.params
    names = {"ExternalId": "sts:ExternalId", "RoleSessionName": "sts:RoleSessionName"}
    context = {key: str(params[name]) for name, key in names.items() if params.get(name)}
    yield ResourceRef("role", str(params["RoleArn"]), context=context) if params.get("RoleArn") else ANY_RESOURCE
