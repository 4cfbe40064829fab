"""The SSH server of an instance: one user, one key, and sessions that are real processes of this machine.

As with sshd, a command without a terminal continues when its client disconnects, and one with a terminal gets SIGHUP.
"""

import contextlib
import fcntl
import logging
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Protocol, cast

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from awsprov.local.ec2.sftp import Files, Sftp

USER = "ec2-user"
_BLOCK = 32768
_POLL = 0.2  # seconds; paramiko has no event for a channel that closes
_ACCEPTED_ENVIRONMENT = ("LANG", "LC_")  # AcceptEnv in Amazon Linux's sshd_config
_TTY = 'exec "$0" "$@" <>"$AWSPROV_TTY" >&0 2>&1'  # opening a terminal in a new session makes it the controlling one

log = logging.getLogger(__name__)


class Host(Protocol):
    """The instance behind a server."""

    home: Path
    host_key: paramiko.PKey
    authorized_key: paramiko.PKey | None

    def run(self, command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        """Start a process of the instance."""

    def ended(self, process: "subprocess.Popen[bytes]") -> None:
        """Handle the end of a process."""


class SshServer:
    """An SSH server that listens on a socket for one instance."""

    def __init__(self, host: Host, listener: socket.socket) -> None:
        self._host, self._listener = host, listener
        self._transports = set[paramiko.Transport]()  # changed by the thread of each client

    def start(self) -> None:
        """Accept connections on a thread of its own."""
        self._listener.listen(16)
        threading.Thread(target=self._accept, name="sshd", daemon=True).start()

    @property
    def sessions(self) -> int:
        """The number of clients that are connected."""
        return len(self._transports)

    def close(self) -> None:
        """Stop listening and close all connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for transport in list(self._transports):
            transport.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(client,), name="sshd-client", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        transport = paramiko.Transport(client)
        transport.local_version = "SSH-2.0-OpenSSH_8.7"
        self._transports.add(transport)
        transport.add_server_key(self._host.host_key)
        transport.set_subsystem_handler("sftp", Sftp, Files, home=self._host.home)
        try:
            transport.start_server(server=_Login(self._host))
            channels: list[paramiko.Channel | None] = []  # paramiko holds only weak references to them
            while transport.is_active():
                channels.append(transport.accept(60))
                channels = [channel for channel in channels if channel and not channel.closed]
        except (paramiko.SSHException, EOFError, OSError) as error:
            log.debug("ssh: %s", error)
        finally:
            transport.close()
            self._transports.discard(transport)


class _Login(paramiko.ServerInterface):
    """Authentication, and the requests that a session may make."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._terminals: dict[int, tuple[int, int]] = {}
        self._environment: dict[int, dict[str, str]] = {}

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = self._host.authorized_key
        same = known is not None and key.asbytes() == known.asbytes()
        return AUTH_SUCCESSFUL if same and username == USER else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_env_request(self, channel: paramiko.Channel, name: Any, value: Any) -> bool:
        if not name.decode().startswith(_ACCEPTED_ENVIRONMENT):
            return False
        self._environment.setdefault(channel.chanid, {})[name.decode()] = value.decode()
        return True

    def check_channel_pty_request(self, channel: paramiko.Channel, term: Any, width: int, height: int, *_: Any) -> bool:
        self._terminals[channel.chanid] = pty.openpty()
        self._resize(channel.chanid, width, height)
        self._environment.setdefault(channel.chanid, {})["TERM"] = term.decode()
        return True

    def check_channel_window_change_request(self, channel: paramiko.Channel, width: int, height: int, *_: Any) -> bool:
        self._resize(channel.chanid, width, height)
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        return self._begin(channel, ["-i"] if channel.chanid in self._terminals else [])

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        return self._begin(channel, ["-c", os.fsdecode(command)])

    def _resize(self, chanid: int, width: int, height: int) -> None:
        if chanid in self._terminals:
            size = struct.pack("HHHH", height, width, 0, 0)
            fcntl.ioctl(self._terminals[chanid][0], termios.TIOCSWINSZ, size)

    def _begin(self, channel: paramiko.Channel, arguments: list[str]) -> bool:
        command = [shutil.which("bash") or "/bin/sh", *arguments]
        environment = self._environment.get(channel.chanid, {})
        terminal = self._terminals.get(channel.chanid)
        target: Callable[..., None] = _with_terminal if terminal else _without_terminal
        arguments_ = (self._host, channel, command, environment, *([terminal] if terminal else []))
        threading.Thread(target=target, args=arguments_, name="sshd-session", daemon=True).start()
        return True


def _without_terminal(host: Host, channel: paramiko.Channel, command: list[str], environment: dict[str, str]) -> None:
    pipe = subprocess.PIPE
    process = host.run(command, environment=environment, stdin=pipe, stdout=pipe, stderr=pipe)
    stdin, stdout, stderr = (cast("IO[bytes]", end) for end in (process.stdin, process.stdout, process.stderr))
    _thread(_feed, channel, stdin)
    out = _thread(_copy, stdout, channel.sendall)
    err = _thread(_copy, stderr, channel.sendall_stderr)
    status = process.wait()
    with contextlib.suppress(OSError, EOFError):
        channel.send_exit_status(status if status >= 0 else 128 - status)
    out.join()
    err.join()
    host.ended(process)
    _close(channel)


def _with_terminal(
    host: Host, channel: paramiko.Channel, command: list[str], environment: dict[str, str], terminal: tuple[int, int]
) -> None:
    master, slave = terminal
    environment = {**environment, "AWSPROV_TTY": os.ttyname(slave)}
    ends = {"stdin": slave, "stdout": slave, "stderr": slave}  # kept open until the session has opened it itself
    process = host.run(["/bin/sh", "-c", _TTY, *command], environment=environment, **ends)
    os.close(slave)
    with os.fdopen(master, "r+b", buffering=0) as screen:
        _thread(_type, channel, screen, process)
        out = _thread(_copy, screen, channel.sendall)
        status = process.wait()
        out.join(1)
        with contextlib.suppress(OSError, EOFError):
            channel.send_exit_status(status if status >= 0 else 128 - status)
        _close(channel)
    host.ended(process)


def _close(channel: paramiko.Channel) -> None:
    """Close a channel after the client got the answer to its request.

    paramiko sends that answer only after `check_channel_exec_request` returned: a short command can end before it.
    A client whose channel is closed first reports a broken connection. The client's reply to another request, which is
    handled on the thread that sends the answer, comes after it; sshd checks with the same one that clients are alive.
    """
    with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        channel.get_transport().global_request("keepalive@openssh.com")
    channel.close()


def _thread(target: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name="sshd-pump", daemon=True)
    thread.start()
    return thread


def _feed(channel: paramiko.Channel, sink: IO[bytes]) -> None:
    """Copy the client's input to the process until it ends."""
    with contextlib.suppress(OSError, ValueError), sink:
        while block := channel.recv(_BLOCK):
            sink.write(block)
            sink.flush()


def _type(channel: paramiko.Channel, screen: IO[bytes], process: "subprocess.Popen[bytes]") -> None:
    """Copy the client's input to a terminal. When the client disconnects, the process gets SIGHUP."""
    with contextlib.suppress(OSError, ValueError):
        while block := channel.recv(_BLOCK):
            screen.write(block)
    while not channel.closed and process.poll() is None:  # the client has only closed its input
        time.sleep(_POLL)
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGHUP)


def _copy(source: IO[bytes], send: Callable[[bytes], None]) -> None:
    """Copy the output of the process to the client. When the client disconnects, close the pipe, as sshd does."""
    with contextlib.suppress(OSError, ValueError), source:
        while block := os.read(source.fileno(), _BLOCK):
            send(block)
