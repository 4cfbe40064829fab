"""The HTTP server of the local cloud: keep-alive, pipelining, clients that hang up or do not read."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from awsprov.local.daemon import http

pytestmark = pytest.mark.thorough  # they wait for the server's deadlines

Connect = Callable[[], socket.socket]

THREADS = 2  # of the server
HUGE = 16_000_000  # bytes, more than a socket buffers
release = threading.Event()  # until it is set, `/held…` gets no response


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Respond with path and body; `…empty` with nothing, `/much` and `/huge` with a large body, `/pieces` with two."""
    if environ["PATH_INFO"].startswith("/held"):
        release.wait(20)
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["PATH_INFO"].encode() + environ["wsgi.input"].read(length)
    if environ["PATH_INFO"].endswith("empty"):
        start_response("204 No Content", [])
        return []
    if environ["PATH_INFO"] == "/pieces":
        start_response("200 OK", [])
        return pieces()
    if environ["PATH_INFO"] == "/much":
        body = bytes(60_000)
    if environ["PATH_INFO"] == "/huge":
        body = bytes(HUGE - 4) + b"/end"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def pieces() -> Iterator[bytes]:
    yield b"first"
    release.wait(20)
    yield b"last"


@contextmanager
def serving(threads: int, timeout: int = 60, **settings: float) -> Iterator[Connect]:
    """Run a server with that many threads, that timeout and other settings; yield a function that connects to it."""
    release.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "_THREADS", threads)
        patch.setattr(http, "_TIMEOUT", timeout)
        server = http.bind(0)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setattr(http, name, value)
        yield from _serve(server)


def _serve(server: Any) -> Iterator[Connect]:
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


def read_until(connection: socket.socket, until: bytes) -> bytes:
    """Read until the data ends with these bytes."""
    data = b""
    while not data.endswith(until):
        piece = connection.recv(1 << 16)
        assert piece, f"hung up after {data!r}"
        data += piece
    return data


def ask(connection: socket.socket, path: str) -> bytes:
    """Send a request without a body; return the whole response."""
    connection.sendall(request(path))
    return read_until(connection, b"\r\n\r\n" if path.endswith("empty") else path.encode())


def test_requests_follow_each_other_over_one_connection(connect: Connect) -> None:
    with connect() as connection:
        for path in ("/one", "/empty", "/two"):
            assert ask(connection, path).startswith(b"HTTP/1.1 20")


