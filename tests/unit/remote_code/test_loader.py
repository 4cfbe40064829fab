"""The loader's errors: each has a message, and begins with its class if the API asks for that."""

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
CALL = """
import json, sys, traceback
try:
    import _awsprov_loader
    print(json.dumps(["result", _awsprov_loader.handler(sys.argv[1], None)]))
except Exception as error:
    frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    print(json.dumps([type(error).__name__, str(error), frames]))
"""


def call(directory: Path, event: str = "", *, handler: str = HANDLER, errors: str | None = "") -> Any:
    """Return the class, the message and the frames of an error, or the result."""
    shutil.copy(LOADER, directory / "_awsprov_loader.py")
    (directory / "app.py").write_text(handler)
    (directory / "call.py").write_text(CALL)
    more = {} if errors is None else {"AWSPROV_ERRORS": errors}
    command = [sys.executable, "-S", "call.py", event]
    environment = {"AWSPROV_HANDLER": "app.handler", **more}
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
    assert frames[-1] == "handler"  # the traceback in the log ends in the handler


def test_a_result_is_returned_as_it_is(tmp_path: Path) -> None:
    assert call(tmp_path, "fine") == ["result", "result"]


def test_without_the_variable_errors_are_left_alone(tmp_path: Path) -> None:
    assert call(tmp_path, "ValueError()", errors=None)[:2] == ["ValueError", ""]


def test_an_import_that_fails_without_a_message_gets_one_that_is_no_class(tmp_path: Path) -> None:
    found, text, _ = call(tmp_path, handler="raise ValueError\n", errors="ValueError")
    assert (found, text) == ("RuntimeError", "The import of app failed with ValueError.")


def test_a_failed_import_has_its_frames_in_the_message_as_lambda_drops_them(tmp_path: Path) -> None:
    found, text, _ = call(tmp_path, handler="\nimport nope\n")
    message, *frames = text.splitlines()
    assert (found, message) == ("ModuleNotFoundError", "No module named 'nope'")
    assert [line.strip() for line in frames] == [f'File "{tmp_path / "app.py"}", line 2, in <module>', "import nope"]
