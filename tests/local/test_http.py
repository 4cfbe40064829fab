"""How the local cloud speaks HTTP, whatever it says: a server on a port of its own, and clients that are sockets."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from awsprov.local.daemon import http

Connect = Callable[[], socket.socket]

THREADS = 2  # of the server
held = threading.Event()  # until it is set, `/held…` is not answered


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer with the path and the body; `…empty` with nothing, `/much` with a full buffer."""
    if environ["PATH_INFO"].startswith("/held"):
        held.wait(20)
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["PATH_INFO"].encode() + environ["wsgi.input"].read(length)
    if environ["PATH_INFO"].endswith("empty"):
        start_response("204 No Content", [])
        return []
    if environ["PATH_INFO"] == "/much":
        body = bytes(60_000)
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def serving(threads: int, patience: int = 60) -> Iterator[Connect]:
    """Connections to a server with so many threads, which waits so many seconds for a client."""
    held.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "_THREADS", threads)
        patch.setattr(http, "_PATIENCE", patience)
        server = http.bind(0)
    server.wsgi_app = application
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield lambda: socket.create_connection(server.bind_addr, timeout=20)
    finally:
        server.stop()


@pytest.fixture
def connect() -> Iterator[Connect]:
    with serving(THREADS) as connect:
        yield connect


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


def ask(connection: socket.socket, path: str) -> bytes:
    """Send a request without a body, and hear the whole answer."""
    connection.sendall(request(path))
    return heard(connection, b"\r\n\r\n" if path.endswith("empty") else path.encode())


def test_requests_follow_each_other_over_one_connection(connect: Connect) -> None:
    with connect() as connection:
        for path in ("/one", "/empty", "/two"):
            assert ask(connection, path).startswith(b"HTTP/1.1 20")


def test_requests_that_were_sent_at_once_are_all_answered(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(request("/one") + request("/two", b"2") + request("/three"))
        answers = heard(connection, b"/three")
    places = [answers.index(body) for body in (b"\r\n/one", b"\r\n/two2", b"\r\n/three")]
    assert places == sorted(places)
    assert answers.count(b"HTTP/1.1 200 ") == 3


def test_a_client_that_comes_back_late_is_answered(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LINGER", 0)
    with connect() as connection:
        for path in ("/one", "/two"):
            ask(connection, path)


def test_a_client_that_asks_for_leave_gets_it_before_it_sends_its_body(connect: Connect) -> None:
    with connect() as connection:
        head, body = request("/put", b"content", "Expect: 100-continue").split(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        assert heard(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert heard(connection, b"/putcontent").startswith(b"HTTP/1.1 200 ")


def test_a_small_answer_is_one_system_call(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    def write(self: socket.SocketIO, data: Any) -> int | None:
        written.append(bytes(data))
        return sent(self, data)

    sent = socket.SocketIO.write
    monkeypatch.setattr(socket.SocketIO, "write", write)
    with connect() as connection:
        for path in ("/one", "/empty"):
            ask(connection, path)
    assert [data.partition(b"\r\n")[0] for data in written] == [b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No Content"]


def test_a_thread_leaves_a_busy_client_when_another_waits(connect: Connect) -> None:
    done = threading.Event()
    content: list[bool] = []

    def ask_on() -> None:
        with connect() as connection:
            while not done.is_set():
                ask(connection, "/busy")
        content.append(True)

    busy = [threading.Thread(target=ask_on) for _ in range(THREADS + 1)]
    for thread in busy:
        thread.start()
    try:
        with connect() as connection:
            ask(connection, "/other")
    finally:
        done.set()
        for thread in busy:
            thread.join()
    assert len(content) == len(busy)


def test_a_request_that_is_none_is_refused_and_the_connection_closed(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert heard(connection, b"Malformed Request-Line").startswith(b"HTTP/1.1 400 ")
        assert connection.recv(1) == b""


@pytest.mark.parametrize("path", ["/held", "/held-empty"])
def test_clients_that_hang_up_unanswered_cost_no_thread_and_no_word(
    connect: Connect, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(THREADS):
        with connect() as connection:
            connection.sendall(request(path))
            time.sleep(0.2)  # it is being answered
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # hangs up with a reset
    held.set()
    with connect() as connection:
        for _ in range(2 * THREADS):
            ask(connection, "/one")
    assert capfd.readouterr().err == ""


def test_a_client_that_reads_nothing_holds_its_thread_for_the_time_that_it_has_and_no_longer() -> None:
    with serving(threads=1, patience=4) as connect, connect() as deaf:
        deaf.sendall(request("/much") * 400)  # more answers than sockets hold
        time.sleep(0.5)
        began = time.monotonic()
        with connect() as other:
            ask(other, "/one")
        assert 0.2 < time.monotonic() - began < 6
