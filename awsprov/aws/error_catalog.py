"""What the AWS errors of this job mean to a person, and what to do about them. Unknown ones keep AWS's own words.

Sources: the API references of EC2, EFS, IAM, Lambda and API Gateway, and their troubleshooting pages.
"""

from collections.abc import Mapping
from typing import NamedTuple

from awsprov.errors import AwsprovError, CredentialsError, TimedOutError


class Translation(NamedTuple):
    """The kind of error, what it means, what to do, and where to read more, when that is not told by what to do."""

    kind: type[AwsprovError]
    meaning: str
    remedy: str
    reference: str = ""


_KEYS = "Check the access key in ~/.aws/credentials or the environment; `aws sts get-caller-identity` must answer."
_LOGIN = "Sign in again (`aws sso login`, or new keys) and run the same command again: it goes on from here."
_MORE = "Raise the quota under Service Quotas in the console, or delete what you no longer use."
_ALLOW = "Ask whoever manages the account for that permission, then run the same command again."
_AGAIN = "Run the same command again in a minute: it goes on from here."
_DOCS = "https://docs.aws.amazon.com"
_MOUNTS = f"{_DOCS}/lambda/latest/dg/configuration-filesystem.html"
_LAUNCH = f"{_DOCS}/AWSEC2/latest/UserGuide/troubleshooting-launch.html"
_PAGES = {
    _MORE: f"{_DOCS}/servicequotas/latest/userguide/request-quota-increase.html",
    _ALLOW: "`awsprov policy` prints the least that is needed",
    _AGAIN: "`awsprov help state`",
}

