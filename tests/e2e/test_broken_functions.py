"""Functions that are broken in different ways: what explain, status and logs say about each of them."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from awsprov.aws.http import http
from tests.e2e.projects import Project

pytestmark = [pytest.mark.xdist_group("broken functions"), pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Broken:
    """A function that fails each time.

    Arguments:
        code: its module; `def handler` is added unless it defines one.
        check: the check of explain that fails.
        evidence: what explain must say.
        place: the line of the user's code.
        remedy: what explain proposes.
        settings: further settings.
    """

    code: str
    check: str
    evidence: str
    place: str
    remedy: str
    settings: str = ""


def returns(value: str) -> str:
    return f"import json\ndef handler(event, context):\n    return {value}\n"


_BODY = "`body` must be a string, not"
BROKEN = {
    "package": Broken("import os\nimport seaborn\n", "import", "No module named 'seaborn'", "app.py, line 2",
                      "Add the package that contains seaborn to requirements.txt"),
    "model": Broken("\nopen('modell.joblib')\n", "import", "FileNotFoundError: [Errno 2] No such file or directory: "
                    "'modell.joblib'", "app.py, line 2", "is uploaded with the code"),
    "variable": Broken("import os\nKEY = os.environ['API_KEY']\n", "import", "KeyError: 'API_KEY'", "app.py, line 2",
                       "Set API_KEY in functions.variable.variables or .secrets"),
    "value": Broken("def load():\n    raise ValueError('a wrong model')\nload()\n", "import",
                    "ValueError: a wrong model", "app.py, line 2, in load", "Correct the code"),
    "exits": Broken("import sys\nsys.exit('no model')\n", "import", "called sys.exit('no model')", "app.py, line 2",
                    "Let nothing end the process"),
    "crashes": Broken("import os\nos._exit(4)\n", "import", "Runtime exited with error: exit status 4", "",
                      "Let nothing end the process"),
    "sleeps": Broken("import time\ntime.sleep(30)\n", "import", "Task timed out after 1.00 seconds",
                     "app.py, line 2", "Let it import less", "timeout: 1"),
    "slow": Broken("import time\n\ndef handler(event, context):\n    time.sleep(8)\n", "handler",
                   "Task timed out after 1.00 seconds", "app.py, line 4, in handler", "functions.slow.timeout",
                   "timeout: 1"),
    "killed": Broken("import os\ndef handler(event, context):\n    os.kill(os.getpid(), 9)\n", "handler",
                     "Runtime exited with error: signal: killed", "app.py, line 2", "Raise functions.killed.memory"),
    "aborts": Broken("import os\ndef handler(event, context):\n    os._exit(3)\n", "handler",
                     "Runtime exited with error: exit status 3", "app.py, line 2", "Let nothing end the process"),
    "raises": Broken("def price(body):\n    return body['price']\ndef handler(event, context):\n"
                     "    return price({})\n", "handler", "KeyError: 'price'", "app.py, line 2, in price",
                     "Correct the code"),
    "logs": Broken("import logging\ndef handler(event, context):\n    logging.error('no model')\n"
                   "    return {'statusCode': 500}\n", "handler", "no model", "app.py, line 2", "Correct the code"),
    "object": Broken(returns("{'statusCode': 200, 'body': {'price': 3}}"), "response", f"{_BODY} dict",
                     "app.py, line 2", "json.dumps(result)"),
    "number": Broken(returns("{'statusCode': 200, 'body': 3.5}"), "response", f"{_BODY} float", "app.py, line 2",
                     "json.dumps(result)"),
    "status": Broken(returns("{'statusCode': 'fine', 'body': ''}"), "response", "not 'fine'", "app.py, line 2",
                     "json.dumps(result)"),
    "unknown": Broken(returns("{'price': 3}"), "response", "it has price", "app.py, line 2", "json.dumps(result)"),
    "list": Broken(returns("[1, 2]"), "response", "must be a dictionary, not list", "app.py, line 2", "json.dumps"),
    "set": Broken(returns("{'statusCode': 200, 'body': {1, 2}}"), "response", "Object of type set is not JSON",
                  "app.py, line 2", "array.tolist()"),
}  # fmt: skip
FUNCTION = """
  {name}:
    source: {name}
    handler: app.handler
    memory: 256
    start_check: false
    routes: [POST /{name}]
    {settings}
"""
CONFIG = """
name: {name}
region: us-east-1
network: {{nat: none}}
libraries: {{requirements: lambda_src/requirements.txt, python: "3.12", start_pack: {start_pack}}}
api: {{type: {api}, auth: none}}
functions:
"""
GOOD = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'fine'}\n"


def write(project: Project, name: str, code: str) -> None:
    """Write a function's module, with a handler."""
    (project.home / name).mkdir(exist_ok=True)
    text = code if "def handler" in code else f"{code}{GOOD}"
    (project.home / name / "app.py").write_text(text)


