"""Attacks on a worker's runtime API: any program, and any web page, can connect to its port."""

import asyncio
import socket
import time
from typing import Any

import pytest

from awsprov.local.lambda_.invocation import Invocation
from awsprov.local.lambda_.runtime_api import PREFIX, Connection
from awsprov.local.lambda_.worker_process import WorkerProcess
from awsprov.local.lambda_.workers import Worker
from tests.local.serving.conftest import Lambda, Start, payload, run

SLOW = "import time\ndef handler(e, c):\n    time.sleep(1)\n    return 'real'\n"
API = "import os\ndef handler(e, c): return os.environ['AWS_LAMBDA_RUNTIME_API']\n"


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """The port and the secret of each worker that is started."""
    found: list[tuple[int, str]] = []
    create = WorkerProcess.__init__

    def record(self: WorkerProcess, *arguments: Any) -> None:
        create(self, *arguments)
        found.append((self._listener.getsockname()[1], self._secret))

    monkeypatch.setattr(WorkerProcess, "__init__", record)
    return found


def send(port: int, text: str) -> socket.socket:
    """Send a request without waiting for the response."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(text.encode())
    return connection


def post(path: str, body: str = '"FORGED"', *headers: str) -> str:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", body])


FOREIGN = [
    post("/2018-06-01/runtime/invocation/1-2-3/response"),
    post("/x/response"),
    post("/"),
    post("/wrong/2018-06-01/runtime/invocation/1-2-3/response"),
    post("/wrong/2018-06-01/runtime/init/error"),
    post("//2018-06-01/runtime/invocation/1-2-3/response"),
    post("/\u00e9/2018-06-01/runtime/invocation/1-2-3/response"),
    "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n",
    "x\r\n\r\n",
    "\r\n\r\n",
    "x" * 5000,
    post("/x/response", "", "Content-Length: 99999999999999999999999999"),
]


@pytest.mark.parametrize("request_text", FOREIGN)
def test_a_request_without_the_secret_is_dropped_and_the_function_answers(
    start: Start, addresses: list[tuple[int, str]], request_text: str
) -> None:
    worker = start(SLOW)
    connections = [send(addresses[0][0], request_text) for _ in range(3)]
    assert payload(run(worker)) == b'"real"'
    for connection in connections:
        with connection:
            assert connection.recv(1000) == b""
    assert payload(run(worker)) == b'"real"'


@pytest.mark.parametrize("header", ["Origin: http://127.0.0.1", "Referer: x", "Sec-Fetch-Site: none", "oRIGIN: null"])
def test_a_browsers_request_is_dropped_even_with_the_secret(
    start: Start, addresses: list[tuple[int, str]], header: str
) -> None:
    worker = start(SLOW)
    port, secret = addresses[0]
    path = f"/{secret}/2018-06-01/runtime/invocation/1-2-3/response"
    with send(port, post(path, '"FORGED"', header)) as connection:
        assert payload(run(worker)) == b'"real"'
        assert connection.recv(1000) == b""


def test_each_worker_has_a_secret_of_its_own(start: Start, addresses: list[tuple[int, str]]) -> None:
    workers = [start(API), start(API)]
    found = [payload(run(worker)).decode().strip('"') for worker in workers]
    assert found == [f"127.0.0.1:{port}/{secret}" for port, secret in addresses]
    assert addresses[0][1] != addresses[1][1]
    assert all(len(secret) >= 32 for _, secret in addresses)


def test_an_answer_for_another_request_id_is_refused(start: Start, addresses: list[tuple[int, str]]) -> None:
    worker = start(SLOW)
    port, secret = addresses[0]
    with send(port, post(f"/{secret}/2018-06-01/runtime/invocation/0-0-0/response")) as connection:
        assert payload(run(worker)) == b'"real"'
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")


LATE = """
import os, urllib.request
def handler(event, context):
    if event.get("twice"):
        api = os.environ["AWS_LAMBDA_RUNTIME_API"]
        url = f"http://{api}/2018-06-01/runtime/invocation/{context.aws_request_id}/response"
        urllib.request.urlopen(urllib.request.Request(url, b'"first"', method="POST")).read()
    return context.aws_request_id
"""


def test_a_late_answer_is_not_given_to_the_next_caller(start: Start) -> None:
    worker = start(LATE)
    answers = [payload(invoke(worker, "id-1", b'{"twice": true}')), payload(invoke(worker, "id-2", b"{}"))]
    assert answers == [b'"first"', b'"id-2"']
    assert payload(invoke(worker, "id-3", b"{}")) == b'"id-3"'


def invoke(worker: Worker, request_id: str, event: bytes) -> Invocation:
    invocation = Invocation(request_id, "arn:f", event, init=0.0)
    worker.begin(invocation)
    assert asyncio.run(worker.advance(time.monotonic() + 20))
    return invocation


def test_many_silent_connections_do_not_keep_the_function_from_answering(
    start: Start, addresses: list[tuple[int, str]]
) -> None:
    worker = start(SLOW)
    connections = [send(addresses[0][0], "GET /") for _ in range(100)]
    assert payload(run(worker)) == b'"real"'
    assert len(worker._process.connections) < 50
    for connection in connections:
        connection.close()


def test_a_handler_that_cannot_be_imported_shows_its_traceback(functions: Lambda) -> None:
    functions.create("untraceable", "def handler(e, c): pass\nimport os\nos.environ['no such variable']\n")
    response = functions.invoke("untraceable", LogType="Tail")
    assert response["FunctionError"] == "Unhandled"
    assert response["Payload"]["errorType"] == "KeyError"
    assert any("os.environ[" in line and "app.py" in line for line in response["Payload"]["stackTrace"])


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_requests_are_read_however_they_are_split(size: int) -> None:
    requests = post("/secret/2018-06-01/runtime/a", "GET /\r\n\r\n") + post("/secret/2018-06-01/runtime/b", "")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        worker = socket.create_connection(listener.getsockname())
        connection = Connection(listener.accept()[0], "secret")
    found = []
    for start in range(0, len(requests), size):
        worker.sendall(requests[start : start + size].encode())
        assert connection.feed()
        while request := connection.next_request():
            found.append((request.method, request.path, request.body))
    assert found == [("POST", f"{PREFIX}/a", b"GET /\r\n\r\n"), ("POST", f"{PREFIX}/b", b"")]
    assert connection.trusted
    worker.close()
    connection.close()


BACKGROUND = """
import threading, time
def handler(event, context):
    if event.get("wait"):
        threading.Timer(0.3, print, ["late"]).start()
    return 1
"""


def test_what_is_printed_after_a_response_is_in_the_log_of_the_next_invocation(start: Start) -> None:
    worker = start(BACKGROUND)
    invoke(worker, "id-1", b'{"wait": true}')
    time.sleep(1)
    lines = [line.message.strip() for line in invoke(worker, "id-2", b"{}").lines]
    assert lines == ["START RequestId: id-2 Version: $LATEST", "late"]
