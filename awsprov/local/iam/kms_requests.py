"""The permission to decrypt that reading a secret needs, if a key of the account encrypts it."""

from collections.abc import Iterator

from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.evaluation import AuthorizationRequest
from awsprov.local.iam.resource_ref import arn_of
from awsprov.local.wire import ApiCall


def kms_requests(call: ApiCall) -> Iterator[AuthorizationRequest]:
    """Return what policies must allow for the decryption of a secret; nothing for AWS's own keys."""
    if call.name == "ssm:GetParameter" and call.params.get("WithDecryption"):
        parameter = ssm_backends[ACCOUNT][call.region].get_parameter(call.params["Name"])
        if parameter and parameter.parameter_type == "SecureString":
            arn = arn_of(call, "ssm", f"parameter/{parameter.name.removeprefix('/')}")
            yield from _decryption(call, parameter.keyid, "PARAMETER_ARN", arn)
    if call.name == "secretsmanager:GetSecretValue":
        backend = secretsmanager_backends[ACCOUNT][call.region]
        secret = backend.secrets.get(call.params["SecretId"])
        if secret:
            yield from _decryption(call, secret.kms_key_id, "SecretARN", secret.arn)


def _decryption(call: ApiCall, key: str | None, context: str, arn: str) -> Iterator[AuthorizationRequest]:
    if key and not key.startswith("alias/aws/"):
        key_arn = key if key.startswith("arn:") else arn_of(call, "kms", f"key/{key}")
        yield AuthorizationRequest("kms:Decrypt", key_arn, {f"kms:EncryptionContext:{context}": arn})
