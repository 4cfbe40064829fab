"""status and the dashboard: the resources, their health, and the hints."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from awsprov.cli import cli, run
from tests.e2e.projects import Client, Project
from tests.unit.cli.conftest import names
from tests.unit.dashboard.chromium import browser

pytestmark = pytest.mark.xdist_group("status")


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    created = make_project("health")
    created.config.write_text(created.config.read_text() + "network: {nat: none}\n")
    created.run("up", "--yes")
    return created


def function(project: Project) -> Any:
    return project.json("status")["functions"]["answer"]


def hints(stderr: str) -> list[str]:
    """The commands that are hinted at, without the options that select the stack."""
    lines = stderr.partition("Next:\n")[2].splitlines()
    return [line.split()[1] for line in lines]


def test_a_sound_function(project: Project) -> None:
    document = function(project)
    assert (document["version"], document["published"], document["state"], document["healthy"]) == (
        "1",
        1,
        "Active",
        True,
    )
    assert document["failures"] == []
    assert document["released"]["libraries"] == project.state()["resources"]["libraries"]["id"]
    shown = project.run("status")
    assert "✓ answer" in shown.stdout
    assert "version 1 of 1, active, released 20" in shown.stdout
    assert "no failed requests since it went live (" in shown.stdout
    assert "Stack health in " in shown.stdout
    assert "a day now, $" in shown.stderr
    assert hints(shown.stderr) == ["invoke", "plan"]


@contextmanager
def serving_page(project: Project) -> Iterator["subprocess.Popen[str]"]:
    """A dashboard that runs, and is killed at the end if it still does."""
    serving = project.start("local", "open", "--no-browser")
    try:
        yield serving
    finally:
        serving.kill()
        serving.wait()


def test_the_page_shows_the_stack_and_calls_the_function(project: Project) -> None:
    with browser() as tab, serving_page(project) as serving:
        assert serving.stdout
        tab.open(serving.stdout.readline().strip())
        tab.until("document.body.innerText.includes('answer: active, version 1 of 1')")
        text = tab.text()
        assert project.state()["resources"]["vpc"]["id"] in text
        assert "up --yes" in text  # the run, in the event log
        assert "missing" not in text
        assert tab.until("document.getElementById('picture').naturalWidth") > 500
        for route, status in (("", "answered by version 1"), ("POST /answer", "HTTP 200")):
            tab.value(f"document.getElementById('route').value = {route!r}")
            tab.value("document.getElementById('send').click()")
            tab.until(f"document.getElementById('outcome').textContent.startsWith({status!r})")
            assert "awsprov_demo_library" in tab.value("document.getElementById('answer').textContent")
            assert "answering 1.0" in tab.value("document.getElementById('log').textContent")
        assert tab.problems == []
        serving.send_signal(signal.SIGINT)
        assert serving.wait(60) == 0  # it ends once the look under way is over
        assert "Ended." in serving.communicate()[1]


def test_failures_are_reported_with_a_remedy(project: Project) -> None:
    project.run("invoke", '{"fail": true}', exits=1)
    document = function(project)
    assert not document["healthy"]
    assert [failure["line"] for failure in document["failures"]] == ["RuntimeError: asked to fail"]
    shown = project.run("status")
    assert "✗ answer" in shown.stdout
    assert "1 failed request since it went live (" in shown.stdout
    assert hints(shown.stderr) == ["logs", "explain", "plan"]


def test_a_release_and_what_is_behind_it(project: Project) -> None:
    project.edit("{LEVEL: low}", "{LEVEL: high}")
    project.run("deploy")
    document = function(project)
    assert (document["version"], document["published"]) == ("2", 2)
    assert document["healthy"]  # what failed was an earlier version
    project.run("rollback")
    document = function(project)
    assert (document["version"], document["published"]) == ("1", 2)
    assert "version 1 of 2" in project.run("status").stdout


def test_what_is_missing_is_named(project: Project, client: Client) -> None:
    client("efs").delete_mount_target(MountTargetId=project.state()["resources"]["mount-target-1"]["id"])
    assert project.json("status")["missing"] == ["mount-target-1"]
    shown = project.run("status")
    assert "missing: mount-target-1" in shown.stdout
    assert hints(shown.stderr)[0] == "up"


def test_a_paused_stack_says_so(project: Project) -> None:
    project.run("up", "--yes")
    project.run("pause", "--yes")
    assert project.json("status")["paused"] is True
    shown = project.run("status")
    assert "resources, paused" in shown.stdout
    assert hints(shown.stderr)[0] == "resume"


# ---- programs

# Every command with its arguments, in the order of a stack's life.
COMMANDS = {
    "init": ["--config", "{elsewhere}/config.yaml", "--yes"], "doctor": [], "plan": [], "up": ["--yes"], "lock": [],
    "deploy": [], "status": [], "invoke": ["{}"], "logs": [], "explain": [], "history": [], "rollback": ["1"],
    "export terraform": ["{elsewhere}/infra"], "export cloudformation": ["{elsewhere}/template"],
    "graph": [], "cost": [], "pause": ["--yes"], "resume": ["--yes"], "libs list": [], "libs diff": [],
    "libs prune": ["--yes"], "libs why": [], "libs verify": [], "libs mount": [], "policy": [],
    "egress": ["--requests", "{elsewhere}/requests.jsonl"], "recover": [],
    "stages": [], "unlock": [], "config show": [], "local start": [], "local status": [], "local env": [],
    "local list": [], "help": ["state"], "down": ["--yes"],
}  # fmt: skip
# A session, a script, a server, a value from stdin; and the tests' own cloud.
OTHERWISE = {"ssh", "local secret", "completion", "local open", "local stop", "local reset"}


def test_every_command_has_documents_for_programs(
    project: Project, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set(names(cli)) == set(COMMANDS) | OTHERWISE
    elsewhere = str(tmp_path_factory.mktemp("elsewhere"))
    Path(elsewhere, "requests.jsonl").write_text("{}\n")
    for name, more in COMMANDS.items():
        where = [] if name == "init" else project.words()
        with patch.dict(os.environ):  # `--local` leaves the cloud's address and keys there
            code = run([*where, *name.split(), *(word.replace("{elsewhere}", elsewhere) for word in more), "--json"])
        printed = capsys.readouterr()
        assert (code, printed.err) == (0, ""), f"{name}: {printed}"
        documents = [json.loads(line) for line in printed.out.splitlines()]
        assert documents, name
        assert all({"schema_version", "event"} <= set(document) for document in documents), name
