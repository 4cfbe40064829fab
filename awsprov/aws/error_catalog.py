"""The catalog of AWS errors: what each means, what to do about it. Errors that are not in it keep AWS's own words.

Sources: the API references of EC2, EFS, IAM, Lambda and API Gateway, and their troubleshooting pages.
"""

from collections.abc import Mapping
from typing import NamedTuple

from awsprov.errors import RUN_AGAIN, AwsprovError, CredentialsError, TimedOutError, UsageError


class Translation(NamedTuple):
    """The entry of an error code.

    Arguments:
        kind: the class of error to raise.
        meaning: what happened.
        remedy: what to do next.
        reference: where to read more; by default what belongs to the remedy.
    """

    kind: type[AwsprovError]
    meaning: str
    remedy: str
    reference: str = ""


_KEYS = "Check the access key in ~/.aws/credentials or the environment with `aws sts get-caller-identity`."
_LOGIN = f"Sign in again (`aws sso login`, or new keys). {RUN_AGAIN}"
_MORE = "Raise the quota under Service Quotas in the console, or delete what you no longer use."
_ALLOW = "Ask an administrator of the account for that permission, then run the same command again."
_AGAIN = "Run the same command again in a minute: it continues from here."
_DOCS = "https://docs.aws.amazon.com"
_MOUNTS = f"{_DOCS}/lambda/latest/dg/configuration-filesystem.html"
_LAUNCH = f"{_DOCS}/AWSEC2/latest/UserGuide/troubleshooting-launch.html"
_PAGES = {
    _MORE: f"{_DOCS}/servicequotas/latest/userguide/request-quota-increase.html",
    _ALLOW: "`awsprov policy` prints the minimal policy",
    _AGAIN: "`awsprov help state`",
}

