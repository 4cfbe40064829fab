"""The start check: a version whose handler cannot be imported never goes live, with a smoke request or without one."""

import base64
import json
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.projects import Client, Project

pytestmark = pytest.mark.xdist_group("start check")

NAME = "starts"


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A project whose first version cannot be imported."""
    created = make_project(NAME)
    created.config.write_text(created.config.read_text() + "network: {nat: none}\n")
    write(created, "import json\n", "import json\nimport seaborn\n")
    return created


def write(project: Project, old: str, new: str) -> None:
    handler = project.home / "lambda_src" / "lambda_function.py"
    text = handler.read_text()
    assert old in text
    handler.write_text(text.replace(old, new))


def aliases(client: Client) -> list[str]:
    """The live version, if there is one."""
    listed = client("lambda").list_aliases(FunctionName=f"{NAME}-answer")["Aliases"]
    return [alias["FunctionVersion"] for alias in listed]


def versions(client: Client) -> list[str]:
    listed = client("lambda").list_versions_by_function(FunctionName=f"{NAME}-answer")["Versions"]
    return [version["Version"] for version in listed if version["Version"] != "$LATEST"]


def error(project: Project, command: str, exits: int) -> Any:
    document = project.json(command, *(["--yes"] if command == "up" else []), exits=exits)["error"]
    return document["failures"][0] if "failures" in document else document


def test_a_first_version_that_cannot_be_imported_leaves_no_alias(project: Project, client: Client) -> None:
    shown = project.run("up", "--yes", exits=4).stderr
    assert "lambda_function.py:3 imports seaborn, which is not in the code" in shown
    assert (
        "Warning: the import of answer failed on the builder: ModuleNotFoundError: No module named 'seaborn'" in shown
    )
    failed = error(project, "up", 4)  # it is tried again, and not published again
    assert failed["resource"] == "answer-live"
    assert "does not start: ImportError: No module named 'seaborn'" in failed["what"]
    assert "lambda_function.py" in failed["why"]
    assert "import seaborn" in failed["why"]
    assert "importlib" not in failed["why"]
    assert "Add the package that contains seaborn to requirements.txt; then `awsprov" in failed["remedy"]
    assert aliases(client) == []
    assert "If it has failed: `awsprov explain " in project.run("invoke", exits=2).stderr
    assert versions(client) == ["1"]


def test_what_is_not_live_is_reported_as_such_with_the_command_that_continues(project: Project) -> None:
    document = project.json("status")
    assert (document["urls"], document["functions"]) == ({}, {})
    shown = project.run("status").stdout
    assert re.search(r"answer +no live version", shown)
    assert "POST /answer  not live yet" in shown
    assert "http" not in shown.partition("POST /answer")[2]
    shown = project.end("deploy").stderr
    assert "lambda_function.py:3 imports seaborn, which is not in the code" in shown
    assert "then `awsprov up" in shown
    check = project.json("explain", exits=1)["checks"][0]
    assert "Version 1 does not start: ImportError: No module named 'seaborn'" in check["message"]
    assert "Add the package that contains seaborn to requirements.txt; then `awsprov up" in check["remedy"]


def test_up_continues_from_there(project: Project, client: Client) -> None:
    write(project, "import json\nimport seaborn\n", "import json\n")
    project.run("up", "--yes")
    assert aliases(client) == ["2"]
    assert json.loads(project.run("invoke").stdout)["version"] == "2"
    assert project.json("up", "--yes")["mutations"] == 0


def test_the_handler_is_not_called_and_only_the_context_decides(project: Project, client: Client) -> None:
    function = f"{NAME}-answer"
    check = base64.b64encode(json.dumps({"custom": {"awsprov": "start-check"}}).encode()).decode()
    other = base64.b64encode(json.dumps({"custom": {"awsprov": "other"}}).encode()).decode()

    def answer(**options: Any) -> Any:
        reply = client("lambda").invoke(FunctionName=function, Qualifier="live", LogType="Tail", **options)
        return json.loads(reply["Payload"].read()), base64.b64decode(reply["LogResult"]).decode()

    found, log = answer(Payload=b'{"fail": true}', ClientContext=check)
    assert found == {"awsprov": "started"}
    assert "answering" not in log
    for options in ({"ClientContext": other}, {}):
        found, log = answer(Payload=json.dumps({"custom": {"awsprov": "start-check"}}).encode(), **options)
        assert found["library"] == "1.0"
        assert "answering" in log


def test_the_live_version_stays_when_a_variable_is_missing(project: Project, client: Client) -> None:
    before = aliases(client)
    write(project, "import os\n", 'import os\nKEY = os.environ["API_KEY"]\n')
    failed = error(project, "deploy", 1)
    assert "KeyError: 'API_KEY'" in failed["what"]
    assert "Set API_KEY in functions.answer.variables or .secrets" in failed["remedy"]
    assert aliases(client) == before
    assert json.loads(project.run("invoke").stdout)["version"] == before[0]


def test_secrets_are_read_for_real(project: Project, client: Client) -> None:
    before, put = aliases(client), client("ssm").put_parameter
    put(Name="/starts/key", Value="wrong", Type="SecureString")
    project.edit("variables: {LEVEL: low}", "variables: {LEVEL: low}\n    secrets: {API_KEY: ssm:/starts/key}")
    write(project, '"]\n', '"]\nif KEY != "right":\n    raise ValueError("the key is not right")\n')
    assert "ValueError: the key is not right" in error(project, "up", 1)["what"]
    assert aliases(client) == before
    published = versions(client)
    put(Name="/starts/key", Value="right", Type="SecureString", Overwrite=True)
    project.run("deploy")
    assert versions(client) == published
    assert aliases(client) == published[-1:] != before


def test_an_import_that_takes_too_long_does_not_go_live(project: Project, client: Client) -> None:
    before = aliases(client)
    project.edit("timeout: 10", "timeout: 1")
    write(project, "import os\n", "import os\nimport time\ntime.sleep(30)\n")
    failed = error(project, "deploy", 1)
    assert "imed out" in failed["what"]
    assert "functions.answer.timeout" in failed["remedy"]
    assert aliases(client) == before
    write(project, "import time\ntime.sleep(30)\n", "")
    project.edit("timeout: 1", "timeout: 10")
    project.run("deploy")


def test_a_deploy_that_is_killed_before_the_alias_moves_is_finished_by_the_next(
    project: Project, client: Client
) -> None:
    before = aliases(client)
    write(project, "import os\n", "import os\nimport time\ntime.sleep(2)\n")
    process = project.start("deploy", "--json")
    assert process.stdout
    assert any(" to start" in line for line in process.stdout)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert aliases(client) == before
    published = versions(client)
    project.run("deploy")
    assert versions(client) == published
    assert aliases(client) == published[-1:]


def test_the_check_can_be_switched_off(project: Project, client: Client) -> None:
    project.edit("    memory: 256\n", "    memory: 256\n    start_check: false\n")
    write(project, "import os\n", "import os\nimport seaborn\n")
    project.run("deploy")
    assert aliases(client) == versions(client)[-1:]
    assert "failed" in project.run("invoke", exits=1).stderr
