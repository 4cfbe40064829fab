"""The SSH server of an instance, without an instance."""

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest

from awsprov.local.ec2 import sshd


class Host:
    """A machine with one user, whose commands are processes of this one."""

    def __init__(self, home: Path, key: paramiko.PKey) -> None:
        self.home, self.host_key = home, key
        self.authorized_key: paramiko.PKey | None = key

    def run(self, command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command, env=options.pop("environment"), cwd=self.home, start_new_session=True, **options
        )

    def ended(self, process: "subprocess.Popen[bytes]") -> None:
        process.wait()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[paramiko.SSHClient]:
    key = paramiko.ECDSAKey.generate()
    listener = socket.create_server(("127.0.0.1", 0))
    server = sshd.SshServer(Host(tmp_path, key), listener)
    server.start()
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    port = listener.getsockname()[1]
    client.get_host_keys().add(f"[127.0.0.1]:{port}", key.get_name(), key)
    client.connect("127.0.0.1", port, sshd.USER, pkey=key, allow_agent=False, look_for_keys=False, timeout=20)
    yield client
    client.close()
    server.close()


@pytest.mark.parametrize("terminal", [False, True])
def test_a_command_that_ends_at_once_has_a_result_on_a_slow_machine(
    client: paramiko.SSHClient, terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = sshd._Login._begin

    def slow(*arguments: Any) -> bool:
        accepted = begin(*arguments)
        time.sleep(0.5)
        return accepted

    monkeypatch.setattr(sshd._Login, "_begin", slow)
    _, out, _ = client.exec_command("echo done; exit 3", timeout=20, get_pty=terminal)
    assert out.read().strip() == b"done"
    assert out.channel.recv_exit_status() == 3
