"""The libraries: what is checked before they are installed."""

from pathlib import Path
from typing import Any

import pytest

from awsprov.errors import PartialError
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.libraries import Libraries
from awsprov.ssh.client import CommandResult
from tests.unit.moto_cloud import on_moto


def test_a_file_system_without_room_for_a_tag_is_found_before_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_session(*_: object) -> None:
        pytest.fail("a session was opened")

    with on_moto(tmp_path, nat="none") as moto:
        moto.engine().up()
        (file_system,) = moto.aws().efs.describe_file_systems()["FileSystems"]
        room = range(50 - len(file_system["Tags"]))
        tags: Any = [{"Key": f"awsprov:environment:{n:016}", "Value": "bytes=1"} for n in room]
        moto.aws().efs.tag_resource(ResourceId=file_system["FileSystemId"], Tags=tags)
        monkeypatch.setattr(Builder, "shell", no_session)
        moto.pin = "3.0"
        with pytest.raises(PartialError) as caught:
            moto.engine().up()
    assert "`awsprov libs prune`" in caught.value.failures[0].error.remedy


class DenyingShell:
    """A session on which EFS refuses the first mounts."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.mounts = refusals, 0

    def run(self, *arguments: object) -> CommandResult:
        command = str(arguments[0])
        if "mount -t efs" not in command:
            return CommandResult(1 if command.startswith("mountpoint") else 0, ("",))
        self.mounts += 1
        denied = self.mounts <= self.refusals
        return CommandResult(32 if denied else 0, ("mount.nfs4: access denied by server while mounting 127.0.0.1:/",))


@pytest.mark.parametrize(("refusals", "mounts"), [(0, 1), (2, 3)])
def test_the_builder_mounts_again_while_efs_does_not_know_its_role(tmp_path: Path, refusals: int, mounts: int) -> None:
    with on_moto(tmp_path, nat="none") as moto:
        moto.engine().up()
        engine = moto.engine()
        engine.refresh()
        (libraries,) = engine.stack.of(Libraries)
        shell: Any = DenyingShell(refusals)
        libraries.mount(shell, engine.aws)
        assert shell.mounts == mounts
