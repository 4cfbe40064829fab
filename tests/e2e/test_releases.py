"""Releases: a version that fails its smoke test never goes live; history lists the others, rollback restores one."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.caller import Caller
from tests.e2e.projects import Client, Project

pytestmark = pytest.mark.xdist_group("releases")

SMOKE = '    smoke: {request: {ping: 1}, expect: {contains: ["1.0"]}}\n    routes:'


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A deployed stack, with a smoke request that its first version has answered."""
    created = make_project("releases")
    created.edit("    routes:", SMOKE)
    created.run("up", "--yes")
    return created


def caller(client: Client) -> Caller:
    created = client("lambda")
    keys = created._request_signer._credentials  # boto3 has no public way to ask for them
    return Caller(created.meta.endpoint_url, (keys.access_key, keys.secret_key), "releases")


@contextmanager
def called(client: Client) -> Iterator[Caller]:
    """Call the live version during the test; no call may fail."""
    with caller(client) as calling:
        yield calling
    assert calling.failures == []


def write(project: Project, old: str, new: str) -> None:
    handler = project.home / "lambda_src" / "lambda_function.py"
    text = handler.read_text()
    assert old in text
    handler.write_text(text.replace(old, new))


def live(client: Client) -> str:
    return str(client("lambda").get_alias(FunctionName="releases-answer", Name="live")["FunctionVersion"])


def test_a_version_that_fails_never_goes_live(project: Project, client: Client) -> None:
    before = live(client)
    write(project, "    body =", '    print("on my way")\n    raise SystemError("broken release")\n    body =')
    with called(client) as calling:
        failed = project.run("deploy", exits=1)
    assert "did not go live" in failed.stderr
    assert "broken release" in failed.stderr
    assert "on my way" in failed.stderr
    assert set(calling.versions) == {before}
    assert live(client) == before
    assert "did not go live" in project.run("up", "--yes", exits=1).stderr
    assert live(client) == before


def test_an_answer_that_lacks_something_is_a_failure_too(project: Project, client: Client) -> None:
    before = live(client)
    write(project, '    print("on my way")\n    raise SystemError("broken release")\n', "")
    write(project, '"library": awsprov_demo_library.VERSION', '"books": 1, "library": "none"')
    assert "lacks '1.0'" in project.run("deploy", exits=1).stderr.replace("\n", " ")
    assert live(client) == before
    write(project, '"none"', "awsprov_demo_library.VERSION")
    assert project.json("deploy")["changed"] is True
    assert live(client) != before


def test_a_killed_deploy_leaves_a_version_that_answers(project: Project, client: Client) -> None:
    before = live(client)
    write(project, '"books": 1', '"books": 2')
    with called(client):
        process = project.start("deploy", "--json")
        assert process.stdout
        assert any("smoke request" in line for line in process.stdout)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert live(client) == before
        project.run("deploy")
    assert live(client) != before


def test_history_shows_what_was_released_when_and_by_whom(project: Project, client: Client) -> None:
    (project.state_dir / "releases.local.json").rename(project.state_dir / "away")  # it is kept on AWS
    versions = project.json("history")["functions"]["answer"]
    (project.state_dir / "away").rename(project.state_dir / "releases.local.json")
    assert [v["version"] for v in versions] == sorted((v["version"] for v in versions), reverse=True)
    assert [str(v["version"]) for v in versions if v["state"] == "live"] == [live(client)]
    assert versions[-1]["changed"] == ["first version"]
    assert versions[0]["changed"] == ["code"]
    assert len(versions[0]["libraries"]) == 16
    assert {v["by"] for v in versions} == {"you"}
    assert "changed: code" in project.run("history").stdout


def test_a_rollback_is_one_call_to_what_was_live_before(project: Project, client: Client) -> None:
    was = live(client)
    with called(client):
        back = project.json("rollback")
        assert back["was"] == was
        assert back["live"] == live(client) != was
    states = {str(v["version"]): v["state"] for v in project.json("history")["functions"]["answer"]}
    assert states[was] == "held back"
    assert states[live(client)] == "live"
    assert client("lambda").get_alias(FunctionName="releases-answer", Name="live")["Description"].startswith("before: ")


