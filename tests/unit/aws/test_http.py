"""Plain HTTP requests: which of them go through the proxy of this machine's variables."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from awsprov.aws.client import Aws
from awsprov.aws.http import http

PLAIN, SECURE = "http://api.example.com/items", "https://api.example.com/items"


class Proxy:
    """A proxy that closes each connection, after it has noted the request's method and target."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._server.accept()
                with connection:
                    self.lines.append(connection.recv(4096).decode().partition(" HTTP/")[0])

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy that the variables name, on a machine that finds no other host by its name."""
    proxy, resolve = Proxy(), socket.getaddrinfo

    def resolve_own(host: Any, *more: Any, **options: Any) -> Any:
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return resolve(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_own)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("NO_PROXY", "no_proxy", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    yield proxy
    proxy.close()


@pytest.mark.parametrize(("url", "line"), [(PLAIN, f"GET {PLAIN}"), (SECURE, "CONNECT api.example.com:443")])
def test_a_request_to_an_api_goes_through_the_proxy(proxy: Proxy, url: str, line: str) -> None:
    with pytest.raises(BotoCoreError):
        http("GET", url)
    assert set(proxy.lines) == {line}


@pytest.mark.parametrize("url", [PLAIN, SECURE])
def test_a_host_in_no_proxy_is_called_directly(proxy: Proxy, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "example.com")
    with pytest.raises(BotoCoreError):
        http("GET", url)
    assert proxy.lines == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_address_of_this_machine_is_called_directly(proxy: Proxy, host: str) -> None:
    with pytest.raises(BotoCoreError):
        http("GET", f"http://{host}:9/items")
    assert proxy.lines == []


def test_the_address_of_this_machine_is_requested_without_a_proxy_as_ssh_uses_none(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(BotoCoreError):
        Aws("demo", "us-east-1").address()
    assert proxy.lines == []
