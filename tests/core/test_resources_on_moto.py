"""Every resource against moto: made, found, compared, mended, and taken away; and never a stranger's."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from awsprov.aws import Aws
from awsprov.resource import Resource
from awsprov.resources.compute import Builder
from awsprov.resources.rest_api import RestApi, RestPath
from tests.core.moto_cloud import Moto, living, on_moto

APIS = {
    "rest": "auth: iam, cors_origin: 'https://example.com'",
    "rest-key": "auth: api_key",
    "http": "type: http, auth: iam, cors_origin: '*'",
    "http-jwt": "type: http, auth: jwt, jwt: {issuer: 'https://example.com', audience: [a, b]}",
}
Spoil = Callable[[Any, Any], object]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A stack that stands; whoever spoils it mends it."""
    with on_moto(tmp_path_factory.mktemp("standing")) as moto:
        moto.engine().up()
        yield moto


# ---- the whole


@pytest.mark.parametrize("api", ["rest", "http"])
def test_a_stack_is_made_found_unchanged_and_taken_away_among_strangers(tmp_path: Path, api: str) -> None:
    with on_moto(tmp_path, api=APIS[api], nat="per-zone" if api == "http" else "single") as moto:
        strangers(moto.aws(), "other", "vpc")
        strangers(moto.aws(), "demo2", "")
        before = inventory()
        moto.engine().up()
        nothing_differs(moto)
        (tmp_path / "state.json").unlink()
        lost = moto.engine()
        assert [c.resource for c in lost.plan().changes if c.action != "keep" and not c.resource.intangible] == []
        lost.up()
        assert lost.aws.mutations == 0
        last = moto.engine()
        gone = last.down()
        assert [gone.reason(r) for r in gone.remaining] == []
        assert inventory() == before
        assert last.owned() == []


@pytest.mark.parametrize("api", ["rest-key", "http-jwt"])
def test_deleting_twice_is_success(tmp_path: Path, api: str) -> None:
    with on_moto(tmp_path, api=APIS[api], nat="none") as moto:
        moto.engine().up()
        nothing_differs(moto)
        engine = moto.engine()
        engine.look()
        for resource in reversed(list(engine.stack)):
            id_ = resource.id
            for _ in range(1 if isinstance(resource, RestApi | RestPath | Builder) else 2):  # moto breaks on these
                resource.id = id_
                resource.delete(engine.aws) if not resource.intangible else None
        assert inventory() == NOTHING


def nothing_differs(moto: Moto) -> None:
    again = moto.engine()
    plan = again.plan()
    assert [(c.resource, c.action, c.differences) for c in plan.changes if c.action != "keep"] == []
    again.up(plan)
    assert again.aws.mutations == 0


def inventory() -> dict[str, int]:
    """How much of everything there is, asked of boto3 and not of us."""
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
        "doors": len(efs.describe_access_points()["AccessPoints"]),
        "roles": len(iam.list_roles()["Roles"]),
        "policies": len(iam.list_policies(Scope="Local")["Policies"]),
        "profiles": len(iam.list_instance_profiles()["InstanceProfiles"]),
        "functions": len(client("lambda").list_functions()["Functions"]),
        "logs": len(client("logs").describe_log_groups()["logGroups"]),
        "apis": len(gateway.get_rest_apis()["items"]) + len(client("apigatewayv2").get_apis()["Items"]),
        "api keys": len(gateway.get_api_keys()["items"]) + len(gateway.get_usage_plans()["items"]),
    }


NOTHING = dict.fromkeys(
    ["vpcs", "gateways", "nat", "addresses", "instances", "keys", "file systems", "doors", "roles", "policies",
     "profiles", "functions", "logs", "apis", "api keys"], 0
)  # fmt: skip


# ---- strangers


