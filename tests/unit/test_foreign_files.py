"""Files of a project from somebody else: none blocks, none is printed, and each leads to one clear error."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from awsprov.cli.install_log import read_lines
from awsprov.cli.output import confirm
from awsprov.cli.settings import Settings
from awsprov.config.loader import load
from awsprov.config.outside import paths_outside
from awsprov.engine import event_log, plan_file
from awsprov.engine.lock import holder
from awsprov.engine.state import State
from awsprov.engine.state_file import StackKey, recorded_pause
from awsprov.errors import RefusedError, UsageError
from awsprov.files import read_limited
from awsprov.packaging.bundle import MAX_UNZIPPED, Bundle
from awsprov.packaging.import_analysis import imported_modules
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.lockfile import Lock
from awsprov.resources.policy_text import policy_document
from awsprov.ssh import keys
from awsprov.ssh.known_hosts import stored_host_keys
from awsprov.terraform.converter import convert
from awsprov.terraform.reader import read_terraform
from tests.unit.fakes import HOME, locked

DEEP = "[" * 100_000
CONFIG = """
name: demo
region: us-east-1
libraries: {requirements: REQUIREMENTS}
functions:
  main: {source: src, handler: app.handler}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The directory of a project that is valid."""
    home = tmp_path / "project"
    (home / "src").mkdir(parents=True)
    (home / "src" / "app.py").write_text("def handler(event, context): ...\n")
    (home / "requirements.txt").write_text("numpy\n")
    (home / "config.yaml").write_text(CONFIG.replace("REQUIREMENTS", "requirements.txt"))
    return home


def refusal(project: Path, old: str, new: str) -> str:
    """Return the error of a configuration in which something is changed."""
    config = project / "config.yaml"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))
    with pytest.raises(UsageError) as refused:
        load(config)
    return refused.value.why


# ---- what is read

LINE = '{"timestamp": 1, "message": "collecting numpy"}\n'


@pytest.mark.parametrize("path", ["/proc/self/environ", "/dev/zero", "/dev/stdin", "/sys/kernel/notes"])
def test_files_of_the_system_are_not_read(path: str, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)
    for each in (Path(path), link):
        with pytest.raises(OSError, match="are not read"):
            read_limited(each, 100)


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="Not a regular file"):
        read_limited(tmp_path / "pipe", 100)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123")
    assert read_limited(tmp_path / "file", 4) == b"0123"
    with pytest.raises(OSError, match="Larger than"):
        read_limited(tmp_path / "file", 3)


def test_a_directory_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Not a regular file") as caught:
        read_limited(tmp_path, 100)
    assert caught.value.filename == str(tmp_path)


@pytest.mark.parametrize(
    "reader",
    [
        lambda path: stored_host_keys(path, "i-1"),
        keys.read_public_key,
        lambda path: list(read_lines(path, lambda: False)),
    ],
    ids=["host keys", "a public key", "the log of an installation"],
)
@pytest.mark.parametrize("target", ["a pipe", "/dev/zero"])
def test_a_file_of_the_state_directory_that_never_ends_is_an_error(
    tmp_path: Path, reader: Callable[[Path], object], target: str
) -> None:
    path = tmp_path / "file"
    if target == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(target)
    with pytest.raises((OSError, UsageError)):
        reader(path)


@pytest.mark.parametrize(
    "line",
    ["", "text", "{}", "[]", "1", DEEP, "\xff", '{"timestamp": "now", "message": "x"}',
     '{"timestamp": 1, "message": 2}',
     '{"timestamp": -1, "message": "x"}', '{"timestamp": 1e300, "message": "x"}', "x" * 3_000_000,
     '{"timestamp": 999999999999999999999, "message": "x"}', '{"timestamp": true}'],
)  # fmt: skip
def test_lines_of_an_install_log_that_are_not_valid_are_left_out(tmp_path: Path, line: str) -> None:
    path = tmp_path / "demo.installation.jsonl"
    path.write_bytes(f"{LINE}{line}\n{LINE}{line}".encode("latin-1"))
    assert [each["message"] for each in read_lines(path, lambda: False)] == ["collecting numpy"] * 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("requirements.txt", "/proc/self/environ"),
        ("requirements.txt", "/dev/null"),
        ("source: src", "source: /proc/self"),
        ("source: src", "env_file: /proc/self/environ, source: src"),
        ("source: src", "smoke: {file: /proc/self/environ}, source: src"),
        ("requirements: requirements.txt", "files: /sys, requirements: requirements.txt"),
    ],
)
def test_config_yaml_cannot_name_files_of_the_system(
    project: Path, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTINEL", "hunter2")
    why = refusal(project, old, new)
    assert "/proc, /sys or /dev" in why
    assert "hunter2" not in why


@pytest.mark.parametrize("key", ["requirements", "env_file", "handler"])
def test_no_error_shows_what_is_in_a_file_outside_of_the_project(project: Path, tmp_path: Path, key: str) -> None:
    (tmp_path / "outside").mkdir()
    secret = tmp_path / "outside" / "credentials"
    secret.write_text("[default]\nhunter2 = hunter2\n-----BEGIN hunter2\nhunter2hunter2==\n")
    (tmp_path / "outside" / "app.py").write_text("hunter2 = 1\n")
    changes = {
        "requirements": ("requirements.txt", "../outside/credentials"),
        "env_file": ("source: src", "env_file: ../outside/credentials, source: src"),
        "handler": ("source: src", "source: ../outside"),
    }
    assert "hunter2" not in refusal(project, *changes[key])


def test_a_configuration_that_is_a_link_out_of_the_project_is_not_shown(project: Path, tmp_path: Path) -> None:
    secret = tmp_path / "credentials"
    secret.write_text("[default]\nkey = hunter2: hunter2: [\n")
    (project / "config.yaml").unlink()
    (project / "config.yaml").symlink_to(secret)
    with pytest.raises(UsageError) as refused:
        load(project / "config.yaml")
    assert "hunter2" not in f"{refused.value.what}{refused.value.why}"


def test_paths_that_lead_out_of_the_project_are_reported(project: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "base.txt").write_text("scipy\n")
    (project / "src" / "model").symlink_to(tmp_path / "data")
    (project / "requirements.txt").write_text("-r ../base.txt\n--find-links ../data\n")
    text = (project / "config.yaml").read_text()
    (project / "config.yaml").write_text(text.replace("requirements: ", "files: src/model, requirements: "))
    found = paths_outside(load(project / "config.yaml"), project)
    assert [line.partition(": ")[0] for line in found] == ["libraries.files", "an included file", "--find-links"]


def test_nothing_is_reported_about_a_project_that_stays_inside(project: Path) -> None:
    assert paths_outside(load(project / "config.yaml"), project) == []


# ---- what is not valid


PACKAGE = "\n".join(locked("one", "1.0").lines)


@pytest.mark.parametrize(
    "text",
    [
        "\xff",
        "one==1.0",
        "--index-url https://evil.example/simple",
        PACKAGE.replace("one==1.0", "one"),
        PACKAGE.replace("one==1.0", "one==1.0 --config-settings=x"),
        PACKAGE.replace("one==1.0", "one==1.0; touch /tmp/x"),
        PACKAGE.replace("one==1.0", "one @ https://evil.example/one-1.0-py3-none-any.whl"),
        PACKAGE.replace("one==1.0", "two==1.0"),
        PACKAGE.replace("one==1.0", "one==2.0"),
        PACKAGE.replace("one==1.0", "one==not.a.version!"),
        PACKAGE.replace("sha256:0", "sha256:x"),
        PACKAGE.replace("sha256", "md5"),
        PACKAGE.replace("https://files", "ftp://files"),
        PACKAGE.replace("# file", "# other"),
        PACKAGE.replace("# file https://files.example.com/one-1.0-py3-none-any.whl", "# file /etc/passwd"),
        PACKAGE.replace("files.example.com", "${HOST}"),
        f"<<<<<<< HEAD\n{PACKAGE}\n=======\n{PACKAGE}\n>>>>>>> other",
        "\n".join(PACKAGE.splitlines()[:1]),
        f"{PACKAGE}\n    --hash=sha256:{'0' * 64}",
    ],
)
def test_a_lock_file_that_is_not_valid_is_stale_and_says_why(tmp_path: Path, text: str) -> None:
    (tmp_path / "requirements.txt").write_text("one\n")
    lock = Lock(tmp_path / "requirements.txt", tmp_path / "x.lock", InstallTarget("3.12"))
    lock.path.write_bytes(f"{lock.text_of([])}{text}\n".encode("latin-1"))
    read = Lock(lock.requirements, lock.path, lock.target)
    assert read.state == "stale"
    assert read.packages == []
    assert read.pins == {}


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b"[]", b"1", DEEP.encode(), b'{"schema": "x"}', b"null"])
def test_a_state_file_that_is_not_valid_is_a_usage_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.json").write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read"):
        State(tmp_path / "state.json", HOME)


@pytest.mark.parametrize("target", ["/dev/zero", "/proc/self/environ"])
def test_a_state_file_that_is_a_link_to_the_system_is_a_usage_error(tmp_path: Path, target: str) -> None:
    (tmp_path / "state.json").symlink_to(target)
    assert not any(recorded_pause(tmp_path / "state.json").values())  # without an error: `recover` reads it, too
    with pytest.raises(UsageError):
        State(tmp_path / "state.json", HOME)


PLAN = {
    "schema_version": 1,
    "key": {"stack": "demo", "account": "123456789012", "region": "us-east-1"},
    "forced": [],
    "salt": "00",
    "seal": "00",
    "fingerprints": {},
    "shown": {},
}


@pytest.mark.parametrize(
    "change",
    [
        {"salt": "xyz"},
        {"salt": 1},
        {"seal": 1},
        {"fingerprints": []},
        {"fingerprints": {"vpc": 1}},
        {"forced": 1},
        {"forced": [1]},
        {"forced": [[]]},
        {"shown": None},
        {"schema_version": "x"},
        {"schema_version": None},
        {"key": 1},
        {"key": {}},
    ],
)
def test_a_plan_file_that_is_not_valid_is_a_usage_error(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / "plan").write_text(json.dumps({**PLAN, **change}))
    with pytest.raises(UsageError, match="is not a plan"):
        plan_file.load(tmp_path / "plan", HOME)


@pytest.mark.parametrize("content", [b"", b"\xff", DEEP.encode(), b"[]", b"1", b'"text"'])
def test_a_plan_file_that_is_no_document_is_a_usage_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plan").write_bytes(content)
    with pytest.raises(UsageError, match="is not a plan"):
        plan_file.load(tmp_path / "plan", HOME)


def test_a_plan_of_another_stack_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan").write_text(json.dumps(PLAN))
    plan_file.load(tmp_path / "plan", HOME)
    with pytest.raises(RefusedError):
        plan_file.load(tmp_path / "plan", StackKey("other", "123456789012", "us-east-1"))


def test_events_and_notes_that_are_not_valid_are_left_out(tmp_path: Path) -> None:
    events = tmp_path / "events"
    events.write_text(f'1\n{{}}\n{DEEP}\n{{"step": 1}}\n{{"resource": "a", "step": "ready", "at": 1.0}}\n')
    assert [each.resource for each in event_log.latest(events, 10)] == ["a"]
    (tmp_path / "state.json.lock").write_text('{"pid": "x", "host": 1, "user": 1, "command": 1, "since": "x"}')
    (tmp_path / ".state.json.lock").write_text(DEEP)
    assert holder(tmp_path / "state.json") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "1", DEEP])
def test_a_policy_that_is_not_valid_is_an_empty_one(text: str) -> None:
    assert policy_document(text) == {}


# ---- source directories


def test_a_link_to_itself_in_the_source_is_a_usage_error(project: Path) -> None:
    (project / "src" / "loop").symlink_to("loop")
    with pytest.raises(UsageError):
        _ = Bundle(project / "src").content


def test_a_name_that_is_not_utf_8_is_a_usage_error(project: Path) -> None:
    try:
        Path(os.fsdecode(bytes(project / "src") + b"/\xff.txt")).write_text("x")
    except OSError:
        pytest.skip("the file system accepts only UTF-8")
    with pytest.raises(UsageError, match="is not UTF-8"):
        _ = Bundle(project / "src").content


def test_the_size_is_checked_before_anything_is_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (project / "src" / "large").open("wb") as file:
        file.truncate(MAX_UNZIPPED + 1)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("a file was read"))
    with pytest.raises(UsageError, match="too large"):
        _ = Bundle(project / "src").content


@pytest.mark.parametrize("text", ["(" * 5000 + ")" * 5000, "x = " + "-" * 100_000 + "1", "\0", "def"])
def test_a_handler_that_cannot_be_parsed_is_a_usage_error(
    project: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("awsprov.config.handler.is_own", lambda _: True)
    (project / "src" / "app.py").write_text(text)
    with pytest.raises(UsageError):
        load(project / "config.yaml")
    assert imported_modules(project / "src", "app.handler") == []


# ---- Terraform


def terraform(directory: Path, text: str) -> Any:
    (directory / "main.tf").write_text(text)
    return convert(read_terraform(directory), "demo", "us-east-1", directory)


def bomb() -> str:
    lines = ['a0 = "xxxxxxxxxx"']
    lines += [f'a{n} = "{"".join(f"${{local.a{n - 1}}}" for _ in range(40))}"' for n in range(1, 8)]
    newline = "\n  "
    return f'locals {{\n  {newline.join(lines)}\n}}\nresource "aws_vpc" "main" {{\n  cidr_block = local.a7\n}}\n'


def test_references_to_references_do_not_grow_without_end(tmp_path: Path) -> None:
    began = time.process_time()
    assert "cidr" not in terraform(tmp_path, bomb()).config.get("network", {})
    assert time.process_time() - began < 10  # seconds of CPU; it would be 40 ** 7 texts


def lists() -> str:
    lines = ["a0 = [1]"] + [f"a{n} = [{', '.join([f'local.a{n - 1}'] * 40)}]" for n in range(1, 8)]
    newline = "\n  "
    return f'locals {{\n  {newline.join(lines)}\n}}\nresource "aws_vpc" "main" {{\n  cidr_block = local.a7\n}}\n'


@pytest.mark.parametrize(
    "text",
    [
        lists(),
        'module "again" {\n  source = "./."\n}\n',
        'module "again" {\n  count = 3\n  source = "./."\n}\n',
        'resource "aws_vpc" "many" {\n  count = 100000000\n}\n',
        'resource "aws_vpc" "v" {\n  cidr_block = join(",", range(1000000000))\n}\n',
        'resource "aws_vpc" "v" {\n  cidr_block = replace(replace("aaaa", "", "b"), "/(a+)+$/", "")\n}\n',
        'locals {\n  n = 1e300\n}\nresource "aws_vpc" "v" {\n  cidr_block = local.n * local.n * local.n\n}\n',
        'module "long" {\n  source = "./' + "x" * 5000 + '"\n}\n',
        'data "archive_file" "a" {\n  source_dir = "' + "x" * 5000 + '"\n  output_path = "a"\n}\n'
        'resource "aws_lambda_function" "f" {\n  filename = "a"\n}\n',
        'module "up" {\n  source = "../../../../../../../../../../etc"\n}\n',
    ],
)
def test_terraform_that_would_grow_or_never_end_is_converted_or_a_usage_error(tmp_path: Path, text: str) -> None:
    began = time.process_time()
    with suppress(UsageError):
        assert terraform(tmp_path, text).config
    assert time.process_time() - began < 10  # seconds of CPU


def test_no_text_of_a_file_outside_of_the_project_is_carried_over(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hunter2")
    project = tmp_path / "project"
    project.mkdir()
    (project / "link").symlink_to(tmp_path / "key")
    (project / "lambda_function.py").write_text("def lambda_handler(event, context): ...\n")
    variables = 'A1 = file("../key"), A2 = file("link"), A3 = templatefile("../key", {})'
    text = f'resource "aws_lambda_function" "f" {{\n  environment {{\n    variables = {{ {variables} }}\n  }}\n}}\n'
    (project / "main.tf").write_text(text)
    found = convert(read_terraform(project), "demo", "us-east-1", project, ".")
    assert "hunter2" not in found.text + str(found.notes)
    assert len([note for note in found.notes if "outside of the project" in note]) == 3


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 3000,
        "a = " + "[" * 300 + "]" * 300,
        'resource "aws_lambda_function" "f" {\n  memory_size = "x"\n  timeout = [1]\n  architectures = null\n}\n',
        'resource "aws_lambda_function" "f" {\n  handler = 1\n  architectures = 1\n  runtime = {}\n}\n',
        'resource "aws_lambda_function" "f" {\n  environment = 1\n  filename = null\n}\n',
        'resource "aws_lambda_function" {}\n',
        "resource = 1\n",
        'variable "v" = 1\n',
        "locals = 1\n",
        'provider "aws" {\n  region = ["x"]\n}\n',
        'data "archive_file" "z" {\n  source_dir = 1\n}\nresource "aws_lambda_function" "f" {}\n',
        "\0",
        "}",
    ],
)
def test_terraform_that_is_not_usual_is_converted_or_a_usage_error(tmp_path: Path, text: str) -> None:
    with suppress(UsageError):
        assert terraform(tmp_path, text).config


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("name", ["x.tf", "terraform.tfvars", "y.auto.tfvars"])
def test_a_pipe_or_a_device_among_the_files_does_not_block(
    tmp_path: Path, name: str, make: Callable[[Path], object]
) -> None:
    (tmp_path / "main.tf").write_text("")
    make(tmp_path / name)
    with pytest.raises(UsageError, match="cannot be read"):
        read_terraform(tmp_path)


def test_an_error_shows_nothing_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("")
    (tmp_path / "terraform.tfvars").write_text('password = "hunter2" "hunter2\n')
    with pytest.raises(UsageError) as refused:
        read_terraform(tmp_path)
    assert "hunter2" not in f"{refused.value.what}{refused.value.why}"


# ---- output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.parametrize("option", ["--json", "--quiet"])
def test_output_to_a_full_disk_ends_in_an_error_and_not_in_a_traceback(option: str) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "awsprov", "help", option]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert "No space left" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "has a bug" not in ran.stderr


def test_a_question_without_stdin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(RefusedError, match="not a terminal"):
        confirm(Settings(), "Go ahead?")
