"""The one place that uses paramiko: a session with a machine whose host key is known before the first byte is sent."""

import base64
import hashlib
import re
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from awsprov.errors import AwsprovError, TimedOutError
from awsprov.files import write_atomically
from awsprov.ssh import keys
from awsprov.ssh.terminal import strip_control_sequences

if TYPE_CHECKING:
    import paramiko

OPENS_WITHIN = 240.0  # seconds from "running" to a login: boot, sshd, and cloud-init putting the key in place
SILENT_FOR = 900.0  # seconds without a line of output after which a command counts as stuck
_PIECE = 256 * 1024  # bytes of a file that are sent at once


@dataclass(frozen=True)
class SshTarget:
    """Where a machine answers, and who it must be.

    Arguments:
        alias: the name that its keys are kept under: an instance id, as addresses are given to others later.
        host: an address.
        port: a TCP port.
        keys: its public host keys, each as `type base64`.
    """

    alias: str
    host: str
    port: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class CommandResult:
    """How a command ended: its exit status and its last lines."""

    status: int
    last: tuple[str, ...]


class Shell(AbstractContextManager["Shell"]):
    """An SSH session: runs commands, puts files."""

    def __init__(self, client: "paramiko.SSHClient") -> None:
        self._client = client

    @classmethod
    def open(
        cls,
        machine: SshTarget,
        user: str,
        private_key: Path,
        diagnosis: Callable[[], AwsprovError],
        within: float = OPENS_WITHIN,
    ) -> "Shell":
        """Log in; tried again while the machine boots.

        Arguments:
            machine: where, and with which host keys.
            user: the login name.
            private_key: the key's file.
            diagnosis: the error to raise when nothing answers.
            within: seconds until it is given up.

        Raises:
            AwsprovError: the machine shows another host key (nothing was sent to it), or does not answer.
        """
        import paramiko  # noqa: PLC0415 - a fifth of a second, for who speaks to the builder

        keys.check_private_key(private_key)
        deadline = time.monotonic() + within
        while True:
            client = _client(machine)
            try:
                client.connect(
                    machine.host,
                    machine.port,
                    user,
                    key_filename=str(private_key),
                    timeout=10,
                    banner_timeout=20,
                    auth_timeout=20,
                    allow_agent=False,
                    look_for_keys=False,
                )
            except paramiko.BadHostKeyException as error:
                client.close()
                raise _impostor(machine, error) from error
            except (OSError, EOFError, paramiko.SSHException) as error:
                client.close()
                if time.monotonic() > deadline:
                    raise diagnosis() from error
                time.sleep(1)
            else:
                return _kept_alive(client)

    def run(
        self, command: str, hear: Callable[[str], None] = lambda _: None, silent_for: float = SILENT_FOR
    ) -> CommandResult:
        """Run a command; each line of its output is heard as it comes, without terminal escapes.

        Arguments:
            command: a line for the remote shell; whatever varies in it must be quoted with shlex.
            hear: called with each line.
            silent_for: seconds without output after which it counts as stuck.

        Raises:
            TimedOutError: it is stuck.
            AwsprovError: the connection broke.
        """
        import paramiko  # noqa: PLC0415 - it is here already, as there is a session

        last: deque[str] = deque(maxlen=30)
        try:
            channel = self._transport().open_session()
            channel.settimeout(silent_for)
            channel.set_combine_stderr(True)
            channel.exec_command(command)
            for line in _lines(channel):
                last.append(line)
                hear(line)
            status = channel.recv_exit_status()
        except TimeoutError as error:
            raise TimedOutError(
                f"The builder was silent for {silent_for:.0f} s.", why=command, remedy="Run the same command again."
            ) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise AwsprovError(
                "The SSH session broke.", why=str(error), remedy="Run the same command again: it goes on from here."
            ) from error
        return CommandResult(status, tuple(last))

    def put(self, content: bytes, path: str) -> None:
        """Write a file over SFTP, for its owner only. A relative path is taken from the home directory."""
        with self._client.open_sftp() as sftp, sftp.open(path, "wb") as file:
            sftp.chmod(path, 0o600)
            file.write(content)

    def send(self, content: BinaryIO, path: str) -> None:
        """Write what a file of any size holds over SFTP, for its owner only."""
        with self._client.open_sftp() as sftp, sftp.open(path, "wb") as file:
            sftp.chmod(path, 0o600)
            file.set_pipelined(True)
            shutil.copyfileobj(content, file, _PIECE)

    def _transport(self) -> "paramiko.Transport":
        transport = self._client.get_transport()
        if transport is None:
            raise EOFError("the session is closed")
        return transport

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session."""
        self._client.close()


def remember_host(file: Path, alias: str, host_keys: tuple[str, ...]) -> None:
    """Keep a machine's host keys in OpenSSH's known_hosts format, so that `ssh` itself can use the file."""
    others = [line for line in _known(file) if not line.startswith(f"{alias} ")]
    write_atomically(
        file, "".join(f"{line}\n" for line in [*others, *(f"{alias} {key}" for key in host_keys)]).encode()
    )


def remembered_host(file: Path, alias: str) -> tuple[str, ...]:
    """The host keys that were kept for a machine."""
    return tuple(line.split(" ", 1)[1] for line in _known(file) if line.startswith(f"{alias} "))


def _known(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def _client(machine: SshTarget) -> "paramiko.SSHClient":
    import paramiko  # noqa: PLC0415 - as above

    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    name = machine.host if machine.port == paramiko.config.SSH_PORT else f"[{machine.host}]:{machine.port}"
    for line in machine.keys:
        with suppress(paramiko.SSHException, paramiko.hostkeys.InvalidHostKey):  # what is no key lets nobody in
            entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{name} {line}")
            if entry and entry.key:
                client.get_host_keys().add(name, entry.key.get_name(), entry.key)
    return client


def _kept_alive(client: "paramiko.SSHClient") -> Shell:
    shell = Shell(client)
    shell._transport().set_keepalive(15)
    return shell


def _impostor(machine: SshTarget, error: "paramiko.BadHostKeyException") -> AwsprovError:
    shown = hashlib.sha256(error.key.asbytes()).digest()
    return AwsprovError(
        f"{machine.host}:{machine.port} is not the builder: it shows another host key. Nothing was sent to it.",
        why=f"It shows SHA256:{base64.b64encode(shown).decode().rstrip('=')}; AWS told another for {machine.alias}.",
        remedy="Somebody may be between you and AWS. From a network you trust: `awsprov up --replace builder`.",
    )


def _lines(channel: "paramiko.Channel") -> Iterator[str]:
    """Whole lines as they come; a carriage return ends one, too, as progress bars use it."""
    rest = b""
    while chunk := channel.recv(32768):
        *lines, rest = re.split(rb"\r\n|\n|\r", rest + chunk)
        yield from (strip_control_sequences(line.decode(errors="replace")) for line in lines)
    if rest:
        yield strip_control_sequences(rest.decode(errors="replace"))
