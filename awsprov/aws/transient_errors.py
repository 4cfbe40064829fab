"""The errors that are known to pass by themselves, each with its time. Nothing else is ever repeated."""

from typing import NamedTuple

READ_PREFIXES = ("Describe", "Get", "List", "Head", "Search", "Lookup", "Simulate", "Filter", "Decode")
# "Not found" is a valid answer to calls that read or delete, and never a transient error.
NOT_FOUND_PREFIXES = (
    "Delete",
    "Terminate",
    "Detach",
    "Release",
    "Revoke",
    "Disassociate",
    "Remove",
    *READ_PREFIXES,
)


class TransientError(NamedTuple):
    """An error that is known to pass by itself.

    Arguments:
        service: botocore's hyphenated service id.
        code: AWS's error code.
        fragment: a part of its message; empty for any.
        within: seconds that it may last.
        when_deleting: whether it passes for calls that look or take away, too. "Not found" is an answer there.
    """

    service: str
    code: str
    fragment: str
    within: float
    when_deleting: bool = False

    def covers(self, service: str, operation: str, error: dict[str, str]) -> bool:
        """Whether this error of that operation is the one."""
        same = (self.service, self.code) == (service, error.get("Code")) and self.fragment in (
            error.get("Message") or ""
        )
        return same and (self.when_deleting or not operation.startswith(NOT_FOUND_PREFIXES))


# Sources: AWS's API references for the codes; terraform-provider-aws and chalice for the messages, and for the two
# minutes that an IAM role takes, at worst, to be known to Lambda and EC2.
TRANSIENT_ERRORS = (
    TransientError("lambda", "InvalidParameterValueException", "cannot be assumed by Lambda", 120),
    TransientError(
        "lambda", "InvalidParameterValueException", "does not have permissions to call CreateNetworkInterface", 120
    ),
    TransientError("lambda", "InvalidParameterValueException", "not all are in the available life cycle state", 300),
    TransientError("lambda", "InvalidParameterValueException", "throttled by EC2", 540),
    TransientError("lambda", "ResourceConflictException", "An update is in progress", 300, when_deleting=True),
    TransientError("lambda", "ResourceConflictException", "is currently in the following state: Pending", 900),
    TransientError("ec2", "InvalidParameterValue", "Invalid IAM Instance Profile name", 120),
    TransientError("iam", "NoSuchEntity", "", 60),
    TransientError("iam", "ConcurrentModification", "", 60, when_deleting=True),
    TransientError("efs", "IncorrectFileSystemLifeCycleState", "", 300),
    TransientError(
        "efs", "IncorrectMountTargetState", "", 300, when_deleting=True
    ),  # also told to who asks for its groups
    TransientError("efs", "PolicyValidationException", "", 60),  # a principal that IAM has just made
    TransientError("efs", "InvalidPolicyException", "", 60),  # the same, by its older name
    TransientError(
        "api-gateway", "TooManyRequestsException", "", 240, when_deleting=True
    ),  # DeleteRestApi: one in 30 s for an account
    *(
        TransientError("ec2", code, "", 60)
        for code in (
            "InvalidVpcID.NotFound",
            "InvalidSubnetID.NotFound",
            "InvalidSubnet.NotFound",
            "InvalidGroup.NotFound",
            "InvalidInternetGatewayID.NotFound",
            "InvalidAllocationID.NotFound",
            "InvalidInstanceID.NotFound",
            "InvalidRouteTableID.NotFound",
            "InvalidKeyPair.NotFound",
            "NatGatewayNotFound",
        )
    ),
)
