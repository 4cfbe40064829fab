"""What is in the way of a VPC's deletion: Lambda's and GuardDuty's is deleted, that of others is named at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError
from awsprov.errors import RefusedError
from awsprov.resources.network.foreign_resources import check_interfaces, check_vpc
from awsprov.resources.network.lambda_interfaces import vacate_subnet
from tests.unit.moto_cloud import on_moto

GUARDDUTY = {"GuardDutyManaged": "true"}
OURS = {"awsprov:stack": "demo", "awsprov:name": "it"}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    with on_moto(tmp_path) as moto:
        yield moto.aws()


def tagged(kind: str, tags: dict[str, str]) -> Any:
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def network(aws: Aws) -> tuple[str, str]:
    """Return a VPC and a subnet of the stack."""
    vpc = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    tags = tagged("subnet", OURS)
    return vpc, aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", TagSpecifications=tags)["Subnet"]["SubnetId"]


def endpoint(aws: Aws, vpc: str, subnet: str, tags: dict[str, str]) -> str:
    """Create an endpoint with its network interface, which moto does not create."""
    id_ = aws.ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.guardduty-data",
        VpcEndpointType="Interface",
        TagSpecifications=tagged("vpc-endpoint", tags),
    )["VpcEndpoint"]["VpcEndpointId"]
    aws.ec2.create_network_interface(SubnetId=subnet, Description=f"VPC Endpoint Interface {id_}")
    return id_


def launch(aws: Aws, subnet: str, tags: dict[str, str] | None = None) -> None:
    """Launch an instance in a subnet."""
    image = aws.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    specifications = tagged("instance", tags) if tags else []
    aws.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, TagSpecifications=specifications)


def refuse_instances(aws: Aws, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Answer DescribeInstances with an error."""

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeInstances")

    monkeypatch.setattr(aws.ec2, "describe_instances", refuse)


def endpoints(aws: Aws) -> list[str]:
    found = aws.ec2.describe_vpc_endpoints()["VpcEndpoints"]
    return [each["VpcEndpointId"] for each in found if each["State"].lower() not in ("deleting", "deleted")]


def test_what_guardduty_created_is_deleted(aws: Aws) -> None:
    vpc, subnet = network(aws)
    endpoint(aws, vpc, subnet, GUARDDUTY)
    group = aws.ec2.create_security_group(
        VpcId=vpc, GroupName="g", Description="g", TagSpecifications=tagged("security-group", GUARDDUTY)
    )["GroupId"]
    check_interfaces(aws, "subnet-id", subnet)
    assert endpoints(aws) == []
    check_vpc(aws, vpc)
    assert group not in {each["GroupId"] for each in aws.ec2.describe_security_groups()["SecurityGroups"]}


@pytest.mark.parametrize("tags", [{}, {"team": "mail"}, {"GuardDutyManaged": "false"}], ids=str)
def test_another_endpoint_is_left_alone_and_named(aws: Aws, tags: dict[str, str]) -> None:
    vpc, subnet = network(aws)
    id_ = endpoint(aws, vpc, subnet, tags)
    with pytest.raises(RefusedError, match=subnet) as caught:
        check_interfaces(aws, "subnet-id", subnet)
    assert id_ in caught.value.why
    with pytest.raises(RefusedError, match=vpc):
        check_vpc(aws, vpc)
    assert endpoints(aws) == [id_]


def test_an_instance_of_another_team_in_a_subnet_is_named_at_once(aws: Aws) -> None:
    _, subnet = network(aws)
    launch(aws, subnet)
    with pytest.raises(RefusedError, match=subnet):
        check_interfaces(aws, "subnet-id", subnet)


def test_an_instance_whose_owner_is_not_known_is_not_taken_for_the_stack_s(aws: Aws, monkeypatch: Any) -> None:
    _, subnet = network(aws)
    launch(aws, subnet)
    refuse_instances(aws, monkeypatch, "UnauthorizedOperation")
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        check_interfaces(aws, "subnet-id", subnet)


def test_an_instance_that_no_longer_exists_is_waited_for(aws: Aws, monkeypatch: Any) -> None:
    _, subnet = network(aws)
    launch(aws, subnet)
    refuse_instances(aws, monkeypatch, "InvalidInstanceID.NotFound")
    check_interfaces(aws, "subnet-id", subnet)


def test_what_is_the_stack_s_or_released_by_aws_is_waited_for(aws: Aws) -> None:
    vpc, subnet = network(aws)
    for description in ("Interface for NAT Gateway nat-1", "EFS mount target for fs-1", "AWS Lambda VPC ENI-x"):
        aws.ec2.create_network_interface(SubnetId=subnet, Description=description)
    launch(aws, subnet, OURS)
    check_interfaces(aws, "subnet-id", subnet)
    check_vpc(aws, vpc)


@pytest.mark.parametrize("what", ["group", "subnet"])
def test_what_is_foreign_in_the_vpc_is_named_with_its_tags(aws: Aws, what: str) -> None:
    vpc, _ = network(aws)
    theirs = {"team": "mail"}
    if what == "group":
        tags = tagged("security-group", theirs)
        id_ = aws.ec2.create_security_group(VpcId=vpc, GroupName="g", Description="g", TagSpecifications=tags)[
            "GroupId"
        ]
    else:
        tags = tagged("subnet", theirs)
        created = aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24", TagSpecifications=tags)
        id_ = created["Subnet"]["SubnetId"]
    with pytest.raises(RefusedError, match=vpc) as caught:
        check_vpc(aws, vpc)
    assert id_ in caught.value.why
    assert "team=mail" in caught.value.why


# ---- Lambda's


def test_versions_are_listed_once_while_a_subnet_is_waited_for(aws: Aws) -> None:
    _, subnet = network(aws)
    vacate_subnet(aws, subnet)
    assert aws.calls["lambda:ListFunctions"] == 0
    for _ in range(3):
        aws.ec2.create_network_interface(SubnetId=subnet, Description="AWS Lambda VPC ENI-demo")
        vacate_subnet(aws, subnet)
    assert aws.calls["lambda:ListFunctions"] == 1
    assert aws.ec2.describe_network_interfaces()["NetworkInterfaces"] == []
