"""The environment of files: its name depends on the contents of the directory and on nothing else."""

import tarfile
from pathlib import Path

from awsprov.packaging.environment import environment_in, variables_of
from awsprov.packaging.file_environment import FileEnvironment


def test_the_name_is_of_the_files_by_place_content_and_mode(tmp_path: Path) -> None:
    names = [FileEnvironment(tmp_path).name]
    (tmp_path / "deep").mkdir()
    for file, content in (("a.bin", b"1"), ("a.bin", b"2"), ("deep/b.bin", b"")):
        (tmp_path / file).write_bytes(content)
        names.append(FileEnvironment(tmp_path).name)
    (tmp_path / "deep" / "b.bin").rename(tmp_path / "b.bin")
    names.append(FileEnvironment(tmp_path).name)
    (tmp_path / "a.bin").chmod(0o755)
    names.append(FileEnvironment(tmp_path).name)
    assert len(set(names)) == len(names)


def test_the_same_files_have_the_same_name_elsewhere(tmp_path: Path) -> None:
    for directory in ("one", "two"):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / "model.bin").write_bytes(b"weights")
    (tmp_path / "two" / ".DS_Store").write_bytes(b"")
    assert FileEnvironment(tmp_path / "one").name == FileEnvironment(tmp_path / "two").name


def test_files_are_sent_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.bin").write_bytes(b"weights")
    with FileEnvironment(tmp_path).archive() as file, tarfile.open(fileobj=file) as archive:
        assert archive.getnames() == ["files/deep/b.bin"]


def test_the_variables_lead_back_to_the_environments() -> None:
    variables = variables_of("a" * 16, "b" * 16)
    assert {name: environment_in(path) for name, path in variables.items()} == {
        "PYTHONPATH": "a" * 16,
        "AWSPROV_FILES": "b" * 16,
    }
    assert variables_of("", "") == {"PYTHONPATH": ""}


def test_the_files_of_a_version_of_awsprov_0_1_are_in_the_environment_of_its_libraries() -> None:
    assert environment_in("/mnt/efs/envs/0123456789abcdef/awsprov-files") == "0123456789abcdef"
    assert environment_in("/opt/python") == ""
