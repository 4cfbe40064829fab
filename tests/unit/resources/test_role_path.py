"""The IAM path of roles, policies and the instance profile."""

import threading
from pathlib import Path
from typing import Any

import pytest

from awsprov.aws.client import Aws
from awsprov.config.loader import load
from awsprov.iam.policies import policy_statements
from awsprov.resources.iam import IamResource
from tests.unit.moto_cloud import Moto, on_moto

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

APPS = "roles: {path: /apps/}\n"


def paths(moto: Moto) -> dict[str, str]:
    """The paths of everything in IAM, by name."""
    iam = moto.aws().iam
    policies = iam.list_policies(Scope="Local")["Policies"]
    found = {role["RoleName"]: role["Path"] for role in iam.list_roles()["Roles"]}
    found |= {policy["PolicyName"]: policy["Path"] for policy in policies}
    profiles = iam.list_instance_profiles()["InstanceProfiles"]
    return found | {profile["InstanceProfileName"]: profile["Path"] for profile in profiles}


def test_everything_in_iam_has_the_path_and_is_found_there(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        moto.more = APPS
        moto.engine().up()
        assert set(paths(moto).values()) == {"/apps/awsprov/demo/"}
        assert len(paths(moto)) == 7
        function = moto.aws().lambda_.get_function_configuration(FunctionName="demo-predict")
        assert function["Role"] == "arn:aws:iam::123456789012:role/apps/awsprov/demo/demo-predict-role"
        assert moto.engine().plan().empty
        (tmp_path / "project/state.json").unlink()
        assert moto.engine().plan().empty
        moto.engine().down()
        assert paths(moto) == {}


def test_another_path_replaces_what_is_in_iam_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        moto.engine().up()
        before = paths(moto)
        assert set(before.values()) == {"/awsprov/demo/"}
        moto.more = APPS
        replaced = {change.resource.name: change for change in moto.engine().plan().of("replace")}
        assert {"predict-role", "predict-policy", "builder-instance-profile", "predict"} <= set(replaced)
        assert replaced["predict-role"].differences["path"] == ("/awsprov/demo/", "/apps/awsprov/demo/")
        moto.engine().up()
        assert paths(moto) == dict.fromkeys(before, "/apps/awsprov/demo/")
        assert moto.engine().plan().empty
        moto.more = ""
        moto.engine().up()
        assert paths(moto) == before


def test_roles_and_policies_are_described_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one after the other: each description waits here until all have been requested."""
    with on_moto(tmp_path / "project") as moto:
        moto.engine().up()
        all_calls, get = threading.Barrier(len(paths(moto))), IamResource.get.__func__  # type: ignore[attr-defined]

        def get_later(cls: type[IamResource], aws: Aws, id_: str) -> Any:
            all_calls.wait(30)
            return get(cls, aws, id_)

        monkeypatch.setattr(IamResource, "get", classmethod(get_later))
        assert moto.engine().plan().empty


def test_the_printed_policy_is_for_the_path(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        moto.more = APPS
        statements = policy_statements(load(moto.write_config()), ["up", "down", "deploy"], "123456789012")
        (create,) = [s for s in statements if "iam:CreateRole" in s["Action"]]
        assert create["Resource"] == "arn:aws:iam::123456789012:role/apps/awsprov/demo/*"
        attach = [s["Condition"]["ArnLike"] for s in statements if "iam:AttachRolePolicy" in s["Action"]]
        assert attach == [{"iam:PolicyARN": "arn:aws:iam::123456789012:policy/apps/awsprov/demo/*"}]
        named = [
            arn for s in statements for arn in ([s["Resource"]] if isinstance(s["Resource"], str) else s["Resource"])
        ]
        assert not [arn for arn in named if "/awsprov/demo/" in arn and "/apps/awsprov/demo/" not in arn]
