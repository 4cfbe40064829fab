"""The errors that are known to pass by themselves, each with the longest time that takes. Nothing else is retried."""

from typing import NamedTuple

READ_PREFIXES = ("Describe", "Get", "List", "Head", "Search", "Lookup", "Simulate", "Filter", "Decode")
# "Not found" is a valid answer to calls that read or delete, and never a transient error.
_NOT_FOUND_PREFIXES = ("Delete", "Terminate", "Detach", "Release", "Revoke", "Disassociate", "Remove", *READ_PREFIXES)


class TransientError(NamedTuple):
    """An error that is known to pass without a change of the call.

    Arguments:
        service: botocore's hyphenated service id.
        code: AWS's error code.
        fragment: a part of its message; empty for any.
        seconds: how long it can last.
        always: whether it is transient for calls that read or delete, too.
    """

    service: str
    code: str
    fragment: str
    seconds: float
    always: bool = False

    def matches(self, service: str, operation: str, error: dict[str, str]) -> bool:
        """Return whether an operation's error is this one."""
        same = (self.service, self.code) == (service, error.get("Code"))
        applies = self.always or not operation.startswith(_NOT_FOUND_PREFIXES)
        return same and applies and self.fragment in (error.get("Message") or "")


# Sources: AWS's API references for the codes; terraform-provider-aws and chalice for the messages, and for the two
# minutes that Lambda and EC2 need at worst to learn of a new IAM role.
TRANSIENT_ERRORS = (
    TransientError("lambda", "InvalidParameterValueException", "cannot be assumed by Lambda", 120),
    # for EC2's CreateNetworkInterface, and X-Ray's PutTraceSegments
    TransientError(
        "lambda", "InvalidParameterValueException", "The provided execution role does not have permissions", 120
    ),
    TransientError("lambda", "InvalidParameterValueException", "KMS key is invalid for CreateGrant", 120),
    TransientError("lambda", "InvalidParameterValueException", "not all are in the available life cycle state", 300),
    TransientError("lambda", "InvalidParameterValueException", "throttled by EC2", 540),
    TransientError("lambda", "ResourceConflictException", "An update is in progress", 300, always=True),
    TransientError("lambda", "ResourceConflictException", "is currently in the following state: Pending", 900),
    TransientError("ec2", "InvalidParameterValue", "Invalid IAM Instance Profile name", 120),
    TransientError("iam", "NoSuchEntity", "", 60),
    TransientError("iam", "ConcurrentModification", "", 60, always=True),
    TransientError("efs", "IncorrectFileSystemLifeCycleState", "", 300),
    TransientError("efs", "IncorrectMountTargetState", "", 300, always=True),  # DescribeMountTargetSecurityGroups, too
    TransientError("efs", "PolicyValidationException", "", 60),  # the policy names a principal that IAM just created
    TransientError("efs", "InvalidPolicyException", "", 60),  # the same, by its older name
    TransientError("api-gateway", "TooManyRequestsException", "", 240, always=True),  # DeleteRestApi: one in 30 s
    TransientError("apigatewayv2", "TooManyRequestsException", "", 240, always=True),
    *(  # another program, or an earlier call that is not complete, changes the same API
        TransientError(service, code, "concurrent modification", 120, always=True)
        for service in ("api-gateway", "apigatewayv2")
        for code in ("ConflictException", "BadRequestException")
    ),
    *(  # of EC2's subnets and groups, and of EFS's own file systems
        TransientError("efs", code, "", 60)
        for code in ("SubnetNotFound", "SecurityGroupNotFound", "FileSystemNotFound")
    ),
    *(
        TransientError("ec2", code, "", 60)
        for code in (
            "InvalidVpcID.NotFound",
            "InvalidSubnetID.NotFound",
            "InvalidSubnet.NotFound",
            "InvalidGroup.NotFound",
            "InvalidSecurityGroupID.NotFound",
            "InvalidNetworkAclID.NotFound",
            "InvalidAssociationID.NotFound",  # ReplaceNetworkAclAssociation, of a new subnet
            "InvalidNetworkInterfaceID.NotFound",
            "InvalidVpcEndpointId.NotFound",
            "InvalidInternetGatewayID.NotFound",
            "InvalidAllocationID.NotFound",
            "InvalidInstanceID.NotFound",
            "InvalidRouteTableID.NotFound",
            "InvalidKeyPair.NotFound",
            "NatGatewayNotFound",
            "InvalidGatewayID.NotFound",  # CreateRoute
            "InvalidNatGatewayID.NotFound",
        )
    ),
)
