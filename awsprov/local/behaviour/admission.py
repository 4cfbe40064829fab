"""The checks of RunInstances and of Lambda in other services: roles, instance profiles, networks and file systems."""

from collections.abc import Callable, Iterator
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES
from moto.efs.models import efs_backends

from awsprov.local.behaviour.blockers import function_of
from awsprov.local.behaviour.states import PROFILE, ROLE, ROLE_POLICY, Duration
from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.evaluation import AuthorizationRequest, authorizes
from awsprov.local.iam.identities import profile_named, role_with_arn
from awsprov.local.iam.policies import boundary_statements, document_statements, identity_statements, strings
from awsprov.local.wire import ApiCall, ServiceError

Propagated = Callable[[str, Duration], bool]

_INVALID = "InvalidParameterValueException"
_NOT_ASSUMABLE = "The role defined for the function cannot be assumed by Lambda."
_NO_PERMISSION = "The provided execution role does not have permissions to call {} on {}"
_NO_GRANT = (
    "Lambda was unable to configure access to your environment variables because the KMS key is invalid for "
    "CreateGrant. Please check your KMS key settings. KMS Exception: InvalidArnException KMS Message: ARN does not "
    "refer to a valid principal"
)


def check(call: ApiCall, propagated: Propagated) -> None:
    """Check the resources that a call refers to.

    Arguments:
        propagated: returns whether the last change of a role or instance profile is visible to other services.

    Raises:
        ServiceError: a resource does not exist, is not ready, or does not fit.
    """
    if call.name == "ec2:RunInstances":
        _check_profile(call, propagated)
        _check_type(call)
        _check_zone(call)
    if call.name in ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"):
        _check_role(call, propagated)
        _check_network(call)
        _check_file_systems(call)


def _check_profile(call: ApiCall, propagated: Propagated) -> None:
    profile = call.params.get("IamInstanceProfile") or {}
    value = str(profile.get("Name") or profile.get("Arn") or "")
    name = value.rpartition("/")[2]
    if name and (profile_named(name) is None or not propagated(f"profile:{name}", PROFILE)):
        parameter = "name" if profile.get("Name") else "arn"
        message = f"Value ({value}) for parameter iamInstanceProfile.{parameter} is invalid. "
        raise ServiceError("InvalidParameterValue", message + "Invalid IAM Instance Profile name")


def _check_type(call: ApiCall) -> None:
    instance_type = call.params.get("InstanceType")
    if instance_type and instance_type not in INSTANCE_TYPES:
        raise ServiceError("InvalidParameterValue", f"Invalid value '{instance_type}' for InstanceType.")
    if call.params.get("EbsOptimized") and _ebs_support(str(instance_type)) == "unsupported":
        raise ServiceError(
            "Unsupported",
            "EBS-optimized instances are not supported for your requested configuration. Please check the "
            "documentation for supported configurations.",
        )


def _ebs_support(instance_type: str) -> str:
    return str(INSTANCE_TYPES.get(instance_type, {}).get("EbsInfo", {}).get("EbsOptimizedSupport", ""))


def _check_zone(call: ApiCall) -> None:
    """Not all zones have all instance types; us-east-1e has few."""
    instance_type, subnet_id = call.params.get("InstanceType"), call.params.get("SubnetId")
    ec2 = ec2_backends[ACCOUNT][call.region]
    zone = next((name for name, subnets in ec2.subnets.items() if subnet_id in subnets), "")
    offers = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(call.region, [])
    zones = sorted({offer["Location"] for offer in offers if offer["InstanceType"] == instance_type})
    if zone and zones and zone not in zones:
        raise ServiceError(
            "Unsupported",
            f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone "
            f"({zone}). Please retry your request by not specifying an Availability Zone or choosing "
            f"{', '.join(zones)}.",
        )


def _check_role(call: ApiCall, propagated: Propagated) -> None:
    given, (function, _) = str(call.params.get("Role") or ""), function_of(call)
    arn = given or getattr(function, "role", "")
    role = role_with_arn(arn)
    if role is None:
        return  # moto reports this error itself
    services = _trusted_services(role.assume_role_policy_document)
    if given and ("lambda.amazonaws.com" not in services or not propagated(f"role:{role.name}", ROLE)):
        raise ServiceError(_INVALID, _NOT_ASSUMABLE)
    known = propagated(f"policies:{role.name}", ROLE_POLICY)
    for action, service in _needed(call):
        if not known or not _may(role, f"{service.lower()}:{action}"):
            raise ServiceError(_INVALID, _NO_PERMISSION.format(action, service))
    if call.params.get("KMSKeyArn") and not known:
        raise ServiceError(_INVALID, _NO_GRANT)


