"""invoke with all its options, and logs."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.projects import Client, Project

pytestmark = pytest.mark.xdist_group("invoke")

HANDLER = """
import json
import base64
import time
PNG = base64.b64encode(bytes(range(256))).decode()

def lambda_handler(event, context):
    if event.get("path") == "/files/plot.png":
        return {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": PNG, "isBase64Encoded": True}
    if event.get("path", "").startswith("/echo"):
        print("echoing", event["httpMethod"], f'File "{__file__}"')
        about = {"method": event["httpMethod"], "query": event["multiValueQueryStringParameters"],
                 "body": event["body"], "type": event["headers"].get("Content-Type"),
                 "mine": event["multiValueHeaders"].get("X-Mine")}
        return {"statusCode": 200, "body": json.dumps({**about, "binary": event["isBase64Encoded"]})}
    if "pathParameters" in event:
        return {"statusCode": 200, "body": json.dumps(event["pathParameters"])}
    print("working on", event.get("n"))
    time.sleep(event.get("sleep", 0))
    if event.get("n") == 13:
        raise ValueError("thirteen")
    return {"square": event.get("n", 0) ** 2, "request": context.aws_request_id}
"""


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    created = make_project("calls")
    (created.home / "lambda_src" / "lambda_function.py").write_text(HANDLER)
    created.edit("[POST /answer]", "['GET /items/{id}', 'GET /files/{path+}', 'ANY /echo/{proxy+}']")
    created.run("up", "--yes")
    return created


@pytest.fixture
def numbers(project: Project, tmp_path: Path) -> Callable[..., list[str]]:
    """Return the options of a batch of this many numbers."""

    def make(count: int, start: int = 100, **more: Any) -> list[str]:
        lines = [json.dumps({"n": n, **more}) for n in range(start, start + count)]
        (tmp_path / "in.jsonl").write_text("\n".join(lines))
        return ["--batch", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl")]

    return make


def answers(tmp_path: Path) -> list[Any]:
    return [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]


def lines(project: Project, *arguments: str) -> list[str]:
    return project.run("logs", *arguments).stdout.splitlines()


def until(found: Callable[[], Any], seconds: float = 15.0) -> Any:
    end = time.monotonic() + seconds
    while not (answer := found()) and time.monotonic() < end:
        time.sleep(0.2)
    return answer


# ---- one at a time


def test_a_route_s_variables_are_filled_in(project: Project) -> None:
    one = project.run("invoke", "--http", "--route", "/items/{id}", "--path", "id=a 7")
    assert json.loads(one.stdout) == {"id": "a 7"}
    rest = project.run("invoke", "--http", "--route", "/files/{path+}", "--path", "path=a/b/c.txt")
    assert json.loads(rest.stdout) == {"path": "a/b/c.txt"}
    missing = project.run("invoke", "--http", exits=2)
    assert "--path id=VALUE" in missing.stderr


def test_a_request_is_sent_as_its_options_say(project: Project, tmp_path: Path) -> None:
    got = project.run("invoke", "--http", "--route", "GET /echo/7", "--query", "a=1", "--query", "a=x y", "--tail")
    assert json.loads(got.stdout) | {"type": None} == {
        "method": "GET", "query": {"a": ["1", "x y"]}, "body": None, "type": None, "mine": None, "binary": False
    }  # fmt: skip
    assert 'echoing GET File "lambda_src/lambda_function.py"' in got.stderr  # the project's path
    sent = project.run(
        "invoke", "--http", "--route", "/echo/7", "--method", "PUT", "--data", "hello", "--header", "X-Mine: m"
    )
    answer = json.loads(sent.stdout)
    assert (answer["method"], answer["body"], answer["mine"]) == ("PUT", "hello", ["m"])
    (tmp_path / "cat.jpg").write_bytes(bytes(range(256)))
    binary = project.run("invoke", "--http", "--route", "POST /echo/7", "--data", f"@{tmp_path / 'cat.jpg'}")
    answer = json.loads(binary.stdout)
    assert (answer["type"], answer["binary"]) == ("image/jpeg", True)
    assert base64.b64decode(answer["body"]) == bytes(range(256))


def test_a_binary_answer_arrives_byte_for_byte(project: Project) -> None:
    words = project.words("invoke", "--http", "--route", "GET /files/plot.png")
    ended = subprocess.run([sys.executable, "-m", "awsprov", *words], capture_output=True, timeout=60, check=False)
    assert (ended.stdout, ended.returncode) == (bytes(range(256)), 0), ended.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--query", "a=1"], "--query needs --http"),
        (["--http", "--route", "GET /items/7", "--method", "POST"], "does not take POST"),
        (["--http", "--route", "GET /items/7", "--header", "no colon"], "not of the form NAME: VALUE"),
        (["--http", "{}", "--data", "x"], "either the PAYLOAD or --data"),
        (["--http", "--route", "POST /echo/7", "--data", "@/nonexistent"], "cannot be read"),
    ],
)
def test_wrong_options_of_a_request_are_reported(project: Project, words: list[str], message: str) -> None:
    assert message in project.run("invoke", *words, exits=2).stderr


def test_tail_shows_the_log_on_stderr_and_the_answer_alone_on_stdout(project: Project) -> None:
    ran = project.run("invoke", '{"n": 5}', "--tail")
    assert json.loads(ran.stdout)["square"] == 25
    assert "working on 5" in ran.stderr
    assert "REPORT RequestId" in ran.stderr
    assert "working on" not in project.run("invoke", '{"n": 6}').stderr


def test_a_dry_run_runs_nothing(project: Project) -> None:
    ran = project.run("invoke", '{"n": 4711}', "--dry-run")
    assert ran.stdout == ""
    assert "You may call" in ran.stderr
    assert project.json("invoke", "--dry-run")["event"] == "invocable"
    project.run("invoke", '{"n": 1}')
    assert not [line for line in lines(project) if "working on 4711" in line]
    project.run("invoke", "--dry-run", "--qualifier", "99", exits=2)


def test_an_event_is_left_in_the_queue_and_runs_without_us(project: Project) -> None:
    left = project.run("invoke", '{"n": 815, "sleep": 1}', "--async")
    assert left.stdout.strip()
    assert "logs" in left.stderr
    assert until(lambda: [line for line in lines(project) if "working on 815" in line])
    assert any("working on 815" in line for line in lines(project, "--request-id", left.stdout.strip()))


@pytest.mark.parametrize(
    "wrong",
    [["--batch", "x"], ["--out", "x"], ["--http", "--async"], ["--http", "--tail"], ["--path", "a=1"],
     ["--http", "--path", "nonsense"], ["--batch", "x", "--out", "y", "{}"]],
)  # fmt: skip
def test_options_that_exclude_each_other_are_reported(project: Project, wrong: list[str]) -> None:
    assert "What to do" in project.run("invoke", *wrong, exits=2).stderr


# ---- a batch


def test_a_batch_keeps_its_order_and_uses_several_workers(
    project: Project, numbers: Callable[..., list[str]], tmp_path: Path
) -> None:
    ran = project.run("invoke", *numbers(40), "--concurrency", "4")
    assert [each["response"]["square"] for each in answers(tmp_path)] == [n * n for n in range(100, 140)]
    assert ran.stdout == ""
    assert "40 results in" in ran.stderr
    again = project.json("invoke", *numbers(40))
    assert (again["records"], again["before"], again["sent"]) == (40, 40, 0)


def test_failed_lines_are_reported_and_only_they_are_sent_again(
    project: Project, numbers: Callable[..., list[str]], tmp_path: Path
) -> None:
    failed = project.run("invoke", *numbers(5, 11), exits=4)
    assert "1 of 5 records failed; 4 results are in" in failed.stderr
    assert "line 3: Unhandled: ValueError: thirteen" in failed.stderr
    first = answers(tmp_path)
    project.run("invoke", *numbers(5, 11), exits=4)
    assert [each.get("response") for each in answers(tmp_path)] == [each.get("response") for each in first]


def test_throttled_records_are_sent_again_until_they_get_through(
    project: Project, client: Client, numbers: Callable[..., list[str]], tmp_path: Path
) -> None:
    client("lambda").put_function_concurrency(FunctionName="calls-answer", ReservedConcurrentExecutions=1)
    try:
        project.run("invoke", *numbers(12, sleep=0.05), "--concurrency", "6")
    finally:
        client("lambda").delete_function_concurrency(FunctionName="calls-answer")
    assert [each["response"]["square"] for each in answers(tmp_path)] == [n * n for n in range(100, 112)]


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_a_stopped_batch_resumes_where_it_was(
    project: Project, numbers: Callable[..., list[str]], tmp_path: Path, end: str
) -> None:
    words, out = numbers(30, 500, sleep=0.2), tmp_path / "out.jsonl"
    process = project.start("invoke", *words, "--concurrency", "3")
    assert until(lambda: out.exists() and len(out.read_text().splitlines()) >= 6, 60)
    getattr(process, end)()
    _, stderr = process.communicate(timeout=60)
    came = {each["line"]: each["response"]["request"] for each in answers(tmp_path)}
    assert 6 <= len(came) < 30
    if end == "terminate":
        assert process.returncode == 130
        assert "Run the same command again" in stderr
        assert list(came) == sorted(came)
    project.run("invoke", *words, "--concurrency", "3")
    after = answers(tmp_path)
    assert [each["response"]["square"] for each in after] == [n * n for n in range(500, 530)]
    assert {each["line"]: each["response"]["request"] for each in after if each["line"] in came} == came


# ---- logs


def requests(project: Project, count: int, *arguments: str) -> list[str]:
    """Send this many requests; return their IDs."""
    responses = [json.loads(project.run("invoke", *arguments).stdout) for _ in range(count)]
    return [response["request"] for response in responses]


def test_the_lines_of_one_request_are_selected_even_those_without_its_id(project: Project) -> None:
    first, second = requests(project, 2, '{"n": 900}')
    found = lines(project, "--request-id", second)
    assert "START RequestId" in found[0]
    assert "REPORT RequestId" in found[-1]
    assert sum("working on 900" in line for line in found) == 1
    assert not [line for line in found if first in line]
    missing = project.run("logs", "--request-id", "no-such-request", exits=6)
    assert "No log line of request" in missing.stderr


def test_lines_are_picked_by_text_and_by_failure(project: Project) -> None:
    failed = project.run("invoke", '{"n": 13}', exits=1)
    assert 'File "lambda_src/lambda_function.py"' in failed.stderr  # as in `logs`
    requests(project, 1, '{"n": 901}')
    assert [line.partition("  ")[2] for line in lines(project, "--filter", "working on 901")] == ["working on 901"]
    assert lines(project, "--filter", 'no "such" line') == []
    errors = lines(project, "--errors")
    assert any("ValueError: thirteen" in line for line in errors)
    assert not [line for line in errors if "working on" in line or "START RequestId" in line]
    assert lines(project, "--errors", "--filter", "fourteen") == []


def test_a_followed_log_shows_each_new_line_once(project: Project) -> None:
    following = project.start("logs", "-f", "--filter", "working on 77", "--since", "5m")
    for number in (771, 772):
        project.run("invoke", f'{{"n": {number}}}')
    assert following.stdout
    shown = [following.stdout.readline().split()[-1] for _ in range(2)]
    time.sleep(3)  # it asks again meanwhile
    following.terminate()
    more = following.communicate(timeout=30)[0]
    assert (shown, more) == (["771", "772"], "")


def test_the_last_installation_is_read_from_this_machine(project: Project) -> None:
    shown = lines(project, "--builder")
    assert any("Successfully installed awsprov" in line for line in shown)
    assert "ready" in shown[-1]
    project.run("up", "--yes")
    assert lines(project, "--builder") == shown
    assert len(lines(project, "--builder", "--filter", "Successfully")) == 1
    (project.state_dir / "calls-other.local.installation.jsonl").unlink(missing_ok=True)
    assert "from this machine" in project.run("logs", "--builder", "--stage", "other", exits=6).stderr


@pytest.mark.parametrize("wrong", [["--request-id", "x", "-f"], ["--builder", "answer"], ["--since", "soon"]])
def test_logs_that_make_no_sense_are_refused(project: Project, wrong: list[str]) -> None:
    project.run("logs", *wrong, exits=2)
