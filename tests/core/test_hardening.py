"""The hardening list, item by item: each the default, each seen in what was asked of AWS or in what stands there.

Those with tests of their own elsewhere: the bundle's contents (test_bundle), values that are never shown
(test_standing_on_moto, tests/e2e/test_life), the pinned host key (test_remote), the local cloud's doors
(tests/local/test_guard).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from awsprov.bundle import Bundle
from awsprov.cli.plans import warnings
from awsprov.errors import UsageError
from awsprov.loading import load
from awsprov.resource import Resource
from tests.core.moto_cloud import Moto, living, on_moto


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A stack that `up` has made."""
    with on_moto(tmp_path_factory.mktemp("hard") / "project") as moto:
        moto.engine().up()
        yield moto


@pytest.fixture(scope="module")
def things(standing: Moto) -> dict[str, Resource]:
    return living(standing.engine())


def documents(standing: Moto) -> list[Any]:
    """Every statement that the roles were given."""
    return [s for call in standing.sent["CreatePolicy"] for s in json.loads(call["PolicyDocument"])["Statement"]]


# ---- the network


def test_the_vpc_s_default_group_lets_nobody_in_or_out(standing: Moto, things: dict[str, Resource]) -> None:
    vpc: Any = [{"Name": "vpc-id", "Values": [things["vpc"].id]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = standing.aws().ec2.describe_security_groups(Filters=vpc)["SecurityGroups"]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])


def test_a_default_group_that_was_opened_is_closed_again(standing: Moto, things: dict[str, Resource]) -> None:
    rule: Any = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": things["default-group"].id}]}]
    standing.aws().ec2.authorize_security_group_ingress(GroupId=things["default-group"].id, IpPermissions=rule)
    engine = standing.engine()
    found = engine.plan()
    assert [change.resource.name for change in found.of("change")] == ["default-group"]
    engine.up(found)
    assert standing.engine().plan().empty


def test_no_rule_is_open_to_the_world(standing: Moto) -> None:
    asked = json.dumps(standing.sent["AuthorizeSecurityGroupIngress"])
    assert "0.0.0.0/0" not in asked
    assert "::/0" not in asked


def test_no_subnet_gives_out_public_addresses(standing: Moto) -> None:
    subnets = standing.aws().ec2.describe_subnets(Filters=[{"Name": "tag:awsprov:stack", "Values": ["demo"]}])[
        "Subnets"
    ]
    assert len(subnets) == 4
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)


# ---- the file system


