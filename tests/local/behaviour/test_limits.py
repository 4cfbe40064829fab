"""Quotas, the rate limits of API Gateway's control plane, and the delayed visibility of new resources."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awsprov.local.behaviour.consistency import DELAYED_VISIBILITY
from awsprov.local.behaviour.limits import QUOTAS, RATE_LIMITS
from tests.local.conftest import IMAGE, MANY, LocalCloud, Network, function, refused, until


@pytest.mark.parametrize(
    ("quota", "code", "make"),
    [
        ("vpcs", "VpcLimitExceeded", lambda n: n.ec2.create_vpc(CidrBlock="10.0.0.0/16")),
        ("internet-gateways", "InternetGatewayLimitExceeded", lambda n: n.ec2.create_internet_gateway()),
        ("addresses", "AddressLimitExceeded", lambda n: n.ec2.allocate_address(Domain="vpc")),
        (
            "nat-gateways",
            "NatGatewayLimitExceeded",
            lambda n: n.ec2.create_nat_gateway(SubnetId=n.subnet, ConnectivityType="private"),
        ),
    ],
)
def test_a_quota_is_enforced_and_can_be_changed(
    network: Network, quota: str, code: str, make: Callable[..., Any]
) -> None:
    network.cloud.admin("POST", "quotas", **{quota: 0})
    try:
        with refused(code):
            make(network)
    finally:
        network.cloud.admin("POST", "quotas", **MANY)
    make(network)


def test_the_default_quotas_are_those_of_aws(start_cloud: Callable[..., LocalCloud]) -> None:
    others = {"integration-timeout": 29_000, "gateway-endpoints": 20}
    assert {quota.name: quota.value for quota in QUOTAS} == {**dict.fromkeys(MANY, 5), **others}
    assert len(RATE_LIMITS) == 9


def test_service_quotas_returns_the_changed_quota(cloud: LocalCloud) -> None:
    cloud.admin("POST", "quotas", addresses=7)
    try:
        quota = cloud.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")["Quota"]
    finally:
        cloud.admin("POST", "quotas", **MANY)
    assert quota["Value"] == 7


def test_a_hundred_concurrent_executions_stay_unreserved(cloud: LocalCloud, role: str) -> None:
    lambda_ = cloud.client("lambda", "eu-central-1")  # where no other test has functions
    name = lambda_.create_function(**function(role))["FunctionName"]
    with refused("InvalidParameterValueException"):
        lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=901)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=900)
    limit = lambda_.get_account_settings()["AccountLimit"]
    assert (limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]) == (1000, 100)


def test_the_control_plane_of_api_gateway_is_throttled(slow_cloud: LocalCloud) -> None:
    api = slow_cloud.client("apigateway")

    def create() -> str:
        time.sleep(0.3)  # 3 s at a hundredth, and enough for a busy machine
        return str(api.create_rest_api(name=uuid.uuid4().hex)["id"])

    def deleted(rest: str) -> bool:
        try:
            api.delete_rest_api(restApiId=rest)
        except ClientError:
            return False
        return True

    first, second = create(), create()
    api.delete_rest_api(restApiId=first)
    with refused("TooManyRequestsException"):  # 30 s at a hundredth have not passed
        api.delete_rest_api(restApiId=second)
    until(lambda: deleted(second))


def test_the_control_plane_of_api_gateway_is_not_throttled_at_pace_0(cloud: LocalCloud) -> None:
    api = cloud.client("apigateway")
    for rest in [api.create_rest_api(name=uuid.uuid4().hex)["id"] for _ in range(3)]:
        api.delete_rest_api(restApiId=rest)


@pytest.fixture(scope="module")
def inconsistent_cloud(start_cloud: Callable[..., LocalCloud]) -> LocalCloud:
    """A local cloud where new resources are hidden for longer than a call takes on a busy machine: 1.2 s."""
    started = start_cloud(pace=0.01, consistency=120)
    started.admin("POST", "quotas", **MANY)
    return started


def test_iam_does_not_know_at_first_what_was_just_created(inconsistent_cloud: LocalCloud) -> None:
    iam, name = inconsistent_cloud.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    with refused("NoSuchEntity"):
        iam.list_attached_role_policies(RoleName=name)
    until(lambda: not _unknown(lambda: iam.list_attached_role_policies(RoleName=name)))
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}'
    arn = iam.create_policy(PolicyName=name, PolicyDocument=policy)["Policy"]["Arn"]
    with refused("NoSuchEntity"):
        iam.get_policy_version(PolicyArn=arn, VersionId="v1")
    until(lambda: not _unknown(lambda: iam.get_policy_version(PolicyArn=arn, VersionId="v1")))


def _unknown(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError:
        return True
    return False


def test_a_new_resource_is_not_visible_at_first(inconsistent_cloud: LocalCloud) -> None:
    ec2 = inconsistent_cloud.client("ec2")

    def visible(describe: str, member: str, ids: str, id_: str) -> bool:
        listed = getattr(ec2, describe)()[member]
        return any(each[ids] == id_ for each in listed)

    def appears(describe: str, member: str, ids: str, id_: str) -> None:
        assert not visible(describe, member, ids, id_)
        until(lambda: visible(describe, member, ids, id_))

    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    with refused("InvalidVpcID.NotFound"):
        ec2.describe_vpcs(VpcIds=[vpc])
    with refused("InvalidVpcID.NotFound"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")
    appears("describe_vpcs", "Vpcs", "VpcId", vpc)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidInternetGatewayID.NotFound"):
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    appears("describe_internet_gateways", "InternetGateways", "InternetGatewayId", gateway)
    zone = "us-east-1a"
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    with refused("InvalidSubnetID.NotFound"):
        ec2.describe_subnets(SubnetIds=[subnet])
    appears("describe_subnets", "Subnets", "SubnetId", subnet)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    with refused("InvalidRouteTableID.NotFound"):
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    appears("describe_route_tables", "RouteTables", "RouteTableId", table)
    group = ec2.create_security_group(GroupName="g", Description="x", VpcId=vpc)["GroupId"]
    with refused("InvalidGroup.NotFound"):
        ec2.describe_security_groups(GroupIds=[group])
    appears("describe_security_groups", "SecurityGroups", "GroupId", group)
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    with refused("NatGatewayNotFound"):
        ec2.describe_nat_gateways(NatGatewayIds=[nat])
    appears("describe_nat_gateways", "NatGateways", "NatGatewayId", nat)
    service = "com.amazonaws.us-east-1.s3"
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service)["VpcEndpoint"]["VpcEndpointId"]
    with refused("InvalidVpcEndpointId.NotFound"):
        ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])
    appears("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", endpoint)
    image = inconsistent_cloud.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
    one = {"ImageId": image, "InstanceType": "t3.small", "SubnetId": subnet, "MinCount": 1, "MaxCount": 1}
    instance = ec2.run_instances(**one, ClientToken="once")["Instances"][0]["InstanceId"]
    with refused("InvalidInstanceID.NotFound"):
        ec2.describe_instances(InstanceIds=[instance])
    assert ec2.run_instances(**one, ClientToken="once")["Instances"][0]["InstanceId"] == instance
    assert not ec2.describe_instances()["Reservations"]
    until(
        lambda: (
            [i["InstanceId"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]] == [instance]
        )
    )
    until(lambda: ec2.describe_instances()["Reservations"][0]["Instances"][0]["State"]["Name"] == "running")
    assert len(DELAYED_VISIBILITY) == 8


def test_a_hidden_resource_blocks_deletions_and_duplicates(inconsistent_cloud: LocalCloud) -> None:
    ec2 = inconsistent_cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    until(lambda: vpc in [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]])
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    with refused("InvalidSubnet.Conflict"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")
    group = ec2.create_security_group(GroupName="g", Description="x", VpcId=vpc)["GroupId"]
    with refused("InvalidGroup.Duplicate"):
        ec2.create_security_group(GroupName="g", Description="x", VpcId=vpc)
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    with refused("InvalidSubnetID.NotFound"):
        ec2.delete_subnet(SubnetId=subnet)
    until(lambda: subnet in [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]])
    until(lambda: group in [each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"]])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
