"""Idempotency tokens, DryRun, and fields and errors that moto alone does not have."""

import uuid

import pytest
from botocore.exceptions import ClientError

from awsprov.local.behaviour.idempotency import IDEMPOTENT_OPERATIONS
from tests.local.conftest import LocalCloud, Network, function, refused


def token() -> str:
    return uuid.uuid4().hex


def test_run_instances_with_the_same_token_returns_the_instance_until_it_is_terminated(network: Network) -> None:
    same = token()
    first = network.launch(ClientToken=same)
    image = network.ec2.describe_instances(InstanceIds=[first])["Reservations"][0]["Instances"][0]["ImageId"]
    parameters = {
        "ImageId": image,
        "InstanceType": "t3.small",
        "SubnetId": network.subnet,
        "SecurityGroupIds": [network.group],
        "KeyName": f"key-{network.vpc}",
        "MinCount": 1,
        "MaxCount": 1,
        "ClientToken": same,
    }
    assert network.ec2.run_instances(**parameters)["Instances"][0]["InstanceId"] == first
    with refused("IdempotentParameterMismatch"):
        network.ec2.run_instances(**{**parameters, "InstanceType": "t3.micro"})
    network.ec2.terminate_instances(InstanceIds=[first])
    with refused("IdempotentInstanceTerminated"):
        network.ec2.run_instances(**parameters)


def test_create_nat_gateway_with_the_same_token_creates_one_gateway(network: Network) -> None:
    same, allocation = token(), network.ec2.allocate_address(Domain="vpc")["AllocationId"]
    parameters = {"SubnetId": network.subnet, "AllocationId": allocation, "ClientToken": same}
    created = {network.ec2.create_nat_gateway(**parameters)["NatGateway"]["NatGatewayId"] for _ in range(2)}
    assert len(created) == 1
    with refused("IdempotentParameterMismatch"):
        network.ec2.create_nat_gateway(**{**parameters, "ConnectivityType": "public"})


@pytest.mark.parametrize(
    ("operation", "member", "id_"),
    [
        ("create_network_acl", "NetworkAcl", "NetworkAclId"),
        ("create_route_table", "RouteTable", "RouteTableId"),
        ("create_vpc_endpoint", "VpcEndpoint", "VpcEndpointId"),
        ("create_network_interface", "NetworkInterface", "NetworkInterfaceId"),
    ],
)
def test_other_calls_with_the_same_token_create_one_resource(
    network: Network, operation: str, member: str, id_: str
) -> None:
    place = {"SubnetId": network.subnet} if operation == "create_network_interface" else {"VpcId": network.vpc}
    parameters = {**place, "ClientToken": token()}
    if operation == "create_vpc_endpoint":
        parameters["ServiceName"] = "com.amazonaws.us-east-1.s3"
    assert len({getattr(network.ec2, operation)(**parameters)[member][id_] for _ in range(2)}) == 1


def test_every_row_has_a_test() -> None:
    instances_and_gateways = {"ec2:RunInstances", "ec2:CreateNatGateway"}
    others = {"ec2:CreateNetworkAcl", "ec2:CreateRouteTable", "ec2:CreateVpcEndpoint", "ec2:CreateNetworkInterface"}
    assert {row.operation for row in IDEMPOTENT_OPERATIONS} == instances_and_gateways | others


def test_an_efs_token_identifies_its_file_system_and_can_be_reused_after_deletion(cloud: LocalCloud) -> None:
    efs, same = cloud.client("efs"), token()
    created = efs.create_file_system(CreationToken=same)["FileSystemId"]
    with pytest.raises(ClientError) as again:
        efs.create_file_system(CreationToken=same)
    assert again.value.response["Error"]["Code"] == "FileSystemAlreadyExists"
    assert again.value.response["FileSystemId"] == created  # type: ignore[typeddict-item]
    point = efs.create_access_point(ClientToken=same, FileSystemId=created)
    with pytest.raises(ClientError) as again:
        efs.create_access_point(ClientToken=same, FileSystemId=created)
    assert again.value.response["AccessPointId"] == point["AccessPointId"]  # type: ignore[typeddict-item]
    assert len(point["AccessPointId"]) == len("fsap-") + 17
    efs.delete_file_system(FileSystemId=created)
    assert efs.create_file_system(CreationToken=same)["FileSystemId"] != created


def test_an_access_point_needs_its_file_system(cloud: LocalCloud) -> None:
    with refused("FileSystemNotFound"):
        cloud.client("efs").create_access_point(ClientToken=token(), FileSystemId="fs-0123456789abcdef0")


def test_a_dry_run_changes_nothing(network: Network) -> None:
    with refused("DryRunOperation"):
        network.ec2.create_vpc(CidrBlock="10.77.0.0/16", DryRun=True)
    with refused("DryRunOperation"):
        network.ec2.allocate_address(Domain="vpc", DryRun=True)
    filters = [{"Name": "cidr", "Values": ["10.77.0.0/16"]}]
    assert not network.ec2.describe_vpcs(Filters=filters)["Vpcs"]


