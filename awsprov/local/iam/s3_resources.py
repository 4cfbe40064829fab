"""What a call of S3 needs: its actions, each on a bucket or an object."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from moto.s3.models import s3_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.actions import actions_of
from awsprov.local.iam.resource_ref import ANY_RESOURCE, ActionOnResource, ResourceRef
from awsprov.local.wire import ApiCall

_READS = ("GetObject", "HeadObject")
_LIST = "s3:ListBucket"


def actions_on_resources(call: ApiCall) -> Iterator[ActionOnResource]:
    """Return the actions of a call, each with its bucket or object."""
    bucket, key = str(call.params.get("Bucket") or ""), str(call.params.get("Key") or "")
    if call.operation in ("CopyObject", "UploadPartCopy"):
        yield from _copy(call, bucket, key)
    elif call.operation == "DeleteObjects":
        yield from (_deletion(bucket, each) for each in call.params.get("Delete", {}).get("Objects") or ())
    else:
        resource = _object(bucket, key) if key else _bucket(call, bucket) if bucket else ANY_RESOURCE
        yield from ((_versioned(action, call.params), resource) for action in actions_of("s3", call.operation))
        yield from _implied(call, bucket, key, resource)


def _implied(call: ApiCall, bucket: str, key: str, resource: ResourceRef) -> Iterator[ActionOnResource]:
    """Return what a call needs because of its parameters, and because of a key that does not exist."""
    if call.operation in ("PutObject", "CreateMultipartUpload"):
        implied = {"Tagging": "s3:PutObjectTagging", "ACL": "s3:PutObjectAcl"}
        yield from ((action, resource) for parameter, action in implied.items() if call.params.get(parameter))
    if call.operation in _READS and not _exists(bucket, key):
        yield _LIST, _bucket(call, bucket)


def _copy(call: ApiCall, bucket: str, key: str) -> Iterator[ActionOnResource]:
    source, _, version = unquote(str(call.params.get("CopySource") or "")).removeprefix("/").partition("?versionId=")
    source_bucket, _, source_key = source.partition("/")
    yield _versioned("s3:GetObject", {"VersionId": version}), _object(source_bucket, source_key)
    yield "s3:PutObject", _object(bucket, key)


def _deletion(bucket: str, item: dict[str, Any]) -> ActionOnResource:
    return _versioned("s3:DeleteObject", item), _object(bucket, str(item.get("Key", "")))


def _versioned(action: str, params: Any) -> str:
    """Return the action on a version of an object, which has a name of its own."""
    if not params.get("VersionId"):
        return action
    versioned = {
        "s3:GetObject": "s3:GetObjectVersion",
        "s3:DeleteObject": "s3:DeleteObjectVersion",
        "s3:GetObjectTagging": "s3:GetObjectVersionTagging",
        "s3:PutObjectTagging": "s3:PutObjectVersionTagging",
        "s3:DeleteObjectTagging": "s3:DeleteObjectVersionTagging",
        "s3:GetObjectAcl": "s3:GetObjectVersionAcl",
        "s3:PutObjectAcl": "s3:PutObjectVersionAcl",
        "s3:GetObjectAttributes": "s3:GetObjectVersionAttributes",
    }
    return versioned.get(action, action)


def _bucket(call: ApiCall, name: str) -> ResourceRef:
    names = {"Prefix": "s3:prefix", "Delimiter": "s3:delimiter", "MaxKeys": "s3:max-keys"}
    context = {key: str(call.params[name]) for name, key in names.items() if call.params.get(name)}
    return ResourceRef("bucket", f"arn:aws:s3:::{name}", context=context)


def _object(bucket: str, key: str) -> ResourceRef:
    return ResourceRef("object", f"arn:aws:s3:::{bucket}/{key}")


def _exists(bucket: str, key: str) -> bool:
    found = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
    return found is not None and key in found.keys