def test_the_file_system_refuses_connections_without_tls_and_whoever_is_not_named(standing: Moto) -> None:
    statements = json.loads(standing.sent["PutFileSystemPolicy"][0]["Policy"])["Statement"]
    (deny,) = [s for s in statements if s["Effect"] == "Deny"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    allowed = [s for s in statements if s["Effect"] == "Allow"]
    assert all(s["Principal"]["AWS"].startswith("arn:aws:iam::123456789012:role/awsprov/demo/") for s in allowed)
    assert all("elasticfilesystem:AccessPointArn" in s["Condition"]["StringEquals"] for s in allowed)


def test_functions_mount_to_read_by_role_by_policy_and_by_user(standing: Moto) -> None:
    statements = json.loads(standing.sent["PutFileSystemPolicy"][0]["Policy"])["Statement"]
    functions = [s for s in statements if s["Sid"].startswith("Function")]
    assert {s["Action"] for s in functions} == {"elasticfilesystem:ClientMount"}
    writing = [c["PolicyName"] for c in standing.sent["CreatePolicy"] if "ClientWrite" in c["PolicyDocument"]]
    assert writing == ["demo-builder-policy"]
    points = {p["RootDirectory"]["Path"]: p for p in standing.sent["CreateAccessPoint"]}
    users = [p["PosixUser"]["Uid"] for p in standing.sent["CreateAccessPoint"]]
    assert points["/libraries"]["RootDirectory"]["CreationInfo"]["Permissions"] == "0755"
    assert len(set(users)) == 2
    assert 0 not in users


def test_the_file_system_and_the_disk_are_encrypted(standing: Moto) -> None:
    assert standing.sent["CreateFileSystem"][0]["Encrypted"] is True
    (disk,) = [m["Ebs"] for m in standing.sent["RunInstances"][0]["BlockDeviceMappings"]]
    assert (disk["Encrypted"], disk["DeleteOnTermination"]) == (True, True)


# ---- the builder


def test_the_builder_s_role_can_be_had_on_the_instance_alone(standing: Moto) -> None:
    options = standing.sent["RunInstances"][0]["MetadataOptions"]
    assert options == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"}
    assert "UserData" not in standing.sent["RunInstances"][0]


def test_the_builder_s_role_can_mount_its_file_system_and_nothing_else(standing: Moto) -> None:
    (policy,) = [c for c in standing.sent["CreatePolicy"] if c["PolicyName"] == "demo-builder-policy"]
    (statement,) = json.loads(policy["PolicyDocument"])["Statement"]
    assert set(statement["Action"]) == {"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}
    assert statement["Resource"].rpartition("/")[2].startswith("fs-")


# ---- the roles


def test_no_role_may_do_what_it_likes_with_what_can_be_named(standing: Moto) -> None:
    wide = [s for s in documents(standing) if s["Resource"] == "*"]
    actions = {action for s in wide for action in s["Action"]}
    # Lambda makes its network interfaces with the function's role; IAM knows no resource for these before they exist.
    assert {action.partition(":")[0] for action in actions} == {"ec2"}
    assert all("NetworkInterface" in a or "PrivateIp" in a or a == "ec2:DescribeSubnets" for a in actions)
    assert not any("*" in action for s in documents(standing) for action in s["Action"])


def test_no_role_has_a_policy_of_aws_s_making(standing: Moto) -> None:
    assert all(":123456789012:policy/awsprov/demo/" in c["PolicyArn"] for c in standing.sent["AttachRolePolicy"])
    assert "PutRolePolicy" not in standing.sent


# ---- the API and the logs


def test_the_stage_is_throttled(standing: Moto) -> None:
    patch = {o["path"]: o["value"] for c in standing.sent["UpdateStage"] for o in c["patchOperations"]}
    assert float(patch["/*/*/throttling/rateLimit"]) == 50
    assert float(patch["/*/*/throttling/burstLimit"]) == 100


def test_requests_must_be_signed(standing: Moto) -> None:
    methods = [c for c in standing.sent["PutMethod"] if c["httpMethod"] != "OPTIONS"]
    assert {method["authorizationType"] for method in methods} == {"AWS_IAM"}


@pytest.mark.parametrize(("auth", "told"), [("iam", 0), ("none", 1), ("api_key", 1)])
def test_a_plan_warns_of_an_api_that_is_open(standing: Moto, auth: str, told: int) -> None:
    file = standing.root / "config.yaml"
    config = load(file)
    api = config.api.model_copy(update={"auth": auth})
    assert len(warnings(config.model_copy(update={"api": api}))) == told


def test_gateway_may_call_for_its_own_routes_alone(standing: Moto) -> None:
    assert all("SourceArn" in call for call in standing.sent["AddPermission"])
    assert {call["Principal"] for call in standing.sent["AddPermission"]} == {"apigateway.amazonaws.com"}


def test_logs_are_made_first_and_kept_for_a_year(standing: Moto) -> None:
    kept = {call["logGroupName"]: call["retentionInDays"] for call in standing.sent["PutRetentionPolicy"]}
    assert kept == {"/aws/lambda/demo-predict": 365, "/aws/lambda/demo-second": 365}


# ---- the bundle


def test_the_bundle_refuses_a_file_that_would_stand_in_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "_awsprov_start.py").write_text("")
    with pytest.raises(UsageError, match="has the name of a file that awsprov adds"):
        _ = Bundle(tmp_path, (("_awsprov_start.py", b"ours"),)).content