def test_the_volume_of_a_terminated_instance_is_deleted(network: Network) -> None:
    instance = network.launch()
    filters = [{"Name": "attachment.instance-id", "Values": [instance]}]
    assert network.ec2.describe_volumes(Filters=filters)["Volumes"]
    network.ec2.terminate_instances(InstanceIds=[instance])
    assert not network.ec2.describe_volumes(Filters=filters)["Volumes"]


def test_an_instance_with_network_interfaces_has_their_groups(network: Network) -> None:
    interface = {"DeviceIndex": 0, "SubnetId": network.subnet, "Groups": [network.group]}
    image = network.cloud.client("ssm").get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    )["Parameter"]["Value"]
    network.launch()
    created = network.ec2.run_instances(
        ImageId=image,
        InstanceType="t3.small",
        KeyName=f"key-{network.vpc}",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[interface],
    )["Instances"][0]
    assert [group["GroupId"] for group in created["SecurityGroups"]] == [network.group]


def test_lambda_returns_all_settings(cloud: LocalCloud, role: str) -> None:
    lambda_ = cloud.client("lambda")
    logging = {"LogFormat": "JSON", "LogGroup": "/made/up"}
    name = lambda_.create_function(**function(role, LoggingConfig=logging))["FunctionName"]
    kept = lambda_.get_function_configuration(FunctionName=name)["LoggingConfig"]
    assert (kept["LogFormat"], kept["LogGroup"]) == ("JSON", "/made/up")
    assert lambda_.publish_version(FunctionName=name)["Version"] == "1"
    assert lambda_.publish_version(FunctionName=name)["Version"] == "1"
    lambda_.update_function_configuration(FunctionName=name, MemorySize=512)
    assert lambda_.publish_version(FunctionName=name)["Version"] == "2"
    lambda_.delete_function(FunctionName=name, Qualifier="2")
    lambda_.update_function_configuration(FunctionName=name, MemorySize=1024)
    assert lambda_.publish_version(FunctionName=name)["Version"] == "3"


def test_a_zone_without_the_instance_type_is_unsupported(network: Network) -> None:
    ec2 = network.ec2
    parameters = {"VpcId": network.vpc, "CidrBlock": "10.0.5.0/24", "AvailabilityZone": "us-east-1e"}
    subnet = ec2.create_subnet(**parameters)["Subnet"]["SubnetId"]
    with pytest.raises(ClientError, match="choosing us-east-1a") as caught:
        network.launch(SubnetId=subnet)
    assert caught.value.response["Error"]["Code"] == "Unsupported"


def test_a_type_that_cannot_be_ebs_optimized_is_refused(network: Network) -> None:
    with pytest.raises(ClientError, match="EBS-optimized instances are not supported") as caught:
        network.launch(SubnetId=network.subnet, InstanceType="t2.micro", EbsOptimized=True)
    assert caught.value.response["Error"]["Code"] == "Unsupported"


def test_an_association_with_a_network_acl_is_replaced_once(network: Network) -> None:
    ec2 = network.ec2
    acl = ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]

    def associations() -> list[str]:
        found = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["NetworkAcls"]
        return sorted(each["NetworkAclAssociationId"] for one in found for each in one["Associations"])

    first = associations()
    for association, target, code in [
        (first[0], "acl-0123456789abcdef0", "InvalidNetworkAclID.NotFound"),
        ("aclassoc-0123456789abcdef0", acl, "InvalidAssociationID.NotFound"),
    ]:
        with pytest.raises(ClientError, match=code):
            ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=target)
        assert associations() == first
    ec2.replace_network_acl_association(AssociationId=first[0], NetworkAclId=acl)
    with pytest.raises(ClientError, match=r"InvalidAssociationID\.NotFound"):
        ec2.replace_network_acl_association(AssociationId=first[0], NetworkAclId=acl)


def test_a_network_acl_keeps_icmp_types_and_requires_what_the_protocol_needs(network: Network) -> None:
    ec2 = network.ec2
    acl = ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    rule = {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False, "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    for protocol in ("1", "6"):
        with pytest.raises(ClientError) as caught:
            ec2.create_network_acl_entry(**rule, Protocol=protocol)
        assert caught.value.response["Error"]["Code"] == "MissingParameter"
    ec2.create_network_acl_entry(**rule, Protocol="1", IcmpTypeCode={"Type": 8, "Code": -1})
    ec2.replace_network_acl_entry(**rule, Protocol="1", IcmpTypeCode={"Type": 3, "Code": 4})
    entries = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    assert [entry["IcmpTypeCode"] for entry in entries if entry["RuleNumber"] == 100] == [{"Type": 3, "Code": 4}]
