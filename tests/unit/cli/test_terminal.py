"""Output on a terminal: colours or none, lines or a board, early feedback, and completion of names."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from awsprov.aws.error_catalog import TRANSLATIONS, translate
from awsprov.cli import run
from awsprov.cli.interrupts import interruptible
from awsprov.cli.output import confirm
from awsprov.cli.registry import COMMANDS
from awsprov.cli.run_context import _until_closed
from awsprov.cli.settings import Settings
from awsprov.cli.ssh import _quoted
from awsprov.engine.estimate import Forecast
from awsprov.engine.events import Event
from awsprov.engine.record import Record
from awsprov.errors import RefusedError
from awsprov.ui.board import LineBoard
from awsprov.ui.encoding import encodable, replace_unencodable
from awsprov.ui.selection import select_board
from tests.unit.cli.conftest import CONFIG, Call
from tests.unit.cli.test_hints import literals
from tests.unit.fakes import write_state

ROOT = Path(__file__).parents[3]

# ---- colours


@pytest.mark.usefixtures("project")
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
def test_colours_are_as_requested(
    awsprov: Call,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
    wanted: bool,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    error = awsprov("plan", "--stage", "nowhere", *arguments).err
    assert "no stage 'nowhere'" in error
    assert ("\x1b[" in error) is wanted


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


# Runs each command in a process of its own, up to its first heavy import: fails if nothing has been printed by then.
FORKS = f"""
import os, sys
class Watch:
    def find_spec(self, name, *_):
        if name in {HEAVY}:
            os._exit(0 if os.fstat(2).st_size else 1)
sys.meta_path.insert(0, Watch())
from awsprov.cli import main
for number, command in enumerate(sys.argv[1:]):
    if not os.fork():
        os.dup2(os.open(str(number), os.O_WRONLY | os.O_CREAT), 2)
        sys.argv = ["awsprov", *command.split()]
        main()
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""


def test_the_first_word_is_out_before_anything_heavy_is_imported(project: Path) -> None:
    commands = [name for name in COMMANDS if name not in (*AT_ONCE, "local")] + OTHERS
    words = [sys.executable, "-c", FORKS, *commands]
    codes = subprocess.run(words, cwd=project, stdout=subprocess.PIPE, check=True, timeout=120).stdout.split()
    found = {command: (int(codes[n]), (project / str(n)).read_text()) for n, command in enumerate(commands)}
    assert found == {command: (0, f"awsprov {command.split(maxsplit=1)[0]} …\n") for command in commands}


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "-q"], ["status", "-yq"], ["--json", "status"], ["status", "--help"], ["help", "state"],
        ["local", "env"],
    ],
)  # fmt: skip
def test_a_quiet_command_announces_nothing(awsprov: Call, project: Path, arguments: list[str]) -> None:
    assert "…" not in awsprov(*arguments).err
    assert project


# ---- completion


Complete = Callable[..., list[str]]