def test_what_carries_other_tags_is_never_taken_for_ours(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        strangers(moto.aws(), "other", "vpc")
        strangers(moto.aws(), "demo2", "")
        assert moto.engine().owned() == []
        assert moto.engine().plan().of("keep", "change", "replace", "delete") == []


def strangers(aws: Aws, stack: str, name: str) -> None:
    """One of each that could be taken for ours: tagged for another stack, or half."""
    pairs = {"awsprov:stack": stack, "awsprov:name": name} if name else {"Name": "demo-vpc", "awsprov:name": "vpc"}
    tags: Any = [{"Key": key, "Value": value} for key, value in pairs.items()]
    kinds: Any = lambda kind: [{"ResourceType": kind, "Tags": tags}]  # noqa: E731
    vpc = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=kinds("vpc"))["Vpc"]["VpcId"]
    aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20", TagSpecifications=kinds("subnet"))
    aws.ec2.create_security_group(
        VpcId=vpc, GroupName="demo-builder-group", Description="x", TagSpecifications=kinds("security-group")
    )
    aws.ec2.allocate_address(Domain="vpc", TagSpecifications=kinds("elastic-ip"))
    system = aws.efs.create_file_system(CreationToken=f"token-{stack}", Tags=tags)["FileSystemId"]
    aws.efs.create_access_point(ClientToken=f"door-{stack}", FileSystemId=system, Tags=tags)
    trust = '{"Version": "2012-10-17", "Statement": []}'
    aws.iam.create_role(RoleName=f"{stack}-predict-role", AssumeRolePolicyDocument=trust, Path="/", Tags=tags)
    aws.iam.create_role(RoleName=f"x{stack}", AssumeRolePolicyDocument=trust, Path=f"/awsprov/{stack}/", Tags=tags)
    aws.logs.create_log_group(logGroupName=f"/aws/lambda/demo-{stack}-x", tags=pairs)
    aws.apigateway.create_rest_api(name="demo-api", tags=pairs)
    aws.apigateway.create_api_key(name="demo-api-key", tags=pairs)
    aws.apigatewayv2.create_api(Name="demo-http-api", ProtocolType="HTTP", Tags=pairs)


# ---- drift


def statement(**members: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **members}]})


