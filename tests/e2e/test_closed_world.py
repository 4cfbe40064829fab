"""`--local` is a closed world: whatever the shell says, no process but an installer connects to another machine.

The commands that a life prints as hints are run, too: each with the options of the stack, so that none calls AWS.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.projects import Project

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
SKIPPED = {"down", "ssh", "pause", "resume", "unlock", "lock"}  # they end the life, need a terminal, or are run anyway


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "connections.log"


@pytest.fixture
def hostile(make_project: Callable[[str], Project], tmp_path: Path, log: Path) -> Iterator[Project]:
    """A project in a directory with a space, and a shell in which everything leads elsewhere."""
    project = make_project("closed")
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


def run(project: Project, *words: str) -> str:
    """Run a command in a process that starts like a user's; return everything that it prints."""
    process = project.start(*words)
    output, errors = process.communicate(timeout=project.timeout)
    assert process.returncode == 0, f"{words}: {output}{errors}"
    return f"{output}\n{errors}"


def hints(printed: str) -> Iterator[list[str]]:
    """The commands in what was printed, as words."""
    for found in HINT.finditer(printed):
        words = shlex.split(found[1] or found[2])[1:]
        if words[0] not in SKIPPED | {"help", "init", "local"} and "-f" not in words:
            yield words


def test_no_process_leaves_this_machine_and_no_hint_does(hostile: Project, log: Path, kept_runtimes: Path) -> None:
    (hostile.state_dir / "local").mkdir(parents=True)
    (hostile.state_dir / "local" / "runtimes").symlink_to(kept_runtimes)
    printed = [run(hostile, "up", "--yes", "--stage", "other")]
    assert "123456789012" in run(hostile, "invoke", "--stage", "other", "{}")
    assert "123456789012" in run(hostile, "invoke", "--http", "--stage", "other", "{}")
    reads = (["plan"], ["status"], ["logs"], ["explain"], ["doctor"], ["cost"], ["history"], ["libs", "list"],
             ["policy"], ["graph"], ["config", "show"], ["recover"])  # fmt: skip
    printed += [run(hostile, *words, "--stage", "other") for words in reads]
    found = {tuple(words) for text in printed for words in hints(text)}
    assert len(found) > 3
    for words in found:
        assert {"--local", "--stage", "--config", "--state-dir"} <= set(words), words
        command = [sys.executable, "-m", "awsprov", *words]
        ended = subprocess.run(command, env={**os.environ, **hostile.environment}, capture_output=True, text=True,
                               timeout=hostile.timeout, stdin=subprocess.DEVNULL, check=False)  # fmt: skip
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
    run(hostile, "down", "--yes", "--stage", "other")
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
