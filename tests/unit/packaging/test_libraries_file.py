"""The file that lists a project's libraries is found."""

from pathlib import Path

import pytest

from awsprov.packaging.libraries_file import find_libraries


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"requirements.txt": ""}, "requirements.txt"),
        ({"src/requirements.txt": "", "requirements.txt": ""}, "src/requirements.txt"),
        ({"pyproject.toml": "[project]\nname = 'a'\ndependencies = ['numpy']\n"}, "pyproject.toml"),
        ({"pyproject.toml": "[project]\nname = 'a'\ndependencies = []\n"}, "pyproject.toml"),
        ({"pyproject.toml": "[tool.poetry]\n"}, "pyproject.toml"),  # `plan` says what to do
        ({"pyproject.toml": "[tool.poetry]\n", "poetry.lock": ""}, "poetry.lock"),
        ({"pyproject.toml": "[tool.ruff]\n"}, None),
        ({"pyproject.toml": "[tool.ruff]\n", "requirements.txt": ""}, "requirements.txt"),
        ({"src/pyproject.toml": "[tool.ruff]\n", "requirements.txt": ""}, "requirements.txt"),
        ({"pyproject.toml": "[project]\ndynamic = ['dependencies']\n"}, "pyproject.toml"),
    ],
)
def test_the_file_of_the_libraries_is_that_of_the_source_or_of_the_project(
    tmp_path: Path, files: dict[str, str], expected: str | None
) -> None:
    (tmp_path / "src").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert find_libraries(tmp_path / "src", tmp_path) == (tmp_path / expected if expected else None)
