"""Serves the page on 127.0.0.1: to a browser on this machine, to no page of another origin, and under no other name."""

import json
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
_LARGEST = 6 * 1024 * 1024  # bytes of a request: as much as Lambda takes
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
# A picture is an image and runs nothing; its colours are in it.
_PICTURE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
_FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


class Page(ThreadingHTTPServer):
    """The server of one page.

    Arguments:
        view: what it shows.
        port: where it listens; 0 for a free one.
    """

    daemon_threads = True

    def __init__(self, view: View, port: int = 0) -> None:
        super().__init__((HOST, port), _Answer)
        self.view, self.asked = view, time.monotonic()
        self.hosts = {f"{name}:{self.server_port}" for name in _NAMES}

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self.server_port}/"

    def serve(self, idle: float) -> None:
        """Serve until nobody has asked for so many seconds: an open page asks every few."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        try:
            while time.monotonic() - self.asked < idle:
                time.sleep(min(idle / 4, 1.0))
        finally:
            self.shutdown()
            self.server_close()


class _Answer(BaseHTTPRequestHandler):
    """One request, answered."""

    server: Page
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "awsprov", ""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if self._objection():
            self._say(HTTPStatus.FORBIDDEN, {"error": self._objection()})
        elif path in _FILES:
            name, kind = _FILES[path]
            self._send(HTTPStatus.OK, files("awsprov.dashboard").joinpath(name).read_bytes(), kind)
        elif path == "/picture.svg":
            self._send(HTTPStatus.OK, self.server.view.picture.encode(), "image/svg+xml", _PICTURE)
        elif path == "/state":
            self._say(HTTPStatus.OK, self.server.view.document())
        else:
            self._say(HTTPStatus.NOT_FOUND, {"error": "There is no such page."})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if objection := self._objection() or self._unfit(length):
            self.close_connection = True  # its body was not read
            self._say(HTTPStatus.FORBIDDEN, {"error": objection})
            return
        self._try(lambda: self.server.view.ask(**_request(self.rfile.read(length))))

    def _try(self, act: Callable[[], dict[str, Any]]) -> None:
        try:
            self._say(HTTPStatus.OK, act())
        except Exception as error:
            known = explain(error)
            told = f"{known.what} {known.why}".strip() if known else f"{type(error).__name__}: {error}"
            self._say(HTTPStatus.BAD_REQUEST, {"error": told})

    def _objection(self) -> str:
        """Why this is not answered; empty when it is."""
        self.server.asked = time.monotonic()
        if self.headers.get("Host") not in self.server.hosts:
            return "This page is for this machine; call it by 127.0.0.1 and its port."
        origin = self.headers.get("Origin")
        foreign = origin is not None and urlsplit(origin).netloc not in self.server.hosts
        if foreign or self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return "Pages of other origins may not ask here."
        return ""

    def _unfit(self, length: int) -> str:
        """What a form of another page could send is refused by its type, and what no function takes by its length."""
        if self.path != "/ask" or self.headers.get("Content-Type") != "application/json":
            return "Requests go to /ask, as application/json."
        return "" if length <= _LARGEST else "Lambda takes no request of that length."

    def _say(self, status: HTTPStatus, document: dict[str, Any]) -> None:
        self._send(status, json.dumps(document).encode(), "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **_SAFE, **(more or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Nothing: the terminal is the person's."""


def _request(body: bytes) -> dict[str, str]:
    given = json.loads(body)
    return {"name": str(given["function"]), "route": str(given["route"]), "payload": str(given["payload"])}
