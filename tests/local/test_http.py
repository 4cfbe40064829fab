"""How the local cloud speaks HTTP, whatever it says: a server on a port of its own, and clients that are sockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from awsprov.local import http

Connect = Callable[[], socket.socket]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer with the path and the body; `/empty` with nothing."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["PATH_INFO"].encode() + environ["wsgi.input"].read(length)
    if environ["PATH_INFO"] == "/empty":
        start_response("204 No Content", [])
        return []
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Connections to a server that has two threads."""
    monkeypatch.setattr(http, "_THREADS", 2)
    server = http.bind(0)
    server.wsgi_app = application
    threading.Thread(target=server.serve, daemon=True).start()
    yield lambda: socket.create_connection(server.bind_addr, timeout=20)
    server.stop()


def request(path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: here", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def heard(connection: socket.socket, until: bytes) -> bytes:
    """All that comes, to these bytes."""
    data = b""
    while not data.endswith(until):
        piece = connection.recv(4096)
        assert piece, f"hung up after {data!r}"
        data += piece
    return data


def test_requests_follow_each_other_over_one_connection(connect: Connect) -> None:
    with connect() as connection:
        for path in ("/one", "/empty", "/two"):
            connection.sendall(request(path))
            assert heard(connection, b"\r\n\r\n" if path == "/empty" else path.encode()).startswith(b"HTTP/1.1 20")


def test_requests_that_were_sent_at_once_are_all_answered(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(request("/one") + request("/two", b"2") + request("/three"))
        answers = heard(connection, b"/three")
    assert [answers.count(body) for body in (b"\r\n/one", b"\r\n/two2", b"\r\n/three")] == [1, 1, 1]


def test_a_client_that_comes_back_late_is_answered(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LINGER", 0)
    with connect() as connection:
        for path in ("/one", "/two"):
            connection.sendall(request(path))
            heard(connection, path.encode())


def test_a_client_that_asks_for_leave_gets_it_before_it_sends_its_body(connect: Connect) -> None:
    with connect() as connection:
        head, body = request("/put", b"content", "Expect: 100-continue").split(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        assert heard(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert heard(connection, b"/putcontent").startswith(b"HTTP/1.1 200 ")


def test_an_answer_is_one_system_call(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    def write(self: socket.SocketIO, data: Any) -> int | None:
        written.append(bytes(data))
        return sent(self, data)

    sent = socket.SocketIO.write
    monkeypatch.setattr(socket.SocketIO, "write", write)
    with connect() as connection:
        for path in ("/one", "/empty"):
            connection.sendall(request(path))
            heard(connection, b"\r\n\r\n" if path == "/empty" else path.encode())
    assert [data.partition(b"\r\n")[0] for data in written] == [b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No Content"]


def test_a_thread_leaves_a_busy_client_when_another_waits(connect: Connect) -> None:
    done = threading.Event()

    def ask_on() -> None:
        with connect() as connection:
            while not done.is_set():
                connection.sendall(request("/busy"))
                heard(connection, b"/busy")

    busy = [threading.Thread(target=ask_on) for _ in range(3)]  # and there are two threads
    for thread in busy:
        thread.start()
    try:
        with connect() as connection:
            connection.sendall(request("/other"))
            heard(connection, b"/other")
    finally:
        done.set()
        for thread in busy:
            thread.join()


def test_a_request_that_is_none_is_refused_and_the_connection_closed(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert heard(connection, b"Malformed Request-Line").startswith(b"HTTP/1.1 400 ")
        assert connection.recv(1) == b""
