"""An existing network: what is created in it and deleted again, and what is checked before."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from moto.core import responses
from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from awsprov.aws.client import Aws
from awsprov.cloudformation.export import export as cloudformation
from awsprov.config.loader import load
from awsprov.diagram.layout import Layout
from awsprov.diagram.model import diagram
from awsprov.doctor import CHECKS, raise_failures, run_checks
from awsprov.doctor.existing_network import CHECKS as NETWORK_CHECKS
from awsprov.errors import UsageError
from awsprov.iam.permissions import OWN_NETWORK, TASKS
from awsprov.iam.policies import policy_statements
from awsprov.operations.checks import CheckResult
from awsprov.terraform.export import export as terraform
from tests.unit.moto_cloud import Moto, on_moto, refreshed

ENDPOINT = "eice-0123456789abcdef0"
pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto


@dataclass
class Theirs:
    """Another team's network: a VPC with a public and two private subnets, a NAT gateway, and a security group."""

    vpc: str
    public: str
    private: tuple[str, str]
    group: str
    main_table: str


def ec2() -> Any:
    return boto3.client("ec2", "us-east-1")


def their_network() -> Theirs:
    client = ec2()
    vpc = client.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    client.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    gateway = client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    client.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)

    def subnet(number: int, zone: str) -> str:
        created = client.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
        return str(created["Subnet"]["SubnetId"])

    public, private = subnet(0, "a"), (subnet(1, "a"), subnet(2, "b"))
    routes = client.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    client.create_route(RouteTableId=routes, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    client.associate_route_table(RouteTableId=routes, SubnetId=public)
    address = client.allocate_address(Domain="vpc")["AllocationId"]
    nat = client.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    (main,) = client.describe_route_tables(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    )["RouteTables"]
    client.create_route(RouteTableId=main["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    group = client.create_security_group(GroupName="database clients", Description="x", VpcId=vpc)["GroupId"]
    return Theirs(vpc, public, private, group, main["RouteTableId"])


def network(subnets: tuple[str, ...], *groups: str) -> str:
    listed = f", groups: [{', '.join(groups)}]" if groups else ""
    return f"subnets: [{', '.join(subnets)}]{listed}"


@dataclass
class InTheirNetwork:
    """Their network on moto, and a project in it."""

    moto: Moto
    theirs: Theirs

    def use(self, keys: str, builder: str = "") -> None:
        """Set the keys of `network` and `builder`."""
        self.moto.network, self.moto.builder = keys, builder

    def results(self) -> dict[str, CheckResult]:
        engine = self.moto.engine()
        engine.refresh()
        config = load(self.moto.root / "config.yaml")
        return {result.name: result for result in run_checks(engine.aws, config, engine.stack)}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InTheirNetwork]:
    with on_moto(tmp_path) as moto:
        monkeypatch.setattr(Aws, "address", lambda _: "203.0.113.7")
        theirs = their_network()
        place = InTheirNetwork(moto, theirs)
        place.use(network(theirs.private, theirs.group), f", subnet: {theirs.public}")
        yield place


def _theirs(found: list[Any]) -> list[Any]:
    """Return what has no tag of the stack."""
    return [each for each in found if all(tag["Key"] != "awsprov:stack" for tag in each.get("Tags", []))]


def everything_of(vpc: str) -> Any:
    """Return what is in a VPC, without what is the stack's."""
    client, inside = ec2(), [{"Name": "vpc-id", "Values": [vpc]}]
    return {
        "subnets": client.describe_subnets(Filters=inside)["Subnets"],
        "tables": client.describe_route_tables(Filters=inside)["RouteTables"],
        "acls": [acl["Entries"] for acl in client.describe_network_acls(Filters=inside)["NetworkAcls"]],
        "groups": _theirs(client.describe_security_groups(Filters=inside)["SecurityGroups"]),
        "vpcs": _theirs(client.describe_vpcs()["Vpcs"]),
        "addresses": _theirs(client.describe_addresses()["Addresses"]),
    }


def without_counts(found: Any) -> Any:
    return {**found, "subnets": [{**each, "AvailableIpAddressCount": 0} for each in found["subnets"]]}


def test_a_stack_is_created_and_deleted_in_it_and_leaves_it_as_it_was(place: InTheirNetwork) -> None:
    theirs, before = place.theirs, everything_of(place.theirs.vpc)
    place.moto.engine().up()
    resources: Any = refreshed(place.moto.engine())
    assert place.moto.engine().plan().empty
    assert without_counts(everything_of(theirs.vpc)) == without_counts(before)
    function = place.moto.sent["CreateFunction"][0]["VpcConfig"]
    assert function["SubnetIds"] == sorted(theirs.private)
    assert function["SecurityGroupIds"] == [resources["function-security-group"].id, theirs.group]
    (interface,) = place.moto.sent["RunInstances"][0]["NetworkInterfaces"]
    assert (interface["SubnetId"], interface["AssociatePublicIpAddress"]) == (theirs.public, True)
    assert {each["SubnetId"] for each in place.moto.sent["CreateMountTarget"]} == set(theirs.private)
    assert "tcp/2049 10.20.0.0/16" in resources["function-security-group"].read(place.moto.aws())["egress"]
    (place.moto.root / "state.json").unlink()
    place.moto.engine().recover()
    assert place.moto.engine().plan().empty
    result = place.moto.engine().down()
    assert result.failures == []
    assert everything_of(theirs.vpc) == before


def test_nothing_of_a_network_is_declared(place: InTheirNetwork) -> None:
    kinds = {r.type for r in place.moto.engine().stack if not r.virtual}
    assert not kinds & {"Vpc", "Subnet", "InternetGateway", "RouteTable", "NatGateway", "ElasticIp", "NetworkAcl"}


def test_a_builder_in_a_private_subnet_has_no_public_address_and_admits_its_jump_host(place: InTheirNetwork) -> None:
    place.use(network(place.theirs.private), ", via: ana@bastion.example.com:2222")
    place.moto.engine().up()
    resources: Any = refreshed(place.moto.engine())
    (interface,) = place.moto.sent["RunInstances"][0]["NetworkInterfaces"]
    assert (interface["SubnetId"], interface["AssociatePublicIpAddress"]) == (place.theirs.private[0], False)
    aws = place.moto.aws()
    assert resources["builder-security-group"].read(aws)["ingress"] == ["tcp/22 10.20.0.0/16"]
    target = resources["builder"].ssh_target(aws)
    assert target.host.startswith("10.20.1.")
    assert target.via == "ana@bastion.example.com:2222"


@pytest.fixture
def endpoint(place: InTheirNetwork, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An EC2 Instance Connect endpoint of their network, which moto lacks; the builder is reached through it."""
    found = {
        "InstanceConnectEndpointId": ENDPOINT,
        "State": "create-complete",
        "VpcId": place.theirs.vpc,
        "SecurityGroupIds": [place.theirs.group],
        "DnsName": f"{ENDPOINT}.example.com",
    }

    def describe(_: EC2Response) -> ActionResult:
        return ActionResult({"InstanceConnectEndpoints": [found] if found else []})

    monkeypatch.setattr(EC2Response, "describe_instance_connect_endpoints", describe, raising=False)
    uncached = cast("Any", responses.method_names_from_class).__wrapped__  # the cache does not know the new method
    monkeypatch.setattr(responses, "method_names_from_class", uncached)
    place.use(network(place.theirs.private), f", via: {ENDPOINT}")
    return found


def test_a_builder_is_reached_through_an_endpoint_and_admits_its_groups(
    place: InTheirNetwork, endpoint: dict[str, Any]
) -> None:
    place.moto.engine().up()
    resources: Any = refreshed(place.moto.engine())
    aws = place.moto.aws()
    assert resources["builder-security-group"].read(aws)["ingress"] == [f"tcp/22 {place.theirs.group}"]
    assert place.moto.engine().plan().empty
    target = resources["builder"].ssh_target(aws)
    assert (target.host[:8], target.via) == ("10.20.1.", "")
    url = urlsplit(target.tunnel())
    query = dict(parse_qsl(url.query))
    assert (url.scheme, url.netloc, url.path) == ("wss", endpoint["DnsName"], "/openTunnel")
    assert (query["privateIpAddress"], query["remotePort"]) == (target.host, "22")
    assert (query["instanceConnectEndpointId"], query["X-Amz-Expires"]) == (ENDPOINT, "60")
    assert query["X-Amz-Credential"].endswith("/us-east-1/ec2-instance-connect/aws4_request")
    config = load(place.moto.root / "config.yaml")
    results = {each.name: each for each in run_checks(aws, config, place.moto.engine().stack)}  # nothing was looked up
    assert (results["existing resources"].status, results["existing resources"].message) == ("ok", ENDPOINT)


def test_exports_allow_the_groups_of_the_endpoint(place: InTheirNetwork, endpoint: dict[str, Any]) -> None:
    engine, group = place.moto.engine(), place.theirs.group
    engine.up()
    arguments = {each.address: each.arguments for each in terraform(engine.stack, engine.aws).resources}
    (rule,) = arguments["aws_security_group.builder_security_group"]["ingress"]
    assert (rule["from_port"], rule["security_groups"], rule["cidr_blocks"]) == (22, [group], None)
    template = json.loads(cloudformation(engine.stack, engine.aws).files["template.json"])
    (allowed,) = template["Resources"]["BuilderSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    assert (allowed["FromPort"], allowed["SourceSecurityGroupId"]) == (22, group)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"State": "delete-in-progress"}, "its state is delete-in-progress"),
        ({"VpcId": "vpc-1"}, "is in vpc-1, and the builder's subnet in vpc-"),
        ({}, "does not exist in us-east-1"),
    ],
)
def test_an_endpoint_that_cannot_be_used_is_reported(
    place: InTheirNetwork, endpoint: dict[str, Any], changed: dict[str, Any], message: str
) -> None:
    if not changed:
        endpoint.clear()
    endpoint.update(changed)
    result = place.results()["existing resources"]
    assert result.status == "failed"
    assert message in result.message


def test_the_policy_allows_tunnels_through_the_endpoint_only(place: InTheirNetwork, endpoint: dict[str, Any]) -> None:
    place.moto.write_config()
    statements = policy_statements(load(place.moto.root / "config.yaml"), TASKS, "123456789012")
    (tunnel,) = [each for each in statements if "ec2-instance-connect:OpenTunnel" in each["Action"]]
    assert tunnel["Resource"] == f"arn:aws:ec2:us-east-1:123456789012:instance-connect-endpoint/{ENDPOINT}"
    assert tunnel["Condition"] == {"NumericEquals": {"ec2-instance-connect:remotePort": "22"}}


# ---- the checks


def test_a_network_that_fits_passes_every_check(place: InTheirNetwork) -> None:
    results = place.results()
    assert {name: results[name].status for name in NETWORK_CHECKS} == dict.fromkeys(NETWORK_CHECKS, "ok")
    assert not [name for name, result in results.items() if result.status in ("failed", "warning")]
    assert {check.name for check in CHECKS} - set(results) == {
        "existing file system",
        "file system policy",
        "existing resources",
        "existing roles",
        "shared lock",
        "gateway endpoints",
        "zones",
        "VPC range",
    }


def test_all_problems_are_reported_together_and_nothing_is_created(place: InTheirNetwork) -> None:
    client = ec2()
    other = client.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    stray = client.create_subnet(VpcId=other, CidrBlock="10.30.0.0/24", AvailabilityZone="us-east-1b")["Subnet"]
    group = client.create_security_group(GroupName="g", Description="x", VpcId=other)["GroupId"]
    client.modify_vpc_attribute(VpcId=place.theirs.vpc, EnableDnsSupport={"Value": False})
    client.delete_route(RouteTableId=place.theirs.main_table, DestinationCidrBlock="0.0.0.0/0")
    wanted = (place.theirs.public, place.theirs.private[0], stray["SubnetId"], "subnet-0123456789abcdef0")
    place.use(network(wanted, group, "sg-0123456789abcdef0"), f", subnet: {place.theirs.private[1]}")
    mutations = place.moto.aws().mutations
    results = place.results()
    with pytest.raises(UsageError) as caught:
        raise_failures(results.values())
    for part in (
        "subnet-0123456789abcdef0 does not exist",
        "of several VPCs",
        "are both in us-east-1a",
        "has no DNS support",
        f"{other} has no DNS host names",
        "sg-0123456789abcdef0 does not exist",
        "has no default route",
        "set `builder.via`",
    ):
        assert part in caught.value.why
    assert place.moto.aws().mutations == mutations == 0


def test_a_full_subnet_is_reported(place: InTheirNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    client = ec2()
    small = client.create_subnet(VpcId=place.theirs.vpc, CidrBlock="10.20.9.0/28", AvailabilityZone="us-east-1c")
    id_ = small["Subnet"]["SubnetId"]
    for _ in range(10):
        client.create_network_interface(SubnetId=id_)
    place.use(network((id_,)), f", subnet: {place.theirs.public}")
    result = place.results()["free addresses"]
    assert result.status == "failed"
    assert f"{id_} has 1 and needs 2" in result.message


def test_a_builder_that_only_a_vpn_reaches_needs_a_range(place: InTheirNetwork) -> None:
    place.use(network(place.theirs.private))
    assert place.results()["builder's subnet"].status == "failed"
    place.use(network(place.theirs.private), ", ssh_from: 10.99.0.0/16")
    results = place.results()
    assert (results["builder's subnet"].status, results["SSH access"].status) == ("ok", "ok")


# ---- what else knows of it


def test_the_policy_is_narrower_and_names_the_subnets(place: InTheirNetwork) -> None:
    place.moto.write_config()
    statements = policy_statements(load(place.moto.root / "config.yaml"), TASKS, "123456789012")
    actions = {action.partition(":")[2] for each in statements for action in each["Action"]}
    assert actions & OWN_NETWORK == set()
    launched = [each["Resource"] for each in statements if "ec2:RunInstances" in each["Action"]]
    assert f"arn:aws:ec2:us-east-1:123456789012:subnet/{place.theirs.public}" in launched


def test_it_is_drawn_without_gateways(place: InTheirNetwork) -> None:
    engine = place.moto.engine()
    config = load(place.moto.root / "config.yaml")
    planned = diagram(engine.stack, config, {})  # without a call: the ids are in config.yaml
    assert [box.title for box in planned.zones[1].subnets] == [f"Subnet · {place.theirs.private[1]}"]
    engine.refresh()
    picture = diagram(engine.stack, config, {})
    assert picture.gateway is None
    assert picture.vpc.lines == ("10.20.0.0/16", place.theirs.vpc)
    assert [subnet.title.split(" ")[0] for subnet in picture.zones[0].subnets] == ["Builder's", "Subnet"]
    assert [len(zone.subnets) for zone in picture.zones] == [2, 1]
    boxes = Layout(picture).boxes
    ends = {end for edge in picture.edges for end in (edge.start, edge.end)}
    assert ends <= set(boxes)


@pytest.mark.parametrize(
    ("keys", "builder", "message"),
    [
        (
            "subnets: [subnet-1], cidr: 10.0.0.0/16, nat: none",
            "",
            "`network.nat` is for a network of the stack's own",
        ),
        ("groups: [sg-1]", "", "`network.groups` needs `network.subnets`"),
        ("zones: 1", ", subnet: subnet-1", "`builder.subnet` needs `network.subnets`"),
        ("zones: 1", ", via: host", "`builder.via` needs `network.subnets`"),
        ("subnets: [vpc-1]", "", "it must be the ID of a subnet, as in `subnets:"),
        ("subnets: [subnet-1]", ", via: -oProxyCommand=x", "it must be a host, or user@host"),
        ("subnets: [subnet-1]", ", via: eice-bastion", "is not the ID of an EC2 Instance Connect endpoint"),
    ],
)
def test_a_contradiction_is_an_error_in_the_file(tmp_path: Path, keys: str, builder: str, message: str) -> None:
    with on_moto(tmp_path) as moto:
        moto.network, moto.builder = keys, builder
        with pytest.raises(UsageError) as caught:
            moto.write_config()
    assert message in caught.value.why