@pytest.fixture
def complete(
    project: Path, offline: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Complete:
    """Return a function that returns the completions for words, of which the last one is being typed."""
    monkeypatch.chdir(project)
    monkeypatch.setenv("_AWSPROV_COMPLETE", "bash_complete")

    def completions(*words: str) -> list[str]:
        monkeypatch.setenv("COMP_WORDS", " ".join(["awsprov", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit):
            run([])
        output, errors = capsys.readouterr()
        assert errors == ""
        return [line.partition(",")[2] for line in output.splitlines() if line]

    return completions


def test_names_of_the_project_are_completed(project: Path, complete: Complete) -> None:
    names = ("nat-gateway-1", "nat-elastic-ip-1", "vpc")
    write_state(project / ".awsprov" / "demo.json", dict.fromkeys(names, Record("Vpc")))
    assert complete("plan", "--stage", "p") == ["prod"]
    assert complete("logs", "") == ["predict"]
    assert complete("explain", "-n", "p") == ["predict"]
    assert complete("up", "--replace", "nat") == ["nat-gateway-1", "nat-elastic-ip-1"]
    assert complete("help", "exit") == ["exit-codes"]
    assert complete("stat") == ["status"]


def test_names_that_a_shell_would_run_or_a_terminal_obey_are_not_offered(project: Path, complete: Complete) -> None:
    hostile = [
        "$(reboot)",
        "`reboot`",
        "x;reboot",
        "x|reboot",
        "x&",
        "x>file",
        "'x",
        "\x1b]0;x\x07",
        "\x9b31m",
        "\u202ex",
        "a\nb",
    ]
    names = ["vpc", "POST /items/{id}", *hostile]
    write_state(project / ".awsprov" / "demo.json", dict.fromkeys(names, Record("Vpc")))
    assert complete("up", "--replace", "") == ["vpc", "POST /items/{id}"]
    stages = json.dumps(dict.fromkeys(["prod", *hostile]))
    (project / "config.yaml").write_text(f"name: demo\nstages: {stages}\n")
    assert complete("plan", "--stage", "") == ["prod"]


def test_what_cannot_be_known_completes_nothing(project: Path, complete: Complete) -> None:
    assert complete("rollback", "--local", "") == []  # the cloud does not run, and is not started
    assert not (project / ".awsprov").exists()
    (project / "config.yaml").write_text("{")
    assert complete("plan", "--stage", "") == []


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
def test_every_known_error_of_aws_has_all_four_parts(code: str) -> None:
    error = translate(code, "A message of AWS.", "CreateVpc", "request-1")
    document = error.document()
    assert set(document) == {"what", "why", "remedy", "reference", "aws_code", "operation", "request_id"}
    assert document["why"] == f"CreateVpc: {code}: A message of AWS."


def test_a_role_that_lambda_does_not_know_yet_is_recognized_by_the_message() -> None:
    message = "The role defined for the function cannot be assumed by Lambda."
    assert "new role" in translate("InvalidParameterValueException", message, "CreateFunction", "").what
    assert "was refused" in translate("InvalidParameterValueException", "Another thing.", "CreateFunction", "").what


def test_a_canary_between_versions_with_different_roles_says_what_to_do() -> None:
    message = "Specified versions must be associated with the same execution role"
    error = translate("InvalidParameterValueException", message, "UpdateAlias", "")
    assert "different roles" in error.what
    assert "Remove `canary`" in error.remedy


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_waits_for_what_runs_and_the_second_ends_it(number: signal.Signals) -> None:
    code = f"""
import os, signal, threading
from awsprov.cli.interrupts import interruptible
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup, with which the tests may run, ignores it
stop = threading.Event()
with interruptible(stop, print):
    os.kill(os.getpid(), {int(number)})
    os.kill(os.getpid(), signal.SIGHUP)  # a terminal that is closed sends two
    print("goes on", stop.is_set(), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    print("not printed", flush=True)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 130
    assert "Ctrl-C again to exit at once" in ran.stdout
    assert "goes on True" in ran.stdout
    assert "not printed" not in ran.stdout


def test_a_command_under_nohup_ignores_the_end_of_its_terminal() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible(threading.Event(), print):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_without_a_terminal_no_question_is_asked_and_the_option_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(RefusedError) as refused:
        confirm(Settings(), "Go ahead?")
    assert (refused.value.exit_code, refused.value.remedy) == (8, "To answer yes, run the same command with --yes.")
    confirm(Settings(yes=True), "Go ahead?")


# ---- streams that are closed, full, or read only at their beginning


def in_shell(project: Path, line: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of bash in which `awsprov` is the version under test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS")}
    script = f'awsprov() {{ {sys.executable} -m awsprov "$@"; }}; set -o pipefail; {line}'
    return subprocess.run(
        ["bash", "-c", script], cwd=project, env=kept, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("awsprov help --json | true", 1),
        ("awsprov help --json > /dev/full", 1),
        ("awsprov config show --json > /dev/full", 1),
        ("awsprov config show > /dev/full", 1),
        ("awsprov config show 2> /dev/full", 0),
        ("awsprov plan --stage nowhere 2> /dev/full", 1),
        ("awsprov config show <&-", 0),
        ("awsprov config show >&-", 0),
        ("awsprov down --confirm other <&- 2>&-", 8),
        ("awsprov down --confirm other <&-", 8),
        ("awsprov invoke - <&-", 2),
    ],
)
def test_a_stream_that_cannot_be_used_ends_in_an_exit_code_not_in_a_traceback(
    project: Path, line: str, code: int
) -> None:
    ran = in_shell(project, line)
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr
    assert "has a bug" not in ran.stderr
    assert ran.returncode == code, ran.stderr


@pytest.fixture
def exotic_project(project: Path) -> Path:
    """A project in a directory, and with a source, whose names have characters that encodings lack."""
    here = project / "año ✓ …"
    here.mkdir()
    shutil.copytree(project / "src", here / "ñ …")
    shutil.copy(project / "requirements.txt", here)
    (here / "config.yaml").write_text(CONFIG.replace("source: src", "source: ñ …"), encoding="utf-8")
    return here


PRINTING = ((["config", "show"], 0), (["plan", "--stage", "✓ñ"], 2))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "koi8-r", "utf-8"])
def test_every_command_works_with_a_terminal_that_lacks_characters(
    exotic_project: Path, offline: None, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.chdir(exotic_project)
    monkeypatch.setenv("COLUMNS", "40")
    for words, code in PRINTING:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2)]
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            replace_unencodable()
            assert run(words) == code
        shown = "".join(stream.buffer.getvalue().decode(encoding) for stream in streams)
        assert "ñ" in shown or "\\xf1" in shown


def test_so_does_one_that_python_started_with_such_streams(exotic_project: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict", "COLUMNS": "40"}
    for words, code in PRINTING:
        ran = subprocess.run(
            [sys.executable, "-m", "awsprov", *words],
            cwd=exotic_project,
            env=environment,
            capture_output=True,
            encoding="ascii",
            check=False,
            timeout=60,
        )
        assert ran.returncode == code, ran.stderr
        assert "\\xf1" in ran.stdout + ran.stderr


def test_characters_of_awsprov_have_replacements_in_ascii() -> None:
    modules = [path for path in (ROOT / "awsprov").rglob("*.py") if not path.read_bytes().isascii()]
    printed = {
        character for path in modules for text in literals(path) for character in text if not character.isascii()
    }
    assert "✓" in printed
    with open(os.devnull, "w", encoding="ascii") as stream:  # noqa: PTH123 - a stream of any kind
        assert {each for each in printed if "\\" in encodable(each, stream)} == set()


def test_a_board_that_nobody_can_read_stops_the_command_like_ctrl_c() -> None:
    stop, shown = threading.Event(), list[Event]()

    def closed(event: Event) -> None:
        shown.append(event)
        raise BrokenPipeError

    show = _until_closed(closed, stop)
    show(Event("vpc", "creating", ""))
    assert stop.is_set()
    show(Event("vpc", "ready", "vpc-1"))
    assert len(shown) == 2


# ---- ssh's own client


@pytest.mark.skipif(not shutil.which("ssh"), reason="needs OpenSSH's client")
@pytest.mark.parametrize("directory", ["plain", "sp ace", "per%h cent%%", 'quo"te', "back\\slash", "tilde~"])
def test_ssh_finds_its_files_in_a_directory_of_any_name(tmp_path: Path, directory: str) -> None:
    path = tmp_path / directory / "known_hosts"
    path.parent.mkdir()
    path.touch()
    setting = f"UserKnownHostsFile={_quoted(path)}"
    words = ["ssh", "-G", "-F", "/dev/null", "-o", setting, "-o", f"IdentityFile={_quoted(path)}", "host"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    assert f"userknownhostsfile {path}" in shown
