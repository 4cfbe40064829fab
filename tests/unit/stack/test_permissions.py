"""A function has a permission for each route while its policy fits, and one for all routes beyond that."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from awsprov.config.loader import load
from awsprov.config.models import Config
from awsprov.resources.api.permission import Permission
from awsprov.stack.declaration import declare_stack
from awsprov.stack.permissions import policy_size
from tests.unit.conftest import PLAIN, Project
from tests.unit.moto_cloud import on_moto


def config(project: Project, routes: Iterable[str], api: str = "rest") -> Config:
    """Return a configuration of one function with these routes."""
    text = PLAIN.replace("routes: [POST /predict]", f"routes: {json.dumps(list(routes))}")
    return load(project.write(f"{text}api: {{type: {api}}}\n"))


def many(number: int) -> list[str]:
    return [f"GET /resource-{each}/{{id}}" for each in range(number)]


def permissions(config: Config) -> list[Permission]:
    return declare_stack(config, "").of(Permission)


@pytest.mark.parametrize("api", ["rest", "http"])
def test_each_route_has_a_permission_of_its_own(project: Project, api: str) -> None:
    routes = ["POST /predict", "GET /items/{id}", "ANY /"]
    found = permissions(config(project, routes, api))
    assert [each.route for each in found] == routes
    assert not any(each.note for each in found)


def test_a_permission_belongs_to_its_route_wherever_that_is_in_the_file(project: Project) -> None:
    before = {each.name: each.route for each in permissions(config(project, ["POST /a", "GET /b", "GET /c"]))}
    after = {each.name: each.route for each in permissions(config(project, ["GET /c", "POST /a"]))}
    assert after.items() <= before.items()


@pytest.mark.parametrize("api", ["rest", "http"])
def test_many_routes_have_one_permission_and_a_note(project: Project, api: str) -> None:
    (permission,) = permissions(config(project, many(70), api))
    assert permission.route == ""
    assert "all of its 70 routes" in permission.note
    assert "Lambda allows 20480" in permission.note


def test_all_routes_can_be_changed_at_once(project: Project) -> None:
    """New permissions are created before old ones are deleted."""
    number = next(n for n in range(70, 0, -1) if len(permissions(config(project, many(n)))) == n)
    assert number > 20
    loaded = config(project, many(number))
    assert 2 * policy_size(loaded, "predict", many(number)) <= 20480


def test_the_size_is_at_least_that_on_aws(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none") as moto:
        engine = moto.engine()
        engine.up()
        policy = moto.aws().lambda_.get_policy(FunctionName="demo-predict", Qualifier="live")["Policy"]
        size = len(json.dumps(json.loads(policy), separators=(",", ":")))
        routes = ["POST /predict", "GET /items/{id}"]
        expected = policy_size(load(moto.root / "config.yaml"), "predict", routes)
        assert size <= expected <= size + 100
