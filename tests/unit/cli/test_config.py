"""config show: the value of the source with the highest precedence, and the name of the source."""

import json
from pathlib import Path
from typing import Any

import pytest

from awsprov.paths import user_config_file
from tests.unit.cli.conftest import CONFIG, Call

STAGED = CONFIG.replace("prod: {}", "prod: {network: {zones: 3}}")


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The user's own settings file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("HOME", str(tmp_path / "own"))
    path = user_config_file()
    path.parent.mkdir(parents=True)
    path.write_text("region: eu-west-1\nprofile: work\n")
    return path


def values(awsprov: Call, *arguments: str) -> dict[str, tuple[Any, str]]:
    result = awsprov("config", "show", "--json", *arguments)
    assert (result.code, result.err) == (0, "")
    document = json.loads(result.out)
    assert document["schema_version"] == 1
    return {each["key"]: (each["value"], each["origin"]) for each in document["values"]}


def test_each_source_overrides_those_below_it(
    awsprov: Call, project: Path, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = project / "config.yaml"
    config.write_text(STAGED.replace("region: us-east-1\n", ""))
    monkeypatch.setenv("AWS_REGION", "sa-east-1")
    assert values(awsprov)["region"] == ("sa-east-1", "AWS_REGION")
    monkeypatch.delenv("AWS_REGION")
    assert values(awsprov, "--region", "us-west-2")["region"] == ("us-west-2", "--region")
    assert values(awsprov)["region"] == ("eu-west-1", str(mine))
    config.write_text(STAGED)
    assert values(awsprov)["region"] == ("us-east-1", "config.yaml:2")
    monkeypatch.setenv("AWSPROV_REGION", "eu-central-1")
    assert values(awsprov)["region"] == ("eu-central-1", "AWSPROV_REGION")
    assert values(awsprov, "--region", "us-west-2")["region"] == ("us-west-2", "--region")
    assert values(awsprov)["profile"] == ("work", str(mine))


def test_stages_and_defaults_are_distinguished(awsprov: Call, project: Path, mine: Path) -> None:
    (project / "config.yaml").write_text(STAGED)
    assert values(awsprov)["network.zones"] == (2, "default")
    assert values(awsprov, "--stage", "prod")["network.zones"] == (3, "config.yaml:5, stage prod")
    assert values(awsprov)["functions.predict.handler"] == ("app.handler", "config.yaml:4")
    assert mine


def test_a_variable_s_value_is_not_shown(awsprov: Call, project: Path, mine: Path) -> None:
    config = project / "config.yaml"
    config.write_text(CONFIG.replace("handler: app.handler", "handler: app.handler, variables: {TOKEN: hidden-one}"))
    result = awsprov("config", "show", "--origin")
    assert "functions.predict.variables.TOKEN" in result.out
    assert "hidden-one" not in result.out
    assert mine


@pytest.mark.parametrize(("text", "expected"), [("nam: x\n", "unknown key `nam`"), ("region: 5\n", "should be text")])
def test_an_error_in_the_user_s_file_is_reported_with_its_line(
    awsprov: Call, project: Path, mine: Path, text: str, expected: str
) -> None:
    mine.write_text(text)
    result = awsprov("plan")
    assert result.code == 2
    assert f"{mine} has one error" in result.err
    assert expected in result.err
    assert project


def test_keys_that_are_not_set_are_left_out_and_explicit_ones_are_not(awsprov: Call, project: Path) -> None:
    (project / "config.yaml").write_text(CONFIG.replace("source: src,", "source: src, concurrency: null,"))
    shown = awsprov("config", "show").out
    assert "payload " not in shown.replace("api.payload", "")
    assert [line for line in shown.splitlines() if line.endswith((" null", " {}", " []"))] == [
        line for line in shown.splitlines() if line.startswith("functions.predict.concurrency")
    ]