TRANSLATIONS: Mapping[str, Translation] = {
    "InvalidClientTokenId": Translation(CredentialsError, "AWS does not know this access key.", _KEYS),
    "UnrecognizedClientException": Translation(CredentialsError, "AWS does not know this access key.", _KEYS),
    "AuthFailure": Translation(CredentialsError, "AWS refuses these credentials, in this region or in general.", _KEYS),
    "SignatureDoesNotMatch": Translation(
        CredentialsError, "The secret key or the clock of this machine is wrong.", _KEYS
    ),
    "ExpiredToken": Translation(CredentialsError, "The temporary credentials have expired.", _LOGIN),
    "ExpiredTokenException": Translation(CredentialsError, "The temporary credentials have expired.", _LOGIN),
    "RequestExpired": Translation(
        CredentialsError, "The clock of this machine is too far off.", "Synchronize the clock (NTP)."
    ),
    "OptInRequired": Translation(CredentialsError, "The account is not signed up for this service.", _ALLOW),
    "PendingVerification": Translation(
        CredentialsError,
        "AWS is still verifying this account.",
        "Wait for the mail from AWS, usually within four hours.",
    ),
    "UnauthorizedOperation": Translation(CredentialsError, "These credentials are not allowed to do that.", _ALLOW),
    "AccessDenied": Translation(CredentialsError, "These credentials are not allowed to do that.", _ALLOW),
    "AccessDeniedException": Translation(CredentialsError, "These credentials are not allowed to do that.", _ALLOW),
    "VpcLimitExceeded": Translation(AwsprovError, "The account's quota of VPCs in this region is used up.", _MORE),
    "InternetGatewayLimitExceeded": Translation(
        AwsprovError, "The account's quota of internet gateways in this region is used up.", _MORE
    ),
    "AddressLimitExceeded": Translation(
        AwsprovError, "The account's quota of elastic IP addresses in this region is used up.", _MORE
    ),
    "NatGatewayLimitExceeded": Translation(
        AwsprovError, "The account's quota of NAT gateways in this availability zone is used up.", _MORE
    ),
    "VcpuLimitExceeded": Translation(
        AwsprovError,
        "The account's vCPU quota is too small for the builder.",
        f"Choose a smaller `builder.instance_type`, or: {_MORE}",
        _PAGES[_MORE],
    ),
    "InsufficientInstanceCapacity": Translation(
        AwsprovError,
        "AWS has no capacity for this instance type in that availability zone now.",
        "Try again later, or choose another `builder.instance_type`.",
        _LAUNCH,
    ),
    "Unsupported": Translation(
        AwsprovError,
        "That availability zone does not offer this instance type.",
        "Choose another `builder.instance_type`.",
        _LAUNCH,
    ),
    "InvalidKeyPair.NotFound": Translation(
        AwsprovError,
        "The key pair does not exist in this region.",
        "Correct `keypair.name`, or remove `keypair` from config.yaml.",
        "`awsprov help config`",
    ),
    "DependencyViolation": Translation(AwsprovError, "Another resource still uses it.", _AGAIN),
    "InvalidGroup.InUse": Translation(AwsprovError, "A network interface still uses the security group.", _AGAIN),
    "InvalidIPAddress.InUse": Translation(AwsprovError, "The address is still in use.", _AGAIN),
    "FileSystemInUse": Translation(AwsprovError, "The file system still has mount targets.", _AGAIN),
    "DeleteConflict": Translation(AwsprovError, "Another resource is still attached to it.", _AGAIN),
    "EFSMountConnectivityException": Translation(
        AwsprovError,
        "The function could not reach the file system.",
        "The mount target's security group must allow port 2049 from the function's: see `awsprov plan`.",
        _MOUNTS,
    ),
    "EFSMountTimeoutException": Translation(
        AwsprovError,
        "The mount of the file system timed out.",
        "Try again; reduce the concurrency if it happens again.",
        _MOUNTS,
    ),
    "EFSMountFailureException": Translation(
        AwsprovError,
        "The function could not mount its access point.",
        "Right after creation, try again in a few minutes. Otherwise `awsprov plan` shows what differs.",
        _MOUNTS,
    ),
    "EFSIOException": Translation(
        AwsprovError,
        "The file system stopped responding.",
        "Its burst credits may be used up: check its CloudWatch metrics.",
        f"{_DOCS}/efs/latest/ug/performance.html",
    ),
    "ENILimitReachedException": Translation(
        AwsprovError, "The quota of network interfaces for functions in this VPC is used up.", _MORE
    ),
    "SubnetIPAddressLimitReachedException": Translation(
        AwsprovError,
        "The private subnets have no free IP addresses.",
        "Choose a larger `network.cidr` (this replaces the network).",
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
        "The function was idle for weeks and is becoming active again.",
        "Send the request again in a minute.",
        f"{_DOCS}/lambda/latest/dg/functions-states.html",
    ),
    "ResourceConflictException": Translation(AwsprovError, "The function is still being updated.", _AGAIN),
    "IncorrectFileSystemLifeCycleState": Translation(AwsprovError, "The file system is not ready yet.", _AGAIN),
    "IncorrectMountTargetState": Translation(AwsprovError, "The mount target is not ready yet.", _AGAIN),
    "RequestLimitExceeded": Translation(TimedOutError, "AWS throttles this account's calls.", _AGAIN),
    "Throttling": Translation(TimedOutError, "AWS throttles this account's calls.", _AGAIN),
    "ThrottlingException": Translation(TimedOutError, "AWS throttles this account's calls.", _AGAIN),
    "TooManyRequestsException": Translation(TimedOutError, "AWS throttles this account's calls.", _AGAIN),
}

# Parts of messages, in lower case: they say more than the code, or the code has several meanings. Sources: AWS
# Organizations user guide, "Tag policies"; IAM user guide, "Troubleshoot access denied error messages".
_BY_MESSAGE = (
    (
        "tag policy",
        Translation(
            UsageError,
            "A tag policy of the organization does not allow a tag.",
            "Correct `tags` in config.yaml: the tag policy says which keys and values it allows.",
        ),
    ),
    (
        "service control policy",
        Translation(
            CredentialsError,
            "A service control policy of the organization denies that in this account.",
            f"If it demands tags, set them with `tags` in config.yaml. Otherwise: {_ALLOW}",
        ),
    ),
    (
        "cannot be assumed by lambda",
        Translation(AwsprovError, "Lambda cannot use the function's new role yet.", _AGAIN),
    ),
    (
        "associated with the same execution role",
        Translation(
            UsageError,
            "Lambda does not divide requests between versions that have different roles.",
            "Remove `canary` of the function from config.yaml, run `awsprov deploy`, and add it again.",
        ),
    ),
    (
        "execution role does not have permissions",
        Translation(
            AwsprovError,
            "The role of the function does not allow what Lambda needs.",
            "If it is the one of `functions.NAME.role`, ask its owner to allow that; `awsprov doctor` names all that "
            f"is missing. Otherwise: {_AGAIN}",
        ),
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
    by_message = next((each for part, each in _BY_MESSAGE if part in message.lower()), None)
    known = by_message or TRANSLATIONS.get(aws_code)
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
