"""The permissions boundary of the stack's roles: used if the account has it, and checked before anything is created."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from awsprov.errors import CredentialsError, UsageError
from awsprov.iam.boundary import BOUNDARY_PATH, Boundary, missing_permissions
from awsprov.resources.identity.boundary import NO_BOUNDARY, PermissionsBoundary
from awsprov.resources.identity.policies import Policy
from awsprov.resources.identity.roles import Role
from tests.unit.moto_cloud import Moto, on_moto, refreshed

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

ACCOUNT = "123456789012"
ARN = f"arn:aws:iam::{ACCOUNT}:policy/awsprov-boundary/demo"
DEMO = Boundary("demo", "us-east-1", ("predict", "second"), (), (), traced=True)
ROLES = ("demo-builder-role", "demo-predict-role", "demo-second-role")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Moto]:
    """A stack whose roles have no boundary."""
    with on_moto(tmp_path / "project") as moto:
        moto.engine().up()
        yield moto


def create(moto: Moto, boundary: Boundary = DEMO, name: str = "demo") -> None:
    document = json.dumps(boundary.document(ACCOUNT))
    moto.aws().iam.create_policy(Path=BOUNDARY_PATH, PolicyName=name, PolicyDocument=document)


def boundaries(moto: Moto) -> set[str]:
    roles = [moto.aws().iam.get_role(RoleName=name)["Role"] for name in ROLES]
    return {role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "") for role in roles}


def policies(moto: Moto) -> list[str]:
    listed = moto.aws().iam.list_policies(Scope="Local", PathPrefix="/awsprov/demo/")["Policies"]
    return sorted(policy["PolicyName"] for policy in listed)


def test_without_a_boundary_in_the_account_roles_have_none(stack: Moto) -> None:
    assert boundaries(stack) == {""}
    assert policies(stack) == ["demo-builder-policy", "demo-predict-policy", "demo-second-policy"]
    assert stack.engine().plan().empty


def test_roles_get_the_boundary_once_the_account_has_it(stack: Moto) -> None:
    create(stack)
    changed = {change.resource.name: set(change.differences) for change in stack.engine().plan().of("change")}
    assert changed["predict-role"] >= {"boundary"}
    stack.engine().up()
    assert boundaries(stack) == {ARN}
    assert policies(stack) == [f"demo-{name}-policy-bounded" for name in ("builder", "predict", "second")]
    assert stack.engine().plan().empty
    stack.engine().down()
    assert policies(stack) == []


def test_a_removed_boundary_is_set_again(stack: Moto) -> None:
    create(stack)
    stack.engine().up()
    stack.aws().iam.delete_role_permissions_boundary(RoleName="demo-predict-role")
    changes = {change.resource.name: set(change.differences) for change in stack.engine().plan().of("change")}
    assert changes == {"predict-role": {"boundary"}}
    stack.engine().up()
    assert boundaries(stack) == {ARN}


def test_a_plan_names_what_the_boundary_lacks_before_anything_is_created(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        create(moto, Boundary("demo", "us-east-1", ("predict",), (), (), traced=True))
        with pytest.raises(UsageError) as refused:
            moto.engine().plan()
        assert "logs:PutLogEvents on arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/demo-second:*" in str(
            refused.value.why
        )
        assert "awsprov policy --boundary" in str(refused.value.remedy)
        assert moto.aws().iam.list_roles()["Roles"] == []


def test_a_refused_role_without_a_boundary_says_how_to_create_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "iam:CreateRole"}}, "CreateRole")
    with on_moto(tmp_path / "project") as moto:
        monkeypatch.setattr(moto.aws().iam, "create_role", Mock(side_effect=refused))
        boundary = PermissionsBoundary("permissions-boundary", "", DEMO)
        boundary.id = NO_BOUNDARY
        policy = Policy("predict-policy", Mock(), boundary)
        with pytest.raises(CredentialsError) as error:
            Role("predict-role", "lambda.amazonaws.com", policy, boundary).create(moto.aws())
    assert "awsprov policy --boundary" in str(error.value.remedy)


def test_a_configured_boundary_is_used(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/awsprov-boundary/ours"
    with on_moto(tmp_path / "project") as moto:
        moto.api = f"auth: iam}}\nroles: {{boundary: '{arn}'"
        with pytest.raises(UsageError, match="does not exist"):
            moto.engine().plan()
        create(moto, name="ours")
        moto.engine().up()
        assert boundaries(moto) == {arn}


def test_what_the_roles_policies_allow_is_within_the_boundary(stack: Moto) -> None:
    engine = stack.engine()
    roles = [r for name, r in refreshed(engine).items() if name.endswith("-policy") and name != "file-system-policy"]
    assert len(roles) == 3
    for policy in roles:
        needed: Any = {"Statement": policy.wanted(engine.aws)["statements"]}
        assert missing_permissions(DEMO.document(ACCOUNT), needed) == []


@pytest.mark.parametrize(
    ("allowed", "missing"),
    [
        (("s3:GetObject", "arn:aws:s3:::a/*"), []),
        (("s3:*", "*"), []),
        (("S3:get*", "arn:aws:s3:::?/*"), []),
        (("s3:GetObject", "arn:aws:s3:::b/*"), ["s3:GetObject on arn:aws:s3:::a/*"]),
        (("s3:PutObject", "*"), ["s3:GetObject on arn:aws:s3:::a/*"]),
        (("s3:GetObject", "arn:aws:s3:::a/b"), ["s3:GetObject on arn:aws:s3:::a/*"]),
    ],
)
def test_a_policy_is_compared_by_what_its_patterns_match(allowed: tuple[str, str], missing: list[str]) -> None:
    has, needed = (
        {"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
        for action, resource in (allowed, ("s3:GetObject", "arn:aws:s3:::a/*"))
    )
    assert missing_permissions(has, needed) == missing


@pytest.mark.parametrize(
    ("statements", "missing"),
    [
        ([{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}], False),
        ([{"Effect": "Allow", "NotAction": "S3:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}], False),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::a/*"}], True),
        (
            [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"},
            ],
            True,
        ),
        (
            [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": "iam:*", "Resource": "*"},
            ],
            False,
        ),
        (
            [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "NotAction": "logs:*", "Resource": "*", "Condition": {"Bool": {"aws:x": "false"}}},
            ],
            False,
        ),
    ],
)
def test_negations_and_denials_of_a_company_s_boundary_count(statements: list[Any], missing: bool) -> None:
    needed = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}]}
    assert bool(missing_permissions({"Statement": statements}, needed)) is missing
