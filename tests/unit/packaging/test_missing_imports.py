"""Imports of a handler that no package contains, and syntax that only the function's own Python can judge."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from awsprov.config.loader import load
from awsprov.config.models import Config
from awsprov.errors import UsageError
from awsprov.packaging import function_python
from awsprov.packaging.missing_imports import source_warnings
from awsprov.project.uploads import code_warnings
from tests.unit.conftest import PLAIN, Project

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
LOCKED = (
    "numpy", "pyyaml", "python-dateutil", "scikit-learn", "opencv-python-headless", "google-cloud-storage", "pillow",
    "psycopg2-binary", "pyjwt", "beautifulsoup4", "protobuf", "typing-extensions", "faiss-cpu", "python-json-logger",
)  # fmt: skip
PRESENT = """
from __future__ import annotations
import os, json, sqlite3
import boto3, botocore.exceptions, urllib3
import numpy as np
import yaml, dateutil.parser, cv2, jwt, bs4, faiss, psycopg2, PIL.Image, typing_extensions, pythonjsonlogger
from sklearn.linear_model import LogisticRegression
from google.cloud import storage
from google.protobuf import message
import helpers
from package.inner import value
try:
    import ujson
except ImportError:
    ujson = None
try:
    import optional_a
except (AttributeError, ModuleNotFoundError):
    pass
with contextlib.suppress(ImportError):
    import optional_b
if TYPE_CHECKING:
    import pandas
def handler(event, context):
    import matplotlib
"""


def warnings(source: Path, python: str = OWN) -> list[str]:
    return source_warnings(source, "app.handler", python, LOCKED, "requirements.txt")


def write(root: Path, text: str, name: str = "app.py") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path, PRESENT)
    write(tmp_path, "import numpy\n", "helpers.py")
    write(tmp_path, "", "package/__init__.py")
    write(tmp_path, "from . import other\nfrom ..helpers import x\nvalue = 1\n", "package/inner.py")
    write(tmp_path, "", "package/other.py")
    write(tmp_path, "import never_imported_from_the_handler\n", "scripts/train.py")
    return tmp_path


def test_nothing_is_reported_of_what_is_there_and_of_what_may_fail(source: Path) -> None:
    assert warnings(source) == []


def test_a_missing_package_is_reported_with_file_and_line_also_in_an_imported_module(source: Path) -> None:
    write(source, PRESENT + "import seaborn.plots\n")
    write(source, "import numpy\nimport seaborn\nclass Plot:\n    import shap\n", "helpers.py")
    found = warnings(source)
    line = PRESENT.count("\n") + 1
    assert len(found) == 2  # each package once
    assert f"app.py:{line} imports seaborn, which is not in the code, and no package of the" in found[0]
    assert "helpers.py:4 imports shap" in found[1]
    assert "to requirements.txt" in found[0]


@pytest.mark.parametrize(("statement", "reported"), [
    ("try:\n    import shap\nfinally:\n    pass", True),
    ("try:\n    import shap\nexcept ValueError:\n    pass", True),
    ("try:\n    pass\nexcept ImportError:\n    pass\nelse:\n    import shap", True),
    ("try:\n    import shap\nexcept Exception:\n    pass", False),
    ("for _ in range(1):\n    import shap", True),
    ("async def load():\n    import shap", False),
    ("with open('x'):\n    import shap", True),
])  # fmt: skip
def test_only_an_import_that_happens_and_is_not_caught_is_reported(
    source: Path, statement: str, reported: bool
) -> None:
    write(source, f"{statement}\n")
    assert bool(warnings(source)) is reported


def test_a_file_that_cannot_be_parsed_is_reported_if_the_python_is_the_function_s(source: Path) -> None:
    write(source, "def broken(:\n", "helpers.py")
    assert "helpers.py:1: Python" in warnings(source)[0]


# ---- another Python than awsprov's


def other_python(monkeypatch: pytest.MonkeyPatch, interpreter: str) -> None:
    """Pretend that awsprov runs on another version, and that `interpreter` is the function's."""
    monkeypatch.setattr(function_python, "_find", lambda _: interpreter)
    monkeypatch.setattr("awsprov.config.handler.is_own", lambda _: False)
    monkeypatch.setattr("awsprov.packaging.missing_imports.is_own", lambda _: False)


def test_valid_code_of_a_newer_python_is_accepted_where_that_is_not_installed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_python(monkeypatch, "")
    write(project.root / "src", "def broken(:\ndef handler(event, context): ...\n")
    assert load(project.write(PLAIN)).functions["predict"].handler == "app.handler"
    (warning,) = warnings(project.root / "src", "3.14")
    assert "app.py:1: awsprov's own Python cannot parse it" in warning
    assert "`uv python install 3.14`" in warning


def test_the_function_s_python_judges_the_syntax_where_it_is_installed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_python(monkeypatch, sys.executable)
    write(project.root / "src", "def broken(:\n")
    with pytest.raises(UsageError) as caught:
        load(project.write(PLAIN))
    assert "src/app.py:1:12: not valid Python 3.12: invalid syntax" in caught.value.why
    assert "app.py:1: Python 3.14 cannot parse it" in warnings(project.root / "src", "3.14")[0]


def test_its_answer_counts_and_not_that_of_awsprov_s_python(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the function's Python, which understands what this one does not."""
    interpreter = project.root / "python"
    interpreter.write_text('#!/bin/sh\necho \'{"names": {"handler": ""}}\'\n')
    interpreter.chmod(0o755)
    other_python(monkeypatch, str(interpreter))
    write(project.root / "src", "def broken(:\n")
    assert load(project.write(PLAIN)).functions["predict"].handler == "app.handler"


def test_a_module_that_a_later_python_removed_is_not_reported_if_that_is_unknown(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_python(monkeypatch, "")
    write(source, "import cgi\nimport shap\n")
    assert ["imports shap" in each for each in warnings(source, "3.12")] == [True]


def test_an_interpreter_is_found_by_uv() -> None:
    found = function_python.ask(OWN, __file__)
    assert found is not None
    assert "test_an_interpreter_is_found_by_uv" in found["names"]


def test_an_installation_of_pyenv_is_found_although_its_shim_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    installed = tmp_path / "versions" / f"{version}.0" / "bin" / f"python{version}"
    shim = tmp_path / "shims" / f"python{version}"
    for path, text in ((shim, "exit 127"), (installed, f'exec {sys.executable} "$@"')):
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", f"{shim.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    function_python._find.cache_clear()
    assert function_python._find(version) not in ("", str(shim))
    function_python._find.cache_clear()


@pytest.mark.parametrize("file", ["own_helpers.py", "own_helpers/__init__.py"])
def test_a_module_beside_the_source_is_named_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "import own_helpers\n", "src/app.py")
    write(tmp_path, "", file)
    (text,) = warnings(tmp_path / "src")
    place = "which is at " + file + ", outside of the function's `source` (src). Move it there."
    assert text == f"src/app.py:1 imports own_helpers, {place}"


def test_functions_that_share_their_code_share_a_warning(source: Path) -> None:
    write(source, "import seaborn\n")
    pins, file = {"numpy": "2"}, Path("requirements.txt")
    lock = SimpleNamespace(packages=[*pins], target=SimpleNamespace(python=OWN), pins=pins, requirements=file)
    function = SimpleNamespace(source=source, handler="app.handler")
    functions = {"one": function, "two": function}
    config = SimpleNamespace(environment=SimpleNamespace(lock=lock), functions=functions)
    assert len(code_warnings(cast(Config, config))) == 1
