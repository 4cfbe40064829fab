"""Settings of a function: a new one needs only a field of the configuration and a row of the table."""

from pathlib import Path

import pytest

from awsprov.config.function import FunctionConfig
from awsprov.resources.function.function import Function
from awsprov.resources.function.settings import Setting, parameters
from tests.unit.moto_cloud import Moto, on_moto, refreshed

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

NEW = Setting("description", "Description", default="")


def function(moto: Moto) -> Function:
    found = refreshed(moto.engine())["predict"]
    assert isinstance(found, Function)
    return found


def test_a_new_setting_is_created_read_compared_and_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FunctionConfig, "description", "one", raising=False)
    monkeypatch.setattr(Function, "table", (*Function.table, NEW))
    with on_moto(tmp_path, nat="none") as moto:
        moto.engine().up()
        assert {call["Description"] for call in moto.sent["CreateFunction"]} == {"one"}
        assert function(moto).read(moto.aws())["description"] == "one"
        assert moto.engine().plan().empty

        monkeypatch.setattr(FunctionConfig, "description", "two")
        changes = {change.resource.name: change for change in moto.engine().plan().of("change")}
        assert changes["predict"].differences == {"description": ("one", "two")}
        moto.engine().up()
        assert function(moto).read(moto.aws())["description"] == "two"
        assert moto.engine().plan().empty


def test_every_setting_is_read_back_as_it_is_sent(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none") as moto:
        moto.engine().up()
        created, aws = function(moto), moto.aws()
        response = parameters(created.table, created, aws)
        for setting in created.table:
            sent = setting.comparable(setting.received(response))
            loaded = {"handler": "_awsprov/bootstrap.handler"}  # what Lambda calls is the loader
            assert sent == loaded.get(setting.name, created.wanted(aws)[setting.name]), setting.name
            assert created.read(aws)[setting.name] == created.wanted(aws)[setting.name], setting.name


@pytest.mark.parametrize("response", [{}, {"EphemeralStorage": None}, {"EphemeralStorage": {}}])
def test_a_member_that_the_response_lacks_has_its_default(response: dict[str, object]) -> None:
    assert Setting("storage", "EphemeralStorage.Size", default=512).received(response) == 512
