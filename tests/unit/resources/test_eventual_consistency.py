"""EC2 may not know a new resource although an earlier call has listed it: calls that need it wait."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awsprov.aws.client import Aws
from awsprov.resources.network.security_groups import Rule, SecurityGroup
from awsprov.resources.network.vpc import Vpc
from tests.unit.moto_cloud import on_moto


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    with on_moto(tmp_path) as moto:
        yield moto.aws()


def new_vpc(aws: Aws) -> Vpc:
    vpc = Vpc("vpc", "10.0.0.0/16")
    vpc.id = vpc.create(aws)
    return vpc


def test_the_attributes_of_a_listed_vpc_are_waited_for(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    vpc, describe = new_vpc(aws), aws.ec2.describe_vpc_attribute
    unknown = ClientError({"Error": {"Code": "InvalidVpcID.NotFound"}}, "DescribeVpcAttribute")
    responses: list[Any] = [unknown, unknown]

    def late(**parameters: Any) -> Any:
        if responses:
            raise responses.pop()
        return describe(**parameters)

    monkeypatch.setattr(aws.ec2, "describe_vpc_attribute", late)
    assert vpc.read(aws) == {"cidr": "10.0.0.0/16", "dns_hostnames": False}


def test_rules_are_compared_with_those_of_a_group_that_is_described_late(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = SecurityGroup("group", new_vpc(aws), "it", ingress=(Rule("10.0.0.0/16", 22),), egress=())
    group.id = group.create(aws)
    describe = group.describe
    descriptions: list[dict[str, Any]] = [{}, {}]
    monkeypatch.setattr(group, "describe", lambda aws: descriptions.pop() if descriptions else describe(aws))
    has, wants = group.read(aws), group.wanted(aws)
    descriptions += [{}, {}]
    group.configure(aws, {name: (has[name], wants[name]) for name in ("ingress", "egress")})
    aws.clear_cache()
    assert group.read(aws) == wants
