"""Tunnels of EC2 Instance Connect endpoints: sessions through them, with the host key pinned, and refusals."""

import contextlib
import http
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from awsprov.errors import AwsprovError
from awsprov.ssh.client import Shell
from awsprov.ssh.login import SshTarget
from awsprov.ssh.tunnel import forwarded_port
from tests.unit.ssh.ssh_server import Server, until

PRIVATE = "10.20.1.7"  # no address of this machine


@dataclass
class Endpoint:
    """A WebSocket server that carries each connection to an SSH port of this machine.

    Attributes:
        statuses: the HTTP statuses of the next responses, before tunnels are opened.
        opened: the tunnels that were opened.
    """

    ssh_port: int
    statuses: list[int] = field(default_factory=list)
    opened: list[ServerConnection] = field(default_factory=list)
    requests: int = 0

    def __post_init__(self) -> None:
        self.server = serve(self.carry, "127.0.0.1", 0, process_request=self.check)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self) -> str:
        self.requests += 1
        return f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}/openTunnel?{self.requests}"

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(http.HTTPStatus(self.statuses.pop(0)), "not now") if self.statuses else None

    def carry(self, connection: ServerConnection) -> None:
        self.opened.append(connection)
        with (
            contextlib.suppress(OSError, ConnectionClosed),
            socket.create_connection(("127.0.0.1", self.ssh_port)) as machine,
        ):
            threading.Thread(target=self.forward, args=(connection, machine), daemon=True).start()
            while data := machine.recv(4096):
                connection.send(data)

    def forward(self, connection: ServerConnection, machine: socket.socket) -> None:
        with contextlib.suppress(OSError, ConnectionClosed):
            for message in connection:
                assert isinstance(message, bytes)
                machine.sendall(message)
        with contextlib.suppress(OSError):
            machine.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def endpoint(builder: Server) -> Iterator[Endpoint]:
    created = Endpoint(builder.port)
    yield created
    created.server.shutdown()


@pytest.fixture
def open_shell(builder: Server, endpoint: Endpoint, key: Path) -> Callable[[paramiko.PKey], Shell]:
    def open_(host_key: paramiko.PKey) -> Shell:
        line = f"{host_key.get_name()} {host_key.get_base64()}"
        target = SshTarget("i-1", PRIVATE, 22, (line,), tunnel=endpoint.url)
        return Shell.open(target, "ec2-user", key, lambda: AwsprovError("Nothing answers."), 5)

    return open_


def test_a_private_address_is_reached_and_the_tunnel_ends_with_the_session(
    builder: Server, endpoint: Endpoint, open_shell: Callable[[paramiko.PKey], Shell], tmp_path: Path
) -> None:
    with open_shell(builder.host_key) as shell:
        shell.put(b"x" * 3_000_000, "large")
        assert shell.run("anything").last == ("hello",)
    assert (tmp_path / "large").stat().st_size == 3_000_000
    (tunnel,) = endpoint.opened
    until(lambda: tunnel.close_code is not None)


def test_the_host_key_is_pinned(builder: Server, open_shell: Callable[[paramiko.PKey], Shell]) -> None:
    with pytest.raises(AwsprovError, match="is not the builder"):
        open_shell(paramiko.ECDSAKey.generate(bits=256))
    assert builder.attempts == []


def test_a_refused_tunnel_is_reported_at_once(
    builder: Server, endpoint: Endpoint, open_shell: Callable[[paramiko.PKey], Shell]
) -> None:
    endpoint.statuses = [403]
    with pytest.raises(AwsprovError, match="refused the tunnel") as caught:
        open_shell(builder.host_key)
    assert caught.value.why == "not now"
    assert endpoint.requests == 1


def test_a_tunnel_that_is_not_open_yet_is_tried_again_with_a_new_url(
    builder: Server, endpoint: Endpoint, open_shell: Callable[[paramiko.PKey], Shell]
) -> None:
    endpoint.statuses = [429, 503]
    open_shell(builder.host_key).close()
    assert endpoint.requests == 3


def test_a_tunnel_that_breaks_during_a_command_is_reported(
    builder: Server, endpoint: Endpoint, open_shell: Callable[[paramiko.PKey], Shell]
) -> None:
    builder.script = [b"begun\n", 30.0]
    with open_shell(builder.host_key) as shell, pytest.raises(AwsprovError, match="SSH connection broke"):
        shell.run("work", lambda _: endpoint.opened[-1].close(), output_timeout=20)


def test_a_port_of_this_machine_leads_to_the_builder(endpoint: Endpoint) -> None:
    with forwarded_port(endpoint.url) as port:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                assert connection.recv(8).startswith(b"SSH-2.0")
        endpoint.statuses = [403]
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            assert connection.recv(8) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=20)


def test_a_socks_proxy_is_reported(
    builder: Server, open_shell: Callable[[paramiko.PKey], Shell], endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "url", lambda: "wss://eice-1.example.com/openTunnel")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "socks5h://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "socks5h://127.0.0.1:1")
    with pytest.raises(AwsprovError, match="through a SOCKS proxy"):
        open_shell(builder.host_key)
