"""What KMS decides: the keys of its own calls, and the decryption that reading a secret or a parameter needs."""

from collections.abc import Iterator
from typing import Any

from moto.kms.models import kms_backends
from moto.kms.utils import _deserialize_ciphertext_blob
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.actions import actions_of
from awsprov.local.iam.evaluation import AuthorizationRequest
from awsprov.local.iam.resource_ref import ANY_RESOURCE, ActionOnResource, ResourceRef, arn_of
from awsprov.local.wire import ApiCall

_PARAMETERS = ("GetParameter", "GetParameters")


def actions_on_resources(call: ApiCall) -> Iterator[ActionOnResource]:
    """Return the actions of a call of KMS, each with its key or alias."""
    params, actions = call.params, actions_of("kms", call.operation)
    context = params.get("EncryptionContext") or params.get("DestinationEncryptionContext") or {}
    key = str(params.get("KeyId") or params.get("TargetKeyId") or _key_of(params) or "")
    resource = _key(call, key, context) if key else ANY_RESOURCE
    if call.operation == "ReEncrypt":
        yield "kms:ReEncryptFrom", _key(call, _key_of(params), params.get("SourceEncryptionContext") or {})
        yield "kms:ReEncryptTo", _key(call, str(params.get("DestinationKeyId") or ""), context)
        return
    yield from ((action, resource) for action in actions)
    if alias := params.get("AliasName"):
        yield from ((action, ResourceRef("alias", arn_of(call, "kms", str(alias)))) for action in actions)


def _key_of(params: Any) -> str:
    """Return the ID of the key that encrypted a ciphertext; "" if it cannot be read."""
    blob = params.get("CiphertextBlob")
    try:
        return str(_deserialize_ciphertext_blob(blob).key_id) if blob else ""
    except Exception:  # what is no ciphertext fails in several ways, and moto reports it
        return ""


def _key(call: ApiCall, key: str, context: Any) -> ResourceRef:
    """Return a key, given by its ID or ARN, or by the name or ARN of an alias."""
    if key.startswith("arn:") and ":alias/" not in key:
        return ResourceRef("key", key, context=_encryption_context(context))
    try:
        key = str(kms_backends[ACCOUNT][call.region].any_id_to_key_id(key))
    except Exception:  # moto reports a key that does not exist
        key = key.rpartition("/")[2]
    return ResourceRef("key", arn_of(call, "kms", f"key/{key}"), context=_encryption_context(context))


def _encryption_context(context: Any) -> dict[str, str]:
    return {f"kms:EncryptionContext:{name}": str(value) for name, value in context.items()}


def decryptions(call: ApiCall) -> Iterator[AuthorizationRequest]:
    """Return what policies must allow for the decryption of a secret; nothing for AWS's own keys."""
    if call.service == "ssm" and call.operation in _PARAMETERS and call.params.get("WithDecryption"):
        for name in call.params.get("Names") or [call.params.get("Name")]:
            parameter = ssm_backends[ACCOUNT][call.region].get_parameter(str(name))
            if parameter and parameter.parameter_type == "SecureString":
                arn = arn_of(call, "ssm", f"parameter/{parameter.name.removeprefix('/')}")
                yield from _decryption(call, parameter.keyid, "PARAMETER_ARN", arn)
    if call.name == "secretsmanager:GetSecretValue":
        secret = secretsmanager_backends[ACCOUNT][call.region].secrets.get(call.params["SecretId"])
        if secret:
            yield from _decryption(call, secret.kms_key_id, "SecretARN", secret.arn)


def _decryption(call: ApiCall, key: str | None, name: str, arn: str) -> Iterator[AuthorizationRequest]:
    if key and not key.startswith("alias/aws/"):
        context = {
            f"kms:EncryptionContext:{name}": arn,
            "kms:ViaService": f"{call.service}.{call.region}.amazonaws.com",
        }
        yield AuthorizationRequest("kms:Decrypt", _key(call, key, {}).arn, context)