def test_pipelined_requests_are_answered_in_order(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(request("/one") + request("/two", b"2") + request("/three"))
        responses = read_until(connection, b"/three")
    places = [responses.index(body) for body in (b"\r\n/one", b"\r\n/two2", b"\r\n/three")]
    assert places == sorted(places)
    assert responses.count(b"HTTP/1.1 200 ") == 3


def test_a_connection_is_kept_while_its_client_is_idle(connect: Connect) -> None:
    with connect() as connection:
        for path in ("/one", "/two"):
            ask(connection, path)
            time.sleep(0.7)  # the connection is given back to the thread that watches all of them


def test_a_response_that_is_larger_than_a_socket_buffer_arrives_whole(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(request("/huge"))
        time.sleep(0.3)  # the server has filled the socket
        response = read_until(connection, b"/end")
    assert len(response.partition(b"\r\n\r\n")[2]) == HUGE


def test_head_and_body_are_sent_at_once(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Terraform can lose a response whose body comes after its head. It sends head and body of a request separately."""
    send = socket.SocketIO.write

    def send_slowly(stream: socket.SocketIO, data: Any) -> int | None:
        sent = send(stream, data)
        time.sleep(0.1)
        return sent

    monkeypatch.setattr(socket.SocketIO, "write", send_slowly)
    with connect() as connection:
        head, body = request("/put", b"content").split(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        connection.sendall(body)
        assert connection.recv(1 << 16).endswith(b"\r\n\r\n/putcontent")


def test_the_response_to_head_has_no_body(connect: Connect) -> None:
    with connect() as connection:
        head = request("/much").replace(b"POST", b"HEAD")
        connection.sendall(head + request("/next"))  # the next response follows at once
        response, following, body = read_until(connection, b"/next").split(b"\r\n\r\n")
    assert b"Content-Length: 60000" in response
    assert following.startswith(b"HTTP/1.1 200 ")
    assert body == b"/next"


def test_the_refusal_of_a_malformed_head_request_has_no_body(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(b"HEAD / HTTP/1.1\r\nnonsense\r\n\r\n")
        response = read_until(connection, b"\r\n\r\n")
        assert response.startswith(b"HTTP/1.1 400 ")
        assert connection.recv(1) == b""


def test_a_piece_of_a_response_is_sent_before_the_next_one_is_there(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(request("/pieces"))
        read_until(connection, b"first\r\n")
        release.set()
        read_until(connection, b"last\r\n0\r\n\r\n")


def test_expect_100_continue_is_answered_before_the_body(connect: Connect) -> None:
    with connect() as connection:
        head, body = request("/put", b"content", "Expect: 100-continue").split(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        assert read_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert read_until(connection, b"/putcontent").startswith(b"HTTP/1.1 200 ")


def test_busy_clients_do_not_starve_another_one(connect: Connect) -> None:
    done = threading.Event()
    finished: list[bool] = []

    def ask_on() -> None:
        with connect() as connection:
            while not done.is_set():
                ask(connection, "/busy")
        finished.append(True)

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
    assert len(finished) == len(busy)


def test_a_malformed_request_gets_400_and_the_connection_is_closed(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert read_until(connection, b"Malformed Request-Line").startswith(b"HTTP/1.1 400 ")
        assert connection.recv(1) == b""


@pytest.mark.parametrize("path", ["/held", "/held-empty"])
def test_clients_that_hang_up_early_cost_no_thread_and_print_nothing(
    connect: Connect, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(THREADS):
        with connect() as connection:
            connection.sendall(request(path))
            time.sleep(0.2)  # it is being answered
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # hangs up with a reset
    release.set()
    with connect() as connection:
        for _ in range(2 * THREADS):
            ask(connection, "/one")
    assert capfd.readouterr().err == ""


def test_a_client_that_reads_nothing_holds_its_thread_for_the_timeout_only() -> None:
    with serving(threads=1, timeout=4) as connect, connect() as silent:
        silent.sendall(request("/much") * 400)  # more responses than sockets hold
        time.sleep(0.5)
        began = time.monotonic()
        with connect() as other:
            ask(other, "/one")
        assert 0.2 < time.monotonic() - began < 6


HALF = [
    b"POST /one HTTP/1.1\r\n",
    b"POST /one HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n",
    b"POST /one HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n5",
]


@pytest.mark.parametrize("half", [b"", *HALF])
def test_a_request_that_drips_is_ended_at_the_deadline(half: bytes) -> None:
    with serving(THREADS, _DEADLINE=1.0) as connect, connect() as dripping:
        dripping.sendall(half)
        began = time.monotonic()
        while not closed(dripping):
            time.sleep(0.1)
            assert time.monotonic() - began < 20
        assert time.monotonic() - began > 0.5


def closed(connection: socket.socket) -> bool:
    """Send one more byte, and return whether the server has closed the connection."""
    connection.setblocking(False)
    try:
        connection.send(b"1")
        return connection.recv(1000) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize("half", HALF)
def test_half_requests_do_not_take_all_threads(half: bytes) -> None:
    with serving(4, _GRACE=0.5) as connect:
        waiting = [connect() for _ in range(12)]
        for connection in waiting:
            connection.sendall(half)
        time.sleep(0.3)
        with connect() as other:
            began = time.monotonic()
            assert ask(other, "/two").startswith(b"HTTP/1.1 200 ")
            assert time.monotonic() - began < 15
        for connection in waiting:
            connection.close()


def test_a_request_that_is_served_for_long_is_not_ended() -> None:
    with serving(1, _GRACE=0.1, _DEADLINE=0.1) as connect, connect() as connection:
        connection.sendall(request("/held"))
        time.sleep(1.5)
        release.set()
        assert read_until(connection, b"/held").startswith(b"HTTP/1.1 200 ")


def test_a_first_header_that_continues_another_one_is_the_clients_error() -> None:
    line, _, headers = request("/one").partition(b"\r\n")
    with serving(1) as connect, connect() as connection:
        connection.sendall(line + b"\r\n " + headers)
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("body", [b"", b"abc", b"x\r\nabc", b"3\r\nabcd\r\n0\r\n\r\n"])
def test_a_malformed_chunked_body_is_the_client_s_error(connect: Connect, body: bytes) -> None:
    head = b"POST /one HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connect() as connection:
        connection.sendall(head + body)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 400 ")
