"""Who calls, whether AWS lets them, and whether this machine's clock and region will do."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code, explain
from awsprov.config.models import Config
from awsprov.doctor.check_result import CheckResult
from awsprov.engine.stack import Stack
from awsprov.errors import AwsprovError, CredentialsError, UsageError

SKEW = 300  # seconds; AWS refuses signatures of more than five minutes ago
_DENIED = ("UnauthorizedOperation", "AccessDenied", "AccessDeniedException")


def identity(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Who the credentials belong to."""
    try:
        caller = aws.caller
    except Exception as error:
        raise explain(error) or error from error
    where = f"{caller}, at {aws.endpoint}" if aws.endpoint else caller
    if caller.endswith(":root"):
        return CheckResult(
            "warn", f"{where}: the root user", "Use a user or role of your own; `awsprov policy` says which rights."
        )
    return CheckResult("ok", where)


def clock(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """How far this machine's clock is from AWS's."""
    try:
        about: Any = aws.sts.get_caller_identity()["ResponseMetadata"]
    except ClientError as error:
        about = error.response["ResponseMetadata"]
    there = parsedate_to_datetime(about["HTTPHeaders"]["date"]).timestamp()
    skew = max(0.0, abs(time.time() - there) - 1)  # the header has whole seconds
    remedy = "Set this machine's clock (NTP): AWS refuses requests that are five minutes off."
    if skew < 1:
        return CheckResult("ok", "as AWS's")
    return CheckResult(
        "ok" if skew < SKEW / 5 else "warn", f"{skew:.0f} s off AWS's", remedy if skew >= SKEW / 5 else ""
    )


def region(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Whether the account has the region switched on."""
    found = aws.ec2.describe_regions(AllRegions=True, RegionNames=[aws.region])["Regions"]
    if any(each.get("OptInStatus") == "not-opted-in" for each in found):
        raise UsageError(
            f"{aws.region} is not enabled for this account.",
            remedy="Enable it under Account in the console, or choose another `region:`.",
        )
    return CheckResult("ok", f"{aws.region} is enabled")


def permissions(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Whether EC2 would let them make the first things: asked by dry runs, which make nothing."""
    denied = [name for name, call in _dry_runs(aws).items() if _refused(call)]
    if denied:
        raise CredentialsError(
            f"{aws.caller} may not call {', '.join(denied)}.",
            remedy="Ask whoever manages the account for the rights that `awsprov policy` prints.",
        )
    return CheckResult("ok", "EC2 would take the first calls")


def _dry_runs(aws: Aws) -> dict[str, Callable[[], Any]]:
    """Calls that need nothing made before. CreateVpc is not among them: moto, at whose address some work, makes one."""
    gateway: Any = [{"ResourceType": "internet-gateway", "Tags": aws.tag_list("doctor")}]
    address: Any = [{"ResourceType": "elastic-ip", "Tags": aws.tag_list("doctor")}]
    return {
        "ec2:CreateInternetGateway": partial(aws.ec2.create_internet_gateway, TagSpecifications=gateway, DryRun=True),
        "ec2:AllocateAddress": partial(aws.ec2.allocate_address, Domain="vpc", TagSpecifications=address, DryRun=True),
    }


def _refused(call: Callable[[], Any]) -> bool:
    """Whether a dry run says no. It ends in an error either way; a quota's has its own check."""
    try:
        call()
    except ClientError as error:
        return error_code(error) in _DENIED
    raise AwsprovError("A dry run was not one.", why=f"{call} was answered as if it were meant.")
