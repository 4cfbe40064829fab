"""Every resource on moto: created, found, compared, changed and deleted; resources of others are never touched."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from awsprov.aws.client import Aws
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.instances import Image
from awsprov.resources.network.subnets import Zones
from tests.unit.moto_cloud import Moto, on_moto

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

APIS = {
    "rest": "auth: iam, cors_origin: 'https://example.com'",
    "rest-key": "auth: api_key",
    "http": "type: http, auth: iam, cors_origin: '*'",
    "http-jwt": "type: http, auth: jwt, jwt: {issuer: 'https://example.com', audience: [a, b]}",
}


# ---- the whole


@pytest.mark.parametrize("api", ["rest", "http"])
def test_a_stack_is_created_found_unchanged_and_deleted_beside_resources_of_others(tmp_path: Path, api: str) -> None:
    with on_moto(tmp_path, api=APIS[api], nat="per-zone" if api == "http" else "single") as moto:
        resources_of_others(moto.aws(), "other", "vpc")
        resources_of_others(moto.aws(), "demo2", "")
        before = inventory()
        moto.engine().up()
        nothing_differs(moto)
        (tmp_path / "state.json").unlink()
        lost = moto.engine()
        assert [c.resource for c in lost.plan().changes if c.action != "keep" and not c.resource.virtual] == []
        lost.up()
        assert lost.aws.mutations == 0
        last = moto.engine()
        result = last.down()
        assert result.failures == []
        assert inventory() == before
        assert last.owned() == []


@pytest.mark.parametrize("api", ["rest-key", "http-jwt"])
def test_deleting_twice_is_success(tmp_path: Path, api: str) -> None:
    with on_moto(tmp_path, api=APIS[api], nat="none") as moto:
        moto.engine().up()
        nothing_differs(moto)
        engine = moto.engine()
        engine.refresh()
        for resource in reversed(list(engine.stack)):
            id_ = resource.id
            for _ in range(1 if isinstance(resource, Builder) else 2):  # moto breaks on it
                resource.id = id_
                resource.delete(engine.aws) if not resource.virtual else None
        assert inventory() == NOTHING


def nothing_differs(moto: Moto) -> None:
    again = moto.engine()
    plan = again.plan()
    assert [(c.resource, c.action, c.differences) for c in plan.changes if c.action != "keep"] == []
    again.up(plan)
    assert again.aws.mutations == 0


def inventory() -> dict[str, int]:
    """Count the resources of each kind, with boto3."""
    client: Any = lambda name: boto3.client(name, "us-east-1")  # noqa: E731
    ec2, efs, iam, gateway = client("ec2"), client("efs"), client("iam"), client("apigateway")
    instances = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    return {
        "vpcs": len([vpc for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]),
        "gateways": len(
            ec2.describe_internet_gateways(Filters=[{"Name": "tag-key", "Values": ["Name"]}])["InternetGateways"]
        ),
        "nat": len([n for n in ec2.describe_nat_gateways()["NatGateways"] if n["State"] != "deleted"]),
        "addresses": len(ec2.describe_addresses()["Addresses"]),
        "instances": len([i for i in instances if i["State"]["Name"] != "terminated"]),
        "keys": len(ec2.describe_key_pairs()["KeyPairs"]),
        "file systems": len(efs.describe_file_systems()["FileSystems"]),
        "access points": len(efs.describe_access_points()["AccessPoints"]),
        "roles": len(iam.list_roles()["Roles"]),
        "policies": len(iam.list_policies(Scope="Local")["Policies"]),
        "profiles": len(iam.list_instance_profiles()["InstanceProfiles"]),
        "functions": len(client("lambda").list_functions()["Functions"]),
        "logs": len(client("logs").describe_log_groups()["logGroups"]),
        "apis": len(gateway.get_rest_apis()["items"]) + len(client("apigatewayv2").get_apis()["Items"]),
        "api keys": len(gateway.get_api_keys()["items"]) + len(gateway.get_usage_plans()["items"]),
    }


NOTHING = dict.fromkeys(
    ["vpcs", "gateways", "nat", "addresses", "instances", "keys", "file systems", "access points", "roles", "policies",
     "profiles", "functions", "logs", "apis", "api keys"], 0
)  # fmt: skip


# ---- resources of others


def test_a_resource_with_other_tags_is_never_treated_as_the_stack_s(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        resources_of_others(moto.aws(), "other", "vpc")
        resources_of_others(moto.aws(), "demo2", "")
        assert moto.engine().owned() == []
        found = moto.engine().plan().of("keep", "change", "replace", "delete")
        assert [change for change in found if not change.resource.virtual] == []


def resources_of_others(aws: Aws, stack: str, name: str) -> None:
    """Create one of each that could be mistaken for the stack's: with another stack's tags, or without a stack."""
    pairs = {"awsprov:stack": stack, "awsprov:name": name} if name else {"Name": "demo-vpc", "awsprov:name": "vpc"}
    tags: Any = [{"Key": key, "Value": value} for key, value in pairs.items()]
    kinds: Any = lambda kind: [{"ResourceType": kind, "Tags": tags}]  # noqa: E731
    vpc = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=kinds("vpc"))["Vpc"]["VpcId"]
    aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20", TagSpecifications=kinds("subnet"))
    aws.ec2.create_security_group(
        VpcId=vpc, GroupName="demo-builder-security-group", Description="x", TagSpecifications=kinds("security-group")
    )
    aws.ec2.allocate_address(Domain="vpc", TagSpecifications=kinds("elastic-ip"))
    system = aws.efs.create_file_system(CreationToken=f"token-{stack}", Tags=tags)["FileSystemId"]
    aws.efs.create_access_point(ClientToken=f"access-point-{stack}", FileSystemId=system, Tags=tags)
    trust = '{"Version": "2012-10-17", "Statement": []}'
    aws.iam.create_role(RoleName=f"{stack}-predict-role", AssumeRolePolicyDocument=trust, Path="/", Tags=tags)
    aws.iam.create_role(RoleName=f"x{stack}", AssumeRolePolicyDocument=trust, Path=f"/awsprov/{stack}/", Tags=tags)
    aws.logs.create_log_group(logGroupName=f"/aws/lambda/demo-{stack}-x", tags=pairs)
    aws.apigateway.create_rest_api(name="demo-api", tags=pairs)
    aws.apigateway.create_api_key(name="demo-api-key", tags=pairs)
    aws.apigatewayv2.create_api(Name="demo-http-api", ProtocolType="HTTP", Tags=pairs)


# ---- zones


@pytest.mark.parametrize("shown", [{1, 2, 3}, {1, 2}, {2}, {3, 1}, {3}, set()], ids=str)
def test_zones_keep_their_order_whichever_subnets_ec2_shows_yet(tmp_path: Path, shown: set[int]) -> None:
    with on_moto(tmp_path) as moto:
        aws, zones = moto.aws(), Zones("zones", 3, "t3.small")
        order = zones.create(aws).split(",")
        vpc = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        for number in shown:
            tags: Any = [{"ResourceType": "subnet", "Tags": aws.tag_list(f"private-subnet-{number}")}]
            cidr, zone = f"10.0.{number}.0/24", order[number - 1]
            aws.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone, TagSpecifications=tags)
        assert zones.find(aws) == (",".join(order) if shown else "")
        zones.count = 2
        assert zones.find(aws) == (",".join(order[:2]) if shown & {1, 2} else "")


def test_zones_that_are_in_use_stay_where_they_are_when_more_are_wanted(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        zones = Zones("zones", 3, "t3.small")
        zones.id = "us-east-1b,us-east-1a"
        assert zones.find(moto.aws()) == "us-east-1b,us-east-1a,us-east-1c"


# ---- other wishes


def test_another_architecture_takes_another_image(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none") as moto:
        moto.engine().up()
        moto.architecture, moto.machine = "arm64", "t4g.small"
        moto.engine().up()
        images = [call["ImageId"] for call in moto.sent["RunInstances"]]
        assert len(images) == len(set(images)) == 2


# ---- no secret at rest


def test_a_builder_is_launched_from_the_newest_image_when_the_recorded_one_was_deregistered(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        engine = moto.engine()
        engine.up()
        (image,) = [r for r in engine.stack if isinstance(r, Image)]
        (builder,) = engine.stack.of(Builder)
        newest, image.id = image.id, "ami-0123456789abcdef0"
        builder.token = "another"
        builder.create(engine.aws)
        assert moto.sent["RunInstances"][-1]["ImageId"] == newest


def test_no_variable_s_value_and_no_key_is_in_the_state_or_the_events(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        engine, heard = moto.engine(), list[str]()
        engine.emit = lambda event: heard.append(repr(event))
        plan = engine.plan()
        engine.up(plan)
        private = (tmp_path / ".awsprov" / "keys" / "demo.pem").read_text().splitlines()[1]
        written = (tmp_path / "state.json").read_text()
        for text in (written, "\n".join(heard), repr(plan), repr(engine.state.records)):
            assert "hunter22" not in text
            assert private not in text