DRIFTS: dict[str, tuple[str, set[str], Spoil]] = {
    "host names": (
        "vpc",
        {"dns_hostnames"},
        lambda aws, r: aws.ec2.modify_vpc_attribute(VpcId=r.id, EnableDnsHostnames={"Value": False}),
    ),
    "public addresses": (
        "private-1",
        {"public_by_default"},
        lambda aws, r: aws.ec2.modify_subnet_attribute(SubnetId=r.id, MapPublicIpOnLaunch={"Value": True}),
    ),
    "no way out": (
        "private-routes",
        {"via"},
        lambda aws, r: aws.ec2.delete_route(RouteTableId=r.id, DestinationCidrBlock="0.0.0.0/0"),
    ),
    "another way out": (
        "private-routes",
        {"via"},
        lambda aws, r: aws.ec2.replace_route(
            RouteTableId=r.id,
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=aws.ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [r.vpc.id]}])[
                "InternetGateways"
            ][0]["InternetGatewayId"],
        ),
    ),
    "a subnet without routes": (
        "public-routes",
        {"subnets"},
        lambda aws, r: aws.ec2.disassociate_route_table(
            AssociationId=r.now(aws)["Associations"][0]["RouteTableAssociationId"]
        ),
    ),
    "an open door": (
        "builder-group",
        {"ingress"},
        lambda aws, r: aws.ec2.authorize_security_group_ingress(
            GroupId=r.id, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
        ),
    ),
    "a closed door": (
        "builder-group",
        {"ingress"},
        lambda aws, r: aws.ec2.revoke_security_group_ingress(
            GroupId=r.id, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="203.0.113.7/32"
        ),
    ),
    "another group at the file system": (
        "file-system-group",
        {"ingress"},
        lambda aws, r: aws.ec2.authorize_security_group_ingress(
            GroupId=r.id,
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": r.id}]}
            ],
        ),
    ),
    "a way out of the file system": (
        "file-system-group",
        {"egress"},
        lambda aws, r: aws.ec2.authorize_security_group_egress(
            GroupId=r.id, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ),
    ),
    "the target's group": (
        "mount-target-1",
        {"group"},
        lambda aws, r: aws.efs.modify_mount_target_security_groups(
            MountTargetId=r.id,
            SecurityGroups=[
                aws.ec2.describe_security_groups(GroupNames=["demo-builder-group"])["SecurityGroups"][0]["GroupId"]
            ],
        ),
    ),
    "who may mount": (
        "file-system-policy",
        {"document"},
        lambda aws, r: aws.efs.put_file_system_policy(
            FileSystemId=r.id, Policy='{"Version": "2012-10-17", "Statement": []}'
        ),
    ),
    "more rights": (
        "predict-policy",
        {"statements"},
        lambda aws, r: aws.iam.create_policy_version(
            PolicyArn=r.id,
            PolicyDocument=statement(Action="*", Resource="*"),
            SetAsDefault=True,
        ),
    ),
    "another one's role": (
        "predict-role",
        {"trust"},
        lambda aws, r: aws.iam.update_assume_role_policy(
            RoleName=r.id,
            PolicyDocument=statement(Principal="*", Action="sts:AssumeRole"),
        ),
    ),
    "no rights": (
        "predict-role",
        {"policies"},
        lambda aws, r: aws.iam.detach_role_policy(RoleName=r.id, PolicyArn=r.policy.id),
    ),
    "another policy as well": (
        "predict-role",
        {"policies"},
        lambda aws, r: aws.iam.attach_role_policy(RoleName=r.id, PolicyArn=policy_of_the_builder(aws)),
    ),
    "an empty profile": (
        "builder-profile",
        {"role"},
        lambda aws, r: aws.iam.remove_role_from_instance_profile(InstanceProfileName=r.id, RoleName=r.role.id),
    ),
    "retention": (
        "predict-log",
        {"days"},
        lambda aws, r: aws.logs.delete_retention_policy(logGroupName=r.id),
    ),
    "memory and variables": (
        "predict",
        {"memory", "variables"},
        lambda aws, r: aws.lambda_.update_function_configuration(
            FunctionName=r.id, MemorySize=128, Environment={"Variables": {"LEVEL": "DEBUG"}}
        ),
    ),
    "code": (
        "predict",
        {"code"},
        lambda aws, r: aws.lambda_.update_function_code(FunctionName=r.id, ZipFile=b"PK\x05\x06" + bytes(18)),
    ),
    "the mount": (
        "predict",
        {"mount"},
        lambda aws, r: aws.lambda_.update_function_configuration(FunctionName=r.id, FileSystemConfigs=[]),
    ),
    "the alias": (
        "predict-live",
        {"version"},
        lambda aws, r: aws.lambda_.update_alias(FunctionName=r.function.id, Name="live", FunctionVersion="$LATEST"),
    ),
    "the throttle": (
        "api-stage",
        {"rate", "burst"},
        lambda aws, r: aws.apigateway.update_stage(
            restApiId=r.api.id,
            stageName=r.stage,
            patchOperations=[
                {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "9999"},
                {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "9"},
            ],
        ),
    ),
    "an old deployment": (
        "api-stage",
        {"snapshot"},
        lambda aws, r: aws.apigateway.update_stage(
            restApiId=r.api.id,
            stageName=r.stage,
            patchOperations=[
                {
                    "op": "replace",
                    "path": "/deploymentId",
                    "value": aws.apigateway.create_deployment(restApiId=r.api.id, description="by hand")["id"],
                }
            ],
        ),
    ),
    "where a route leads": (
        "POST /predict",
        {"calls"},
        lambda aws, r: aws.apigateway.put_integration(
            **r.where(aws), type="AWS_PROXY", integrationHttpMethod="POST", uri=r._uri(aws).replace("live", "dead")
        ),
    ),
    "whose pages may read": (
        "OPTIONS /predict",
        {"headers"},
        lambda aws, r: aws.apigateway.put_integration_response(
            **r.where(aws),
            statusCode="200",
            responseParameters={"method.response.header.Access-Control-Allow-Origin": "'*'"},
        ),
    ),
}


def policy_of_the_builder(aws: Aws) -> str:
    found = aws.iam.list_policies(Scope="Local", PathPrefix="/awsprov/demo/")["Policies"]
    return next(policy["Arn"] for policy in found if policy["PolicyName"] == "demo-builder-policy")


@pytest.mark.parametrize("drift", list(DRIFTS))
def test_drift_is_seen_for_what_it_is_and_mended(standing: Moto, drift: str) -> None:
    name, arguments, spoil = DRIFTS[drift]
    before = standing.engine()
    spoil(before.aws, living(before)[name])
    engine = standing.engine()
    plan = engine.plan()
    seen = {c.resource.name: set(c.differences) for c in plan.of("change")}
    assert seen.pop(name) == arguments
    assert set(seen) <= {"predict-live", "predict-version"}  # which follow the function
    assert plan.of("replace", "delete") == []
    engine.up(plan)
    assert standing.engine().plan().empty


# ---- what is found


def test_every_tangible_thing_is_found_by_its_tags_or_through_its_parent(standing: Moto) -> None:
    engine = standing.engine()
    recorded = {name: record.id for name, record in engine.state.records.items()}
    engine.state.records.clear()
    found = {name: r.id for name, r in living(engine).items() if not r.intangible}
    assert {name: recorded[name] for name in found} == found


