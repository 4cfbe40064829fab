"""Gateway endpoints in the local cloud: as strict as AWS."""

from typing import Any

import pytest

from tests.local.conftest import Network, make_network, refused, until

S3, DYNAMODB = "com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.dynamodb"


def table_of(network: Network) -> str:
    return str(network.ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"])


def create(network: Network, *tables: str, service: str = S3) -> str:
    given: Any = {"VpcId": network.vpc, "ServiceName": service, "VpcEndpointType": "Gateway"}
    return str(network.ec2.create_vpc_endpoint(**given, RouteTableIds=list(tables))["VpcEndpoint"]["VpcEndpointId"])


def prefixes(network: Network, table: str) -> dict[str, str]:
    """Return where a route table's routes to prefix lists lead."""
    (found,) = network.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    return {each["DestinationPrefixListId"]: each["GatewayId"] for each in found["Routes"] if len(each) > 3
            and "DestinationPrefixListId" in each}  # fmt: skip


def test_routes_are_added_and_removed_with_the_route_tables_of_an_endpoint(network: Network) -> None:
    first, second = table_of(network), table_of(network)
    endpoint = create(network, first)
    assert list(prefixes(network, first).values()) == [endpoint]
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[second], RemoveRouteTableIds=[first])
    assert prefixes(network, first) == {}
    assert list(prefixes(network, second).values()) == [endpoint]
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    until(lambda: prefixes(network, second) == {})
    until(lambda: not network.ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])
          ["VpcEndpoints"])  # fmt: skip


def test_a_service_has_one_endpoint_for_each_route_table(network: Network) -> None:
    table = table_of(network)
    create(network, table)
    with refused("RouteAlreadyExists"):
        create(network, table)
    other = create(network)
    with refused("RouteAlreadyExists"):
        network.ec2.modify_vpc_endpoint(VpcEndpointId=other, AddRouteTableIds=[table])
    create(network, table, service=DYNAMODB)


@pytest.mark.parametrize("service", ["com.amazonaws.us-east-1.sqs", "com.amazonaws.eu-west-1.s3", "s3"])
def test_only_s3_and_dynamodb_of_the_region_have_one(network: Network, service: str) -> None:
    with refused("InvalidServiceName"):
        create(network, service=service)


def test_a_route_table_of_another_vpc_or_none_is_refused(network: Network) -> None:
    with refused("InvalidRouteTableID.NotFound"):
        create(network, "rtb-0123456789abcdef0")
    other = make_network(network.cloud)
    with refused("InvalidParameter"):
        create(network, table_of(other))
    endpoint = create(network)
    with refused("InvalidRouteTableID.NotFound"):
        network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=["rtb-0123456789abcdef0"])


def test_the_route_to_an_endpoint_is_deleted_with_the_endpoint_only(network: Network) -> None:
    table = table_of(network)
    endpoint = create(network, table)
    (prefix_list,) = prefixes(network, table)
    with refused("InvalidParameterValue"):
        network.ec2.delete_route(RouteTableId=table, DestinationPrefixListId=prefix_list)
    network.ec2.delete_route_table(RouteTableId=table)
    (found,) = network.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    assert found.get("RouteTableIds", []) == []


def test_a_vpc_with_an_endpoint_cannot_be_deleted(slow_network: Network) -> None:
    ec2, vpc = slow_network.ec2, slow_network.vpc
    slow_network.cloud.admin("POST", "durations", **{"Gateway endpoint, deleted": 150})
    until(lambda: ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["State"] == "available")
    ec2.detach_internet_gateway(InternetGatewayId=slow_network.gateway, VpcId=vpc)
    ec2.delete_subnet(SubnetId=slow_network.subnet)
    ec2.delete_security_group(GroupId=slow_network.group)
    endpoint = create(slow_network)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    assert found["State"] == "deleting"
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    until(lambda: not ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"])
    ec2.delete_vpc(VpcId=vpc)
