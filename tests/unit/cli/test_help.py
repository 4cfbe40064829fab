"""help: topics that are true, commands, and a schema that agrees with the models."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from awsprov.cli.help import TOPICS
from awsprov.cli.registry import COMMANDS
from awsprov.config.yaml_document import read
from awsprov.errors import EXIT_CODES
from tests.unit.cli.conftest import Call

ROOT = Path(__file__).parents[3]
SMALL = {
    "name": "demo",
    "region": "us-east-1",
    "libraries": {"requirements": "requirements.txt"},
    "functions": {"predict": {"source": "src", "handler": "app.handler"}},
}


@pytest.fixture
def problems(awsprov: Call) -> Any:
    """Return where a configuration violates the schema."""
    validator = Draft202012Validator(json.loads(awsprov("help", "--schema").out))

    def find(**changes: Any) -> list[str]:
        return [".".join(map(str, error.absolute_path)) for error in validator.iter_errors({**SMALL, **changes})]

    return find


# ---- topics


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_fits_a_terminal_and_begins_with_what_it_is_about(awsprov: Call, topic: str) -> None:
    result = awsprov("help", topic)
    assert (result.code, result.err) == (0, "")
    first, *others = result.out.splitlines()
    assert re.match(rf"{topic.replace('-', ' ')}: .*\.$", first.lower())
    assert [line for line in others if len(line) > 80] == []


def test_without_a_topic_all_are_listed(awsprov: Call) -> None:
    result = awsprov("help")
    assert all(f"\n  {topic} " in result.out for topic in TOPICS)
    assert list(json.loads(awsprov("help", "--json").out)["topics"]) == list(TOPICS)


def test_exit_codes_are_those_of_the_errors(awsprov: Call) -> None:
    text = awsprov("help", "exit-codes").out
    assert [int(code) for code in re.findall(r"^ +(\d+)  ", text, re.MULTILINE)] == list(EXIT_CODES)


def test_commands_and_options_that_topics_speak_of_exist(awsprov: Call) -> None:
    for topic in TOPICS:
        text = awsprov("help", topic).out
        for command, options in re.findall(
            r"(?:^  |`)awsprov ([a-z]+)((?: (?:[a-z]+|--[a-z-]+))*)", text, re.MULTILINE
        ):
            assert command in COMMANDS, f"{topic}: awsprov {command}"
            known = awsprov(command, "--help").out
            if command == "local":
                known += "".join(awsprov("local", each, "--help").out for each in re.findall(r" ([a-z]+)", options)[:1])
            assert [option for option in re.findall(r"--[a-z-]+", options) if option not in known] == []


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in TOPICS])
def test_a_command_s_help_is_its_own(awsprov: Call, command: str) -> None:
    assert awsprov("help", command).out == awsprov(command, "--help").out


def test_a_word_that_means_nothing_suggests_the_nearest(awsprov: Call) -> None:
    result = awsprov("help", "exit-code")
    assert result.code == 2
    assert "awsprov help exit-codes" in result.err


def test_every_key_of_the_demo_is_in_the_list(awsprov: Call) -> None:
    text = awsprov("help", "config").out
    for key in ("network.nat", "builder.when_idle", "functions.NAME.smoke.expect.status", "api.jwt.issuer"):
        assert re.search(rf"^  {re.escape(key)}\s", text, re.MULTILINE)
    assert "paused" not in text
    assert "state_dir" not in text


# ---- the schema


def test_the_schema_in_the_documentation_is_the_one_that_is_printed(awsprov: Call) -> None:
    assert awsprov("help", "--schema").out == (ROOT / "docs" / "config.schema.json").read_text()


def test_the_schema_is_one(awsprov: Call) -> None:
    Draft202012Validator.check_schema(json.loads(awsprov("help", "--schema").out))


def test_configurations_that_load_are_accepted(problems: Any) -> None:
    assert problems() == []
    assert problems(**read(ROOT / "config.yaml").value) == []
    plain = {"predict": {**SMALL["functions"]["predict"], "variables": {"A1": 1, "B2": True, "C3": "x"}}}  # type: ignore[index]
    assert problems(functions=plain) == []


def test_a_stage_needs_to_say_only_what_differs(problems: Any) -> None:
    assert (
        problems(stages={"prod": {"libraries": {"python": "3.13"}, "functions": {"predict": {"memory": 2048}}}}) == []
    )
    assert problems(stages={"prod": {"network": {"nat": "both"}}}) == ["stages.prod.network.nat"]
    assert problems(stages={"prod": {"name": "other"}}) == ["stages.prod"]


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"network": {"zones": 7}}, "network.zones"),
        ({"network": {"nats": "none"}}, "network"),
        ({"api": {"auth": "basic"}}, "api.auth"),
        ({"functions": {}}, "functions"),
        ({"functions": {"predict": {"source": "src"}}}, "functions.predict"),
        ({"libraries": {"requirements": "r.txt", "python": "3.10"}}, "libraries.python"),
        ({"paused": True}, ""),
    ],
)
def test_what_does_not_load_is_marked_at_its_place(problems: Any, changes: dict[str, Any], at: str) -> None:
    assert problems(**changes) == [at]


# ---- narrow terminals


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_all_help_has_the_width_of_the_terminal(awsprov: Call, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    commands = ([], *([name] for name in COMMANDS), ["local", "start"])
    for words in (*([*command, "--help"] for command in commands), *(["help", topic] for topic in TOPICS)):
        monkeypatch.setenv("COLUMNS", "2000")
        whole = set(awsprov(*words).out.split())
        monkeypatch.setenv("COLUMNS", str(width))
        shown = awsprov(*words).out
        assert [line for line in shown.splitlines() if len(line) > width and len(line.split()) > 1] == [], words
        assert set(shown.split()) - whole - {"\\"} == set(), words


# ---- keys of config.yaml, and groups


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("memory", "functions.NAME.memory"),
        ("network.nat", "[default: single]"),
        ("builder", "builder.when_idle"),
        ("payload", "api.payload"),
    ],
)
def test_a_key_of_the_configuration_is_explained(awsprov: Call, name: str, shown: str) -> None:
    result = awsprov("help", name)
    assert result.code == 0
    assert shown in result.out


def test_a_misspelled_key_is_corrected(awsprov: Call) -> None:
    result = awsprov("help", "memroy")
    assert result.code == 2
    assert "Did you mean `awsprov help memory`?" in result.err


def test_a_short_word_is_not_corrected_to_one_with_two_of_its_letters(awsprov: Call) -> None:
    result = awsprov("help", "iam")
    assert "Did you mean" not in result.err
    assert "`awsprov help config` the keys" in result.err


@pytest.mark.parametrize("arguments", [["libs"], ["libs", "--local"], ["local", "-q"], ["config"], []])
def test_a_group_without_a_command_shows_its_commands(awsprov: Call, arguments: list[str]) -> None:
    result = awsprov(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "\nCommands:\n" in result.err
    assert "Missing command" not in result.err
