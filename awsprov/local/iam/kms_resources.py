"""The keys and aliases of calls of KMS."""

from collections.abc import Iterator
from typing import Any

from moto.kms.models import kms_backends
from moto.kms.utils import _deserialize_ciphertext_blob

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.actions import actions_of
from awsprov.local.iam.resource_ref import ANY_RESOURCE, ActionOnResource, ResourceRef, arn_of
from awsprov.local.wire import ApiCall


def actions_on_resources(call: ApiCall) -> Iterator[ActionOnResource]:
    """Return the actions of a call of KMS, each with its key or alias."""
    params, actions = call.params, actions_of("kms", call.operation)
    context = params.get("EncryptionContext") or params.get("DestinationEncryptionContext") or {}
    key = str(params.get("KeyId") or params.get("TargetKeyId") or _key_of(params) or "")
    resource = key_ref(call, key, context) if key else ANY_RESOURCE
    if call.operation == "ReEncrypt":
        yield "kms:ReEncryptFrom", key_ref(call, _key_of(params), params.get("SourceEncryptionContext") or {})
        yield "kms:ReEncryptTo", key_ref(call, str(params.get("DestinationKeyId") or ""), context)
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


def key_ref(call: ApiCall, key: str, context: Any) -> ResourceRef:
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
