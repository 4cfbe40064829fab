"""The timer that stops the builder, and a file system that EFS could not create."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from awsprov.errors import AwsprovError
from awsprov.resources.compute.builder import Builder
from awsprov.ssh.client import Shell
from tests.unit.moto_cloud import Moto, on_moto, refreshed

OPEN_SESSION = Builder.shell  # `on_moto` replaces it


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A stack on moto that no test changes."""
    with on_moto(tmp_path_factory.mktemp("stack") / "project") as moto:
        moto.engine().up()
        yield moto


@pytest.mark.parametrize(("when_idle", "command"), [("stop", "sudo shutdown -P +360"), ("keep", "sudo shutdown -c")])
def test_a_session_sets_the_timer_that_stops_the_builder_of_a_killed_command(
    moto: Moto, monkeypatch: pytest.MonkeyPatch, when_idle: str, command: str
) -> None:
    commands: list[str] = []
    monkeypatch.setattr(Shell, "open", lambda *_: SimpleNamespace(run=commands.append))
    monkeypatch.setattr(moto, "builder", f", when_idle: {when_idle}")
    builder = refreshed(moto.engine())["builder"]
    assert isinstance(builder, Builder)
    OPEN_SESSION(builder, moto.aws())
    assert commands == [command]


def test_a_file_system_that_efs_could_not_create_is_an_error_at_once(
    moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_system = refreshed(moto.engine())["file-system"]
    failed = {"FileSystemId": file_system.id, "LifeCycleState": "error", "Tags": []}
    monkeypatch.setattr(type(file_system), "describe_cached", lambda *_: failed)
    monkeypatch.setattr(type(file_system), "describe", lambda *_: failed)
    with pytest.raises(AwsprovError, match="its state is error") as caught:
        file_system.wait(moto.aws())
    assert "--replace file-system" in caught.value.remedy
