"""An HTTP server in place of AWS, with scripted responses, that records requests."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import botocore.endpoint
import pytest

from awsprov.aws.client import Aws

XML = "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
IAM = "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"


@dataclass
class Endpoint:
    """An endpoint with scripted responses that records requests.

    Attributes:
        errors: code and message of the next responses; success after the last one.
        requests: the paths, bodies and headers of the requests.
    """

    url: str = ""
    errors: list[tuple[str, str]] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def answer(self, path: str, body: str, headers: dict[str, str]) -> tuple[int, str, str, dict[str, str]]:
        """Status, content type, body and headers."""
        self.requests.append((path, body, headers))
        if not self.errors:
            return 200, "application/json", "{}" if "Action" not in parse_qs(body) else "<ok/>", {}
        code, message = self.errors.pop(0)
        if "Action" in parse_qs(body):
            form = IAM if "2010-05-08" in body else XML
            return 400, "text/xml", form.format(code=code, message=message), {}
        document = json.dumps({"Message": message, "message": message, "ErrorCode": code})
        return 400, "application/json", document, {"x-amzn-ErrorType": code}


class Sleepless:
    """A time module whose sleep returns at once."""

    monotonic, time = staticmethod(time.monotonic), staticmethod(time.time)

    @staticmethod
    def sleep(_: float) -> None:
        """Return at once."""


@pytest.fixture(scope="module")
def server() -> Iterator[Endpoint]:
    """One endpoint for all tests of a module: creating clients takes a while."""
    scripted = Endpoint()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            status, kind, text, headers = scripted.answer(self.path, body, dict(self.headers.items()))
            self.send_response(status)
            for name, value in {"content-type": kind, "content-length": str(len(text.encode())), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_PUT = do_DELETE = do_PATCH = do_POST  # noqa: N815 - the base class's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    scripted.url = f"http://127.0.0.1:{httpd.server_port}"
    yield scripted
    httpd.shutdown()
    httpd.server_close()


def use_endpoint(server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture(scope="module")
def clients(server: Endpoint) -> Iterator[Aws]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_endpoint(server, monkeypatch)
        yield Aws("demo", "us-east-1")


@pytest.fixture
def endpoint(server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    use_endpoint(server, monkeypatch)
    monkeypatch.setattr(botocore.endpoint, "time", Sleepless())
    server.errors, server.requests = [], []
    return server


@pytest.fixture
def aws(clients: Aws, endpoint: Endpoint) -> Aws:
    assert endpoint.url
    clients.calls.clear()
    clients.clear_cache()
    return clients
