"""Releases: the history that an alias keeps, and the response that a smoke request expects."""

import base64
import io
import json
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from awsprov.aws.client import Aws
from awsprov.config.loader import load
from awsprov.errors import RejectedError, UsageError
from awsprov.hints import complete
from awsprov.operations.release_history import release_state
from awsprov.packaging.bundle import Bundle
from awsprov.resources.function.alias import Alias
from awsprov.resources.function.alias_history import AliasHistory
from awsprov.resources.function.function import Function
from awsprov.resources.function.old_versions import delete_version, old_versions
from awsprov.resources.function.smoke_test import SmokeTest
from awsprov.resources.function.versions import Version
from awsprov.stack.declaration import declare_stack
from tests.unit.conftest import PLAIN, Project


def test_a_deploy_adds_the_live_version_to_the_history() -> None:
    history = AliasHistory().after_deploy("1", "2").after_deploy("2", "5").after_deploy("5", "6")
    assert str(history) == "before: 5 2 1"
    assert AliasHistory.parse(str(history)) == history


def test_a_rollback_takes_one_step_back_and_holds_back_what_is_newer() -> None:
    back = AliasHistory((5, 2, 1)).after_rollback(6, 5, 7, "anna")
    assert str(back) == "before: 2 1; rolled back 6; held back to 7 by anna"
    assert AliasHistory.parse(str(back)) == back
    further = back.after_rollback(5, 2, 7, "ben")
    assert further == AliasHistory((1,), 7, "ben", rolled_back=(6, 5))
    assert AliasHistory.parse(str(further)) == further
    assert further.after_rollback(2, 7, 7, "anna") == AliasHistory((2, 1), rolled_back=(6, 5))


def test_versions_that_were_never_live_are_known_after_a_rollback() -> None:
    """Of 1 to 7, only 1, 2, 5 and 6 went live: the others did not start."""
    back = AliasHistory((5, 2, 1)).after_rollback(6, 2, 7, "anna")
    forward = AliasHistory((5, 2, 1)).after_rollback(6, 4, 7, "anna")  # 4 starts now
    for history in (back, forward, back.after_rollback(2, 6, 7, "ben"), back.after_deploy("2", "8")):
        assert [version for version in (1, 3, 5, 7) if history.was_live(version)] == [1, 5]


def test_a_rollback_of_a_rollback_adds_what_was_live_between() -> None:
    back = AliasHistory((2, 1)).after_rollback(3, 2, 3, "anna")
    assert str(back) == "before: 1; rolled back 3; held back to 3 by anna"
    assert back.after_rollback(2, 1, 4, "ben") == AliasHistory((), 4, "ben", rolled_back=(3, 2))


def test_a_later_rollback_still_knows_what_an_earlier_one_went_past() -> None:
    """1, 2 and 3 were live; back to 1, forward to 3, 4 is deployed, and back to 1 again."""
    back = AliasHistory((2, 1)).after_rollback(3, 1, 3, "anna")
    again = back.after_rollback(1, 3, 3, "anna").after_deploy("3", "4").after_rollback(4, 1, 4, "anna")
    assert [release_state(version, {"version": "1", "shares": {}}, again) for version in "234"] == ["held back"] * 3


@pytest.mark.parametrize(
    ("version", "live", "held_back_to", "rolled_back", "state"),
    [
        ("2", "2", 0, (), "live"),
        ("1", "2", 0, (), ""),
        ("3", "2", 0, (), "never live"),
        ("3", "2", 3, (3,), "held back"),
        ("3", "2", 4, (4,), "never live"),
        ("4", "2", 4, (3,), "never live"),
        ("5", "2", 0, (), "canary"),
        ("3", "", 0, (), "never live"),
        ("1", "$LATEST", 0, (), ""),
    ],
)
def test_the_history_says_what_was_never_live(
    version: str, live: str, held_back_to: int, rolled_back: tuple[int, ...], state: str
) -> None:
    alias = {"version": live, "shares": {"5": 0.1}}
    history = AliasHistory((1,), held_back_to, "anna", rolled_back=rolled_back)
    assert release_state(version, alias, history) == state


def test_a_deploy_ends_a_rollback() -> None:
    assert AliasHistory((2, 1), 7, "anna").after_deploy("5", "8") == AliasHistory((5, 2, 1))


def test_another_description_is_no_history_and_a_long_history_fits() -> None:
    assert AliasHistory.parse("the live one") == AliasHistory()
    assert AliasHistory().after_deploy("$LATEST", "2") == AliasHistory()
    numbers = tuple(range(99999, 90000, -1))
    long = AliasHistory(numbers, 99999, "a" * 64, since=1_800_000_000, rolled_back=numbers[:12])
    assert len(str(long)) <= 256
    assert AliasHistory.parse(str(long)) == AliasHistory(numbers[:20], 99999, "a" * 64, 1_800_000_000)


