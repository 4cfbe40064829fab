"""The libraries: what is checked before they are installed."""

from pathlib import Path
from typing import Any

import pytest

from awsprov.errors import PartialError
from awsprov.resources.compute.builder import Builder
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
