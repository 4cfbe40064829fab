"""The builder's program that receives the user's files, as an environment of their own."""

import json
from pathlib import Path

import pytest

from awsprov.packaging.file_environment import FileEnvironment
from awsprov.remote_code.builder import receive
from tests.unit.remote_code.builder_programs import Builder, ended, manifest


@pytest.fixture
def files(tmp_path: Path) -> FileEnvironment:
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "model.bin").write_bytes(b"weights")
    (tmp_path / "model" / "deep" / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "model" / "deep" / "run.sh").chmod(0o700)
    return FileEnvironment(tmp_path / "model")


def again(files: FileEnvironment) -> FileEnvironment:
    """Return the environment of the directory as it is now."""
    return FileEnvironment(files.directory)


def test_received_files_are_published_beside_the_libraries(builder: Builder, files: FileEnvironment) -> None:
    libraries = builder.install()
    before = manifest(libraries)
    assert builder.receive(files)[0] == 0
    status, output = ended(builder.start_publish(files.name, "files"))
    assert status == 0, output
    assert builder.published == sorted(["abc", files.name])
    assert manifest(libraries) == before
    place = builder.root / "envs" / files.name
    assert (place / "files" / "model.bin").read_bytes() == b"weights"
    assert (place / "files" / "deep" / "run.sh").stat().st_mode & 0o777 == 0o555
    facts = output.splitlines()[-1]
    assert facts.startswith("kind=files files=2 bytes=17 manifest=")
    verified = ended(builder.start("verify", f"--root={builder.root}", f"--name={files.name}"))
    assert json.loads(verified[1])["differing"] == 0
    listed = ended(builder.start("manifests", f"--root={builder.root}", files.name, "abc"))
    assert json.loads(listed[1]) == {files.name: files.contents, "abc": {"tiny": "1.0"}}


def test_a_new_model_takes_the_place_of_the_last_one_and_of_no_libraries(
    builder: Builder, files: FileEnvironment
) -> None:
    builder.build()
    builder.receive(files)
    (files.directory / "model.bin").write_bytes(b"new weights")
    builder.receive(again(files))
    assert builder.built == ["abc"]
    assert [path.name for path in (builder.work / "files").iterdir()] == [again(files).name]


def test_files_that_change_while_they_are_sent_are_refused(builder: Builder, files: FileEnvironment) -> None:
    assert files.contents
    (files.directory / "model.bin").write_bytes(b"half of it")
    status, output = builder.receive(files)
    assert status == receive.CHANGED
    assert "changed while they were sent" in output
    assert list((builder.work / "files").iterdir()) == []


def test_received_files_stay_while_libraries_are_built_and_handlers_find_them(
    builder: Builder, files: FileEnvironment
) -> None:
    builder.receive(files)
    code = "import os, tiny\nassert open(os.environ['AWSPROV_FILES'] + '/model.bin').read() == 'weights'\n"
    status, output = builder.build("abc", "tiny\n", builder.handlers(code), f"--files={files.name}")
    assert status == 0, output
    assert "start pack: app reads" in output
    assert "failed" not in output
    assert builder.receive(files)[0] == 0  # nothing to do
