"""Conventions of the command line that need no cloud: exit codes, refusals, help, stdout and stderr."""

import json
import os
import pwd
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from awsprov import __version__
from awsprov.cli import cli, status
from awsprov.cli.registry import COMMANDS
from awsprov.engine.lock import locked
from awsprov.engine.record import Record
from tests.unit.cli.conftest import CONFIG, Call, names
from tests.unit.fakes import write_state

ROOT = Path(__file__).parents[3]
STACK_COMMANDS = ["doctor", "policy", "plan", "up", "deploy", "down", "status", "invoke", "logs", "ssh"]

# ---- bad input


@pytest.mark.parametrize("command", STACK_COMMANDS)
def test_a_wrong_configuration_is_reported_before_anything_else(awsprov: Call, project: Path, command: str) -> None:
    (project / "config.yaml").write_text(CONFIG.replace("name: demo", "nam: demo").replace("app.handler", "app.h"))
    result = awsprov(command)
    assert result.code == 2
    assert result.out == ""
    assert "config.yaml:1:1: unknown key `nam`; did you mean `name`?" in result.err
    assert ("has no 'h'" in result.err) is (command in ("doctor", "policy", "plan", "up", "deploy"))
    assert not (project / ".awsprov").exists()


@pytest.mark.parametrize("command", STACK_COMMANDS)
def test_no_configuration_leads_to_init(awsprov: Call, command: str) -> None:
    result = awsprov(command)
    assert (result.code, result.out) == (2, "")
    assert "awsprov init" in result.err


def test_an_unknown_region_or_profile_is_reported_without_a_call(awsprov: Call, project: Path) -> None:
    region = awsprov("plan", "--region", "us-esat-1")
    profile = awsprov("plan", "--profile", "missing")
    assert (region.code, profile.code) == (2, 2)
    assert "us-esat-1" in region.err
    assert "us-east-1" in region.err  # the known ones
    assert "missing" in profile.err
    assert project


def test_no_credentials_are_their_own_kind_of_failure(awsprov: Call, project: Path) -> None:
    (project / "config.yaml").write_text(CONFIG + "builder: {ssh_from: 203.0.113.0/24}\n")
    for words in (["plan"], ["up", "--yes"], ["deploy", "--yes"]):
        result = awsprov(*words)
        assert result.code == 3
        assert "No AWS credentials" in result.err
        assert "--local" in result.err
        assert "Resolving" not in result.err


def test_a_payload_that_is_no_json_is_reported_first(awsprov: Call) -> None:
    result = awsprov("invoke", "{nope")
    assert result.code == 2
    assert "not JSON" in result.err


def test_a_payload_file_that_is_missing_is_reported(awsprov: Call) -> None:
    assert awsprov("invoke", "@nowhere.json").code == 2


@pytest.mark.parametrize("since", ["yesterday", "10", "5 m", "-3m", "m"])
def test_an_invalid_time_span_is_reported(awsprov: Call, since: str) -> None:
    assert awsprov("logs", "--since", since).code == 2


# ---- words


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("apply", "up"),
        ("destroy", "down"),
        ("dwon", "down"),
        ("stauts", "status"),
        ("depoly", "deploy"),
        ("log", "logs"),
    ],
)
def test_an_unknown_command_is_answered_with_the_one_that_was_meant(awsprov: Call, word: str, meant: str) -> None:
    result = awsprov(word)
    assert (result.code, result.out) == (2, "")
    assert f"Did you mean `{meant}`?" in result.err


def test_a_word_that_is_like_none_is_refused_without_a_guess(awsprov: Call) -> None:
    result = awsprov("xyzzy")
    assert result.code == 2
    assert "Did you mean" not in result.err


def test_an_unknown_option_is_refused(awsprov: Call) -> None:
    result = awsprov("up", "--jsn")
    assert result.code == 2
    assert "--json" in result.err


