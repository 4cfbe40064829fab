"""The builder's program that measures imports, for `libs why`."""

import json
from typing import Any

import pytest

from tests.unit.remote_code.builder_programs import Builder, ended, wheel


def measured(builder: Builder, code: str) -> Any:
    wheel(builder.wheels, "bad", more={"bad/part.py": code.encode()})
    builder.install("abc", "tiny\nbad\n")
    status, output = ended(builder.start("import_times", f"--root={builder.root}", "--name=abc", "tiny", "bad.part"))
    assert status == 0, output
    return json.loads(output.splitlines()[-1])


@pytest.mark.parametrize(
    ("code", "failed"),
    [
        ("print('hello')\n", {}),
        ("import nothing_of_that_name\n", {"bad.part": "ModuleNotFoundError: No module named 'nothing_of_that_name'"}),
        ("raise SystemExit('no key')\n", {"bad.part": "SystemExit: no key"}),
        ("import os\nos._exit(3)\n", {"tiny, bad.part": "exit status 3"}),
    ],
)
def test_an_import_that_ends_early_is_reported(builder: Builder, code: str, failed: dict[str, str]) -> None:
    found = measured(builder, code)
    assert found["failed"] == failed
    assert {each["package"] for each in found["packages"]} == {"tiny", "bad"}


def test_a_package_has_those_that_require_it(builder: Builder) -> None:
    wheel(builder.wheels, "heavy")
    wheel(builder.wheels, "user", requires=["Heavy>=1; python_version >= '3'", "tiny; extra == 'more'"])
    builder.install("abc", "heavy\nuser\n")
    status, output = ended(builder.start("import_times", f"--root={builder.root}", "--name=abc", "user"))
    assert status == 0, output
    found = {each["package"]: each["required_by"] for each in json.loads(output.splitlines()[-1])["packages"]}
    assert found == {"heavy": ["user"], "user": []}
