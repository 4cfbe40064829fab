"""Paths in tracebacks: the files of a function as they are in the project, those of libraries as on Lambda."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from awsprov.resources.function.corrections import with_own_paths

ENVIRONMENT = "166d8c020c1a9dab"


@pytest.fixture
def function(tmp_path: Path) -> Any:
    source = tmp_path / "src"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "app.py").write_text("")
    return SimpleNamespace(bundle=SimpleNamespace(source=source))


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
    ],
)
@pytest.mark.parametrize("home", ["/mnt/efs/envs", "/home/ana/.awsprov/local/efs/fs-1/libraries/envs"])
def test_a_file_of_a_library_has_its_path_on_lambda(function: Any, home: str, line: str, shown: str) -> None:
    assert with_own_paths(function, line.format(home=f"{home}/{ENVIRONMENT}")) == shown


def test_a_path_with_a_space_in_a_traceback_is_one_path(function: Any) -> None:
    line = f'  File "/home/ana/my project/.awsprov/local/efs/fs-1/libraries/envs/{ENVIRONMENT}/numpy/a.py", line 3'
    assert with_own_paths(function, line) == f'  File "/mnt/efs/envs/{ENVIRONMENT}/numpy/a.py", line 3'
