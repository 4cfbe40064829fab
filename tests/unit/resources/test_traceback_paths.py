"""Paths in tracebacks: the files of a function as they are in the project, those of libraries as on Lambda."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from awsprov.packaging.bundle import Bundle
from awsprov.resources.function.corrections import with_own_paths

ENVIRONMENT = "166d8c020c1a9dab"


@pytest.fixture
def function(tmp_path: Path) -> Any:
    source = tmp_path / "src"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "app.py").write_text("")
    return SimpleNamespace(bundle=Bundle(source))


@pytest.mark.parametrize("home", ["/var/task", "/home/ana/my project/.awsprov/local/functions/a-b/code"])
def test_a_file_of_the_function_has_its_path_in_the_project(function: Any, home: str) -> None:
    line = f'  File "{home}/inner/app.py", line 3, in handler'
    assert with_own_paths(function, line) == '  File "src/inner/app.py", line 3, in handler'
    other = f'  File "{home}/other.py", line 3, in handler'
    assert with_own_paths(function, other) == other


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('  File "{home}/numpy/a.py", line 3', '  File "/mnt/efs/envs/166d8c020c1a9dab/numpy/a.py", line 3'),
        ("importing from {home}: no", "importing from /mnt/efs/envs/166d8c020c1a9dab: no"),
        ("'{home}/x.json'", "'/mnt/efs/envs/166d8c020c1a9dab/x.json'"),
        ("path=/var/task:{home}/x", "path=/var/task:/mnt/efs/envs/166d8c020c1a9dab/x"),
        (
            "from /a to {home}\nand {home}",
            "from /a to /mnt/efs/envs/166d8c020c1a9dab\nand /mnt/efs/envs/166d8c020c1a9dab",
        ),
    ],
)
@pytest.mark.parametrize(
    "home",
    [
        "/mnt/efs/envs",
        "/home/ana/.awsprov/local/efs/fs-1/libraries/envs",
        "/home/ana/my project (2)/.awsprov/local/efs/fs-1/libraries/envs",
    ],
)
def test_a_file_of_a_library_has_its_path_on_lambda(function: Any, home: str, line: str, shown: str) -> None:
    assert with_own_paths(function, line.format(home=f"{home}/{ENVIRONMENT}")) == shown


def test_a_file_of_a_start_pack_has_its_path_on_lambda(function: Any) -> None:
    """A file of the project can have the same name."""
    line = '  File "{home}/awsprov/166d8c020c1a9dab/pack/inner/app.py", line 3'
    (function.bundle.source / "app.py").write_text("")
    shown = line.format(home="/tmp")  # noqa: S108 - as on Lambda
    assert with_own_paths(function, shown) == shown
    local = line.format(home="/home/ana/my project/.awsprov/local/scratch/1")
    assert with_own_paths(function, local) == shown


def test_the_copy_of_the_code_on_the_local_cloud_is_no_file_of_the_project(tmp_path: Path) -> None:
    """It is below the source directory if that is the project's own."""
    copy = tmp_path / ".awsprov" / "local" / "functions" / "code" / "1"
    copy.mkdir(parents=True)
    for directory in (tmp_path, copy):
        (directory / "app.py").write_text("")
    function: Any = SimpleNamespace(bundle=Bundle(tmp_path))
    assert with_own_paths(function, f'File "{copy}/app.py", line 3') == f'File "{tmp_path.name}/app.py", line 3'


def test_the_code_need_not_be_there(tmp_path: Path) -> None:
    function: Any = SimpleNamespace(bundle=Bundle(tmp_path / "deleted"))
    assert with_own_paths(function, 'File "/var/task/app.py", line 3') == 'File "/var/task/app.py", line 3'


@pytest.mark.parametrize(
    "line", [f"envs/{ENVIRONMENT}", f"/a\nb/envs/{ENVIRONMENT}", "/a/envs/other/x", f"awsprov/{ENVIRONMENT}"]
)
def test_other_text_is_not_changed(function: Any, line: str) -> None:
    assert with_own_paths(function, line) == line


def test_a_long_line_is_shown_at_once(function: Any) -> None:
    """It has many slashes, as base64 does, from each of which a path could begin."""
    line = "iVBO/ab+" * 100_000
    began = time.process_time()
    assert with_own_paths(function, line) == line
    assert time.process_time() - began < 5
