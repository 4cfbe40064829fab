"""What a terminal gets: colours or none, lines or a board, something at once, and names to complete with."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from awsprov.aws.error_catalog import TRANSLATIONS, translate
from awsprov.cli.output import confirm
from awsprov.cli.registry import COMMANDS
from awsprov.cli.settings import Settings
from awsprov.engine.estimate import Forecast
from awsprov.errors import RefusedError
from awsprov.ui.board import LineBoard
from awsprov.ui.selection import select_board
from tests.unit.cli.conftest import Call

# ---- colours


def coloured(project: Path, *arguments: str, **environment: str) -> bool:
    """Whether an error has colours, on a terminal that never was."""
    code = "import sys; sys.stderr.isatty = lambda: True; from awsprov.cli import run; run(sys.argv[1:])"
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "TERM", "CI")}
    ran = subprocess.run(
        [sys.executable, "-c", code, "plan", "--stage", "nowhere", *arguments],
        cwd=project,
        env={**kept, "TERM": "xterm", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "no stage 'nowhere'" in ran.stderr
    return "\x1b[" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "wanted"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": ""}, True),
        ([], {"TERM": "dumb"}, False),
        (["--no-color"], {}, False),
        (["--no-color"], {"FORCE_COLOR": "1"}, False),
    ],
    ids=str,
)
def test_colours_are_as_asked(project: Path, arguments: list[str], environment: dict[str, str], wanted: bool) -> None:
    assert coloured(project, *arguments, **environment) is wanted


@pytest.mark.parametrize(
    ("plain", "environment"), [(True, {}), (False, {"CI": "true"}), (False, {"TERM": "dumb"}), (False, {})]
)
def test_the_board_moves_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, plain: bool, environment: dict[str, str]
) -> None:
    for name, value in {"TERM": "xterm", "FORCE_COLOR": "1", "CI": "", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    board = select_board(Forecast({}, {}), plain=plain)
    assert isinstance(board, LineBoard) is bool(plain or environment)


# ---- at once


HEAVY = ["boto3", "botocore", "pydantic", "rich", "paramiko", "moto", "yaml", "awsprov.local"]
AT_ONCE = ("init", "config", "completion", "help")  # these make no call, and print their result at once
OTHERS = ["libs list", "local start", "local open"]


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in (*AT_ONCE, "local")] + OTHERS)
def test_the_first_word_is_out_before_anything_heavy_is_imported(project: Path, command: str) -> None:
    code = f"""
import os, sys
class Watch:
    def find_spec(self, name, *_):
        if name in {HEAVY}:
            os._exit(0 if os.fstat(2).st_size else 1)
