"""An SSH server on this machine with scripted output, which records its logins."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_OK


@dataclass
class Server(paramiko.ServerInterface):
    """An SSH server with scripted output.

    Attributes:
        attempts: the logins that were tried.
        commands: what was asked for.
        script: what a command prints, and how long it sleeps in between.
    """

    host_key: paramiko.PKey
    allowed: str
    root: Path
    port: int = 0
    attempts: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    script: list[bytes | float] = field(default_factory=list)
    status: int | None = 0  # of a command; None for one that a signal ends
    hang_up: bool = False
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    transports: list[paramiko.Transport] = field(default_factory=list)

    def start(self) -> None:
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(client)
            self.transports.append(transport)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files, self.root)
            try:
                transport.start_server(server=self)
            except (paramiko.SSHException, EOFError, OSError):  # a client that hangs up at the host key
                transport.close()

    def stop(self) -> None:
        self.listener.close()
        for transport in self.transports:
            transport.close()

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.attempts.append(username)
        return AUTH_SUCCESSFUL if key.get_base64() in self.allowed else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.commands.append(command.decode())
        threading.Thread(target=self._answer, args=(channel,), daemon=True).start()
        return True

    def _answer(self, channel: paramiko.Channel) -> None:
        time.sleep(0.1)  # the request is answered first
        for piece in self.script:
            if isinstance(piece, bytes):
                channel.sendall(piece)
            else:
                time.sleep(piece)
        if self.hang_up:
            channel.get_transport().close()
            return
        if self.status is not None:
            channel.send_exit_status(self.status)
        channel.close()


class Files(paramiko.SFTPServerInterface):
    """Files under a directory."""

    def __init__(self, server: paramiko.ServerInterface, root: Path) -> None:
        super().__init__(server)
        self.root = root

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle:
        handle = paramiko.SFTPHandle(flags)
        handle.writefile = (self.root / path.lstrip("/")).open("wb")  # type: ignore[attr-defined]
        return handle

    def chattr(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        if attr.st_mode is not None:
            (self.root / path.lstrip("/")).chmod(attr.st_mode)
        return SFTP_OK

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        return paramiko.SFTPAttributes.from_stat((self.root / path.lstrip("/")).stat())


def until(true: Callable[[], bool]) -> None:
    """Wait at most 20 seconds for a condition."""
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
