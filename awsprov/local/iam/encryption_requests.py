"""What KMS must allow the caller of another service, whose data a key of the account encrypts.

Sources: AWS Systems Manager user guide and AWS Secrets Manager user guide, encryption; Amazon S3 user guide, "Using
server-side encryption with AWS KMS keys"; Amazon SQS developer guide, "Key management". AWS's own keys need no
permission.
"""

from collections.abc import Iterator
from typing import Any

from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends
from moto.ssm.models import ssm_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.evaluation import AuthorizationRequest
from awsprov.local.iam.kms_resources import key_ref
from awsprov.local.iam.resource_ref import arn_of
from awsprov.local.wire import ApiCall

_DECRYPT, _DATA_KEY = "kms:Decrypt", "kms:GenerateDataKey"
_KMS = "aws:kms"


def encryption_requests(call: ApiCall) -> Iterator[AuthorizationRequest]:
    """Return what policies must allow on the keys that encrypt the data of a call."""
    find = _KEYS.get(call.name)
    for action, key, context in find(call) if find else ():
        if key and not key.startswith("alias/aws/"):
            via = {"kms:ViaService": f"{call.service}.{call.region}.amazonaws.com"}
            names = {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
            yield AuthorizationRequest(action, key_ref(call, key, {}).arn, names | via)


_Found = Iterator[tuple[str, str | None, dict[str, str]]]  # an action, a key, and the encryption context


def _parameters(call: ApiCall) -> _Found:
    for name in call.params.get("Names") or [call.params.get("Name")]:
        parameter = ssm_backends[ACCOUNT][call.region].get_parameter(str(name))
        if call.params.get("WithDecryption") and parameter and parameter.parameter_type == "SecureString":
            arn = arn_of(call, "ssm", f"parameter/{parameter.name.removeprefix('/')}")
            yield _DECRYPT, parameter.keyid, {"PARAMETER_ARN": arn}


def _secret(call: ApiCall) -> _Found:
    secret = secretsmanager_backends[ACCOUNT][call.region].secrets.get(call.params["SecretId"])
    if secret:
        yield _DECRYPT, secret.kms_key_id, {"SecretARN": str(secret.arn)}


def _read_object(call: ApiCall) -> _Found:
    bucket = s3_backends[ACCOUNT]["aws"].buckets.get(call.params["Bucket"])
    found: Any = bucket.keys.get(call.params["Key"]) if bucket else None
    if getattr(found, "encryption", None) == _KMS:
        yield _DECRYPT, found.kms_key_id, {"aws:s3:arn": _object_arn(call)}


def _written_object(call: ApiCall) -> _Found:
    bucket = s3_backends[ACCOUNT]["aws"].buckets.get(call.params["Bucket"])
    default: Any = ((bucket.encryption if bucket else None) or {}).get("Rule", {})
    default = default.get("ApplyServerSideEncryptionByDefault", {})
    if (call.params.get("ServerSideEncryption") or default.get("SSEAlgorithm")) == _KMS:
        key = call.params.get("SSEKMSKeyId") or default.get("KMSMasterKeyID")
        yield _DATA_KEY, key, {"aws:s3:arn": _object_arn(call)}


def _object_arn(call: ApiCall) -> str:
    return f"arn:aws:s3:::{call.params['Bucket']}/{call.params['Key']}"


def _sent_message(call: ApiCall) -> _Found:
    yield from ((action, _queue_key(call), {}) for action in (_DATA_KEY, _DECRYPT))


def _received_message(call: ApiCall) -> _Found:
    yield _DECRYPT, _queue_key(call), {}


def _queue_key(call: ApiCall) -> str | None:
    queue = sqs_backends[ACCOUNT][call.region].queues.get(str(call.params["QueueUrl"]).rpartition("/")[2])
    return getattr(queue, "kms_master_key_id", None)


_KEYS = {
    "ssm:GetParameter": _parameters,
    "ssm:GetParameters": _parameters,
    "secretsmanager:GetSecretValue": _secret,
    "s3:GetObject": _read_object,
    "s3:PutObject": _written_object,
    "s3:CreateMultipartUpload": _written_object,
    "sqs:SendMessage": _sent_message,
    "sqs:SendMessageBatch": _sent_message,
    "sqs:ReceiveMessage": _received_message,
}