sys.meta_path.insert(0, Watch())
from awsprov.cli import main
main()
"""
    words = [sys.executable, "-c", code, *command.split()]
    with (project / "stderr").open("w+") as stderr:
        subprocess.run(words, cwd=project, stdout=subprocess.DEVNULL, stderr=stderr, check=True, timeout=60)
        stderr.seek(0)
        assert stderr.read() == f"awsprov {command.split(maxsplit=1)[0]} …\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "-q"], ["status", "-yq"], ["--json", "status"], ["status", "--help"], ["help", "state"],
        ["local", "env"],
    ],
)  # fmt: skip
def test_who_wants_to_hear_nothing_hears_nothing(awsprov: Call, project: Path, arguments: list[str]) -> None:
    assert "…" not in awsprov(*arguments).err
    assert project


# ---- completion


def complete(project: Path, *words: str) -> list[str]:
    """What bash is offered after these words; the last one is what is being typed."""
    environment = {
        **os.environ,
        "_AWSPROV_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["awsprov", *words]),
        "COMP_CWORD": str(len(words)),
    }
    ran = subprocess.run(
        [sys.executable, "-c", "from awsprov.cli import main; main()"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.stderr == ""
    return [line.partition(",")[2] for line in ran.stdout.splitlines() if line]


def test_names_of_the_project_are_completed(project: Path) -> None:
    state = project / ".awsprov" / "demo.json"
    state.parent.mkdir()
    state.write_text(json.dumps({"resources": {"nat-gateway-1": {}, "nat-elastic-ip-1": {}, "vpc": {}}}))
    assert complete(project, "plan", "--stage", "p") == ["prod"]
    assert complete(project, "logs", "") == ["predict"]
    assert complete(project, "explain", "-n", "p") == ["predict"]
    assert complete(project, "up", "--replace", "nat") == ["nat-gateway-1", "nat-elastic-ip-1"]
    assert complete(project, "help", "exit") == ["exit-codes"]
    assert complete(project, "sta") == ["status"]


def test_what_cannot_be_known_completes_nothing(project: Path) -> None:
    assert complete(project, "rollback", "--local", "") == []  # the cloud does not run, and is not started
    assert not (project / ".awsprov").exists()
    (project / "config.yaml").write_text("{")
    assert complete(project, "plan", "--stage", "") == []


@pytest.mark.parametrize(("shell", "name"), [("bash", "awsprov"), ("fish", "awsprov.fish")])
def test_completion_is_installed_where_the_shell_looks(
    awsprov: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str, name: str
) -> None:
    monkeypatch.setenv("SHELL", f"/bin/{shell}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    result = awsprov("completion", "install")
    written = Path(result.out.strip())
    assert result.code == 0
    assert written.name == name
    assert "_AWSPROV_COMPLETE" in written.read_text()


def test_a_shell_without_such_a_directory_gets_instructions(awsprov: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/zsh")
    result = awsprov("completion", "install")
    assert result.code == 2
    assert "~/.zshrc" in result.err


# ---- errors


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_every_known_error_of_aws_says_all_four_things(code: str) -> None:
    error = translate(code, "A message of AWS.", "CreateVpc", "request-1")
    document = error.document()
    assert set(document) == {"what", "why", "remedy", "reference", "aws_code", "operation", "request_id"}
    assert document["why"] == f"CreateVpc: {code}: A message of AWS."


def test_a_role_that_lambda_does_not_know_yet_is_recognized_by_the_message() -> None:
    message = "The role defined for the function cannot be assumed by Lambda."
    assert "new role" in translate("InvalidParameterValueException", message, "CreateFunction", "").what
    assert "was refused" in translate("InvalidParameterValueException", "Another thing.", "CreateFunction", "").what


def test_an_unknown_error_keeps_aws_s_own_words() -> None:
    error = translate("TeapotException", "I am a teapot.", "CreateVpc", "request-1")
    assert (error.what, error.why) == ("CreateVpc was refused: TeapotException.", "I am a teapot.")
    assert "reference" not in error.document()


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "completion"])
def test_every_command_takes_the_common_options(awsprov: Call, command: str) -> None:
    result = awsprov(command, "--help")
    for option in ("--json", "--quiet", "--verbose", "--stage", "--config", "--plain", "--no-color", "--local"):
        assert option in result.out


# ---- stopping, and being asked


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_lets_what_runs_finish_and_the_second_ends_it(number: signal.Signals) -> None:
    code = f"""
import os, threading
from awsprov.cli.interrupts import interruptible
stop = threading.Event()
with interruptible(stop, print):
    os.kill(os.getpid(), {int(number)})
    print("goes on", stop.is_set(), flush=True)
    os.kill(os.getpid(), {int(number)})
    print("not printed", flush=True)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 130
    assert "Ctrl-C again to exit at once" in ran.stdout
    assert "goes on True" in ran.stdout
    assert "not printed" not in ran.stdout


def test_without_a_terminal_no_question_is_asked_and_the_option_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(RefusedError) as refused:
        confirm(Settings(), "Go ahead?")
    assert (refused.value.exit_code, refused.value.remedy) == (8, "Add --yes to go ahead.")
    confirm(Settings(yes=True), "Go ahead?")
