"""The server of the HTTP front: what it passes on, and how it treats clients that send too much or nothing."""

import socket
import struct
import time
from collections.abc import Iterator

import pytest

from awsprov.local.apigateway.messages import BODY_LIMIT, Request, Response
from awsprov.local.cloud import EXECUTE_API_PATH
from awsprov.local.daemon import front
from awsprov.local.daemon.front import FrontServer
from awsprov.local.event_loop import EventLoop

PATH = f"{EXECUTE_API_PATH}api/prod/pets"


RESPONSES = {
    "control": Response(200, [("X", "a\x00b")], b"x"),
    "foreign": Response(200, [("X", "\u20ac")], b"x"),
    "name": Response(200, [("a b", "x")], b"x"),
    "empty": Response(200, [("", "x")], b"x"),
    "high": Response(600, [], b"x"),
    "interim": Response(100, [], b""),
    "chunked": Response(200, [("Transfer-Encoding", "chunked")], b"x"),
}


async def echo(request: Request) -> Response:
    """Respond with what arrived, or with the response that the path names."""
    if response := RESPONSES.get(request.path.rpartition("/")[2]):
        return response
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


@pytest.mark.parametrize("name", [name for name in RESPONSES if name != "chunked"])
def test_a_response_that_http_does_not_allow_is_an_error(port: int, name: str) -> None:
    request = head("GET", "Connection: close").replace(PATH, f"{PATH}/{name}")
    assert received(connect(port, request)).startswith("HTTP/1.1 502 Bad Gateway\r\n")


def test_the_body_is_delimited_by_its_length_alone(port: int) -> None:
    response = received(connect(port, head("GET", "Connection: close").replace(PATH, f"{PATH}/chunked"))).lower()
    assert "transfer-encoding" not in response
    assert response.endswith("\r\n\r\nx")


def test_a_websocket_is_a_request_like_others(port: int, caplog: pytest.LogCaptureFixture) -> None:
    with connect(port, head("GET", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")) as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert "pip" not in caplog.text


def test_a_client_that_is_gone_at_once_is_no_error(port: int, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(100):
        client = connect(port, head("GET"))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() resets it
        client.close()
    assert f"GET {PATH}" in received(connect(port, head("GET", "Connection: close")))
    assert not [record for record in caplog.records if record.exc_info]


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