@pytest.mark.parametrize("command", ["", *COMMANDS])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_explains_itself_on_stdout(awsprov: Call, command: str, flag: str) -> None:
    result = awsprov(*[word for word in (command, flag) if word])
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Usage: awsprov")
    assert command in ("", "completion") or "--json" in result.out
    assert command == "" or "See also: `awsprov help " in result.out


@pytest.mark.parametrize("command", ["", *names(cli)])
def test_help_begins_with_examples_and_leads_on(awsprov: Call, command: str) -> None:
    result = awsprov(*command.split(), "--help")
    examples = result.out.partition("\n\n")[2].partition("\n\n")[0].splitlines()
    assert examples[0] == "Examples:"
    assert len(examples) > 2
    assert all(f"awsprov {command}" in line for line in examples[1:])
    assert max(map(len, result.out.splitlines())) <= 80
    page = re.search(r"See also: .*?(docs/\S+\.md)", result.out, re.DOTALL)
    assert command == "" or (page and (ROOT / page[1]).is_file())


def test_help_has_the_command_s_own_options_before_those_of_all(awsprov: Call) -> None:
    own, of_all = awsprov("up", "--help").out.partition("Options:\n")[2].split("Common options:\n")
    assert "--replace" in own
    assert "--stage" not in own
    assert "--stage" in of_all


def test_the_version(awsprov: Call) -> None:
    result = awsprov("--version")
    assert (result.code, result.err) == (0, "")
    assert f"awsprov {__version__}" in result.out
    assert "No telemetry" in result.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_whole(awsprov: Call, shell: str) -> None:
    result = awsprov("completion", shell)
    assert result.code == 0
    assert "_AWSPROV_COMPLETE" in result.out
    assert "awsprov completion" in result.err  # how to use it is not part of the script


def test_bash_takes_its_completion_script(awsprov: Call) -> None:
    ran = subprocess.run(["bash", "-n"], input=awsprov("completion", "bash").out, text=True, check=False, timeout=30)
    assert ran.returncode == 0


# ---- options before and after


@pytest.mark.parametrize(
    "arguments", [["--stage", "prdo", "plan"], ["plan", "--stage", "prdo"], ["-s", "prdo", "plan"]]
)
def test_common_options_may_stand_before_or_after_the_command(
    awsprov: Call, project: Path, arguments: list[str]
) -> None:
    result = awsprov(*arguments)
    assert result.code == 2
    assert "no stage 'prdo'" in result.err
    assert project


def test_options_after_the_command_override_those_before(awsprov: Call, project: Path) -> None:
    assert "no stage 'after'" in awsprov("--stage", "before", "plan", "--stage", "after").err
    assert project


