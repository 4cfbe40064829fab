"""A file system that is there already: what is created on it, what is left as it is, and what is checked before."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from awsprov.aws.client import Aws
from awsprov.config.loader import load
from awsprov.errors import PartialError, UsageError
from awsprov.iam.permissions import OWN_FILE_SYSTEM, TASKS
from awsprov.iam.policies import policy_statements
from awsprov.resources.storage.existing import ExistingMountTarget
from tests.unit.moto_cloud import on_moto
from tests.unit.resources.test_existing_network import InTheirNetwork, network, their_network

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto


def client(service: str) -> Any:
    return boto3.client(service, "us-east-1")  # type: ignore[call-overload]  # any service


@dataclass
class Place(InTheirNetwork):
    """Their network and file system on moto, and a project that uses both."""

    system: str
    nfs: str


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with on_moto(tmp_path) as moto:
        monkeypatch.setattr(Aws, "address", lambda _: "203.0.113.7")
        theirs, ec2 = their_network(), client("ec2")
        nfs = ec2.create_security_group(GroupName="nfs", Description="x", VpcId=theirs.vpc)["GroupId"]
        rule = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": theirs.group}]}
        ec2.authorize_security_group_ingress(GroupId=nfs, IpPermissions=[rule])
        system = client("efs").create_file_system(CreationToken="theirs", Tags=[{"Key": "team", "Value": "data"}])
        id_ = str(system["FileSystemId"])
        for subnet in theirs.private:
            client("efs").create_mount_target(FileSystemId=id_, SubnetId=subnet, SecurityGroups=[nfs])
        moto.network, moto.builder = network(theirs.private, theirs.group), f", subnet: {theirs.public}"
        moto.more = f"\nfile_system: {id_}\ntags: {{owner: us}}\n"
        yield Place(moto, theirs, id_, nfs)


def snapshot(system: str) -> Any:
    """Return what is the owner's of a file system."""
    efs = client("efs")
    (found,) = efs.describe_file_systems(FileSystemId=system)["FileSystems"]
    targets = efs.describe_mount_targets(FileSystemId=system)["MountTargets"]
    groups = [efs.describe_mount_target_security_groups(MountTargetId=t["MountTargetId"]) for t in targets]
    return found["Tags"], targets, [each["SecurityGroups"] for each in groups]


def test_a_stack_lives_on_it_and_leaves_it_as_it_was(place: Place) -> None:
    before, moto = snapshot(place.system), place.moto
    moto.engine().up()
    assert moto.engine().plan().empty
    assert snapshot(place.system) == before
    assert not {"CreateFileSystem", "CreateMountTarget", "PutFileSystemPolicy"} & set(moto.sent)
    points = client("efs").describe_access_points(FileSystemId=place.system)["AccessPoints"]
    assert {each["RootDirectory"]["Path"] for each in points} == {"/awsprov-demo"}
    tagged = [{tag["Key"] for tag in each["Tags"]} for each in points]
    assert all("owner" in keys for keys in tagged)
    assert sum(any(key.startswith("awsprov:environment:") for key in keys) for keys in tagged) == 1
    (interface,) = moto.sent["RunInstances"][0]["NetworkInterfaces"]
    assert place.theirs.group in interface["Groups"]
    (moto.root / "state.json").unlink()
    moto.engine().recover()
    assert moto.engine().plan().empty
    moto.more = "\n"  # the record of the file system is an orphan now, and not the stack's to delete
    assert place.system not in [
        change.resource.id for change in moto.engine().plan().of("delete") if change.resource.id
    ]
    moto.more = f"\nfile_system: {place.system}\n"
    assert moto.engine().down().failures == []
    assert snapshot(place.system) == before
    assert client("efs").describe_access_points(FileSystemId=place.system)["AccessPoints"] == []


