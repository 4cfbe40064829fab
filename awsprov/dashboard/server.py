"""Serves the dashboard on 127.0.0.1, to a browser on this machine: requests of other origins or hosts are refused.

Other users of the machine can connect to the port, too. So each path begins with a token, which only the URL has.
"""

import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from awsprov.aws.errors import explain
from awsprov.dashboard.view import View

HOST = "127.0.0.1"
_NAMES = (HOST, "localhost")
_LARGEST = 6 * 1024 * 1024  # bytes of a request: the limit of Lambda
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
# The diagram is an image: no script runs in it, and its colors are inline.
_PICTURE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
_FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


class Page(ThreadingHTTPServer):
    """The server of the dashboard.

    Arguments:
        view: the contents.
        port: the TCP port; 0 for a free one.
    """

    daemon_threads = True

    def __init__(self, view: View, port: int = 0) -> None:
        super().__init__((HOST, port), _DashboardRequest)
        self.view, self.asked, self.token = view, time.monotonic(), secrets.token_urlsafe(24)
        self.hosts = {f"{name}:{self.server_port}" for name in _NAMES}

    @property
    def url(self) -> str:
        """The address for a browser, with the token."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    def serve(self, idle: float) -> None:
        """Serve until there was no request for a number of seconds; an open page sends one every few seconds."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        try:
            while time.monotonic() - self.asked < idle:
                time.sleep(min(idle / 4, 1.0))
        finally:
            self.shutdown()
            self.server_close()


class _DashboardRequest(BaseHTTPRequestHandler):
    """Handles one request of the dashboard."""

    server: Page
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "awsprov", ""

    def do_GET(self) -> None:
        path = self._page_path()
        if self._refusal():
            self._send_json(HTTPStatus.FORBIDDEN, {"error": self._refusal()})
        elif path in _FILES:
            name, kind = _FILES[path]
            self._send(HTTPStatus.OK, files("awsprov.dashboard").joinpath(name).read_bytes(), kind)
        elif path == "/picture.svg":
            self._send(HTTPStatus.OK, self.server.view.picture.encode(), "image/svg+xml", _PICTURE)
        elif path == "/state":
            self._send_json(HTTPStatus.OK, self.server.view.document())
        else:
            self._send_json(HTTPStatus.NOT_FOUND, {"error": "Not found."})

    def do_POST(self) -> None:
        length = self._length()
        if refusal := self._refusal() or self._unfit(length):
            self.close_connection = True  # its body was not read
            self._send_json(HTTPStatus.FORBIDDEN, {"error": refusal})
            return
        self._try(lambda: self.server.view.ask(**_request(self.rfile.read(length))))

    def _try(self, act: Callable[[], dict[str, Any]]) -> None:
        try:
            self._send_json(HTTPStatus.OK, act())
        except Exception as error:
            known = explain(error)
            message = f"{known.what} {known.why}".strip() if known else f"{type(error).__name__}: {error}"
            self._send_json(HTTPStatus.BAD_REQUEST, {"error": message})

    def _page_path(self) -> str:
        """Return the path after the token."""
        return f"/{urlsplit(self.path).path.removeprefix('/').partition('/')[2]}"

    def _length(self) -> int:
        """Return the length of the body; -1 if it is malformed."""
        length = self.headers.get("Content-Length") or "0"
        return int(length) if length.isascii() and length.isdigit() else -1

    def _refusal(self) -> str:
        """Return why the request is refused; empty when it is not."""
        self.server.asked = time.monotonic()
        if self.headers.get("Host") not in self.server.hosts:
            return "Use http://127.0.0.1 and the port: other host names are refused."
        origin = self.headers.get("Origin")
        foreign = origin is not None and urlsplit(origin).netloc not in self.server.hosts
        if foreign or self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return "Requests of other origins are refused."
        token = urlsplit(self.path).path.removeprefix("/").partition("/")[0]
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            return "Use the URL that `awsprov local open` printed: the token in it is missing or wrong."
        return ""

    def _unfit(self, length: int) -> str:
        """Return why a body is refused: a form of another page cannot send this type, and Lambda limits the length."""
        if self._page_path() != "/ask" or self.headers.get("Content-Type") != "application/json":
            return "Requests go to /ask, as application/json."
        return "" if 0 <= length <= _LARGEST else "The request is too long for Lambda, or its length is malformed."

    def _send_json(self, status: HTTPStatus, document: dict[str, Any]) -> None:
        self._send(status, json.dumps(document).encode(), "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **_SAFE, **(more or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Print nothing: the terminal shows the command's own output."""


def _request(body: bytes) -> dict[str, str]:
    given = json.loads(body)
    return {"name": str(given["function"]), "route": str(given["route"]), "payload": str(given["payload"])}
