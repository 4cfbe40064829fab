"""The server of the HTTP front: it checks requests, reads bodies, and closes connections that make no progress."""

import asyncio
import logging
import re
import socket
from collections.abc import Awaitable, Callable
from operator import itemgetter
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from awsprov.local.apigateway.messages import BODY_LIMIT, GatewayError, Request, Response, read_request
from awsprov.local.apigateway.proxy_v1 import FINAL_STATUSES, HEADER_NAME
from awsprov.local.cloud import EXECUTE_API_PATH, HOST
from awsprov.local.daemon.http import MAX_HEAD
from awsprov.local.daemon.request_body import MAX_HEADERS
from awsprov.local.daemon.request_guard import FOREIGN_HOST, hosts
from awsprov.local.event_loop import EventLoop

_FRAMES = 1 << 20  # bytes around the chunks of a body, and after them
_DEADLINE = 60  # seconds for a whole request, and between two of them
_CONNECTIONS = 256  # at once; beyond it, the one is closed that waits for longest for a request
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # characters that no header value may have (RFC 9110, section 5.5)

_log = logging.getLogger(__name__)

AsgiReceive = Callable[[], Awaitable[dict[str, Any]]]
AsgiSend = Callable[[dict[str, Any]], Awaitable[None]]


class FrontServer:
    """The server of the HTTP front.

    Arguments:
        listener: the socket on which it accepts connections.
        serve: responds to a request for an API.
        loop: on which it runs.
    """

    def __init__(
        self, listener: socket.socket, serve: Callable[[Request], Awaitable[Response]], loop: EventLoop
    ) -> None:
        self._listener, self._loop = listener, loop
        self._server = uvicorn.Server(
            uvicorn.Config(
                cast(Any, _Application(listener.getsockname()[1], serve)),
                http=_ClientProtocol,
                ws="none",
                interface="asgi3",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,  # X-Forwarded-For is the client's: the address of the client is not read from it
                server_header=False,
                timeout_keep_alive=_DEADLINE,
                timeout_graceful_shutdown=1,
            )
        )

    def start(self) -> None:
        """Accept connections."""
        self._served = self._loop.start(self._server.serve([self._listener]))

    def stop(self) -> None:
        """Close the connections; requests that are being processed have a second to end."""
        self._server.should_exit = True
        self._served.result()


class _ClientProtocol(HttpToolsProtocol):
    """A client's connection. uvicorn limits neither the size of a head nor the time in which a request arrives."""

    _budget = MAX_HEAD  # bytes besides the body that may still arrive
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in its base
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > _CONNECTIONS:
            others = [each for each in self.connections if isinstance(each, _ClientProtocol) and each is not self]
            waiting = [(each._deadline.when(), each.transport) for each in others if each._deadline]
            min(waiting, key=itemgetter(0), default=(0, self.transport))[1].abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        self._budget -= len(data)
        super().data_received(data)
        if self._budget < 0 and not self.transport.is_closing():
            self.send_400_response("The request line with its headers is too long.")

    def on_headers_complete(self) -> None:
        self._budget = _FRAMES
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._budget += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._budget = MAX_HEAD
        super().on_message_complete()
        if self.cycle.response_complete:  # before its request: the connection waits for the next one
            self._wait()
        else:
            self._stop_waiting()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio keeps the connection if it is true
        """Return whether to keep the connection for a response, when the client has sent its last byte."""
        if self.cycle is None or self.cycle.more_body or self.cycle.response_complete:
            return False
        self.cycle.keep_alive = False
        return True

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait()

    def _unsupported_upgrade_warning(self) -> None:
        """Answer it as any other request, as API Gateway does; uvicorn's warning advises to install a library."""

    def _wait(self) -> None:
        """Wait for a whole request."""
        self._stop_waiting()
        self._deadline = self.loop.call_later(_DEADLINE, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None


class _ClientGoneError(Exception):
    """The client has closed the connection before its request was complete."""


class _Application:
    """The ASGI application."""

    def __init__(self, port: int, serve: Callable[[Request], Awaitable[Response]]) -> None:
        self._hosts, self._serve = hosts(port), serve

    async def __call__(self, scope: dict[str, Any], receive: AsgiReceive, send: AsgiSend) -> None:
        try:
            response = await self._respond(scope, receive)
        except GatewayError as error:
            response = error.response()
        except _ClientGoneError:
            return
        try:
            headers = _headers(response)
        except ValueError as error:
            _log.warning("%s: a response cannot be sent: %s", scope["path"], error)
            response = GatewayError(502, "Internal server error", "InternalServerErrorException").response()
            headers = _headers(response)
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    async def _respond(self, scope: dict[str, Any], receive: AsgiReceive) -> Response:
        if not scope["client"]:  # its address is gone with the connection
            raise _ClientGoneError
        request = read_request(scope)
        self._check(request)
        request.body, request.too_large = await _read_body(request, receive)
        return await self._serve(request)

    def _check(self, request: Request) -> None:
        """Check that a request is for this machine: a page may have a name that leads here (DNS rebinding)."""
        if request.headers.get("Host") not in self._hosts:
            raise GatewayError(403, FOREIGN_HOST, "AccessDeniedException")
        if sum(map(len, request.multi_headers.values())) > MAX_HEADERS:
            raise GatewayError(431, f"A request may have {MAX_HEADERS} headers.", "BadRequestException")
        if not request.path.startswith(EXECUTE_API_PATH):
            raise GatewayError(404, f"APIs answer below {EXECUTE_API_PATH}.", "NotFoundException")


def _headers(response: Response) -> list[tuple[bytes, bytes]]:
    """Return the headers, with the length of the body, by which alone it is delimited.

    Raises:
        ValueError: HTTP does not allow the status or a header. uvicorn would close the connection without a response.
    """
    if response.status not in FINAL_STATUSES:
        raise ValueError(f"the status code is {response.status}")
    for name, value in response.headers:
        if not HEADER_NAME.fullmatch(name) or _CONTROL.search(value):
            raise ValueError(f"{name!r}: {value!r} is not a valid header")
    own = [(name, value) for name, value in response.headers if name.lower() != "transfer-encoding"]
    headers = [*own, ("content-length", str(len(response.body)))]
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


async def _read_body(request: Request, receive: AsgiReceive) -> tuple[bytes, bool]:
    """Return the body, and whether it is larger than API Gateway accepts; then no more of it is read.

    Raises:
        _ClientGoneError: the client has closed the connection before the end of the body.
    """
    if int(request.headers.get("Content-Length", "0")) > BODY_LIMIT:
        return b"", True
    body, more = b"", True
    while more and len(body) <= BODY_LIMIT:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGoneError
        body += message["body"]
        more = message.get("more_body", False)
    return body, len(body) > BODY_LIMIT


def bind(port: int) -> socket.socket:
    """Return a socket that is bound to a port of 127.0.0.1: the last one, or another if a program uses that."""
    try:
        listener = socket.create_server((HOST, port))
    except OSError:
        listener = socket.create_server((HOST, 0))
    # Connections inherit it. asyncio sets it only for sockets whose protocol is named; without it, the body of a
    # response would wait for the acknowledgement of its head, up to 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
