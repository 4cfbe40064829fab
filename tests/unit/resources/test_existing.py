"""Existing resources that were deleted: one error names all of them, and `status` and `down` still work."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from awsprov.config.loader import load
from awsprov.doctor import run_checks
from awsprov.engine.existing import Existing
from awsprov.errors import UsageError
from tests.unit.moto_cloud import Moto
from tests.unit.resources import test_existing_file_system
from tests.unit.resources.test_existing_file_system import Place
from tests.unit.resources.test_existing_network import network

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto
place = test_existing_file_system.place  # the fixture
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def client(service: str) -> Any:
    return boto3.client(service, "us-east-1")  # type: ignore[call-overload]  # any service


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def theirs(place: Place) -> dict[str, Callable[[], object]]:
    """Return how to delete each resource that the project uses, by a part of the error about its absence."""
    iam, moto = client("iam"), place.moto
    role = iam.create_role(RoleName="app", AssumeRolePolicyDocument=document(TRUST))["Role"]["Arn"]
    policies = [
        iam.create_policy(PolicyName=name, PolicyDocument=document(EVERYTHING))["Policy"]["Arn"]
        for name in ("managed", "boundary")
    ]
    client("ssm").put_parameter(Name="/theirs/token", Value="token", Type="SecureString")
    client("ec2").create_key_pair(KeyName="theirs")
    (moto.root / "key.pem").write_text("key")
    (moto.root / "key.pem").chmod(0o600)
    third = f"third: {{source: src, handler: app.handler, permissions: ['{policies[0]}']}}"
    moto.functions = f"    role: {role}\n    secrets: {{TOKEN: 'ssm:/theirs/token'}}\n  {third}\n"
    moto.api = f"auth: iam}}\nroles: {{boundary: '{policies[1]}'}}\nkeypair: {{name: theirs, private_key: key.pem"
    return {
        "role/app does not exist": lambda: iam.delete_role(RoleName="app"),
        "boundary does not exist": lambda: iam.delete_policy(PolicyArn=policies[1]),
        "`ssm:/theirs/token` does not exist": lambda: client("ssm").delete_parameter(Name="/theirs/token"),
        "The key pair 'theirs' does not exist": lambda: client("ec2").delete_key_pair(KeyName="theirs"),
        f"{place.theirs.group} does not exist": lambda: client("ec2").delete_security_group(GroupId=place.theirs.group),
        f"{place.system} does not exist": lambda: client("efs").delete_file_system(FileSystemId=place.system),
    }


def test_all_that_was_deleted_is_reported_together_and_nothing_else_needs_it(
    place: Place, theirs: dict[str, Callable[[], object]]
) -> None:
    moto = place.moto
    moto.engine().up()
    assert moto.engine().plan().empty
    targets = client("efs").describe_mount_targets(FileSystemId=place.system)["MountTargets"]
    for target in targets:
        client("efs").delete_mount_target(MountTargetId=target["MountTargetId"])
    for delete in theirs.values():
        delete()
    mutations = moto.aws().mutations
    for command in (moto.engine().plan, moto.engine().up):
        with pytest.raises(UsageError) as caught:
            command()
        assert [part for part in theirs if part not in caught.value.what] == []
    assert moto.aws().mutations == mutations
    results = {result.name: result for result in check(moto)}
    named = [part for part in theirs if part in results["existing resources"].message]
    assert "It is in `roles.boundary` of config.yaml." in results["existing resources"].message
    assert len(named) == 4  # network and file system have checks of their own
    assert results["existing groups"].status == results["existing file system"].status == "failed"
    moto.engine().recover()
    assert moto.engine().down().failures == []


def check(moto: Moto) -> Any:
    engine = moto.engine()
    return run_checks(engine.aws, load(moto.root / "config.yaml"), engine.stack)


def test_a_deleted_network_is_one_error(place: Place) -> None:
    place.moto.network = network(("subnet-0123456789abcdef0", place.theirs.private[0]), "sg-0123456789abcdef0")
    with pytest.raises(UsageError) as caught:
        place.moto.engine().plan()
    assert "The subnet subnet-0123456789abcdef0 does not exist" in caught.value.what
    assert "The security group sg-0123456789abcdef0 does not exist" in caught.value.what
    assert "mount target" not in caught.value.what
    place.moto.network = network(("subnet-0123456789abcdef0",))
    with pytest.raises(UsageError, match="The subnet subnet-0123456789abcdef0 does not exist"):
        place.moto.engine().plan()


def test_every_one_says_what_to_do(place: Place, theirs: dict[str, Callable[[], object]]) -> None:
    engine = place.moto.engine()
    found = engine.stack.of(Existing)
    assert len(found) > len(theirs)
    for resource in found:
        with pytest.raises(UsageError) as caught:
            resource.create(engine.aws)
        assert caught.value.what
        assert caught.value.remedy
