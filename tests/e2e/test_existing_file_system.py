"""A stack on an existing file system, from `up` to `down`: nothing of its owner's is changed."""

import json
from typing import Any

import pytest

from awsprov.config.loader import load
from awsprov.iam.permissions import TASKS
from awsprov.iam.policies import policy_statements
from tests.e2e.accounts import Account, Away, boundary, change, create_network
from tests.e2e.projects import Client, inventory

NAME = "guest"
pytestmark = pytest.mark.timeout(900)
TLS_ONLY = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
OTHERS_ONLY = {
    "Sid": "OthersOnly",
    "Effect": "Deny",
    "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:role/theirs"},
    "Action": "elasticfilesystem:Client*",
}


def set_policy(client: Client, system: str, *statements: dict[str, Any]) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    client("efs").put_file_system_policy(FileSystemId=system, Policy=policy)


@pytest.fixture(scope="module")
def theirs(account: Account) -> tuple[str, str, tuple[str, str], str]:
    """A file system with a policy, mount targets and an access point; the builder's subnet, the others, and a group."""
    ec2, efs = account.client("ec2"), account.client("efs")
    public, private, group = create_network(ec2)
    vpc = ec2.describe_subnets(SubnetIds=[public])["Subnets"][0]["VpcId"]
    nfs = ec2.create_security_group(GroupName="nfs", Description="mount targets", VpcId=vpc)["GroupId"]
    allowed: Any = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=nfs, IpPermissions=[allowed])
    system = efs.create_file_system(CreationToken="theirs", Encrypted=True, Tags=[{"Key": "team", "Value": "data"}])
    id_ = str(system["FileSystemId"])
    for subnet in private:
        efs.create_mount_target(FileSystemId=id_, SubnetId=subnet, SecurityGroups=[nfs])
    efs.create_access_point(ClientToken="theirs", FileSystemId=id_, RootDirectory={"Path": "/"})
    set_policy(account.client, id_, TLS_ONLY)
    return id_, public, private, group


def snapshot(client: Client, system: str) -> Any:
    """Return everything of the file system."""
    efs = client("efs")
    targets = efs.describe_mount_targets(FileSystemId=system)["MountTargets"]
    (found,) = efs.describe_file_systems(FileSystemId=system)["FileSystems"]
    return (
        {key: found[key] for key in ("Tags", "LifeCycleState", "NumberOfMountTargets", "ThroughputMode")},
        json.loads(efs.describe_file_system_policy(FileSystemId=system)["Policy"]),
        targets,
        [
            efs.describe_mount_target_security_groups(MountTargetId=t["MountTargetId"])["SecurityGroups"]
            for t in targets
        ],
        efs.describe_access_points(FileSystemId=system)["AccessPoints"],
    )


@pytest.fixture(scope="module")
def project(account: Account, theirs: tuple[str, str, tuple[str, str], str]) -> Away:
    system, public, private, group = theirs
    network = f"network: {{subnets: [{', '.join(private)}], groups: [{group}]}}\nbuilder: {{subnet: {public}}}\n"
    project = account.project(NAME, more=f"{network}file_system: {system}\ntags: {{team: risk}}\n")
    assert f"file-system/{system}" in boundary(project.config)
    project.environment = account.user(NAME, policy_statements(load(project.config), TASKS, "123456789012"))
    project.timeout = 400
    return project


def test_a_policy_that_shuts_the_roles_out_is_reported_before_anything_is_created(
    account: Account, theirs: tuple[str, str, tuple[str, str], str], project: Away
) -> None:
    system, *_ = theirs
    set_policy(account.client, system, TLS_ONLY, OTHERS_ONLY)
    refused = project.run("plan", exits=2).stderr
    assert f"The policy of {system} denies what this stack does" in " ".join(refused.split())
    assert "OthersOnly" in refused
    assert inventory(account.client, NAME) == {}
    set_policy(account.client, system, TLS_ONLY)


def test_a_plan_reports_a_builder_that_nothing_reaches(
    account: Account, theirs: tuple[str, str, tuple[str, str], str], project: Away
) -> None:
    public = f"builder: {{subnet: {theirs[1]}}}"
    project.edit(public, "builder: {}")
    assert "builder.via" in project.run("plan", exits=2).stderr
    project.edit("builder: {}", public)


def test_a_stack_is_created_and_deleted_on_it_and_leaves_it_as_it_was(
    account: Account, theirs: tuple[str, str, tuple[str, str], str], project: Away
) -> None:
    system, *_ = theirs
    directory = account.running.directory / "efs" / system
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "theirs.txt").write_text("theirs")
    before = snapshot(account.client, system)
    project.run("up", "--yes")
    assert not project.json("plan")["changes"]
    assert json.loads(project.run("invoke", "{}").stdout)["library"] == "1.0"
    change(project, "deploy")
    project.run("deploy", "--yes")
    assert json.loads(project.run("invoke", "{}").stdout)["library"] == "2.0"
    project.run("explain")
    project.run("doctor")
    assert "Existing file system" in project.run("graph", "--format", "svg").stdout
    points = account.client("efs").describe_access_points(FileSystemId=system)["AccessPoints"]
    assert {each["RootDirectory"]["Path"] for each in points} == {"/", f"/awsprov-{NAME}"}
    down = project.run("down", "--yes").stdout
    assert f"/mnt/awsprov-{NAME}" in down
    assert inventory(account.client, NAME) == {}
    assert snapshot(account.client, system) == before
    assert (directory / "theirs.txt").read_text() == "theirs"
