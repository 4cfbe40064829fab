"""Jump hosts: sessions through one, with the host keys of both machines pinned, and the options of the ssh client."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
import pytest
from paramiko.common import OPEN_FAILED_CONNECT_FAILED, OPEN_SUCCEEDED

from awsprov.errors import AwsprovError
from awsprov.ssh import keys
from awsprov.ssh.client import Shell
from awsprov.ssh.jump_host import JumpHost
from awsprov.ssh.login import SshTarget
from tests.unit.ssh.ssh_server import Server, until

PRIVATE = "10.20.1.7"  # no address of this machine


@dataclass
class Jump(Server):
    """An SSH server that forwards each connection to a private address to a port of this machine."""

    forwarded: list[tuple[str, int]] = field(default_factory=list)
    refused: int = 0
    dies: bool = False

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        self.forwarded.append(destination)
        if self.dies:
            self.transports[-1].close()
        if self.refused:
            self.refused -= 1
            return OPEN_FAILED_CONNECT_FAILED
        transport = self.transports[-1]
        threading.Thread(target=_forward, args=(transport, destination[1]), daemon=True).start()
        return OPEN_SUCCEEDED


def _forward(transport: paramiko.Transport, port: int) -> None:
    channel = transport.accept(10)
    if channel is None:  # the jump host died
        return
    other = socket.create_connection(("127.0.0.1", port))

    def copy() -> None:
        while data := other.recv(4096):
            channel.sendall(data)
        channel.close()

    threading.Thread(target=copy, daemon=True).start()
    while data := channel.recv(4096):
        other.sendall(data)
    other.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with an SSH key of the user's own."""
    directory = tmp_path / "user" / ".ssh"
    keys.generate(directory / "id_ed25519")
    monkeypatch.setenv("HOME", str(directory.parent))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return directory


@pytest.fixture
def jump(home: Path, tmp_path: Path) -> Iterator[Jump]:
    created = Jump(paramiko.ECDSAKey.generate(bits=256), keys.public_key(home / "id_ed25519"), tmp_path)
    created.start()
    know(home, created)
    yield created
    created.stop()


def know(home: Path, jump: Jump, key: paramiko.PKey | None = None) -> None:
    key = key or jump.host_key
    (home / "known_hosts").write_text(f"[127.0.0.1]:{jump.port} {key.get_name()} {key.get_base64()}\n")


def open_shell(builder: Server, jump: Jump, key: Path, via: str = "") -> Shell:
    host_key = f"{builder.host_key.get_name()} {builder.host_key.get_base64()}"
    target = SshTarget("i-1", PRIVATE, builder.port, (host_key,), via or f"ana@127.0.0.1:{jump.port}")
    return Shell.open(target, "ec2-user", key, lambda: AwsprovError("Nothing answers."), 5)


def test_a_private_address_is_reached_through_the_jump_host(builder: Server, jump: Jump, key: Path) -> None:
    with open_shell(builder, jump, key) as shell:
        assert shell.run("true").last == ("hello",)
    assert jump.forwarded == [(PRIVATE, builder.port)]
    assert (set(jump.attempts), set(builder.attempts)) == ({"ana"}, {"ec2-user"})
    until(lambda: not jump.transports[-1].is_active())


def test_a_builder_that_still_boots_is_tried_again(builder: Server, jump: Jump, key: Path) -> None:
    jump.refused = 1
    open_shell(builder, jump, key).close()
    assert len(jump.forwarded) == 2


def test_the_builder_s_host_key_is_pinned_behind_a_jump_host_too(builder: Server, jump: Jump, key: Path) -> None:
    other = paramiko.ECDSAKey.generate(bits=256)
    target = SshTarget(
        "i-1", PRIVATE, builder.port, (f"{other.get_name()} {other.get_base64()}",), f"ana@127.0.0.1:{jump.port}"
    )
    with pytest.raises(AwsprovError, match="host key is another one"):
        Shell.open(target, "ec2-user", key, lambda: AwsprovError("Nothing answers."), 5)
    assert builder.attempts == []
    until(lambda: not jump.transports[-1].is_active())


@pytest.mark.parametrize("known", ["nothing", "another key"])
def test_a_jump_host_with_an_unknown_key_gets_no_login(
    builder: Server, jump: Jump, key: Path, home: Path, known: str
) -> None:
    (home / "known_hosts").unlink()
    if known == "another key":
        know(home, jump, paramiko.ECDSAKey.generate(bits=256))
    with pytest.raises(AwsprovError, match="Could not log in to") as caught:
        open_shell(builder, jump, key)
    assert f"ssh -p {jump.port} ana@127.0.0.1" in caught.value.remedy
    assert jump.attempts == []


def test_the_user_s_ssh_settings_are_used(builder: Server, jump: Jump, key: Path, home: Path) -> None:
    (home / "id_ed25519").rename(home / "work")
    settings = f"HostName 127.0.0.1\n  Port {jump.port}\n  User ben\n  IdentityFile {home / 'work'}\n"
    (home / "config").write_text(f"Host bastion\n  {settings}")
    open_shell(builder, jump, key, "bastion").close()
    assert set(jump.attempts) == {"ben"}


@pytest.mark.parametrize("settings", [b"Host bastion\n  Port ssh\n", b"Host bastion\n  User \xff\n"])
def test_ssh_settings_that_cannot_be_read_are_an_error(
    builder: Server, jump: Jump, key: Path, home: Path, settings: bytes
) -> None:
    (home / "config").write_bytes(settings)
    with pytest.raises(AwsprovError, match="Could not log in to bastion") as caught:
        open_shell(builder, jump, key, "bastion")
    assert "`ssh bastion` must work" in caught.value.remedy


def test_nothing_answers_at_the_jump_host(builder: Server, jump: Jump, key: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # it does not listen
        with pytest.raises(AwsprovError, match="Could not log in to"):
            open_shell(builder, jump, key, f"127.0.0.1:{unused.getsockname()[1]}")


def test_a_jump_host_that_dies_during_a_login_is_reported_at_once(builder: Server, jump: Jump, key: Path) -> None:
    jump.dies = True
    with pytest.raises(AwsprovError, match="connection to the jump host"):
        open_shell(builder, jump, key)
    assert builder.attempts == []


def test_a_jump_host_that_dies_during_a_command_is_reported(builder: Server, jump: Jump, key: Path) -> None:
    builder.script = [b"start\n", 30.0]
    with open_shell(builder, jump, key) as shell, pytest.raises(AwsprovError, match="SSH connection broke") as caught:
        shell.run("work", lambda _: jump.transports[-1].close(), output_timeout=20)
    assert "same command again" in caught.value.remedy


@pytest.mark.parametrize(
    ("via", "command"),
    [
        ("bastion", "ssh -W %h:%p bastion"),
        ("ana@10.0.0.1:2222", "ssh -p 2222 -l ana -W %h:%p 10.0.0.1"),
    ],
)
def test_the_ssh_client_gets_a_proxy_command(via: str, command: str) -> None:
    assert JumpHost.parse(via).proxy_command() == command


@pytest.mark.parametrize("via", ["a@b@c", "host:port", "@host"])
def test_another_form_is_refused(via: str) -> None:
    with pytest.raises(ValueError, match="USER@"):
        JumpHost.parse(via)


def test_ssh_s_own_client_takes_the_proxy_command() -> None:
    words = ["ssh", "-F", "/dev/null", "-G", "-o", f"ProxyCommand={JumpHost.parse('ana@b:22').proxy_command()}", "x"]
    try:
        printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("ssh is not installed")
    assert "proxycommand ssh -p 22 -l ana -W %h:%p b\n" in printed
