"""The tags of config.yaml: set by the creating call, changed in place, and removed without those of others."""

from pathlib import Path
from typing import Any

import pytest

from awsprov.config.loader import load
from awsprov.engine.engine import Engine
from awsprov.engine.resource import Resource
from awsprov.iam.policies import policy_statements
from tests.unit.moto_cloud import Moto, on_moto, refreshed

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

HTTP = "type: http, auth: iam"
KEYED = "auth: api_key"
OURS = {"Name", "awsprov:name", "awsprov:stack"}


def tags(*pairs: str) -> str:
    return f"tags: {{{', '.join(pairs)}}}\n"


def tagged(engine: Engine) -> list[Resource]:
    """The resources of a stack that have tags."""
    untaggable = engine.stack.untaggable
    return [r for r in refreshed(engine).values() if r.is_taggable() and type(r) not in untaggable]


def others(resource: Resource, engine: Engine) -> dict[str, str]:
    """The tags of a resource that awsprov does not need."""
    found: Any = resource.fetch_tags(engine.aws)
    pairs = found if isinstance(found, dict) else {tag["Key"]: tag["Value"] for tag in found}
    return {key: value for key, value in pairs.items() if key not in OURS and not key.startswith("awsprov:")}


def changes(moto: Moto) -> set[tuple[str, str, tuple[str, ...]]]:
    plan = moto.engine().plan()
    return {(c.resource.name, c.action, tuple(c.differences)) for c in plan.changes if c.action != "keep"}


@pytest.mark.parametrize("api", [HTTP, KEYED])
def test_tags_of_everything_are_created_changed_in_place_and_removed(tmp_path: Path, api: str) -> None:
    with on_moto(tmp_path / "project", api) as moto:
        old, new = ({f"{name}{n}": "x" for n in range(25)} for name in ("old", "new"))  # both are more than AWS allows
        moto.more = tags("team: risk", *(f"{key}: x" for key in old))
        moto.engine().up()
        created = tagged(moto.engine())
        assert len({type(r) for r in created}) >= 18
        assert {r.name: others(r, moto.engine()) for r in created} == {r.name: {"team": "risk", **old} for r in created}
        assert moto.engine().plan().empty
        moto.more = tags("team: fraud", "cost-center: '4711'", *(f"{key}: x" for key in new))
        assert changes(moto) == {(r.name, "change", ("tags",)) for r in created}
        moto.engine().up()
        engine = moto.engine()
        assert {r.name: others(r, engine) for r in tagged(engine)} == {
            r.name: {"team": "fraud", "cost-center": "4711", **new} for r in created
        }
        assert moto.engine().plan().empty
        moto.more = ""
        moto.engine().up()
        engine = moto.engine()
        assert {name for r in tagged(engine) for name in others(r, engine)} == set()
        assert moto.engine().plan().empty


def test_tags_of_others_stay(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        moto.more = tags("team: risk")
        moto.engine().up()
        vpc = refreshed(moto.engine())["vpc"]
        moto.aws().ec2.create_tags(Resources=[vpc.id], Tags=[{"Key": "theirs", "Value": "1"}])
        assert moto.engine().plan().empty
        moto.more = ""
        moto.engine().up()
        assert others(refreshed(moto.engine())["vpc"], moto.engine()) == {"theirs": "1"}


def test_a_tag_that_somebody_changed_or_removed_is_drift(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        moto.more = tags("team: risk")
        moto.engine().up()
        found = refreshed(moto.engine())
        moto.aws().ec2.create_tags(Resources=[found["vpc"].id], Tags=[{"Key": "team", "Value": "other"}])
        moto.aws().iam.untag_role(RoleName="demo-predict-role", TagKeys=["team"])
        assert changes(moto) == {("vpc", "change", ("tags",)), ("predict-role", "change", ("tags",))}
        (vpc,) = [c for c in moto.engine().plan().of("change") if c.resource.name == "vpc"]
        assert vpc.differences == {"tags": ({"team": "other"}, {"team": "risk"})}
        moto.engine().up()
        assert moto.engine().plan().empty


def test_a_crash_before_a_tag_is_removed_leaves_it_to_the_next_up(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        moto.more = tags("team: risk")
        moto.engine().up()
        moto.more = ""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("awsprov.resources.ec2.Ec2Resource.untag", _crash)
            with pytest.raises(KeyboardInterrupt):
                moto.engine().up()
        moto.engine().up()
        engine = moto.engine()
        assert {name for r in tagged(engine) for name in others(r, engine)} == set()


def _crash(*_: Any) -> None:
    raise KeyboardInterrupt


def test_without_tags_nothing_is_read_or_allowed_for_them(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project") as moto:
        plain = load(moto.write_config())
        actions = {action for s in policy_statements(plain, ["up"], "123456789012") for action in s["Action"]}
        assert not actions & {"ec2:DeleteTags", "iam:UntagRole", "lambda:UntagResource", "logs:UntagResource"}
        moto.more = tags("team: risk")
        statements = policy_statements(load(moto.write_config()), ["up"], "123456789012")
        removing = [s["Condition"]["ForAllValues:StringNotLike"] for s in statements if "ec2:DeleteTags" in s["Action"]]
        assert removing == [{"aws:TagKeys": ["awsprov:*", "Name"]}]
