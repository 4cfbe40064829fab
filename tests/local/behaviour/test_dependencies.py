"""Dependencies between resources, at pace 0."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from awsprov.local.behaviour.dependencies import DEPENDENCIES
from tests.local.conftest import LocalCloud, Network, function, make_role, refused

# The rows that need a pace above 0; `test_states.py` tests them.
SLOW = {
    "ec2:StartInstances",
    "efs:CreateMountTarget",
    "efs:CreateAccessPoint",
    "efs:PutFileSystemPolicy",
    "efs:DescribeMountTargetSecurityGroups",
    "efs:ModifyMountTargetSecurityGroups",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "lambda:PublishVersion",
}


def address(network: Network) -> str:
    return str(network.ec2.allocate_address(Domain="vpc")["AllocationId"])


def nat(network: Network, allocation: str) -> str:
    created = network.ec2.create_nat_gateway(SubnetId=network.subnet, AllocationId=allocation)
    return str(created["NatGateway"]["NatGatewayId"])


def test_an_internet_gateway_cannot_be_detached_while_addresses_are_mapped(network: Network) -> None:
    allocation = address(network)
    gateway = nat(network, allocation)
    with refused("DependencyViolation"):
        network.ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)
    network.ec2.delete_nat_gateway(NatGatewayId=gateway)
    network.ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)


def test_an_internet_gateway_cannot_be_detached_while_an_instance_has_a_public_address(network: Network) -> None:
    network.ec2.modify_subnet_attribute(SubnetId=network.subnet, MapPublicIpOnLaunch={"Value": True})
    instance = network.launch()
    with refused("DependencyViolation"):
        network.ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)
    network.ec2.terminate_instances(InstanceIds=[instance])
    network.ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)


def test_an_address_in_use_cannot_be_released_or_used_again(network: Network) -> None:
    allocation = address(network)
    gateway = nat(network, allocation)
    with refused("InvalidIPAddress.InUse"):
        network.ec2.release_address(AllocationId=allocation)
    with refused("Resource.AlreadyAssociated"):
        nat(network, allocation)
    network.ec2.delete_nat_gateway(NatGatewayId=gateway)
    network.ec2.release_address(AllocationId=allocation)


@pytest.mark.parametrize("user", ["instance", "nat", "mount target"])
def test_a_subnet_with_an_interface_cannot_be_deleted(network: Network, user: str) -> None:
    efs = network.cloud.client("efs")
    if user == "instance":
        instance = network.launch()
        leave: Callable[[], Any] = lambda: network.ec2.terminate_instances(InstanceIds=[instance])  # noqa: E731
    elif user == "nat":
        gateway = nat(network, address(network))
        leave = lambda: network.ec2.delete_nat_gateway(NatGatewayId=gateway)  # noqa: E731
    else:
        file_system = efs.create_file_system(CreationToken=network.vpc)["FileSystemId"]
        target = efs.create_mount_target(FileSystemId=file_system, SubnetId=network.subnet)["MountTargetId"]
        leave = lambda: efs.delete_mount_target(MountTargetId=target)  # noqa: E731
    with refused("DependencyViolation"):
        network.ec2.delete_subnet(SubnetId=network.subnet)
    leave()
    network.ec2.delete_subnet(SubnetId=network.subnet)


def test_a_security_group_in_use_cannot_be_deleted(network: Network) -> None:
    other = network.ec2.create_security_group(GroupName="other", Description="x", VpcId=network.vpc)["GroupId"]
    pair = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": network.group}]}
    network.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[pair])
    instance = network.launch()
    with refused("DependencyViolation"):
        network.ec2.delete_security_group(GroupId=network.group)
    network.ec2.terminate_instances(InstanceIds=[instance])
    with refused("DependencyViolation"):
        network.ec2.delete_security_group(GroupId=network.group)
    network.ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=[pair])
    network.ec2.delete_security_group(GroupId=network.group)


def test_a_vpc_with_resources_cannot_be_deleted(network: Network) -> None:
    ec2, vpc = network.ec2, network.vpc
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    removals: tuple[Callable[[], Any], ...] = (
        lambda: ec2.delete_subnet(SubnetId=network.subnet),
        lambda: ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=vpc),
        lambda: ec2.delete_security_group(GroupId=network.group),
        lambda: ec2.delete_route_table(RouteTableId=table),
    )
    for remove in removals:
        with refused("DependencyViolation"):
            ec2.delete_vpc(VpcId=vpc)
        remove()
    ec2.delete_vpc(VpcId=vpc)


def test_an_interface_in_use_cannot_be_deleted(network: Network) -> None:
    network.launch()
    filters = [{"Name": "subnet-id", "Values": [network.subnet]}]
    interface = network.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    with refused("InvalidParameterValue"):
        network.ec2.delete_network_interface(NetworkInterfaceId=interface)


def test_a_subnet_has_one_route_table(network: Network) -> None:
    ec2 = network.ec2
    first, second = (ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    ec2.associate_route_table(RouteTableId=first, SubnetId=network.subnet)
    ec2.associate_route_table(RouteTableId=first, SubnetId=network.subnet)
    with refused("Resource.AlreadyAssociated"):
        ec2.associate_route_table(RouteTableId=second, SubnetId=network.subnet)


def test_an_interface_of_lambda_cannot_be_changed(network: Network, role: str) -> None:
    config = {"SubnetIds": [network.subnet], "SecurityGroupIds": [network.group]}
    network.cloud.client("lambda").create_function(**function(role, VpcConfig=config))
    filters = [{"Name": "subnet-id", "Values": [network.subnet]}]
    interface = network.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"][0]
    with refused("OperationNotPermitted"):
        network.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[network.group]
        )


def test_a_statement_id_is_unique_per_qualifier(cloud: LocalCloud, role: str) -> None:
    lambda_ = cloud.client("lambda")
    name = lambda_.create_function(**function(role, Publish=True))["FunctionName"]
    lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    statement = {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com", "StatementId": "api"}
    lambda_.add_permission(FunctionName=name, **statement)
    lambda_.add_permission(FunctionName=name, Qualifier="live", **statement)
    with refused("ResourceConflictException"):
        lambda_.add_permission(FunctionName=name, Qualifier="live", **statement)
    assert lambda_.get_policy(FunctionName=name)["Policy"].count('"Sid"') == 1


def test_a_version_with_an_alias_cannot_be_deleted(cloud: LocalCloud, role: str) -> None:
    lambda_ = cloud.client("lambda")
    name = lambda_.create_function(**function(role, Publish=True))["FunctionName"]
    lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    with refused("ResourceConflictException"):
        lambda_.delete_function(FunctionName=name, Qualifier="1")
    lambda_.delete_alias(FunctionName=name, Name="live")
    lambda_.delete_function(FunctionName=name, Qualifier="1")


def test_rest_apis_refuse_duplicates_and_deletion_of_what_stages_use(cloud: LocalCloud) -> None:
    api = cloud.client("apigateway")
    rest = api.create_rest_api(name=uuid.uuid4().hex)["id"]
    root = api.get_resources(restApiId=rest)["items"][0]["id"]
    resource = api.create_resource(restApiId=rest, parentId=root, pathPart="similarity")["id"]
    with refused("ConflictException"):
        api.create_resource(restApiId=rest, parentId=root, pathPart="similarity")
    method = {"restApiId": rest, "resourceId": resource, "httpMethod": "POST"}
    api.put_method(**method, authorizationType="NONE")
    with refused("ConflictException"):
        api.put_method(**method, authorizationType="NONE")
    api.put_integration(**method, type="MOCK")
    deployment = api.create_deployment(restApiId=rest)["id"]
    api.create_stage(restApiId=rest, stageName="prod", deploymentId=deployment)
    with refused("BadRequestException"):
        api.delete_deployment(restApiId=rest, deploymentId=deployment)
    plan = api.create_usage_plan(name="plan", apiStages=[{"apiId": rest, "stage": "prod"}])["id"]
    with refused("BadRequestException"):
        api.delete_usage_plan(usagePlanId=plan)


def test_a_role_with_policies_or_a_profile_cannot_be_deleted(cloud: LocalCloud) -> None:
    iam = cloud.client("iam")
    name = make_role(cloud).rpartition("/")[2]
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    with refused("DeleteConflict"):
        iam.delete_instance_profile(InstanceProfileName=name)
    with refused("DeleteConflict"):
        iam.delete_role(RoleName=name)
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    with refused("DeleteConflict"):
        iam.delete_role(RoleName=name)
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    iam.delete_role(RoleName=name)


def test_a_policy_that_is_attached_or_has_other_versions_cannot_be_deleted(cloud: LocalCloud) -> None:
    iam, allowed = cloud.client("iam"), {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    name = make_role(cloud, policy="").rpartition("/")[2]
    arn = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=arn)
    removals: tuple[Callable[[], Any], ...] = (
        lambda: iam.detach_role_policy(RoleName=name, PolicyArn=arn),
        lambda: iam.delete_role_permissions_boundary(RoleName=name),
        lambda: iam.delete_policy_version(PolicyArn=arn, VersionId="v1"),
    )
    for remove in removals:
        with refused("DeleteConflict"):
            iam.delete_policy(PolicyArn=arn)
        remove()
    iam.delete_policy(PolicyArn=arn)


def test_a_route_to_a_deleted_gateway_is_a_blackhole(network: Network) -> None:
    ec2 = network.ec2
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    gateway = nat(network, address(network))
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="8.8.8.8/32", GatewayId=network.gateway)

    def states() -> list[str]:
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return [route["State"] for route in routes if route["Origin"] == "CreateRoute"]

    assert states() == ["active", "active"]
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)
    assert states() == ["blackhole", "blackhole"]


def test_every_row_has_a_test() -> None:
    shown = SLOW | {
        "ec2:DetachInternetGateway",
        "ec2:ReleaseAddress",
        "ec2:DeleteSubnet",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteVpc",
        "ec2:DeleteNetworkInterface",
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:AssociateRouteTable",
        "ec2:CreateNatGateway",
        "lambda:AddPermission",
        "lambda:DeleteFunction",
        "iam:DeletePolicy",
        "apigateway:DeleteDeployment",
        "apigateway:DeleteUsagePlan",
        "apigateway:CreateResource",
        "apigateway:PutMethod",
        "apigateway:PutMethodResponse",  # as the next one: serving/test_custom_integrations.py
        "apigateway:PutIntegrationResponse",
    }
    assert {row.operation for row in DEPENDENCIES} == shown
