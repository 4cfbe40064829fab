"""The loader's errors: they look as without it, and their message begins with the class if the API asks for it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from awsprov.remote_code import function

LOADER = Path(function.__file__).parent / "loader.py"
HANDLER = """
class NotFound(KeyError):
    pass

def handler(event, context):
    if event == "fine":
        return "result"
    raise eval(event)
"""
# As awslambdaric does: the first frames are left out while their file is called bootstrap.py.
CALL = """
import importlib, json, os, sys, traceback
sys.path.insert(0, os.getcwd())
from awslambdaric.lambda_runtime_exception import FaultException
try:
    result = importlib.import_module("_awsprov.bootstrap").handler(sys.argv[1], None)
    print(json.dumps(["result", result]))
except FaultException as fault:
    print(json.dumps([fault.exception_type, fault.msg, fault.trace]))
except Exception as error:
    frames = traceback.extract_tb(error.__traceback__)[1:]
    while "/bootstrap.py" in frames[0].filename:
        del frames[0]
    print(json.dumps([type(error).__name__, str(error), [frame.name for frame in frames]]))
"""
FAULT = """
class FaultException(Exception):
    def __init__(self, exception_type, msg, trace=None):
        self.exception_type, self.msg, self.trace = exception_type, msg, trace
"""


def call(directory: Path, event: str = "", *, handler: str = HANDLER, errors: str | None = "") -> Any:
    """Return the type, the message and the frames of an error, or the result."""
    for package in ("_awsprov", "awslambdaric"):
        (directory / package).mkdir()
    shutil.copy(LOADER, directory / "_awsprov" / "bootstrap.py")
    (directory / "awslambdaric" / "lambda_runtime_exception.py").write_text(FAULT)
    (directory / "app.py").write_text(handler)
    (directory / "call.py").write_text(CALL)
    more = {} if errors is None else {"AWSPROV_ERRORS": errors}
    command = [sys.executable, "-S", "call.py", event]
    environment = {"AWSPROV_HANDLER": "app.handler", "AWSPROV_START_CHECK": "on", **more}
    ran = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        ("ValueError('no id')", "ValueError", "ValueError: no id"),
        ("ValueError()", "ValueError", "ValueError"),
        ("KeyError('id')", "KeyError", "KeyError: 'id'"),
        ("NotFound('id')", "NotFound", "KeyError: 'id'"),  # as `except KeyError` catches it
        ("RuntimeError('[400] x')", "RuntimeError", "[400] x"),
        ("RuntimeError()", "RuntimeError", "RuntimeError"),
    ],
)
def test_an_error_has_a_message(tmp_path: Path, event: str, kind: str, message: str) -> None:
    found, text, frames = call(tmp_path, event, errors="ValueError KeyError")
    assert (found, text) == (kind, message)
    assert frames == ["handler"]  # and not the loader


def test_a_result_is_returned_as_it_is(tmp_path: Path) -> None:
    assert call(tmp_path, "fine") == ["result", "result"]


def test_without_the_variable_errors_are_left_alone(tmp_path: Path) -> None:
    assert call(tmp_path, "ValueError()", errors=None)[:2] == ["ValueError", ""]


IMPORTS = [
    ("\nimport nope\n", "Runtime.ImportModuleError", "Unable to import module 'app': No module named 'nope'", 2),
    ("\n1 +\n", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': invalid syntax (app.py, line 2)", 2),
    ("handle = 1\n", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'", 0),
    ("\n\nopen('no-such-file')\n", "FileNotFoundError", "[Errno 2] No such file or directory: 'no-such-file'", 3),
    ("{}['key']\n", "KeyError", "'key'", 1),
    ("import sys\nsys.exit(3)\n", "SystemExit", "The import of app called sys.exit(3).", 2),
    ("raise ValueError\n", "RuntimeError", "The import of app failed with ValueError.", 1),
]


@pytest.mark.parametrize(("code", "kind", "message", "line"), IMPORTS)
def test_a_failed_import_is_reported_as_lambda_would_for_the_handler_itself(
    tmp_path: Path, code: str, kind: str, message: str, line: int
) -> None:
    found, text, frames = call(tmp_path, handler=code)
    assert (found, text) == (kind, message)
    assert [frame.splitlines()[0].partition(", in ")[0] for frame in frames] == [
        f'  File "{tmp_path / "app.py"}", line {line}'
    ] * bool(line)


def test_an_import_of_the_handler_s_own_shows_its_frames(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("def load():\n    raise ValueError('a wrong model')\nload()\n")
    _, _, frames = call(tmp_path, handler="import models\n")
    assert [frame.splitlines()[1].strip() for frame in frames] == [
        "import models", "load()", "raise ValueError('a wrong model')"
    ]  # fmt: skip
