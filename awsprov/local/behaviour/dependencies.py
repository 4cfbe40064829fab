"""Operations that AWS refuses while another resource depends on theirs, with the error code and message of AWS."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from awsprov.local.behaviour import blockers
from awsprov.local.behaviour.fidelity_row import API, ESTIMATE, GUIDE, MODEL, REPORTS, TERRAFORM, FidelityRow
from awsprov.local.wire import ApiCall, ServiceError


@dataclass(frozen=True)
class Dependency(FidelityRow):
    """An operation that is refused while there are blockers.

    Arguments:
        operation: `service:Operation`.
        condition: when the operation is refused, as the end of a sentence.
        blockers: returns the ids of the blockers of a call.
        code: the error code.
        message: the error message, a template with the parameters of the call and `{first}`, the first blocker.
        status: the HTTP status.
    """

    operation: str
    condition: str
    blockers: Callable[[ApiCall], Iterable[str]]
    code: str
    message: str
    status: int = 400
    moto: str = field(default="not checked", kw_only=True)

    @property
    def title(self) -> str:
        return f"{self.operation.partition(':')[2]} {self.condition}"

    @property
    def on_aws(self) -> str:
        return f"`{self.code}`"

    def check(self, call: ApiCall) -> None:
        """Check a call.

        Raises:
            ServiceError: there are blockers.
        """
        found = sorted(self.blockers(call))
        if found:
            texts = {name: value for name, value in call.params.items() if isinstance(value, str)}
            raise ServiceError(self.code, self.message.format(first=found[0], **texts), self.status)


_VIOLATION = "DependencyViolation"
_IN_USE = "ResourceConflictException"

DEPENDENCIES = (
    Dependency(
        "ec2:DetachInternetGateway",
        "while a public address is mapped in the VPC",
        blockers.mapped_addresses,
        _VIOLATION,
        "Network {VpcId} has some mapped public address(es). Please unmap those public address(es) before detaching "
        "the gateway.",
        source=f"{GUIDE}; {REPORTS}",
    ),
    Dependency(
        "ec2:ReleaseAddress",
        "of an address that is in use",
        blockers.associations_of_address,
        "InvalidIPAddress.InUse",
        "Address {first} is in use.",
        source=API,
    ),
    Dependency(
        "ec2:DeleteSubnet",
        "with a network interface in it",
        blockers.interfaces_in_subnet,
        _VIOLATION,
        "The subnet '{SubnetId}' has dependencies and cannot be deleted.",
        source=API,
    ),
    Dependency(
        "ec2:DeleteSecurityGroup",
        "of a group that a network interface uses",
        blockers.interfaces_with_group,
        _VIOLATION,
        "resource {first} has a dependent object",
        source=f"{API}; {TERRAFORM}",
    ),
    Dependency(
        "ec2:DeleteSecurityGroup",
        "of a group that a rule of another group refers to",
        blockers.rules_naming_group,
        _VIOLATION,
        "resource {first} has a dependent object",
        source=f"{API}; {TERRAFORM}",
    ),
    Dependency(
        "ec2:DeleteVpc",
        "with subnets, gateways, security groups or route tables in it",
        blockers.resources_in_vpc,
        _VIOLATION,
        "The vpc '{VpcId}' has dependencies and cannot be deleted.",
        moto="checks subnets and route tables only",
        source=API,
    ),
    Dependency(
        "ec2:DeleteNetworkInterface",
        "of an interface that is in use",
        blockers.interface_in_use,
        "InvalidParameterValue",
        "Network interface '{NetworkInterfaceId}' is currently in use.",
        source=f"{GUIDE}; {TERRAFORM}",
    ),
    Dependency(
        "ec2:ModifyNetworkInterfaceAttribute",
        "of an interface that belongs to Lambda",
        blockers.lambda_interface,
        "OperationNotPermitted",
        "You do not have permission to access the specified resource.",
        source=f"{REPORTS} (since 2023)",
    ),
    Dependency(
        "ec2:AssociateRouteTable",
        "of a subnet that has another route table",
        blockers.other_route_table,
        "Resource.AlreadyAssociated",
        "the specified association for route table {first} conflicts with an existing association",
        moto="returns the other association",
        source=ESTIMATE,
    ),
    Dependency(
        "ec2:StartInstances",
        "of an instance that is not stopped yet",
        blockers.not_stopped,
        "IncorrectInstanceState",
        "The instance '{first}' is not in a state from which it can be started.",
        source=API,
    ),
    Dependency(
        "ec2:CreateNatGateway",
        "with an address that is in use",
        blockers.associations_of_address,
        "Resource.AlreadyAssociated",
        "Elastic IP address [{AllocationId}] is already associated",
        moto="as AWS",
        source=GUIDE,
    ),
    *(
        Dependency(
            f"efs:{operation}",
            "before the file system is available",
            blockers.unavailable_file_system,
            "IncorrectFileSystemLifeCycleState",
            "The file system '{FileSystemId}' is not in the correct state for this operation.",
            409,
            source=MODEL,
        )
        for operation in ("CreateMountTarget", "CreateAccessPoint", "PutFileSystemPolicy")
    ),
    *(
        Dependency(
            f"efs:{operation}",
            "while the mount target is being created or deleted",
            blockers.unavailable_mount_target,
            "IncorrectMountTargetState",
            "Mount target does not have a network interface",
            409,
            source=f"{MODEL}; {TERRAFORM}",
        )
        for operation in ("DescribeMountTargetSecurityGroups", "ModifyMountTargetSecurityGroups")
    ),
    *(
        Dependency(
            f"lambda:{operation}",
            "while the function is Pending or InProgress",
            blockers.function_in_transition,
            _IN_USE,
            "The operation cannot be performed at this time. An update is in progress for resource: {first}",
            409,
            moto="has no transitions",
            source=f"{MODEL}; {REPORTS}",
        )
        for operation in ("UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion")
    ),
    Dependency(
        "lambda:AddPermission",
        "with a statement id that exists",
        blockers.statement_exists,
        _IN_USE,
        "The statement id ({StatementId}) provided already exists. Please provide a new statement id, or remove the "
        "existing statement.",
        409,
        moto="adds a second statement with the id",
        source=MODEL,
    ),
    Dependency(
        "lambda:DeleteFunction",
        "of a version that an alias points to",
        blockers.aliases_of_version,
        _IN_USE,
        "Unable to delete version because the following aliases reference it: [{first}]",
        409,
        source=MODEL,
    ),
    Dependency(
        "iam:DeletePolicy",
        "of a policy that is attached, or a permissions boundary",
        blockers.attachments_of_policy,
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
        409,
        source=f"{MODEL} (documentation of DeletePolicy); {REPORTS}",
    ),
    Dependency(
        "iam:DeletePolicy",
        "of a policy with other versions than the default one",
        blockers.other_versions_of_policy,
        "DeleteConflict",
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The "
        "default version is deleted with the policy.",
        409,
        source=f"{MODEL} (documentation of DeletePolicy); {REPORTS}",
    ),
    Dependency(
        "apigateway:DeleteDeployment",
        "of a deployment that a stage uses",
        blockers.stages_of_deployment,
        "BadRequestException",
        "Active stages pointing to this deployment must be moved or deleted",
        moto="checks only the stage it was created with",
        source=API,
    ),
    Dependency(
        "apigateway:DeleteUsagePlan",
        "with stages in it",
        blockers.stages_of_usage_plan,
        "BadRequestException",
        "Cannot delete usage plan {usagePlanId} because it is associated with API stages",
        source=API,
    ),
    Dependency(
        "apigateway:CreateResource",
        "of a path that exists",
        blockers.same_resource,
        "ConflictException",
        "Another resource with the same parent already has this name: {pathPart}",
        409,
        moto="creates a second resource with the path",
        source=ESTIMATE,
    ),
    Dependency(
        "apigateway:PutMethod",
        "of a method that exists",
        blockers.same_method,
        "ConflictException",
        "Method already exists for this resource",
        409,
        moto="replaces the method",
        source=ESTIMATE,
    ),
    Dependency(
        "apigateway:PutMethodResponse",
        "of a response that exists",
        blockers.same_method_response,
        "ConflictException",
        "Response already exists for this resource",
        409,
        moto="replaces the response",
        source=REPORTS,
    ),
    Dependency(
        "apigateway:PutIntegrationResponse",
        "with the selection pattern of another one",
        blockers.same_selection_pattern,
        "ConflictException",
        "Integration response with selection pattern {first} already exists",
        409,
        source=REPORTS,
    ),
)
