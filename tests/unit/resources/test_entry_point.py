"""Users see a function's handler, not the loader that Lambda calls."""

from typing import Any

import pytest

from awsprov.operations.release_history import _changes
from awsprov.resources.function.entry_point import entry_point, handler_of
from tests.unit.moto_cloud import Moto, on_moto, refreshed

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto


def configuration(handler: str, **variables: str) -> Any:
    return {"Handler": handler, "CodeSha256": "", "Environment": {"Variables": variables}}


LOADED = configuration("_awsprov/bootstrap.handler", AWSPROV_HANDLER="app.handle", AWSPROV_START_CHECK="on")


def test_lambda_calls_the_loader_only_if_a_variable_names_the_handler() -> None:
    assert entry_point("app.handle", {}) == "app.handle"
    assert entry_point("app.handle", {"AWSPROV_HANDLER": "app.handle"}) == "_awsprov/bootstrap.handler"


@pytest.mark.parametrize(
    ("found", "handler"),
    [
        (configuration("app.handle"), "app.handle"),
        (LOADED, "app.handle"),
        (configuration("_awsprov_loader.handler", AWSPROV_HANDLER="app.handle"), "app.handle (with an older loader)"),
        ({}, ""),
    ],
)
def test_the_handler_is_that_of_config_yaml(found: Any, handler: str) -> None:
    assert handler_of(found) == handler


def test_history_has_the_words_of_config_yaml() -> None:
    assert list(_changes(configuration("app.handle"), LOADED, {})) == ["start check"]
    other = {**LOADED, "Environment": {"Variables": {"AWSPROV_HANDLER": "app.other", "LEVEL": "1"}}}
    assert list(_changes(LOADED, other, {})) == ["start check", "variable LEVEL", "handler app.handle → app.other"]


def test_a_handler_that_was_changed_by_hand_is_a_difference(tmp_path: Any) -> None:
    with on_moto(tmp_path, api="") as moto:
        moto.engine().up()
        function = refreshed(moto.engine())["predict"]
        assert function.read(moto.aws())["handler"] == function.wanted(moto.aws())["handler"] == "app.handler"
        moto.aws().lambda_.update_function_configuration(FunctionName="demo-predict", Handler="other.handler")
        assert changed(moto) == {"handler": ("other.handler", "app.handler")}


def changed(moto: Moto) -> Any:
    plan = moto.engine().plan()
    return next(change.differences for change in plan.changes if change.resource.name == "predict")
