"""Nothing from outside controls the terminal: responses of AWS, state, files of a project, answers of functions."""

import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from awsprov.cli import invoke, run
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import printable, style
from awsprov.engine.estimate import Forecast
from awsprov.engine.events import Event
from awsprov.engine.resource import Resource
from awsprov.ui.board import Board, LineBoard, NullBoard
from awsprov.ui.console import SafeConsole
from awsprov.ui.tree import TreeBoard
from tests.unit.cli.conftest import CONFIG, Call
from tests.unit.endpoint import Endpoint

ACCOUNT = "123456789012"
XML_EVIL = "evil\x7f\x9b31mred\x9d0;title\x9c\u202egnp\u2066.\u200f"  # what XML may contain
EVIL = f"\x1b[2J\x1b]0;title\x07\x1b]8;;http://x\x1b\\{XML_EVIL}\x08\r"
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
IDENTITY = (
    f"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{ACCOUNT}</Account><UserId>A</UserId>"
    f"<Arn>arn:aws:iam::{ACCOUNT}:user/a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
COMMANDS = (
    "plan", "up --yes", "deploy --yes", "down --yes", "status", "history", "explain", "graph", "cost", "libs", "logs",
    "logs --builder", "rollback", "pause --yes", "resume --yes", "recover", "doctor", "ssh", "invoke", "invoke --http",
    "lock --check", "policy", "config show", "unlock --yes", "local status",
)  # fmt: skip


class Evil(Endpoint):
    """An endpoint that identifies the caller, and refuses all other calls with control sequences in each field."""

    def answer(self, path: str, body: str, headers: dict[str, str]) -> tuple[int, str, str, dict[str, str]]:
        action = parse_qs(body).get("Action", [""])[0]
        request_id = {"x-amzn-RequestId": "id\x1b[2J\x9b31m", "x-amz-request-id": "id\x1b[2J"}
        if action == "GetCallerIdentity":
            return 200, "text/xml", IDENTITY, {}
        if action:
            error = f"<Error><Code>Evil{XML_EVIL}</Code><Message>{XML_EVIL}</Message></Error>"
            document = f"<Response><Errors>{error}</Errors>{error}<RequestID>{XML_EVIL}</RequestID></Response>"
            return 400, "text/xml", document, request_id
        code = "Evil\x1b[32m"
        return (
            400,
            "application/json",
            json.dumps({"Message": EVIL, "message": EVIL}),
            {
                "x-amzn-ErrorType": code,
                **request_id,
            },
        )


@pytest.fixture(scope="module")
def evil_answers(server: Endpoint) -> Endpoint:
    evil = Evil(server.url)
    server.answer = evil.answer  # type: ignore[method-assign]  # the server asks this object
    return server


@pytest.fixture
def evil_project(project: Path) -> Path:
    """A project whose state and logs contain control sequences."""
    (project / "config.yaml").write_text(CONFIG)
    kinds = {"vpc": "Vpc", EVIL: "Subnet", "odd": EVIL, "builder": "Instance"}
    record = {"id": EVIL, "inputs": {"x": EVIL}, "at": 1.0, "needs": [EVIL]}
    resources = {name: {"type": kind, **record} for name, kind in kinds.items()}
    state = {"schema": 1, "stack": "demo", "account": ACCOUNT, "region": "us-east-1", "generation": 1}
    directory = project / ".awsprov"
    directory.mkdir(mode=0o700)
    (directory / "demo.json").write_text(json.dumps({**state, "resources": resources}))
    (directory / "demo.installation.jsonl").write_text(json.dumps({"timestamp": 1, "message": EVIL}) + "\n")
    return project


@pytest.mark.usefixtures("evil_answers", "endpoint")
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_lets_a_control_sequence_through(
    evil_project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.chdir(evil_project)
    monkeypatch.setenv("NO_COLOR", "1")
    run(command.split())
    output, errors = capsys.readouterr()
    assert not FORBIDDEN.findall(output + errors)
    assert "awsprov has a bug" not in errors
    assert output + errors


def test_the_recorded_state_does_not_control_a_terminal(
    evil_project: Path, offline: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(evil_project)
    monkeypatch.setattr("awsprov.cli.status._reachable", lambda *_: False)
    run(["status"])
    output = capsys.readouterr().out
    assert "evil" in output
    assert not FORBIDDEN.findall(output)


def test_a_style_is_the_only_thing_that_gets_through() -> None:
    text = f"{style(f'a{EVIL}b', fg='red')} {EVIL} \x1b[31m"
    assert printable(text) == "\x1b[31maevil31mred0;titlegnp.b\x1b[0m evil31mred0;titlegnp. "
    assert printable("name of a file that is not UTF-8: \udcff") == "name of a file that is not UTF-8: \ufffd"


def boards(stream: io.StringIO) -> Iterator[Board]:
    console = SafeConsole(file=stream, force_terminal=True, width=200, height=40, color_system=None)
    expected = Forecast({Resource("vpc"): ()}, {})
    yield LineBoard(console, expected)
    yield TreeBoard(console, expected)


def test_no_board_lets_a_control_sequence_through(capsys: pytest.CaptureFixture[str]) -> None:
    for board in boards(stream := io.StringIO()):
        board(Event("vpc", "failed", EVIL))
        board(Event(EVIL, "creating", f"[red]{EVIL}[/nothing]"))
        if isinstance(board, TreeBoard):
            board._live.console.print(board.draw())
        board.note(EVIL)
    NullBoard().note(EVIL)
    output = stream.getvalue() + capsys.readouterr().err
    assert "evil31mred" in output
    assert "[red]" in output
    assert not FORBIDDEN.findall(output)


@pytest.mark.parametrize("answer", [json.dumps({"a": EVIL}, ensure_ascii=False), EVIL, "[" * 100_000])
def test_a_function_s_answer_does_not_control_a_terminal(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str
) -> None:
    invoke._print(Settings(), answer.encode())
    assert capsys.readouterr().out == f"{answer}\n"  # a pipe gets it as it is
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    invoke._print(Settings(), answer.encode())
    assert not FORBIDDEN.findall(capsys.readouterr().out)
    invoke._print(Settings(json=True), answer.encode())
    assert not FORBIDDEN.findall(capsys.readouterr().out)


def test_notes_about_a_terraform_configuration_do_not_control_a_terminal(awsprov: Call, tmp_path: Path) -> None:
    name = "x\u202e\x7f\x9b31m"
    (tmp_path / "tf").mkdir()
    (tmp_path / "tf" / "main.tf").write_text(f'resource "aws_sqs_queue" "{name}" {{\n  name = "{name}"\n}}\n')
    result = awsprov("init", "--from-terraform", "tf", "--name", "demo", "--yes")
    assert result.out + result.err
    assert not FORBIDDEN.findall(result.out + result.err)
