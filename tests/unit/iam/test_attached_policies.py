"""`awsprov policy --attach`: the printed policies are created, updated and attached."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from awsprov.aws.client import Aws
from awsprov.errors import RefusedError
from awsprov.operations.attached_policies import IDENTITIES, Identity, attach_policies


def document(action: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": [action], "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        aws = Aws("shop", "us-east-1")
        aws.iam.create_user(UserName="ana")
        aws.iam.create_role(RoleName="ana", AssumeRolePolicyDocument="{}")
        aws.iam.create_group(GroupName="ana")
        yield aws


def attached(aws: Aws, identity: Identity = "user") -> set[str]:
    listing = getattr(aws.iam, f"list_attached_{identity}_policies")(**{f"{identity.title()}Name": "ana"})
    return {policy["PolicyName"] for policy in listing["AttachedPolicies"]}


@pytest.mark.parametrize("identity", IDENTITIES)
def test_policies_are_created_outside_the_stacks_path_and_attached(aws: Aws, identity: Identity) -> None:
    arns = attach_policies(aws, [document("ec2:A"), document("ec2:B")], identity, "ana")
    assert arns[0] == f"arn:aws:iam::123456789012:policy/awsprov-policies/shop-{identity}-ana-1"
    assert attached(aws, identity) == {f"shop-{identity}-ana-1", f"shop-{identity}-ana-2"}


def test_a_second_call_changes_only_what_differs(aws: Aws) -> None:
    first, second = attach_policies(aws, [document("ec2:A"), document("ec2:B")], "user", "ana")
    attach_policies(aws, [document("ec2:A"), document("ec2:C")], "user", "ana")
    assert aws.iam.get_policy(PolicyArn=first)["Policy"]["DefaultVersionId"] == "v1"
    assert aws.iam.get_policy(PolicyArn=second)["Policy"]["DefaultVersionId"] == "v2"
    attach_policies(aws, [document("ec2:A")], "user", "ana")
    assert attached(aws) == {"shop-user-ana-1"}


def test_the_oldest_version_is_deleted_before_there_are_too_many(aws: Aws) -> None:
    for number in range(7):
        (arn,) = attach_policies(aws, [document(f"ec2:{number}")], "user", "ana")
    versions = aws.iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert sorted(version["VersionId"] for version in versions) == ["v3", "v4", "v5", "v6", "v7"]


def test_more_than_ten_policies_are_refused_before_anything_is_changed(aws: Aws) -> None:
    for number in range(9):
        text = json.dumps(document("ec2:A"))
        created = aws.iam.create_policy(PolicyName=f"other{number}", PolicyDocument=text)
        aws.iam.attach_user_policy(UserName="ana", PolicyArn=created["Policy"]["Arn"])
    with pytest.raises(RefusedError, match="would have 11 managed policies"):
        attach_policies(aws, [document("ec2:A"), document("ec2:B")], "user", "ana")
    assert len(attached(aws)) == 9
    assert aws.iam.list_policies(Scope="Local", PathPrefix="/awsprov-policies/")["Policies"] == []
