"""The server of the HTTP front: what it passes on, and how it treats clients that send too much or nothing."""

import socket
import time
from collections.abc import Iterator

import pytest

from awsprov.local.apigateway.messages import BODY_LIMIT, Request, Response
from awsprov.local.cloud import EXECUTE_API_PATH
from awsprov.local.daemon import front
from awsprov.local.daemon.front import FrontServer
from awsprov.local.event_loop import EventLoop

PATH = f"{EXECUTE_API_PATH}api/prod/pets"


async def echo(request: Request) -> Response:
    """Respond with what arrived."""
    text = f"{request.method} {request.path}?{request.query} {len(request.body)} {request.too_large}"
    return Response(200, [("X-Names", ",".join(request.headers))], text.encode())


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a front whose deadlines are short."""
    monkeypatch.setattr(front, "_DEADLINE", 0.5)
    monkeypatch.setattr(front, "_CONNECTIONS", 5)
    loop, listener = EventLoop(), front.bind(0)
    server = FrontServer(listener, echo, loop)
    server.start()
    yield int(listener.getsockname()[1])
    server.stop()
    loop.close()


def connect(port: int, text: str = "") -> socket.socket:
    """Connect, and send the beginning of a request, or all of it."""
    client = socket.create_connection(("127.0.0.1", port), timeout=10)
    client.sendall(text.replace("HOST", f"Host: 127.0.0.1:{port}").encode())
    return client


def head(method: str = "POST", *lines: str) -> str:
    return "\r\n".join([f"{method} {PATH}?a=b HTTP/1.1", "HOST", *lines, "", ""])


def received(client: socket.socket) -> str:
    """Return what a client receives until the connection is closed."""
    with client:
        text = b""
        while chunk := client.recv(1 << 16):
            text += chunk
    return text.decode()


def test_requests_follow_one_another_on_a_connection(port: int) -> None:
    with connect(port) as client:
        for text, size in (("", 0), ("four", 4)):
            client.sendall(head("POST", f"Content-Length: {size}").replace("HOST", f"Host: 127.0.0.1:{port}").encode())
            client.sendall(text.encode())
            response = b""
            while b"False" not in response:
                response += client.recv(1000)
            assert f"POST {PATH}?a=b {size} False".encode() in response
            assert b"x-names: Host,Content-Length\r\n" in response


def test_requests_that_are_sent_together_are_all_answered(port: int) -> None:
    text = received(connect(port, head("GET") + head("PUT") + head("DELETE", "Connection: close")))
    assert [method for method in ("GET", "PUT", "DELETE") if f"{method} {PATH}" in text] == ["GET", "PUT", "DELETE"]


def test_a_client_can_ask_whether_to_send_its_body(port: int) -> None:
    client = connect(port, head("POST", "Content-Length: 4", "Expect: 100-continue", "Connection: close"))
    assert client.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"four")
    assert "4 False" in received(client)


def test_the_response_to_head_has_no_body(port: int) -> None:
    response = received(connect(port, head("HEAD", "Connection: close")))
    assert response.startswith("HTTP/1.1 200 OK\r\n")
    assert response.endswith("\r\n\r\n")


@pytest.mark.parametrize("size", [1000, BODY_LIMIT])
def test_a_body_in_chunks_arrives_whole(port: int, size: int) -> None:
    chunk = "400\r\n" + "x" * 1024 + "\r\n"
    text = head("POST", "Transfer-Encoding: chunked", "Connection: close") + chunk * (size // 1024) + "0\r\n\r\n"
    assert f"{size // 1024 * 1024} False" in received(connect(port, text))


def test_too_much_of_a_body_is_not_read(port: int) -> None:
    client = connect(port, head("POST", f"Content-Length: {BODY_LIMIT * 1000}"))
    assert "0 True" in received(client)  # the connection is closed at the deadline


@pytest.mark.parametrize(
    "begun",
    ["", "GET /", head("POST", "Content-Length: 4"), head("POST", "Transfer-Encoding: chunked") + "4\r\nfo"],
)
def test_a_connection_whose_request_does_not_become_complete_is_closed(port: int, begun: str) -> None:
    assert received(connect(port, begun)) == ""


def test_a_connection_is_closed_if_no_further_request_follows(port: int) -> None:
    assert f"GET {PATH}" in received(connect(port, head("GET")))


@pytest.mark.parametrize(
    "endless",
    [
        "GET /",
        "GET / HTTP/1.1\r\nX: ",
        head("POST", "Transfer-Encoding: chunked") + "1;",
        head("POST", "Transfer-Encoding: chunked") + "0\r\nX: ",
    ],
)
def test_what_has_no_end_is_refused(port: int, endless: str) -> None:
    with connect(port, endless) as client, pytest.raises(ConnectionError):
        send_without_end(client, pieces=100)


def send_without_end(client: socket.socket, pieces: int) -> None:
    for _ in range(pieces):
        client.sendall(b"x" * (1 << 16))
        time.sleep(0.001)


def test_of_too_many_connections_the_one_is_closed_that_waits_longest(port: int) -> None:
    first, *others = [connect(port, "GET /") for _ in range(6)]
    assert received(first) == ""
    assert f"GET {PATH}" in received(connect(port, head("GET", "Connection: close")))
    for client in others:
        client.close()
