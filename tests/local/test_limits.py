"""Quotas, API Gateway's rates, and ids that are not found right after their creation."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awsprov.local.behaviour.consistency import DELAYED_VISIBILITY
from awsprov.local.behaviour.limits import QUOTAS, RATE_LIMITS
from tests.local.conftest import IMAGE, MANY, LocalCloud, Network, refused, until


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
def test_a_quota_is_reached_and_can_be_set(network: Network, quota: str, code: str, make: Callable[..., Any]) -> None:
    network.cloud.lever("POST", "quotas", **{quota: 0})
    try:
        with refused(code):
            make(network)
    finally:
        network.cloud.lever("POST", "quotas", **MANY)
    make(network)


def test_quotas_are_awss_unless_set(start_cloud: Callable[..., LocalCloud]) -> None:
    assert {quota.name: quota.value for quota in QUOTAS} == dict.fromkeys(MANY, 5)
    assert len(RATE_LIMITS) == 9


def test_service_quotas_says_what_is_counted(cloud: LocalCloud) -> None:
    cloud.lever("POST", "quotas", addresses=7)
    try:
        quota = cloud.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")["Quota"]
    finally:
        cloud.lever("POST", "quotas", **MANY)
    assert quota["Value"] == 7


def test_api_gateway_throttles_its_own_making_and_deleting(slow_cloud: LocalCloud) -> None:
    api = slow_cloud.client("apigateway")

    def create() -> str:
        time.sleep(0.05)  # 3 s at a hundredth, and a little
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


def test_api_gateway_does_not_throttle_at_pace_0(cloud: LocalCloud) -> None:
    api = cloud.client("apigateway")
    for rest in [api.create_rest_api(name=uuid.uuid4().hex)["id"] for _ in range(3)]:
        api.delete_rest_api(restApiId=rest)


@pytest.fixture(scope="module")
def vague_cloud(start_cloud: Callable[..., LocalCloud]) -> LocalCloud:
    """A cloud where ids are not found for half a second."""
    started = start_cloud(pace=0.01, consistency=50)
    started.lever("POST", "quotas", **MANY)
    return started


def test_a_fresh_id_is_not_found_and_not_listed_for_a_while(vague_cloud: LocalCloud) -> None:
    ec2 = vague_cloud.client("ec2")

    def seen(describe: str, answer: str, ids: str, id_: str) -> bool:
        listed = getattr(ec2, describe)()[answer]
        return any(each[ids] == id_ for each in listed)

    def appears(describe: str, answer: str, ids: str, id_: str) -> None:
        assert not seen(describe, answer, ids, id_)
        until(lambda: seen(describe, answer, ids, id_))

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
    image = vague_cloud.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
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
    assert len(DELAYED_VISIBILITY) == 7


def test_what_is_not_seen_yet_is_in_the_way_all_the_same(vague_cloud: LocalCloud) -> None:
    ec2 = vague_cloud.client("ec2")
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