def test_the_command_line_wins_over_the_environment(
    awsprov: Call, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWSPROV_STAGE", "environment")
    assert "no stage 'environment'" in awsprov("plan").err
    assert "no stage 'qa'" in awsprov("plan", "--stage", "qa").err
    assert project


# ---- programs


@pytest.mark.parametrize("arguments", [["--json", "plan"], ["plan", "--json"]])
def test_errors_are_documents_for_programs(awsprov: Call, project: Path, arguments: list[str]) -> None:
    (project / "config.yaml").write_text("name: Demo\n")
    result = awsprov(*arguments)
    document = json.loads(result.out)
    assert (result.code, result.err) == (2, "")
    assert (document["event"], document["exit_code"], document["schema_version"]) == ("error", 2, 1)
    assert set(document["error"]) <= {"what", "why", "remedy", "reference", "aws_code", "operation", "request_id"}
    assert "config.yaml:1:7" in document["error"]["why"]


def test_usage_errors_are_documents_too(awsprov: Call) -> None:
    result = awsprov("--json", "plan", "--nonsense")
    assert result.code == 2
    assert "--nonsense" in json.loads(result.out)["error"]["what"]


def test_an_error_that_no_terminal_could_show_is_shown_all_the_same(awsprov: Call, project: Path) -> None:
    (project / "config.yaml").write_text(CONFIG + '"\\ud800\\e[31m": 1\n')
    result = awsprov("plan")
    assert result.code == 2
    assert "config.yaml has one error" in result.err
    assert "\x1b[31m" not in result.err


def test_a_bug_is_reported_with_a_file_for_its_traceback(
    awsprov: Call, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr("awsprov.cli.project.load_stage", broken)
    monkeypatch.setenv("TMPDIR", str(project))
    result = awsprov("plan")
    assert result.code == 1
    assert "awsprov has a bug: ZeroDivisionError: surprise" in result.err
    assert "Traceback" not in result.err


# ---- confirmation


@pytest.mark.parametrize("arguments", [["down"], ["down", "--keep-data"]])
def test_without_a_terminal_nothing_is_deleted_unasked(awsprov: Call, project: Path, arguments: list[str]) -> None:
    (project / "config.yaml").write_text(CONFIG + "builder: {ssh_from: 203.0.113.0/24}\n")
    result = awsprov(*arguments)
    assert (result.code, result.out) == (8, "")
    assert "--yes" in result.err


@pytest.mark.parametrize("name", ["dem", "Demo", "demo-prod"])
def test_the_name_of_another_stack_confirms_nothing(awsprov: Call, project: Path, name: str) -> None:
    result = awsprov("down", "--confirm", name)
    assert result.code == 8
    assert "demo" in result.err
    assert project


# ---- a lock that outlived its machine


@pytest.fixture
def lock(project: Path) -> Iterator[Path]:
    """The note beside the stack's lock, which this process holds."""
    with locked(project / ".awsprov" / "demo.json"):
        yield project / ".awsprov" / "demo.holder"


def test_a_lock_of_this_machine_ends_with_its_process_only(awsprov: Call, lock: Path) -> None:
    result = awsprov("unlock", "--yes")
    assert result.code == 8
    assert f"process {os.getpid()}" in result.err
    assert lock.exists()


def test_a_lock_of_another_machine_is_removed_when_that_is_confirmed(awsprov: Call, lock: Path) -> None:
    lock.write_text(json.dumps({**json.loads(lock.read_bytes()), "host": "elsewhere"}))
    assert awsprov("unlock").code == 8  # there is no terminal to ask on
    assert lock.exists()
    result = awsprov("unlock", "--yes")
    assert (result.code, lock.exists()) == (0, False)
    assert "on elsewhere, process" in result.out
    assert awsprov("unlock").out == "The stack is not locked.\n"


# ---- pipes


def test_a_reader_that_leaves_early_is_no_error(project: Path) -> None:
    code = "import sys; from awsprov.cli import run; sys.exit(run(['--help']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=project
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


# ---- without a network


@pytest.fixture
def recorded(project: Path) -> Path:
    """A project with a stack that its state records."""
    write_state(project / ".awsprov" / "demo.json", {"vpc": Record("Vpc", "vpc-1", at=1.0)})
    return project


def in_own_process(*arguments: str, where: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process of its own, with an endpoint that refuses connections; it prints its imports last."""
    code = f"import sys; from awsprov.cli import run; c = run({arguments!r}); print(*sys.modules); sys.exit(c)"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(where), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    return subprocess.run(  # noqa: PLW1510 - the caller looks
        [sys.executable, "-c", code], cwd=where, env=environment, capture_output=True, text=True, timeout=60
    )


def test_status_connects_to_no_host_that_a_region_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    assert status._reachable("us-east-1.evil.example/")


def test_status_without_a_network_shows_what_is_recorded(recorded: Path) -> None:
    ran = in_own_process("status", where=recorded)
    *lines, modules = ran.stdout.splitlines()
    assert lines == ["Stack demo in us-east-1: 1 resources", "  vpc  vpc-1"]
    assert "AWS cannot be reached" in ran.stderr
    assert ran.returncode == 1
    heavy = {"boto3", "botocore", "paramiko", "rich", "moto", "cryptography", "asyncio"}
    assert heavy & set(modules.split()) == set()


def test_status_without_a_network_is_a_document_when_asked_for(recorded: Path) -> None:
    document = json.loads(in_own_process("status", "--json", where=recorded).stdout.splitlines()[0])
    assert document["reached"] is False
    assert document["resources"] == [{"name": "vpc", "type": "Vpc", "id": "vpc-1"}]


def test_status_without_a_network_and_a_state_says_why_it_cannot_tell(project: Path) -> None:
    ran = in_own_process("status", where=project)
    assert ran.returncode == 3
    assert "No AWS credentials" in ran.stderr


# ---- the debug log


def test_a_command_that_fails_names_its_debug_log(awsprov: Call, project: Path) -> None:
    (project / "config.yaml").write_text(CONFIG + "builder: {ssh_from: 203.0.113.0/24}\n")
    (project / ".awsprov").mkdir()
    result = awsprov("plan")
    [log] = (project / ".awsprov" / "logs").iterdir()
    assert f"Log: {log}" in result.err
    assert "plan, Python" in log.read_text()
    document = json.loads(awsprov("plan", "--json").out)
    assert Path(document["log"]).name.endswith("-plan.log")


@pytest.fixture
def called(awsprov: Call, project: Path) -> Callable[..., bool]:
    """Says whether a command that fails at its first call prints its debug log on stderr."""
    (project / "config.yaml").write_text(CONFIG + "builder: {ssh_from: 203.0.113.0/24}\n")
    return lambda *options: "INFO    awsprov [" in awsprov("plan", *options).err


@pytest.mark.parametrize(("options", "shown"), [([], False), (["-v"], True), (["-vv"], True), (["-vq"], False)])
def test_verbosity_shows_the_log(called: Callable[..., bool], options: list[str], shown: bool) -> None:
    assert called(*options) is shown


@pytest.mark.parametrize(("options", "level", "shown"), [([], "debug", True), (["-vv"], "error", False)])
def test_a_variable_overrides_verbosity(
    called: Callable[..., bool], monkeypatch: pytest.MonkeyPatch, options: list[str], level: str, shown: bool
) -> None:
    monkeypatch.setenv("AWSPROV_LOG", level)
    assert called(*options) is shown


@pytest.mark.parametrize("command", ["logs", "history", "explain", "libs why"])
@pytest.mark.parametrize("words", [["predict"], ["-n", "predict"], ["predict", "--function", "predict"]])
def test_a_function_is_named_by_an_argument_or_an_option(
    awsprov: Call, project: Path, command: str, words: list[str]
) -> None:
    (project / "config.yaml").write_text(CONFIG.replace("predict:", "other:"))
    result = awsprov(*command.split(), *words)
    assert "There is no function 'predict'." in result.err
    assert "for example with `-n other`" in result.err


@pytest.mark.parametrize(
    "command", ["logs", "history", "rollback", "explain", "libs why", "invoke", "invoke --http", "egress", "policy"]
)
def test_the_local_cloud_is_not_started_for_a_function_that_does_not_exist(
    awsprov: Call, project: Path, command: str
) -> None:
    proof = ["--prove", "--requests", "requests.jsonl"] if command == "policy" else []
    result = awsprov(*command.split(), *proof, "-n", "other", "--local")
    assert result.code == 2
    assert "There is no function 'other'." in result.err
    assert "Functions: predict." in result.err
    assert not (project / ".awsprov" / "local").exists()


@pytest.mark.parametrize("home", [None, "relative"])
def test_without_a_home_directory_nothing_is_written_to_the_current_one(
    awsprov: Call, project: Path, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    """As in a container whose user is only a number."""
    monkeypatch.delenv("HOME")
    if home:
        monkeypatch.setenv("HOME", home)
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    before = sorted(project.rglob("*"))
    result = awsprov("plan")
    assert result.code == 2
    assert "This user has no home directory." in result.err
    assert "export HOME=" in result.err
    assert sorted(project.rglob("*")) == before
