"""The check of the bucket of `shared`."""

from contextlib import suppress

from awsprov.aws.client import Aws
from awsprov.aws.object_store import ObjectChangedError, ObjectStore
from awsprov.config.models import Config
from awsprov.engine.lease import LOCK
from awsprov.engine.stack import Stack
from awsprov.operations.checks import CheckResult

_ABSENT = "doctor.json"  # an object that never exists
_NO_ETAG = '"doctor"'  # of no object


def shared_lock(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that the shared lock can be read, written and deleted, which needs the bucket, its owner and permissions.

    Nothing is written: S3 refuses to replace or delete an object that does not exist. AWS checks permissions before
    that (IAM user guide, "How IAM works").
    """
    location = config.shared_location
    if location is None:
        return CheckResult("skipped", "not shared with other machines")
    store = ObjectStore(aws, location)
    store.get(LOCK)
    with suppress(ObjectChangedError):
        store.put(_ABSENT, b"", replaces=_NO_ETAG)
    with suppress(ObjectChangedError):
        store.delete(_ABSENT, _NO_ETAG)
    return CheckResult("ok", f"{location} can be read and written")
