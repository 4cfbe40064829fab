"""A small store of S3 objects, each of which is written or deleted only if it is the one that was last read.

Sources: Amazon S3 user guide, "How to prevent object overwrites with conditional writes" and "How to perform
conditional deletes"; API reference, PutObject and DeleteObject.
"""

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code, explain
from awsprov.aws.s3_location import S3Location
from awsprov.errors import CredentialsError, UsageError

_CONFLICT = "ConditionalRequestConflict"  # another conditional request for the object is in progress: repeat the call
_CHANGED = ("PreconditionFailed", "412")
_MISSING = ("NoSuchKey", "404")
_NO_BUCKET = "NoSuchBucket"
_DENIED = ("AccessDenied", "403")
_CONFLICTS = 8  # how often a call is repeated after a conflict
_PAUSE = 0.25  # seconds between two of them


class ObjectChangedError(Exception):
    """The object is not the one that a conditional call expects: another program wrote or deleted it."""


@dataclass(frozen=True)
class StoredObject:
    """An object, as it was read.

    Arguments:
        body: its content.
        etag: identifies the content, for the next conditional call.
        write: the identifier of the write, chosen by the writer.
        age: seconds since it was written. Both times are S3's: the response's `Date` and the object's `LastModified`.
            0 if there is no `Date`, so that nothing is taken for old.
    """

    body: bytes
    etag: str
    write: str
    age: float


class ObjectStore:
    """The objects below a location. The bucket must belong to the caller's account.

    Arguments:
        aws: the clients.
        location: where the objects are.
    """

    def __init__(self, aws: Aws, location: S3Location) -> None:
        self._aws, self.location = aws, location

    def get(self, name: str) -> StoredObject | None:
        """Return an object; None if it does not exist.

        Raises:
            AwsprovError: the bucket cannot be read.
        """
        try:
            response = self._aws.s3.get_object(**self._key(name))
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise self._explained(error) from error
        at = response["ResponseMetadata"]["HTTPHeaders"].get("date")
        age = (parsedate_to_datetime(at) - response["LastModified"]).total_seconds() if at else 0.0
        return StoredObject(response["Body"].read(), response["ETag"], response["Metadata"].get("write", ""), age)

    def put(self, name: str, body: bytes, *, replaces: str | None, write: str = "") -> str:
        """Write an object, and return its ETag.

        Arguments:
            name: its name.
            body: its content.
            replaces: the ETag of the object that is replaced; None if there must be none.
            write: the identifier of the write.

        Raises:
            ObjectChangedError: there is another object, or none.
            AwsprovError: the bucket cannot be written.
        """
        condition = {"IfMatch": replaces} if replaces else {"IfNoneMatch": "*"}
        response = self._conditionally(
            self._aws.s3.put_object,
            name,
            Body=body,
            Metadata={"write": write},
            ContentType="application/json",
            **condition,
        )
        return str(response["ETag"])

    def delete(self, name: str, etag: str) -> None:
        """Delete an object.

        Raises:
            ObjectChangedError: there is another object, or none.
            AwsprovError: the bucket cannot be written.
        """
        self._conditionally(self._aws.s3.delete_object, name, IfMatch=etag)

    def _conditionally(self, call: Any, name: str, **arguments: Any) -> Any:
        for _ in range(_CONFLICTS):
            try:
                return call(**self._key(name), **arguments)
            except ClientError as error:
                if error_code(error) in (*_CHANGED, *_MISSING):
                    raise ObjectChangedError(name) from error
                if error_code(error) != _CONFLICT:
                    raise self._explained(error) from error
            time.sleep(_PAUSE)
        raise ObjectChangedError(name)

    def _key(self, name: str) -> dict[str, str]:
        place = self.location.below(name)
        return {"Bucket": place.bucket, "Key": place.prefix, "ExpectedBucketOwner": self._aws.account}

    def _explained(self, error: ClientError) -> Exception:
        """Return the error for people of a call that S3 refused."""
        bucket, code = self.location.bucket, error_code(error)
        known = explain(error)
        why = known.why if known else ""
        if code == _NO_BUCKET:
            create = self._aws.command_hint(f"s3 mb s3://{bucket}")
            what = f"The bucket {bucket} of `shared` does not exist."
            return UsageError(what, why=why, remedy=f"Create it, or correct `shared` in config.yaml: `{create}`")
        if code in _DENIED:
            return CredentialsError(
                f"These credentials may not use {self.location}, or the bucket belongs to another account.",
                why=f"{why}\nThe bucket of `shared` must belong to account {self._aws.account}.".lstrip(),
                remedy="Ask an administrator of the account for the permissions on the bucket.",
                reference="`awsprov policy` prints the minimal policy",
            )
        return known or error
