"""A builder that is not kept, on moto: once the libraries are published it is deleted, and nothing needs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from awsprov.config.loader import load
from awsprov.engine.engine import Engine
from awsprov.errors import NoStackError
from awsprov.resources.compute.libraries import Libraries
from awsprov.stack.declaration import declare_stack
from tests.unit.conftest import Project
from tests.unit.moto_cloud import Moto, on_moto

LOOK_UP = "x86_64-image"  # which nothing deletes
ITS_OWN = {
    "builder",
    "builder-security-group",
    "builder-policy",
    "builder-role",
    "builder-instance-profile",
    LOOK_UP,
}
IN_THE_LISTS_OF = {"efs-security-group", "file-system-policy"}  # who may mount, and from where


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[Moto]:
    """A stack with its builder."""
    with on_moto(tmp_path / "moto") as moto:
        moto.engine().up()
        yield moto


def without_builder(moto: Moto) -> Engine:
    """An engine for the stack without its builder."""
    engine = moto.engine()
    stack = declare_stack(load(moto.root / "config.yaml"), "203.0.113.7/32", built=True)
    return Engine(stack, engine.state, engine.aws)


def test_what_is_declared_without_a_builder_is_all_except_its_own(project: Project) -> None:
    config = load(project.config)
    with_builder, without = (declare_stack(config, "203.0.113.7/32", built=built) for built in (False, True))
    assert {r.name for r in with_builder} - {r.name for r in without} == ITS_OWN
    assert {r.name for r in without} < {r.name for r in with_builder}


def test_a_builder_is_deleted_with_all_that_is_its_own_and_created_again(moto: Moto) -> None:
    plan = without_builder(moto).plan()
    assert {change.resource.name for change in plan.of("delete")} == ITS_OWN - {LOOK_UP}
    assert {change.resource.name for change in plan.of("change")} == IN_THE_LISTS_OF
    assert plan.of("create", "replace") == []
    without_builder(moto).up()
    iam = moto.aws().iam
    assert [
        role["RoleName"] for role in iam.list_roles(PathPrefix="/awsprov/")["Roles"] if "builder" in role["RoleName"]
    ] == []
    assert without_builder(moto).plan().empty
    back = moto.engine().plan()
    assert {change.resource.name for change in back.of("create")} == ITS_OWN
    moto.engine().up()
    assert moto.engine().plan().empty


def test_a_session_without_a_builder_is_an_error(project: Project, moto: Moto) -> None:
    (libraries,) = declare_stack(load(project.config), "203.0.113.7/32", built=True).of(Libraries)
    with pytest.raises(NoStackError, match="no builder"):
        libraries.verify(moto.aws(), {})
