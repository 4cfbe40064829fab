"""Checks of the caller, their permissions, the region and this machine's clock."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code, explain
from awsprov.config.models import Config
from awsprov.engine.stack import Stack
from awsprov.errors import AwsprovError, CredentialsError, UsageError
from awsprov.operations.checks import CheckResult

MAX_SKEW = 300  # seconds; AWS rejects a request whose signature is more than five minutes off
_DENIED = ("UnauthorizedOperation", "AccessDenied", "AccessDeniedException")
_ASK_FOR_POLICY = "Ask the administrator of the account for the permissions that `awsprov policy` prints."


def identity(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Report whom the credentials belong to; warn about the root user."""
    try:
        caller = aws.caller
    except Exception as error:
        raise explain(error) or error from error
    where = f"{caller}, at {aws.endpoint}" if aws.endpoint else caller
    if caller.endswith(":root"):
        remedy = "Use an IAM user or role instead; `awsprov policy` prints the permissions that it needs."
        return CheckResult("warning", f"{where}: the root user", remedy)
    return CheckResult("ok", where)


def clock(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Compare this machine's clock with AWS's."""
    try:
        metadata: Any = aws.sts.get_caller_identity()["ResponseMetadata"]
    except ClientError as error:
        metadata = error.response["ResponseMetadata"]
    aws_time = parsedate_to_datetime(metadata["HTTPHeaders"]["date"]).timestamp()
    skew = max(0.0, abs(time.time() - aws_time) - 1)  # the header has whole seconds
    if skew < 1:
        return CheckResult("ok", "in step with AWS")
    message = f"{skew:.0f} s off AWS's clock"
    if skew < MAX_SKEW / 5:
        return CheckResult("ok", message)
    return CheckResult(
        "warning", message, "Set this machine's clock (NTP): AWS rejects requests that are 5 minutes off."
    )


def region(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that the region is enabled for the account."""
    regions = aws.ec2.describe_regions(AllRegions=True, RegionNames=[aws.region])["Regions"]
    if any(each.get("OptInStatus") == "not-opted-in" for each in regions):
        raise UsageError(
            f"{aws.region} is not enabled for this account.",
            remedy="Enable it under Account in the console, or choose another `region:`.",
        )
    return CheckResult("ok", f"{aws.region} is enabled")


def dry_runs(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check with dry runs, which create nothing, that EC2 would let the caller create the first resources."""
    if config.network.subnets:
        return CheckResult("skipped", "they are for a network that awsprov creates")
    denied = [name for name, call in _dry_runs(aws).items() if _refused(call)]
    if denied:
        raise CredentialsError(
            f"{aws.caller} may not call {', '.join(denied)}.",
            remedy=_ASK_FOR_POLICY,
        )
    return CheckResult("ok", "EC2 allows the first calls")


def _dry_runs(aws: Aws) -> dict[str, Callable[[], Any]]:
    """Return calls that depend on no other resource. CreateVpc is not among them: moto ignores its DryRun."""
    gateway: Any = [{"ResourceType": "internet-gateway", "Tags": aws.tag_list("doctor")}]
    address: Any = [{"ResourceType": "elastic-ip", "Tags": aws.tag_list("doctor")}]
    return {
        "ec2:CreateInternetGateway": partial(aws.ec2.create_internet_gateway, TagSpecifications=gateway, DryRun=True),
        "ec2:AllocateAddress": partial(aws.ec2.allocate_address, Domain="vpc", TagSpecifications=address, DryRun=True),
    }


def _refused(call: Callable[[], Any]) -> bool:
    """Return whether a dry run was denied. It always ends in an error; quotas have checks of their own."""
    try:
        call()
    except ClientError as error:
        return error_code(error) in _DENIED
    raise AwsprovError("A dry run was executed.", why=f"{call} returned a response instead of DryRunOperation.")