def test_a_recorded_mount_target_has_its_address_without_a_search(place: Place) -> None:
    """`deploy` looks for nothing: it has the ids of the state file."""
    engine = place.moto.engine()
    for target, found in zip(
        engine.stack.of(ExistingMountTarget),
        client("efs").describe_mount_targets(FileSystemId=place.system)["MountTargets"],
        strict=True,
    ):
        target.id, target.file_system.id = found["MountTargetId"], place.system
        assert target.address(engine.aws) == found["IpAddress"]


def test_a_file_system_that_fits_passes(place: Place) -> None:
    found = place.results()
    assert found["existing file system"].status == "ok"
    assert found["file system policy"].status == "ok"


def test_closed_and_missing_mount_targets_are_reported_together(place: Place) -> None:
    ec2, efs = client("ec2"), client("efs")
    (group,) = ec2.describe_security_groups(GroupIds=[place.nfs])["SecurityGroups"]
    ec2.revoke_security_group_ingress(GroupId=place.nfs, IpPermissions=group["IpPermissions"])
    first, second = efs.describe_mount_targets(FileSystemId=place.system)["MountTargets"]
    efs.delete_mount_target(MountTargetId=second["MountTargetId"])
    message = place.results()["existing file system"].message
    assert f"{place.nfs} of its mount target {first['MountTargetId']} does not allow {place.theirs.group}" in message
    assert f"no mount target in {second['AvailabilityZoneName']}" in message


def test_mount_targets_in_another_vpc_and_a_wrong_id_are_reported(place: Place) -> None:
    ec2, efs = client("ec2"), client("efs")
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.40.0.0/24", AvailabilityZone="us-east-1a")["Subnet"]
    other = efs.create_file_system(CreationToken="other")["FileSystemId"]
    efs.create_mount_target(FileSystemId=other, SubnetId=subnet["SubnetId"])
    place.moto.more = f"\nfile_system: {other}\n"
    message = place.results()["existing file system"].message
    assert f"its mount targets are in {vpc}, and the subnets in {place.theirs.vpc}" in message
    place.moto.more = "\nfile_system: fs-0123456789abcdef0\n"
    assert "fs-0123456789abcdef0 does not exist in us-east-1" in place.results()["existing file system"].message
    with pytest.raises(PartialError) as failed:
        place.moto.engine().up()
    assert [failure.resource for failure in failed.value.failures] == ["existing-file-system"]
    assert "CreateAccessPoint" not in place.moto.sent


@pytest.mark.parametrize(
    ("condition", "status"),
    [({}, "failed"), ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, "warning")],
)
def test_a_policy_that_denies_is_reported(place: Place, condition: Any, status: str) -> None:
    statement = {"Sid": "Shut", "Effect": "Deny", "Principal": "*", "Action": "*", "Condition": condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("efs").put_file_system_policy(FileSystemId=place.system, Policy=policy)
    found = place.results()["file system policy"]
    assert (found.status, "Shut" in found.message) == (status, True)


def test_the_policy_creates_no_file_system_and_names_this_one(place: Place) -> None:
    place.moto.write_config()
    statements = policy_statements(load(place.moto.root / "config.yaml"), TASKS, "123456789012")
    actions = {action.partition(":")[2] for each in statements for action in each["Action"]}
    assert actions & OWN_FILE_SYSTEM == set()
    named = [each["Resource"] for each in statements if "elasticfilesystem:CreateAccessPoint" in each["Action"]]
    assert f"arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/{place.system}" in str(named)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("file_system: fs-1", "`file_system` needs `network.subnets`"),
        ("file_system: vol-1", "it must be the ID of an EFS file system, as in `file_system:"),
    ],
)
def test_a_contradiction_is_an_error_in_the_file(tmp_path: Path, more: str, message: str) -> None:
    with on_moto(tmp_path) as moto:
        moto.more = f"\n{more}\n"
        with pytest.raises(UsageError) as caught:
            moto.write_config()
    assert message in caught.value.why