def test_a_recorded_id_that_is_gone_is_not_believed(standing: Moto) -> None:
    engine = standing.engine()
    for resource in living(engine).values():
        if resource.intangible or resource.needs:
            continue
        right, resource.id = resource.id, "gone-1"
        assert resource.find(engine.aws) == right


# ---- what is asked for


def test_the_function_is_asked_for_with_its_mount_its_network_and_its_log(standing: Moto) -> None:
    asked = next(c for c in standing.sent["CreateFunction"] if c["FunctionName"] == "demo-predict")
    door = living(standing.engine())["function-door"].id
    assert [m["LocalMountPath"] for m in asked["FileSystemConfigs"]] == ["/mnt/efs"]
    assert asked["FileSystemConfigs"][0]["Arn"].endswith(f"access-point/{door}")
    assert len(asked["VpcConfig"]["SubnetIds"]) == 2
    assert asked["LoggingConfig"] == {"LogGroup": "/aws/lambda/demo-predict"}
    assert asked["Environment"]["Variables"]["PYTHONPATH"].startswith("/mnt/efs/envs/")


def test_what_holds_data_is_encrypted(standing: Moto) -> None:
    assert standing.sent["CreateFileSystem"][0]["Encrypted"] is True
    assert all(m["Ebs"]["Encrypted"] for c in standing.sent["RunInstances"] for m in c["BlockDeviceMappings"])


def test_the_builder_s_role_cannot_be_stolen_by_a_web_page(standing: Moto) -> None:
    options = standing.sent["RunInstances"][0]["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 1)


def test_the_private_key_stays_here(standing: Moto) -> None:
    asked = standing.sent["ImportKeyPair"][0]
    assert asked["PublicKeyMaterial"].startswith(b"ssh-ed25519 ")
    assert "CreateKeyPair" not in standing.sent


def test_ssh_is_open_to_one_address_and_nfs_to_two_groups(standing: Moto) -> None:
    found = living(standing.engine())
    asked = {
        c["GroupId"]: c["IpPermissions"]
        for c in standing.sent["AuthorizeSecurityGroupIngress"][:2]
        if "IpPermissions" in c
    }
    ssh = asked[found["builder-group"].id]
    assert [(p["FromPort"], [r["CidrIp"] for r in p["IpRanges"]]) for p in ssh] == [(22, ["203.0.113.7/32"])]
    nfs = asked[found["file-system-group"].id]
    assert {pair["GroupId"] for p in nfs for pair in p["UserIdGroupPairs"]} == {
        found["builder-group"].id,
        found["function-group"].id,
    }


@pytest.mark.parametrize(
    "call", ["CreateNatGateway", "RunInstances", "CreateRouteTable", "CreateFileSystem", "CreateAccessPoint"]
)
def test_what_takes_a_token_is_given_one_and_no_two_are_alike(standing: Moto, call: str) -> None:
    tokens = [c.get("ClientToken") or c.get("CreationToken") for c in standing.sent[call]]
    assert all(tokens)
    assert len(set(tokens)) == len(tokens)


def test_everything_that_can_be_is_tagged_by_the_call_that_makes_it(standing: Moto) -> None:
    for call in ("CreateVpc", "CreateSubnet", "CreateInternetGateway", "AllocateAddress", "CreateNatGateway",
                 "CreateRouteTable", "CreateSecurityGroup", "ImportKeyPair", "RunInstances"):  # fmt: skip
        for asked in standing.sent[call]:
            tags = {tag["Key"]: tag["Value"] for tag in asked["TagSpecifications"][0]["Tags"]}
            assert tags["awsprov:stack"] == "demo"
            assert tags["awsprov:name"]


def test_permissions_name_the_route_that_may_call(standing: Moto) -> None:
    sources = [c["SourceArn"].split(":", 5)[5].partition("/")[2] for c in standing.sent["AddPermission"]]
    assert sorted(sources) == ["*/*/", "*/GET/items/*", "*/POST/predict"]


# ---- no secret at rest


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


def test_a_plan_shows_that_a_variable_differs_and_not_what_it_holds(standing: Moto) -> None:
    before = standing.engine()
    function: Resource = living(before)["predict"]
    before.aws.lambda_.update_function_configuration(
        FunctionName=function.id, Environment={"Variables": {"PASSWORD": "s3cret-of-old"}}
    )
    engine = standing.engine()
    plan = engine.plan()
    assert "variables" in {name for c in plan.changes for name in c.differences}
    assert "s3cret-of-old" not in repr(plan)
    assert "hunter22" not in str([c.differences for c in plan.changes])
    engine.up(plan)