def configure(project: Project, api: str, functions: dict[str, str], *, loader: bool = True) -> None:
    """Write the configuration of functions with these further settings, and without what needs awsprov's loader."""
    parts = [FUNCTION.format(name=name, settings=settings) for name, settings in functions.items()]
    project.config.write_text(
        CONFIG.format(name=project.name, api=api, start_pack=str(loader).lower()) + "".join(parts)
    )


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A stack with all broken functions and one that works. Each was called twice over HTTP."""
    created = make_project("broken")
    for name, broken in BROKEN.items():
        write(created, name, broken.code)
    write(created, "works", GOOD)
    configure(created, "rest", {**{name: broken.settings for name, broken in BROKEN.items()}, "works": ""})
    urls = created.json("up", "--yes")["urls"]
    with ThreadPoolExecutor(4) as pool:  # some wait until they time out
        assert min(pool.map(post, 2 * [urls[f"POST /{name}"] for name in BROKEN])) >= 500
    assert post(urls["POST /works"]) == 200
    return created


def post(url: str) -> int:
    """Send a request, and return the status of the response."""
    return http("POST", url, b"{}", {"content-type": "application/json"}, 60).status


@pytest.fixture(scope="module")
def functions(project: Project) -> Any:
    """The functions as status reports them."""
    return project.json("status")["functions"]


@pytest.fixture(scope="module")
def explained(project: Project, functions: Any) -> Any:
    """What explain reports about each function. The status comes first, as explain may start a function."""
    documents = map(json.loads, project.run("explain", "--json", exits=1).stdout.splitlines())
    return {document["function"]: document for document in documents}


@pytest.mark.parametrize("name", BROKEN)
def test_explain_names_the_part_the_line_and_the_remedy(explained: Any, name: str) -> None:
    broken, document = BROKEN[name], explained[name]
    assert document["failed"] == broken.check
    check = next(each for each in document["checks"] if each["name"] == broken.check)
    assert broken.evidence in check["message"]
    assert (f"{name}/{broken.place}" if broken.place else "") in check["message"]
    assert "2 requests" in check["message"]
    assert broken.remedy in check["remedy"]
    assert "_awsprov" not in json.dumps(document)


def test_logs_show_the_error_by_the_request_that_explain_names_and_among_all_errors(
    project: Project, explained: Any
) -> None:
    errors = {name: project.run("logs", name, "--errors").stdout for name in ("model", "slow", "killed", "object")}
    for name, text in errors.items():
        remedy = next(each["remedy"] for each in explained[name]["checks"] if each["status"] == "failed")
        (request,) = re.findall(r"`awsprov logs [^`]*--request-id ([0-9a-f-]+)`", remedy)
        shown = project.run("logs", name, "--request-id", request).stdout
        evidence = BROKEN[name].evidence.replace("signal: killed", "")
        assert evidence in text
        assert evidence in shown
        assert "_awsprov" not in text + shown
    of_all = project.run("logs", "--errors").stdout.splitlines()
    assert errors.keys() <= {line.split(" | ")[0].rstrip() for line in of_all} <= {*BROKEN, "works"}


@pytest.mark.parametrize("name", BROKEN)
def test_status_counts_requests_and_not_lines(functions: Any, name: str) -> None:
    assert functions[name]["healthy"] is False
    assert len(functions[name]["failures"]) == 2
    assert "_awsprov" not in json.dumps(functions[name])


def test_a_function_that_works_is_sound(project: Project, functions: Any) -> None:
    assert functions["works"]["healthy"] is True
    document = project.json("explain", "works")
    assert document["failed"] is None
    assert "no request has failed" in project.run("explain", "works").stderr


def test_a_version_that_does_not_exist_is_named(project: Project) -> None:
    shown = project.run("invoke", "-n", "works", "--qualifier", "99", exits=2).stderr
    assert "has no version or alias '99'" in shown


def test_after_the_correction_it_is_sound_at_once(project: Project) -> None:
    for name in BROKEN:
        write(project, name, GOOD)
    project.run("deploy")
    found = project.json("status")["functions"]
    assert {name: each["healthy"] for name, each in found.items()} == dict.fromkeys([*BROKEN, "works"], True)
    assert project.json("explain", "object")["failed"] is None
    shown = project.run("status").stdout
    assert shown.count("no failed requests since it went live") == len(found)


def test_a_rollback_to_a_broken_version_counts_only_what_fails_from_then_on(project: Project) -> None:
    project.run("rollback", "-n", "raises")
    deployed = project.run("deploy").stdout
    assert "raises: version 1 is live; version 2, which config.yaml describes, is held back\n" in deployed
    assert "works: version 1 is live\n" in deployed
    assert project.json("status")["functions"]["raises"]["healthy"] is True  # nothing was sent to it since
    project.run("invoke", "-n", "raises", exits=1)
    assert len(project.json("status")["functions"]["raises"]["failures"]) == 1


# ---- without awsprov's loader: the API's own log


def test_the_api_s_log_explains_what_the_function_s_log_does_not(make_project: Callable[[str], Project]) -> None:
    project = make_project("shapes")
    write(project, "object", BROKEN["object"].code)
    write(project, "works", GOOD)
    configure(project, "http", {"object": "", "works": ""}, loader=False)
    urls = project.json("up", "--yes")["urls"]
    assert [post(urls[f"POST /{name}"]) for name in ("object", "works")] == [500, 200]
    assert project.run("logs", "object", "--errors").stdout == ""
    document = project.json("explain", "object", exits=1)
    check = document["checks"][-1]
    assert (document["failed"], check["status"]) == ("response", "failed")
    assert "POST /object with 500: the body of the function's response is not a string" in check["message"]
    assert "object/app.py, line 2, in handler" in check["remedy"]
    shown = project.run("logs", "--api", "--errors")
    assert '"path": "/object"' in shown.stdout
    assert '"path": "/works"' not in shown.stdout
    assert '"path": "/works"' in project.run("logs", "--api").stdout
    assert project.json("explain", "works")["failed"] is None
    found = project.json("status")["functions"]
    assert (found["object"]["healthy"], found["works"]["healthy"]) == (False, True)
