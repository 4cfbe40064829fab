"""The libraries: what is checked before they are installed."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from awsprov.errors import PartialError
from awsprov.resources.compute.builder import Builder
from tests.unit.moto_cloud import BuilderShell, on_moto


def test_a_file_system_without_room_for_a_tag_is_found_before_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions: list[Builder] = []
    with on_moto(tmp_path, nat="none") as moto:
        moto.engine().up()
        (file_system,) = moto.aws().efs.describe_file_systems()["FileSystems"]
        tags = [
            {"Key": f"awsprov:environment:{n:016}", "Value": "bytes=1"} for n in range(50 - len(file_system["Tags"]))
        ]
        moto.aws().efs.tag_resource(ResourceId=file_system["FileSystemId"], Tags=tags)
        monkeypatch.setattr(
            Builder, "shell", lambda builder, _: sessions.append(builder) or nullcontext(BuilderShell())
        )
        moto.pin = "3.0"
        with pytest.raises(PartialError) as caught:
            moto.engine().up()
    assert "`awsprov libs prune`" in caught.value.failures[0].error.remedy
    assert not sessions
