"""The permissions of a function's role: its own policy, managed policies, and roles that already exist."""

import json
from pathlib import Path
from typing import Any

import pytest

from awsprov.cli import permission_diff
from awsprov.config.loader import load
from awsprov.doctor.simulation import existing_roles
from awsprov.engine.resource import distinct_notes
from awsprov.errors import UsageError
from awsprov.iam.boundary import BOUNDARY_PATH, Boundary
from awsprov.iam.policies import policy_statements
from tests.unit import moto_cloud
from tests.unit.moto_cloud import Moto, on_moto, refreshed

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

ACCOUNT = "123456789012"
ROLE, OWN = "demo-predict-role", "predict-permissions"
GET, PUT = "s3:GetObject on models/*", "s3:PutObject on models/*"
DENIED = {"Effect": "Deny", "Action": "*", "Resource": "*"}
LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def lines(*permissions: str) -> str:
    return f"    permissions: {json.dumps(permissions)}\n"


def managed(moto: Moto, name: str = "theirs") -> str:
    """Create a managed policy that is not the stack's; return its ARN."""
    text = document({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"})
    return moto.aws().iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"]


def attached(moto: Moto) -> set[str]:
    policies = moto.aws().iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    return {policy["PolicyArn"].rpartition("/")[2] for policy in policies}


def allowed(moto: Moto) -> list[Any]:
    """The statements of the policy with the function's permissions."""
    arn = f"arn:aws:iam::{ACCOUNT}:policy/awsprov/demo/demo-predict-permissions"
    iam: Any = moto.aws().iam
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found: list[Any] = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"][
        "Statement"
    ]
    return found


def changes(moto: Moto) -> dict[str, str]:
    plan = moto.engine().plan()
    return {change.resource.name: change.action for change in plan.changes if change.action != "keep"}


def test_permissions_are_a_policy_that_is_changed_in_place_and_deleted(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project", functions=lines(GET)) as moto:
        changes_of = {change.resource.name: change for change in moto.engine().plan().changes}
        granted = {name: permission_diff.lines(changes_of[name], moto.aws()) for name in (OWN, "file-system-policy")}
        assert granted[OWN] == ["+ Allow s3:GetObject on arn:aws:s3:::models/*"]
        assert f"ClientMount for arn:aws:iam::{ACCOUNT}:role/awsprov/demo/{ROLE}" in " ".join(
            granted["file-system-policy"]
        )
        moto.engine().up()
        assert moto.engine().plan().empty
        assert attached(moto) == {"demo-predict-policy", "demo-predict-permissions"}
        assert allowed(moto) == [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::models/*"}]
        moto.functions = lines(GET, PUT)
        assert changes(moto) == {"predict-permissions": "change"}
        moto.engine().up()
        assert [each["Action"] for each in allowed(moto)] == [["s3:GetObject"], ["s3:PutObject"]]
        moto.functions = ""
        assert changes(moto) == {"predict-role": "change", "predict-permissions": "delete"}
        moto.engine().up()
        assert attached(moto) == {"demo-predict-policy"}
        assert moto.engine().plan().empty


def test_a_managed_policy_is_attached_and_detached_again(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        arn = managed(moto)
        moto.functions = lines(arn)
        moto.engine().up()
        assert attached(moto) == {"demo-predict-policy", "theirs"}
        moto.functions = ""
        assert changes(moto) == {"predict-role": "change"}
        moto.engine().up()
        assert attached(moto) == {"demo-predict-policy"}
        assert moto.aws().iam.get_policy(PolicyArn=arn)


def test_a_crash_before_the_policy_is_detached_leaves_it_to_the_next_up(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        moto.functions = lines(managed(moto))
        moto.engine().up()
        moto.functions = ""
        with pytest.MonkeyPatch.context() as patch:
            crash = KeyboardInterrupt("kill")
            patch.setattr("awsprov.resources.identity.roles.Role.configure", lambda *_: (_ for _ in ()).throw(crash))
            with pytest.raises(KeyboardInterrupt):
                moto.engine().up()
        assert changes(moto) == {"predict-role": "change"}
        moto.engine().up()
        assert attached(moto) == {"demo-predict-policy"}


def test_what_others_attached_is_reported_and_left_alone(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        moto.engine().up()
        iam = moto.aws().iam
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=managed(moto))
        iam.put_role_policy(RoleName=ROLE, PolicyName="inline", PolicyDocument=document(DENIED))
        plan = moto.engine().plan()
        (note,) = [change.resource.note for change in plan.changes if change.resource.name == "predict-role"]
        assert plan.empty
        assert "policy/theirs, inline" in note
        assert "--detach-others" in note
        moto.engine().up()
        assert attached(moto) == {"demo-predict-policy", "theirs"}


def test_what_others_attached_is_removed_when_that_is_requested(tmp_path: Path, monkeypatch: Any) -> None:
    with on_moto(tmp_path / "project") as moto:
        moto.engine().up()
        iam = moto.aws().iam
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=managed(moto))
        iam.put_role_policy(RoleName=ROLE, PolicyName="inline", PolicyDocument=document(DENIED))
        monkeypatch.setattr(moto_cloud, "load", lambda path: load(path).model_copy(update={"detach_others": True}))
        (change,) = moto.engine().plan().of("change")
        assert set(change.differences) == {"policies", "inline"}
        moto.engine().up()
        assert attached(moto) == {"demo-predict-policy"}
        assert iam.list_role_policies(RoleName=ROLE)["PolicyNames"] == []


def test_down_deletes_a_role_with_what_others_attached(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        arn = managed(moto)
        moto.functions = lines(GET, arn)
        moto.engine().up()
        moto.aws().iam.attach_role_policy(RoleName=ROLE, PolicyArn=managed(moto, "another"))
        moto.engine().down()
        assert moto.aws().iam.list_roles()["Roles"] == []
        left = moto.aws().iam.list_policies(Scope="Local")["Policies"]
        assert sorted(policy["PolicyName"] for policy in left) == ["another", "theirs"]


def test_a_managed_policy_that_does_not_exist_is_an_error_before_anything_is_created(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project", functions=lines(f"arn:aws:iam::{ACCOUNT}:policy/none")) as moto:
        with pytest.raises(UsageError, match="policy/none does not exist"):
            moto.engine().plan()
        assert moto.aws().mutations == 0


def test_a_boundary_that_lacks_the_permissions_is_reported_before_anything_is_created(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        boundary = Boundary.of(load(moto.write_config()))
        arn = managed(moto)
        text = json.dumps(boundary.document(ACCOUNT))
        moto.aws().iam.create_policy(Path=BOUNDARY_PATH, PolicyName="demo", PolicyDocument=text)
        moto.functions = lines(GET, arn)
        with pytest.raises(UsageError) as refused:
            moto.engine().plan()
        assert str(refused.value.why).endswith("does not allow s3:GetObject on arn:aws:s3:::models/*.")
        assert "awsprov policy --boundary" in str(refused.value.remedy)
        moto.functions = lines(arn)
        notes = distinct_notes(change.resource for change in moto.engine().plan().changes)
        assert any("managed policies of functions do: sqs:SendMessage on *." in note for note in notes)


def test_the_printed_policy_attaches_these_managed_policies_only(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        arn = managed(moto)
        moto.functions = lines(GET, arn)
        statements = policy_statements(load(moto.write_config()), ["up"], ACCOUNT)
        attach = [each["Condition"] for each in statements if "iam:AttachRolePolicy" in each["Action"]]
        boundary = {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy{BOUNDARY_PATH}demo"}
        assert {"StringEquals": boundary, "ArnEquals": {"iam:PolicyARN": [arn]}} in attach
        assert all(each["StringEquals"] == boundary for each in attach)


def existing(moto: Moto, *statements: Any, path: str = "/") -> str:
    """Create a role that is not the stack's; return its ARN."""
    trust = document(*statements)
    return moto.aws().iam.create_role(RoleName="app", Path=path, AssumeRolePolicyDocument=trust)["Role"]["Arn"]


def test_an_existing_role_is_used_and_never_changed(tmp_path: Path, monkeypatch: Any) -> None:
    with on_moto(tmp_path / "project") as moto:
        arn = existing(moto, LAMBDA, path="/apps/")
        before = moto.aws().iam.get_role(RoleName="app")["Role"]
        moto.functions = f"    role: {arn}\n"
        moto.engine().up()
        engine = moto.engine()
        assert engine.plan().empty
        resources: Any = refreshed(engine)
        assert engine.aws.lambda_.get_function_configuration(FunctionName="demo-predict")["Role"] == arn
        statements = resources["file-system-policy"].wanted(engine.aws)["document"]["Statement"]
        assert arn in next(each["Principal"]["AWS"] for each in statements if each["Sid"] == "Functions")
        config = load(tmp_path / "project/config.yaml")
        assert existing_roles(engine.aws, config, engine.stack).status == "ok"
        monkeypatch.setattr(moto_cloud, "FORBIDDEN", {"elasticfilesystem:ClientMount"})
        assert "lacks elasticfilesystem:ClientMount" in existing_roles(engine.aws, config, engine.stack).message
        passed = [s for s in policy_statements(config, ["up"], ACCOUNT) if s["Resource"] == arn]
        assert {action for each in passed for action in each["Action"]} == {"iam:GetRole", "iam:PassRole"}
        moto.engine().down()
        assert moto.aws().iam.get_role(RoleName="app")["Role"] == before


def test_a_function_changes_from_its_own_role_to_an_existing_one(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        moto.engine().up()
        arn = existing(moto, LAMBDA)
        moto.functions = f"    role: {arn}\n"
        assert changes(moto)["predict-policy"] == "delete"
        moto.engine().up()
        assert moto.engine().plan().empty
        names = [role["RoleName"] for role in moto.aws().iam.list_roles()["Roles"]]
        assert sorted(names) == ["app", "demo-builder-role", "demo-second-role"]


@pytest.mark.parametrize(
    ("statement", "arn", "message"),
    [
        (LAMBDA, f"arn:aws:iam::{ACCOUNT}:role/other", "does not exist"),
        (LAMBDA, f"arn:aws:iam::{ACCOUNT}:role/apps/app", "does not exist"),
        (LAMBDA, "arn:aws:iam::999999999999:role/app", "is in another account"),
        ({**LAMBDA, "Principal": {"Service": "ec2.amazonaws.com"}}, "", "Lambda may not assume the role"),
    ],
)
def test_a_role_that_cannot_be_used_is_an_error_before_anything_is_created(
    tmp_path: Path, statement: Any, arn: str, message: str
) -> None:
    with on_moto(tmp_path / "project") as moto:
        moto.functions = f"    role: {arn or existing(moto, statement)}\n"
        if arn:
            existing(moto, statement)
        with pytest.raises(UsageError, match=message):
            moto.engine().plan()
        assert moto.aws().mutations == 0