TRANSLATIONS: Mapping[str, Translation] = {
    "InvalidClientTokenId": Translation(CredentialsError, "AWS does not know this access key.", _KEYS),
    "UnrecognizedClientException": Translation(CredentialsError, "AWS does not know this access key.", _KEYS),
    "AuthFailure": Translation(CredentialsError, "AWS refuses these credentials, in this region or at all.", _KEYS),
    "SignatureDoesNotMatch": Translation(
        CredentialsError, "The secret key is wrong, or this machine's clock is.", _KEYS
    ),
    "ExpiredToken": Translation(CredentialsError, "The temporary credentials have expired.", _LOGIN),
    "ExpiredTokenException": Translation(CredentialsError, "The temporary credentials have expired.", _LOGIN),
    "RequestExpired": Translation(CredentialsError, "The request was dated too far off.", "Set this machine's clock."),
    "OptInRequired": Translation(CredentialsError, "The account is not signed up for this service.", _ALLOW),
    "PendingVerification": Translation(
        CredentialsError, "AWS is still verifying this account.", "Wait for AWS's mail, usually within four hours."
    ),
    "UnauthorizedOperation": Translation(CredentialsError, "These credentials may not do that.", _ALLOW),
    "AccessDenied": Translation(CredentialsError, "These credentials may not do that.", _ALLOW),
    "AccessDeniedException": Translation(CredentialsError, "These credentials may not do that.", _ALLOW),
    "VpcLimitExceeded": Translation(AwsprovError, "The region has as many VPCs as the account may have.", _MORE),
    "InternetGatewayLimitExceeded": Translation(AwsprovError, "The region has its quota of internet gateways.", _MORE),
    "AddressLimitExceeded": Translation(AwsprovError, "The region has its quota of elastic IP addresses.", _MORE),
    "NatGatewayLimitExceeded": Translation(AwsprovError, "The zone has its quota of NAT gateways.", _MORE),
    "VcpuLimitExceeded": Translation(
        AwsprovError,
        "The account's vCPU quota is too small for the builder.",
        f"A smaller `builder.instance_type`, or: {_MORE}",
        _PAGES[_MORE],
    ),
    "InsufficientInstanceCapacity": Translation(
        AwsprovError,
        "AWS has no such machine free in that zone now.",
        "Try again later, or another `builder.instance_type`.",
        _LAUNCH,
    ),
    "Unsupported": Translation(
        AwsprovError, "That zone does not have this instance type.", "Choose another `builder.instance_type`.", _LAUNCH
    ),
    "InvalidKeyPair.NotFound": Translation(
        AwsprovError,
        "The key pair is not in this region.",
        "Correct `keypair.name`, or leave `keypair` out.",
        "`awsprov help config`",
    ),
    "DependencyViolation": Translation(AwsprovError, "Something else still uses it.", _AGAIN),
    "InvalidGroup.InUse": Translation(AwsprovError, "A network interface still uses the security group.", _AGAIN),
    "InvalidIPAddress.InUse": Translation(AwsprovError, "The address is still in use.", _AGAIN),
    "FileSystemInUse": Translation(AwsprovError, "The file system still has mount targets.", _AGAIN),
    "DeleteConflict": Translation(AwsprovError, "Something is still attached to it.", _AGAIN),
    "EFSMountConnectivityException": Translation(
        AwsprovError,
        "The function could not reach the file system.",
        "Port 2049 must be open from the function's group to the mount target's: `awsprov plan` shows what differs.",
        _MOUNTS,
    ),
    "EFSMountTimeoutException": Translation(
        AwsprovError,
        "The file system answered too slowly for a mount.",
        "Try again; lower the concurrency if it goes on.",
        _MOUNTS,
    ),
    "EFSMountFailureException": Translation(
        AwsprovError,
        "The function could not mount its access point.",
        "Right after creation this passes within minutes. Otherwise `awsprov plan` shows what differs.",
        _MOUNTS,
    ),
    "EFSIOException": Translation(
        AwsprovError,
        "The file system stopped answering.",
        "Its burst credits may be used up: look at its CloudWatch metrics.",
        f"{_DOCS}/efs/latest/ug/performance.html",
    ),
    "ENILimitReachedException": Translation(AwsprovError, "The VPC has its quota of function interfaces.", _MORE),
    "SubnetIPAddressLimitReachedException": Translation(
        AwsprovError,
        "The private subnets have no free addresses.",
        "A larger `network.cidr` (this replaces the network).",
        f"{_DOCS}/lambda/latest/dg/configuration-vpc.html",
    ),
    "CodeStorageExceededException": Translation(
        AwsprovError,
        "The account's Lambda code storage is full.",
        "Delete old function versions.",
        f"{_DOCS}/lambda/latest/dg/gettingstarted-limits.html",
    ),
    "ResourceNotReadyException": Translation(
        AwsprovError,
        "The function was idle for weeks and is being woken.",
        "Send the request again in a minute.",
        f"{_DOCS}/lambda/latest/dg/functions-states.html",
    ),
    "ResourceConflictException": Translation(AwsprovError, "The function is still being changed.", _AGAIN),
    "IncorrectFileSystemLifeCycleState": Translation(AwsprovError, "The file system is not ready yet.", _AGAIN),
    "IncorrectMountTargetState": Translation(AwsprovError, "The mount target is not ready yet.", _AGAIN),
    "RequestLimitExceeded": Translation(TimedOutError, "AWS throttles this account's calls.", _AGAIN),
    "Throttling": Translation(TimedOutError, "AWS throttles this account's calls.", _AGAIN),
    "ThrottlingException": Translation(TimedOutError, "AWS throttles this account's calls.", _AGAIN),
    "TooManyRequestsException": Translation(TimedOutError, "AWS throttles this account's calls.", _AGAIN),
}

# One code for many mistakes: what it is about stands in the message.
_BY_MESSAGE = (
    (
        "cannot be assumed by Lambda",
        Translation(AwsprovError, "IAM has not yet told Lambda of the function's new role.", _AGAIN),
    ),
)


def translate(aws_code: str, message: str, operation: str, request_id: str) -> AwsprovError:
    """Return the error for people of a call that AWS refused; AWS's own code and message are its reason.

    Arguments:
        aws_code: AWS's error code.
        message: AWS's message.
        operation: the API operation that was refused.
        request_id: AWS's id of the request.
    """
    known = TRANSLATIONS.get(aws_code) or next((each for part, each in _BY_MESSAGE if part in message), None)
    if known is None:
        what, why = f"{operation} was refused: {aws_code}.", message
        return AwsprovError(what, why=why, aws_code=aws_code, operation=operation, request_id=request_id)
    return known.kind(
        known.meaning,
        why=f"{operation}: {aws_code}: {message}",
        remedy=known.remedy,
        reference=known.reference or _PAGES.get(known.remedy, ""),
        aws_code=aws_code,
        operation=operation,
        request_id=request_id,
    )
