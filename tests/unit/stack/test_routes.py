"""What the routes of an API wait for."""

import pytest

from awsprov.config.loader import load
from awsprov.engine.graph import dependents
from awsprov.engine.resource import Resource
from awsprov.resources.api.http_parts import HttpIntegration, HttpRoute
from awsprov.resources.api.permission import Permission
from awsprov.resources.api.rest_methods import RestRoute
from awsprov.resources.api.rest_stage import RestStage
from awsprov.resources.function.function import Function
from awsprov.resources.function.versions import Version
from awsprov.stack.declaration import declare_stack
from tests.unit.conftest import PLAIN, Project


@pytest.mark.parametrize(("kind", "parts"), [("rest", (RestRoute, RestStage)), ("http", (HttpIntegration, HttpRoute))])
def test_routes_wait_for_the_function_but_not_for_its_libraries_and_its_version(
    project: Project, kind: str, parts: tuple[type[Resource], ...]
) -> None:
    project.write(f"{PLAIN}api: {{type: {kind}}}\n")
    stack = declare_stack(load(project.config), "203.0.113.7/32")
    after_function, after_version = (dependents(stack.graph(), stack.of(kind)) for kind in (Function, Version))
    routes = {resource for part in parts for resource in stack.of(part)}
    assert routes
    assert routes <= after_function
    assert not routes & after_version
    assert {*stack.of(Permission)} <= after_version  # Lambda has no permissions for an alias that does not exist