def _needed(call: ApiCall) -> Iterator[tuple[str, str]]:
    """Yield the actions that Lambda checks the role for, each with its service."""
    if call.name == "lambda:CreateFunction" and _subnets(call):
        yield "CreateNetworkInterface", "EC2"
    if (call.params.get("TracingConfig") or {}).get("Mode") == "Active":
        yield "PutTraceSegments", "XRAY"


def _check_network(call: ApiCall) -> None:
    ec2 = ec2_backends[ACCOUNT][call.region]
    known = {subnet.id for zone in ec2.subnets.values() for subnet in zone.values()}
    for subnet in set(_subnets(call)) - known:
        error = f"EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID '{subnet}' does not exist"
        raise ServiceError(_INVALID, f"Error occurred while DescribeSubnets. {error}")
    for group in (call.params.get("VpcConfig") or {}).get("SecurityGroupIds") or []:
        if ec2.get_security_group_from_id(group) is None:
            error = (
                f"EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: The security group '{group}' does not exist"
            )
            raise ServiceError(_INVALID, f"Error occurred while DescribeSecurityGroups. {error}")
    _check_vpc(ec2, _subnets(call), (call.params.get("VpcConfig") or {}).get("SecurityGroupIds") or [])


def _check_vpc(ec2: Any, subnets: list[str], groups: list[str]) -> None:
    """Check that the subnets and security groups of a function are of one VPC."""
    vpcs = {ec2.get_subnet(subnet).vpc_id for subnet in subnets}
    if len(vpcs) > 1:
        raise ServiceError(_INVALID, "Subnets are required to be in the same VPC.")
    if {ec2.get_security_group_from_id(group).vpc_id for group in groups} - vpcs and subnets:
        raise ServiceError(_INVALID, "Security Groups are required to be in the same VPC.")


def _check_file_systems(call: ApiCall) -> None:
    efs, ec2 = efs_backends[ACCOUNT][call.region], ec2_backends[ACCOUNT][call.region]
    for file_system_config in call.params.get("FileSystemConfigs") or []:
        arn = str(file_system_config.get("Arn"))
        point = efs.access_points.get(arn.rpartition("/")[2])
        if point is None or not efs.usable(point):
            raise ServiceError(_INVALID, f"The access point {arn} does not exist or is not available.")
        file_system = efs.file_systems_by_id[point.file_system_id]
        _check_zones(file_system, {ec2.get_subnet(subnet).availability_zone for subnet in _subnets(call)})


def _check_zones(file_system: Any, zones: set[str]) -> None:
    targets = {target.availability_zone_name: target for target in file_system.iter_mount_targets()}
    subject = f"EFS file system {file_system.file_system_arn}"
    if not zones <= set(targets):
        raise ServiceError(
            _INVALID,
            f"{subject} does not have mount targets created in all availability zones the function will execute in. "
            "Please create EFS mount targets for each availability zone your function will execute in.",
        )
    if any(targets[zone].life_cycle_state != "available" for zone in zones):
        raise ServiceError(
            _INVALID,
            f"{subject} has mount targets created in all availability zones the function will execute in, but not all "
            "are in the available life cycle state yet. Please wait for them to become available and try the request "
            "again.",
        )


def _subnets(call: ApiCall) -> list[str]:
    return list((call.params.get("VpcConfig") or {}).get("SubnetIds") or [])


def _trusted_services(document: Any) -> set[str]:
    """Return the services that may assume a role with this trust policy."""
    services: set[str] = set()
    for statement in document_statements(document):
        principal = statement.get("Principal", {})
        services.update(strings(principal.get("Service", [])) if isinstance(principal, dict) else [])
    return services


def _may(role: Any, action: str) -> bool:
    """Return whether the policies of a role and its permissions boundary allow an action on all resources."""
    return authorizes(identity_statements(role), boundary_statements(role), AuthorizationRequest(action))
