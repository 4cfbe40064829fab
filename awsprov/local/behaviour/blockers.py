"""Finds the resources that block a call, in moto's records. Each function takes a call and returns ids.

The table in `dependencies.py` has the operations, error codes and messages.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from moto.apigateway.models import apigateway_backends
from moto.awslambda.models import lambda_backends
from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends
from moto.iam.models import iam_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall

LAMBDA_INTERFACE = "AWS Lambda VPC ENI"  # the start of the description of an interface


def _ec2(call: ApiCall) -> Any:
    return ec2_backends[ACCOUNT][call.region]


def mapped_addresses(call: ApiCall) -> Iterator[str]:
    gateway = _ec2(call).internet_gateways.get(call.params.get("InternetGatewayId"))
    vpc = call.params.get("VpcId")
    if gateway is None or gateway.vpc is None or gateway.vpc.id != vpc:
        return
    for interface in _ec2(call).enis.values():
        if interface.vpc_id == vpc and interface.public_ip:
            yield interface.public_ip


def associations_of_address(call: ApiCall) -> Iterator[str]:
    for address in _ec2(call).addresses:
        if address.allocation_id == call.params.get("AllocationId") and address.association_id:
            yield address.public_ip


def interfaces_in_subnet(call: ApiCall) -> Iterator[str]:
    yield from (each.id for each in _ec2(call).enis.values() if each.subnet.id == call.params.get("SubnetId"))


def interfaces_with_group(call: ApiCall) -> Iterator[str]:
    group = call.params.get("GroupId")
    for interface in _ec2(call).enis.values():
        if any(each.id == group for each in interface.group_set):
            yield str(group)


def rules_naming_group(call: ApiCall) -> Iterator[str]:
    group = call.params.get("GroupId")
    for others in _ec2(call).groups.values():
        for other in others.values():
            rules = [*other.ingress_rules, *other.egress_rules]
            if other.id != group and any(rule.source_group.get("GroupId") == group for rule in rules):
                yield str(group)


def resources_in_vpc(call: ApiCall) -> Iterator[str]:
    ec2, vpc = _ec2(call), call.params.get("VpcId")
    yield from (each.id for zone in ec2.subnets.values() for each in zone.values() if each.vpc_id == vpc)
    yield from (each.id for each in ec2.internet_gateways.values() if each.vpc and each.vpc.id == vpc)
    yield from (each.id for each in ec2.groups.get(vpc, {}).values() if each.name != "default")
    yield from (each.id for each in ec2.route_tables.values() if each.vpc_id == vpc and not each.main_association_id)
    yield from (each.id for each in ec2.vpc_end_points.values() if each.vpc_id == vpc and each.state != "deleted")


def interface_in_use(call: ApiCall) -> Iterator[str]:
    interface = _ec2(call).enis.get(call.params.get("NetworkInterfaceId"))
    if interface is not None and interface.status == "in-use":
        yield interface.id


def lambda_interface(call: ApiCall) -> Iterator[str]:
    interface = _ec2(call).enis.get(call.params.get("NetworkInterfaceId"))
    if interface is not None and interface.description.startswith(LAMBDA_INTERFACE):
        yield interface.id


def other_route_table(call: ApiCall) -> Iterator[str]:
    subnet, route_table = call.params.get("SubnetId"), call.params.get("RouteTableId")
    for table in _ec2(call).route_tables.values():
        if subnet and table.id != route_table and subnet in table._associations.values():
            yield table.id


def not_stopped(call: ApiCall) -> Iterator[str]:
    ids = call.params.get("InstanceIds", [])
    for instance in _ec2(call).all_instances():
        if instance.id in ids and instance.state in ("stopping", "shutting-down", "terminated"):
            yield instance.id


def unavailable_file_system(call: ApiCall) -> Iterator[str]:
    file_system = efs_backends[ACCOUNT][call.region].file_systems_by_id.get(call.params.get("FileSystemId"))
    if file_system is not None and file_system.life_cycle_state != "available":
        yield file_system.file_system_id


def unavailable_mount_target(call: ApiCall) -> Iterator[str]:
    mount_target = efs_backends[ACCOUNT][call.region].mount_targets_by_id.get(call.params.get("MountTargetId"))
    if mount_target is not None and mount_target.life_cycle_state != "available":
        yield mount_target.mount_target_id


def attachments_of_policy(call: ApiCall) -> Iterator[str]:
    iam, arn = iam_backends[ACCOUNT]["aws"], call.params.get("PolicyArn")
    for identity in (*iam.roles.values(), *iam.users.values(), *iam.groups.values()):
        if arn in identity.managed_policies or arn == getattr(identity, "permissions_boundary_arn", None):
            yield str(identity.name)


def other_versions_of_policy(call: ApiCall) -> Iterator[str]:
    policy = iam_backends[ACCOUNT]["aws"].managed_policies.get(call.params.get("PolicyArn"))
    yield from (str(version.version_id) for version in (policy.versions if policy else ()) if not version.is_default)


def function_of(call: ApiCall) -> tuple[Any, str]:
    """Return the function of a call, by name or ARN, and its qualifier; None and "" if it does not exist."""
    name = unquote(str(call.params.get("FunctionName", "")))
    match = re.match(r"(?:arn:aws:lambda:[^:]+:\d+:function:)?([^:]+)(?::(.+))?$", name)
    storage = lambda_backends[ACCOUNT][call.region]._lambdas._functions
    if match is None or match[1] not in storage:
        return None, ""
    return storage[match[1]]["latest"], str(call.params.get("Qualifier") or match[2] or "")


def function_in_transition(call: ApiCall) -> Iterator[str]:
    function, _ = function_of(call)
    if function is not None and (function.state == "Pending" or function.last_update_status == "InProgress"):
        yield function.function_arn


def statement_exists(call: ApiCall) -> Iterator[str]:
    function, qualifier = function_of(call)
    for statement in function.policy.statements if function is not None else []:
        same = statement.get("Sid") == call.params.get("StatementId")
        if same and statement["Resource"].partition(":function:")[2].partition(":")[2] == qualifier:
            yield str(statement["Sid"])


def aliases_of_version(call: ApiCall) -> Iterator[str]:
    function, version = function_of(call)
    if function is not None and version.isdigit():
        for alias in lambda_backends[ACCOUNT][call.region].list_aliases(function.function_name):
            if alias.function_version == version:
                yield alias.name


def _rest_api(call: ApiCall) -> Any:
    return apigateway_backends[ACCOUNT][call.region].apis.get(call.params.get("restApiId"))


def stages_of_deployment(call: ApiCall) -> Iterator[str]:
    api = _rest_api(call)
    for name, stage in api.stages.items() if api else ():
        if stage.deployment_id == call.params.get("deploymentId"):
            yield name


def stages_of_usage_plan(call: ApiCall) -> Iterator[str]:
    plan = apigateway_backends[ACCOUNT][call.region].usage_plans.get(call.params.get("usagePlanId"))
    for stage in plan.api_stages if plan else ():
        yield f"{stage['apiId']}:{stage['stage']}"


def same_resource(call: ApiCall) -> Iterator[str]:
    api = _rest_api(call)
    for resource in api.resources.values() if api else ():
        same = resource.path_part == call.params.get("pathPart")
        if same and resource.parent_id == call.params.get("parentId"):
            yield resource.id


def rest_method(call: ApiCall) -> Any:
    """Return the method of a REST API that a call names, or None."""
    api = _rest_api(call)
    resource = api.resources.get(call.params.get("resourceId")) if api else None
    return resource.resource_methods.get(call.params.get("httpMethod")) if resource else None


def same_method(call: ApiCall) -> Iterator[str]:
    if rest_method(call) is not None:
        yield str(call.params["resourceId"])


def same_method_response(call: ApiCall) -> Iterator[str]:
    method = rest_method(call)
    if method is not None and call.params.get("statusCode") in method.method_responses:
        yield str(call.params["statusCode"])


def same_selection_pattern(call: ApiCall) -> Iterator[str]:
    method, pattern = rest_method(call), call.params.get("selectionPattern") or ""
    responses = (method.method_integration.integration_responses or {}) if method and method.method_integration else {}
    for status, response in responses.items():
        if status != call.params.get("statusCode") and (response.selection_pattern or "") == pattern:
            yield pattern or "default"