@pytest.mark.parametrize(
    ("wanted", "live", "expected"),
    [("3", "2", "and was never live: it is"), ("4", "2", "before the rollback: it is"), ("1", "2", "rollback 1 -n f`")],
)
def test_a_version_of_before_a_rollback_is_held_back_with_the_command_that_makes_it_live(
    wanted: str, live: str, expected: str
) -> None:
    description = {"FunctionVersion": live, "Description": "before: 1; rolled back 4; held back to 4 by anna"}
    aws = cast("Aws", SimpleNamespace(cached=lambda *_: description))
    alias = Alias("f-live", cast("Function", SimpleNamespace(name="f")), cast("Version", SimpleNamespace(id=wanted)))
    assert alias.wanted(aws)["version"] == live
    assert f"version {live} is live, as anna rolled back" in alias.note
    assert expected in alias.note
    alias.version.id = "5"
    assert alias.wanted(aws)["version"] == "5"
    assert not alias.note


class Versions:
    """A function of Lambda with versions and aliases, by page."""

    def __init__(self, newest: int, aliases: list[dict[str, Any]]) -> None:
        self.lambda_, self.aliases = self, aliases
        self.versions = [{"Version": "$LATEST"}, *({"Version": str(number)} for number in range(1, newest + 1))]

    def get_paginator(self, operation: str) -> "Versions":
        """Return the pages of a listing."""
        self.pages = (
            [{"Aliases": [alias]} for alias in self.aliases]
            if operation == "list_aliases"
            else [{"Versions": [version]} for version in self.versions]
        )
        return self

    def paginate(self, **_: str) -> list[Any]:
        """Return the pages."""
        return self.pages


@pytest.mark.parametrize(
    ("live", "before", "keep", "expected"),
    [
        ("8", (7, 6, 5), 3, ["2", "3", "4"]),
        ("8", (7, 2), 3, ["3", "4", "5"]),  # 2 is what a second rollback returns to, 6 is the newest other one
        ("8", (9, 3, 3), 1, ["2", "4", "5", "6", "7"]),  # 9 was live before a rollback to 8
        ("8", (), 0, ["2", "3", "4", "5", "6", "7"]),
        ("3", (2,), 1, []),  # after a rollback, the newer ones stay
        ("2", (1,), 0, []),
        ("$LATEST", (), 0, []),
        ("8", (7,), 100, []),
    ],
)
def test_old_versions_are_those_that_nothing_needs(
    live: str, before: tuple[int, ...], keep: int, expected: list[str]
) -> None:
    weights = {"AdditionalVersionWeights": {"1": 0.1}}
    aliases: list[dict[str, Any]] = [
        {"Name": "live", "FunctionVersion": live},
        {"Name": "other", "FunctionVersion": "2" if live == "3" else "9", "RoutingConfig": weights},
    ]
    aws = cast("Aws", Versions(9, aliases))
    assert old_versions(aws, "f", live, AliasHistory(before), keep) == expected


def test_a_version_is_deleted_by_its_number_only() -> None:
    with pytest.raises(ValueError, match="not the number"):
        delete_version(cast("Aws", Versions(1, [])), "f", "")


ANSWERS = [
    (SmokeTest(b"{}"), {"score": 1}, ""),
    (SmokeTest(b"{}"), {"statusCode": 200, "body": "yes"}, ""),
    (SmokeTest(b"{}"), {"statusCode": 500, "body": "no"}, "status 500"),
    (SmokeTest(b"{}", 404), {"statusCode": 404}, ""),
    (SmokeTest(b"{}", 200), {"score": 1}, "status None, not 200"),
    (SmokeTest(b"{}", None, ("score",)), {"statusCode": 200, "body": '{"score": 1}'}, ""),
    (SmokeTest(b"{}", None, ("statusCode",)), {"statusCode": 200, "body": ""}, "lacks 'statusCode'"),
    (SmokeTest(b"{}", None, ("a", "b", "c")), {"a": 1}, "lacks 'b, c'"),
    (SmokeTest(b"{}"), None, ""),
]


@pytest.mark.parametrize(("smoke", "answer", "problem"), ANSWERS)
def test_a_response_is_accepted_or_its_difference_is_named(smoke: SmokeTest, answer: object, problem: str) -> None:
    found = smoke.problem(json.dumps(answer))
    assert problem in found
    assert bool(problem) == bool(found)


def configured(project: Project, smoke: str) -> Path:
    return project.write(PLAIN.replace("    routes:", f"    smoke: {smoke}\n    routes:"))