def test_what_was_rolled_back_is_not_undone_silently(project: Project, client: Client) -> None:
    back = live(client)
    assert project.json("up", "--yes")["mutations"] == 0
    assert project.json("deploy")["changed"] is False
    assert "published before the rollback: it is held back" in project.run("deploy").stderr
    assert "published before the rollback: it is held back" in project.run("plan").stdout
    assert live(client) == back


def test_something_new_goes_live_after_a_rollback(project: Project, client: Client) -> None:
    write(project, '"books": 2', '"books": 3')
    project.run("deploy")
    newest = max(v["version"] for v in project.json("history")["functions"]["answer"])
    assert live(client) == str(newest)
    assert "rolled back" not in project.run("plan").stdout


def test_a_version_may_be_named_and_the_way_back_too(project: Project, client: Client) -> None:
    newest = live(client)
    assert project.json("rollback", "1")["live"] == "1"
    assert json.loads(project.run("invoke").stdout)["version"] == "1"
    assert project.json("rollback", newest)["live"] == newest
    assert "is already live" in project.run("rollback", newest).stdout
    assert "has no version '99'" in project.run("rollback", "99", exits=2).stderr
    project.run("plan", "--detailed-exitcode")


def test_there_is_no_way_back_from_the_first(make_project: Callable[[str], Project]) -> None:
    assert "Function answer does not exist" in make_project("nothing").run("rollback", exits=6).stderr


def shares(client: Client) -> Any:
    routing = client("lambda").get_alias(FunctionName="releases-answer", Name="live").get("RoutingConfig") or {}
    return routing.get("AdditionalVersionWeights") or {}


def test_a_canary_that_fails_is_rolled_back(project: Project, client: Client) -> None:
    project.edit("    smoke:", "    canary: 50% 60s\n    smoke:")
    before = live(client)
    write(
        project, "    body =", '    if "ping" not in event:\n        raise SystemError("only in earnest")\n    body ='
    )
    with caller(client) as calling:
        failed = project.run("deploy", exits=1)
    assert f"failed more often than version {before}" in failed.stderr
    assert "only in earnest" in failed.stderr
    assert calling.failures  # those that found out
    assert (live(client), shares(client)) == (before, {})


def test_a_canary_that_does_not_fail_goes_live_when_its_time_is_over(project: Project, client: Client) -> None:
    project.edit("50% 60s", "50% 4s")
    before = live(client)
    write(project, '    if "ping" not in event:\n        raise SystemError("only in earnest")\n', "")
    write(project, "    body =", "    news = 1\n    body =")
    began = time.monotonic()
    with called(client) as calling:
        project.run("deploy")
    assert time.monotonic() - began > 4
    assert (live(client), shares(client)) == (str(max(map(int, {*calling.versions}))), {})
    assert before in calling.versions


def test_a_canary_that_was_killed_begins_again(project: Project, client: Client) -> None:
    before = live(client)
    write(project, "news = 1", "news = 2")
    process = project.start("deploy", "--json")
    assert process.stdout
    assert any("of the requests" in line for line in process.stdout)
    deadline = time.monotonic() + 10
    while not shares(client) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (live(client), list(shares(client).values())) == (before, [0.5])
    project.run("deploy")
    assert live(client) != before
    assert shares(client) == {}


def test_a_killed_canary_that_is_no_longer_wanted_is_rolled_back(project: Project, client: Client) -> None:
    before = live(client)
    client("lambda").update_alias(
        FunctionName="releases-answer",
        Name="live",
        FunctionVersion=before,
        RoutingConfig={"AdditionalVersionWeights": {str(int(before) - 1): 0.5}},
    )
    assert "shares" in project.run("plan", "--detailed-exitcode", exits=7).stdout
    project.run("deploy")
    assert (live(client), shares(client)) == (before, {})
