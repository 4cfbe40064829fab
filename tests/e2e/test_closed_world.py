"""`--local` is a closed world: whatever the shell says, no process but an installer connects to another machine.

Each command that is printed as a hint is run, too. It has the options of the stack, so that it does not call AWS, and
it does what it says. The answer to a question is yes.
"""

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from awsprov.cli import run
from tests.e2e.projects import Project
from tests.e2e.views import AFTER, BEFORE, CHANGES, calls

# Python runs this at its start in each process that inherits PYTHONPATH: in awsprov and in the local cloud. Workers and
# instances inherit nothing; the handler does the same there.
WATCH = """
import os, sys
_LOG = {log!r}
_HERE = ("127.", "::1", "localhost", "/", "\\0")
def _watch(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        address = args[1] if event != "socket.getaddrinfo" else args[:1]
        host = address if isinstance(address, (str, bytes)) else address[0]
        host = os.fsdecode(host) if host else "localhost"
        if not host.startswith(_HERE):
            with open(_LOG, "a") as log:
                print(event, host, sys.argv, file=log)
            raise OSError("not in a closed world")
sys.addaudithook(_watch)
"""
HANDLER = """
import boto3
STS = boto3.client("sts")

def lambda_handler(event, context):
    account = STS.get_caller_identity()["Account"]
    return {"statusCode": 200, "body": account} if "httpMethod" in event else account
"""
FAR = "https://sts.us-east-1.amazonaws.com"
PROXY = "http://127.0.0.1:9"  # nothing listens there
SHELL = {
    **dict.fromkeys(("HTTP_PROXY", "http_proxy"), PROXY),  # not of https: the installers need their index
    **{f"AWS_ENDPOINT_URL_{service}": FAR for service in ("STS", "EC2", "LAMBDA", "IAM", "EFS", "LOGS", "SSM")},
    "NO_PROXY": "",
    "no_proxy": "",
    "AWS_PROFILE": "gone",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_SESSION_TOKEN": "of-another-account",
    "AWS_REGION": "eu-west-1",
}
CONFIG_FILE = f"""
[default]
region = eu-west-1
services = far
credential_process = /bin/false
[services far]
ec2 =
  endpoint_url = {FAR}
"""
HINT = re.compile(r"^  (awsprov [^\n]*?)(?:  |$)|`(awsprov [^`\n]+)`", re.MULTILINE)
SKIPPED = {"down", "ssh", "init"}  # they delete the stack, need a terminal, or write a project
ENDLESS = {"-f", "--help", "stop", "reset"}  # do not end, only print help, or stop the cloud
STAGE = ("--stage", "other")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "connections.log"


@pytest.fixture
def hostile(make_project: Callable[[str], Project], tmp_path: Path, log: Path) -> Iterator[Project]:
    """A project in a directory with a space, and a shell whose variables all point to other machines."""
    project = make_project("closed")
    project.edit("timeout: 10", "timeout: 29")  # the handler imports boto3
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WATCH.format(log=str(log)))
    (tmp_path / "aws").write_text(CONFIG_FILE)
    source = project.home / "lambda_src"
    (source / "lambda_function.py").write_text(WATCH.format(log=str(log)) + HANDLER)
    files = {name: str(tmp_path / "aws") for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")}
    own = Project(project.home, project.name, tmp_path / "state dir")
    own.environment = {**SHELL, **files, "PYTHONPATH": str(tmp_path / "site")}
    try:
        yield own
    finally:
        own.start("local", "stop").communicate(timeout=60)


@pytest.fixture
def call(
    hostile: Project, log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[int, str]]]:
    """Run a command in this process, which is watched like the others; return its exit code and all that it prints."""
    monkeypatch.setattr("awsprov.cli.dashboard.IDLE", 0.1)
    watch: dict[str, Any] = {}
    exec(WATCH.format(log=str(log)), watch)  # noqa: S102 - the program above

    def run_here(*words: str) -> tuple[int, str]:
        with patch.dict(os.environ, hostile.environment), patch("sys.stdin", io.StringIO("value\n")):
            code = run([*words])
        printed = capsys.readouterr()
        assert "has a bug" not in printed.err, f"{words}: {printed.err}"
        return code, f"{printed.out}\n{printed.err}"

    try:
        yield run_here
    finally:
        watch["_HERE"] = ("",)  # an audit hook cannot be removed


def start(project: Project, *words: str) -> str:
    """Run a command in a process that starts like a user's; return everything that it prints."""
    process = project.start(*words, *STAGE)
    output, errors = process.communicate(timeout=project.timeout)
    assert process.returncode == 0, f"{words}: {output}{errors}"
    return f"{output}\n{errors}"


def hints(printed: str) -> set[tuple[str, ...]]:
    """The commands in what was printed, as words."""
    found = (shlex.split(each[1] or each[2])[1:] for each in HINT.finditer(printed.replace("\\\n", " ")))
    return {tuple(words) for words in found if words[0] not in SKIPPED and not ENDLESS & set(words)}


def test_no_process_leaves_this_machine_and_no_hint_does(
    hostile: Project, log: Path, kept_runtimes: Path, tmp_path: Path, call: Callable[..., tuple[int, str]]
) -> None:
    """All commands of `views.py` are run, and each command that they print, once, as soon as it is printed."""
    (hostile.state_dir / "local").mkdir(parents=True)
    (hostile.state_dir / "local" / "runtimes").symlink_to(kept_runtimes)
    (tmp_path / "records.jsonl").write_text("{}\n")
    values = {"elsewhere": str(tmp_path / "elsewhere"), "records": str(tmp_path / "records.jsonl")}
    up, down, usage = ["up", "--yes"], ["down", "--yes"], (["invoke", "{}"], ["invoke", "--http", "{}"], ["plan"])
    followed = set[tuple[str, ...]]()
    for words in [*calls(BEFORE), up, *usage, *calls(AFTER), *calls(CHANGES, **values), down]:
        in_process = words not in (up, down, *usage)
        printed = call(*hostile.words(*STAGE, *words))[1] if in_process else start(hostile, *words)
        assert words not in usage[:2] or "123456789012" in printed, printed
        for hint in hints(printed) - followed if words[0] != "help" else ():  # its examples are of any stack
            followed.add(hint)
            if hint[0] not in ("help", "completion", "local"):
                stage = () if words[0] == "init" else STAGE  # a new file has no stages
                assert {"--local", *stage, "--config", "--state-dir"} <= set(hint), f"{words}: {hint}"
            code, result = call(*hint, *([] if hint[0] in ("help", "completion") else ["--yes"]))
            assert code == 0, f"{words}: {hint}: {result}"
    assert len(followed) > 8
    assert not log.exists(), log.read_text()


def test_other_clients_are_led_to_the_cloud_by_local_env(hostile: Project, log: Path) -> None:
    hostile.start("local", "start").communicate(timeout=60)
    exports = hostile.start("local", "env").communicate(timeout=60)[0]
    ask = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    shell = f"{exports}\n{shlex.join([sys.executable, '-c', ask])}"
    ended = subprocess.run(["/bin/sh", "-c", shell], env={**os.environ, **hostile.environment}, capture_output=True,
                           text=True, timeout=60, check=False)  # fmt: skip
    assert ended.stdout.startswith("arn:aws:sts::123456789012:"), ended.stderr
    assert not log.exists(), log.read_text()
