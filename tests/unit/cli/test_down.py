"""down: what its last lines say."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from awsprov.cli import down
from awsprov.cli.settings import Settings
from awsprov.engine.graph import Walk
from awsprov.engine.resource import stub
from awsprov.engine.results import DownResult
from awsprov.resources.network.vpc import Vpc

PROJECT: Any = SimpleNamespace(
    config=SimpleNamespace(stack="demo", file_system=None, library_directory=""), where="us-east-1"
)


def test_a_resource_that_is_not_the_stack_s_is_named_in_text_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    result = DownResult((), (stub(Vpc, "vpc", "vpc-1"),), (), (), Walk())
    down._print(Settings(), PROJECT, result, 0.0)
    assert "Left alone, as their tags are not this stack's: vpc (vpc-1)." in capsys.readouterr().out
    down._print(Settings(json=True), PROJECT, result, 0.0)
    assert json.loads(capsys.readouterr().out)["foreign"] == ["vpc (vpc-1)"]
