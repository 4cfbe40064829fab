"""The check of the bucket of `shared`."""

from awsprov.aws.client import Aws
from awsprov.aws.object_store import ObjectStore
from awsprov.config.models import Config
from awsprov.engine.lease import LOCK
from awsprov.engine.stack import Stack
from awsprov.operations.checks import CheckResult


def shared_lock(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that the shared lock can be read, which needs the bucket, its owner and permissions. Nothing is written."""
    location = config.shared_location
    if location is None:
        return CheckResult("skipped", "not shared with other machines")
    ObjectStore(aws, location).get(LOCK)
    return CheckResult("ok", f"{location} can be read")