def test_a_smoke_request_is_a_value_or_a_file(project: Project) -> None:
    (project.root / "ask.json").write_text('{"a": 1}')
    for given in ("{request: {a: 1}}", "{file: ask.json, expect: {contains: b, status: 200}}"):
        asked = load(configured(project, given)).functions["predict"].smoke
        assert asked
        assert json.loads(asked.payload) == {"a": 1}
        assert asked.expect.contains == (["b"] if "expect" in given else [])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{request: {}, file: ask.json}", "replaces `request`"),
        ("{file: none.json}", "there is no file"),
        ("{file: config.yaml}", "is not JSON"),
        ("{expect: {state: 200}}", "did you mean `status`?"),
        ("{expect: {status: 99}}", "from 100 to 599"),
    ],
)
def test_mistakes_in_it_are_reported(project: Project, given: str, expected: str) -> None:
    (project.root / "ask.json").write_text("{}")
    with pytest.raises(UsageError) as caught:
        load(configured(project, given))
    assert expected in caught.value.why


# ---- a version that fails it


def answering(payload: bytes, log: str, error: str = "") -> Aws:
    """Return clients whose Lambda returns this response."""
    reply = {"Payload": io.BytesIO(payload), "LogResult": base64.b64encode(log.encode()).decode()}
    failed = {"FunctionError": error} if error else {}
    lambda_ = SimpleNamespace(invoke=lambda **_: {**reply, **failed, "ResponseMetadata": {}})
    return cast("Aws", SimpleNamespace(invoker=lambda_, stack="demo", wait_until=lambda attempt, *_, **__: attempt()))


FUNCTION: Any = SimpleNamespace(
    id="demo",
    name="demo",
    bundle=Bundle(Path("src")),
    libraries=SimpleNamespace(lock=SimpleNamespace(requirements=Path("requirements.txt"))),
)
DENIED = "is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::a/b"


@pytest.mark.parametrize(
    ("kind", "message", "remedy"),
    [
        ("ImportError", "No module named 'scipy'", "Add the package that contains scipy to requirements.txt; then `x`"),
        ("ClientError", DENIED, "Allow its role s3:GetObject (functions.demo.permissions)"),
        ("ClientError", DENIED, "; then `awsprov up`."),
        ("ValueError", "bad", "Correct the code; then `x`."),
    ],
)
def test_a_failed_version_is_reported_with_the_function_s_last_log_lines(kind: str, message: str, remedy: str) -> None:
    failure = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    with pytest.raises(RejectedError) as rejected:
        SmokeTest(b"{}").send(answering(failure, f"[ERROR] {kind}: {message}", "Unhandled"), FUNCTION, "2", "`x`")
    assert rejected.value.what == f"Version 2 of demo did not go live: it failed with {kind}: {message}"
    assert rejected.value.why == f"Its last log lines:\n[ERROR] {kind}: {message}"
    assert remedy in rejected.value.remedy
    assert "`awsprov invoke -n demo --qualifier 2` sends it a request." in rejected.value.remedy


@pytest.mark.parametrize(
    ("smoke", "argument"),
    [
        ({"request": {"text": "it's `one`"}}, '{"text": "it\'s \\u0060one\\u0060"}'),
        ({"file": "smoke.json"}, "@smoke.json"),
    ],
)
def test_the_command_in_its_remedy_sends_the_same_event(
    project: Project, monkeypatch: pytest.MonkeyPatch, smoke: dict[str, Any], argument: str
) -> None:
    monkeypatch.chdir(project.root)
    (project.root / "smoke.json").write_text('{"text": 1}')
    project.write(f"{project.config.read_text()}    smoke: {json.dumps(smoke)}\n")
    (alias,) = declare_stack(load(project.config), "203.0.113.7/32").of(Alias)
    assert alias.smoke_test
    with pytest.raises(RejectedError) as rejected:
        alias.smoke_test.send(answering(b'{"statusCode": 500}', ""), FUNCTION, "2", "`x`")
    command = complete(rejected.value.remedy, [("--stage", "prod")]).split("`")[-2]
    assert shlex.split(command)[-1] == argument
    if "request" in smoke:
        assert json.loads(argument) == smoke["request"]


def test_a_wrong_response_is_reported_with_them_too() -> None:
    with pytest.raises(RejectedError, match="lacks 'pong'") as rejected:
        SmokeTest(b"{}", contains=("pong",)).send(
            answering(b'{"statusCode": 200}', "handled one"), FUNCTION, "2", "`x`"
        )
    assert "Correct the code; then `x`." in rejected.value.remedy
    assert rejected.value.why == "Its last log lines:\nhandled one"
