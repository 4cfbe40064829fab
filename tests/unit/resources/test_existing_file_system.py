"""An existing file system: what is created on it, what is left as it is, and what is checked before."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from awsprov.aws.client import Aws
from awsprov.config.loader import load
from awsprov.errors import UsageError
from awsprov.iam.permissions import OWN_FILE_SYSTEM, TASKS
from awsprov.iam.policies import policy_statements
from awsprov.resources.compute.builder import Builder
from awsprov.resources.storage.existing import ExistingMountTarget
from tests.unit.moto_cloud import on_moto
from tests.unit.resources.test_existing_network import InTheirNetwork, Theirs, network, their_network

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto


def client(service: str) -> Any:
    return boto3.client(service, "us-east-1")  # type: ignore[call-overload]  # any service


@dataclass
class Place(InTheirNetwork):
    """Their network and file system on moto, and a project that uses both."""

    system: str
    nfs: str


def their_file_system(theirs: Theirs) -> tuple[str, str]:
    """Create a file system in their network. Return its id, and the security group of its mount targets."""
    ec2, efs = client("ec2"), client("efs")
    nfs = str(ec2.create_security_group(GroupName="nfs", Description="x", VpcId=theirs.vpc)["GroupId"])
    rule = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": theirs.group}]}
    ec2.authorize_security_group_ingress(GroupId=nfs, IpPermissions=[rule])
    id_ = str(efs.create_file_system(CreationToken="theirs", Tags=[{"Key": "team", "Value": "data"}])["FileSystemId"])
    for subnet in theirs.private:
        efs.create_mount_target(FileSystemId=id_, SubnetId=subnet, SecurityGroups=[nfs])
    return id_, nfs


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with on_moto(tmp_path) as moto:
        monkeypatch.setattr(Aws, "address", lambda _: "203.0.113.7")
        theirs = their_network()
        id_, nfs = their_file_system(theirs)
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


def test_a_stack_is_created_and_deleted_on_it_and_leaves_it_as_it_was(place: Place) -> None:
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


def test_functions_and_builder_get_other_groups_in_place(place: Place) -> None:
    moto, ec2 = place.moto, client("ec2")
    moto.engine().up()
    other = ec2.create_security_group(GroupName="other", Description="x", VpcId=place.theirs.vpc)["GroupId"]
    moto.network = network(place.theirs.private, place.theirs.group, other)
    changes = {c.resource.name: c for c in moto.engine().plan().changes if c.action not in ("keep", "create")}
    assert {name: change.action for name, change in changes.items() if name in ("builder", "predict")} == {
        "builder": "change",
        "predict": "change",
    }
    assert other in changes["builder"].differences["security_group"][1]
    moto.engine().up()
    assert moto.engine().plan().empty
    assert len(moto.sent["RunInstances"]) == 1
    (interface,) = living_builder(place)["NetworkInterfaces"]
    assert {place.theirs.group, other} < {group["GroupId"] for group in interface["Groups"]}
    statements = policy_statements(load(moto.root / "config.yaml"), ["up"], "123456789012")
    named = [each["Resource"] for each in statements if "ec2:ModifyNetworkInterfaceAttribute" in each["Action"]]
    assert other in str(named)


def living_builder(place: Place) -> Any:
    engine = place.moto.engine()
    engine.refresh()
    (builder,) = engine.stack.of(Builder)
    return builder.describe(engine.aws)


def test_another_subnet_replaces_the_builder_and_another_host_only_its_rule(place: Place) -> None:
    moto = place.moto
    moto.engine().up()
    moto.builder = f", subnet: {place.theirs.private[0]}, via: bastion.example.com"
    (change,) = moto.engine().plan().of("replace")
    assert (change.resource.name, list(change.differences)) == ("builder", ["subnet"])
    assert "builder-security-group" in [change.resource.name for change in moto.engine().plan().of("change")]
    moto.engine().up()
    assert moto.engine().plan().empty
    assert living_builder(place)["SubnetId"] == place.theirs.private[0]
    moto.builder = f", subnet: {place.theirs.private[0]}, via: another.example.com"
    assert moto.engine().plan().empty  # nothing on AWS has the host's name
    moto.builder = f", subnet: {place.theirs.private[0]}, ssh_from: 10.99.0.0/16"
    (change,) = moto.engine().plan().of("change")
    assert change.resource.name == "builder-security-group"


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
    with pytest.raises(UsageError, match="The file system fs-0123456789abcdef0 does not exist in us-east-1"):
        place.moto.engine().up()
    assert place.moto.aws().mutations == 0


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
