"""SSH sessions over paramiko, with machines whose host key is known before the first byte is sent."""

import io
import logging
import re
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from awsprov.errors import RUN_AGAIN, AwsprovError, TimedOutError
from awsprov.ssh import keys
from awsprov.ssh.jump_host import JumpHost
from awsprov.ssh.login import SshTarget, log_in
from awsprov.ssh.terminal import strip_control_sequences

if TYPE_CHECKING:
    import paramiko

logger = logging.getLogger("awsprov.ssh")

LOGIN_TIMEOUT = 240.0  # seconds from "running" to a login: boot, sshd, and cloud-init installing the public key
OUTPUT_TIMEOUT = 900.0  # seconds without output after which a command is stuck
_END = 1.0  # seconds in which the thread of a broken connection ends
_CHUNK = 256 * 1024  # bytes of a file that are sent at once
_LONGEST_LINE = 1 << 20  # bytes
_LAST_LINES = 30


@dataclass(frozen=True)
class CommandResult:
    """The exit status of a command, and the last lines of its output."""

    status: int
    last: tuple[str, ...]


class Shell(AbstractContextManager["Shell"]):
    """An SSH session that runs commands and writes files."""

    def __init__(self, client: "paramiko.SSHClient", jump: "paramiko.SSHClient | None" = None) -> None:
        self._client, self._jump = client, jump

    @classmethod
    def open(
        cls,
        target: SshTarget,
        user: str,
        private_key: Path,
        diagnosis: Callable[[], AwsprovError],
        timeout: float = LOGIN_TIMEOUT,
    ) -> "Shell":
        """Log in; try again while the machine boots.

        Arguments:
            target: the machine.
            user: the login name.
            private_key: the path of the private key.
            diagnosis: returns the error to raise when the login fails.
            timeout: seconds after which the login fails.

        Raises:
            AwsprovError: the machine has another host key (nothing was sent to it), or the login failed.
        """
        keys.check_private_key(private_key)
        jump = JumpHost.parse(target.via).connect() if target.via else None
        try:
            client = log_in(target, user, private_key, diagnosis=diagnosis, timeout=timeout, jump=jump)
            return cls(client, jump)
        except BaseException:
            if jump:
                jump.close()
            raise

    def run(
        self,
        command: str,
        on_output: Callable[[str], None] = lambda _: None,
        output_timeout: float = OUTPUT_TIMEOUT,
    ) -> CommandResult:
        """Run a command and return its result.

        Arguments:
            command: a line for the remote shell; anything variable in it must be quoted with shlex.
            on_output: is called with each line of output as it comes, without terminal escapes.
            output_timeout: seconds without output after which the command is stuck.

        Raises:
            TimedOutError: the command is stuck.
            AwsprovError: the connection broke.
        """
        import paramiko  # it is loaded already, as there is a session

        last: deque[str] = deque(maxlen=_LAST_LINES)
        began = time.monotonic()
        try:
            channel = self._transport().open_session()
            channel.settimeout(output_timeout)
            channel.set_combine_stderr(True)
            channel.exec_command(command)  # callers quote what is variable  # nosec B601
            for line in _lines(channel):
                last.append(line)
                on_output(line)
            status = self._exit_status(channel)
        except TimeoutError as error:
            what = f"The builder printed nothing for {output_timeout:.0f} s."
            raise TimedOutError(what, why=command, remedy=RUN_AGAIN) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise AwsprovError("The SSH connection broke.", why=str(error), remedy=RUN_AGAIN) from error
        logger.info("%s: exit code %d in %.1f s", _program(command), status, time.monotonic() - began)
        return CommandResult(status, tuple(last))

    def _exit_status(self, channel: "paramiko.Channel") -> int:
        """Return the exit status of a command; -1 if a signal ended it.

        Raises:
            EOFError: the connection broke.
        """
        status, transport = channel.recv_exit_status(), self._transport()
        if status < 0:
            transport.join(_END)
            if not transport.is_active():
                raise EOFError("The session ended before the command.")
        return status

    def put(self, content: bytes, path: str) -> None:
        """Write a file over SFTP, readable by its owner only.

        Arguments:
            content: the content of the file.
            path: its path; a relative one starts at the home directory.
        """
        self.send(io.BytesIO(content), path)

    def send(self, content: BinaryIO, path: str) -> None:
        """Write a file of any size over SFTP, readable by its owner only.

        Arguments:
            content: an open file.
            path: the path to write; a relative one starts at the home directory.

        Raises:
            AwsprovError: the connection broke, or the machine could not write the file.
        """
        import paramiko  # it is loaded already, as there is a session

        try:
            with self._client.open_sftp() as sftp, sftp.open(path, "wb") as file:
                sftp.chmod(path, 0o600)
                file.set_pipelined(True)
                shutil.copyfileobj(content, file, _CHUNK)
        except (OSError, EOFError, paramiko.SSHException) as error:
            why = str(error) or type(error).__name__
            raise AwsprovError(f"{path} could not be sent to the builder.", why=why, remedy=RUN_AGAIN) from error

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
        """End the SSH session, and the one with its jump host."""
        self._client.close()
        if self._jump:
            self._jump.close()


def _program(command: str) -> str:
    """Return the name of a command's program, for the log; arguments can be secret, but for one of our own scripts."""
    first, _, rest = command.partition(" ")
    program = PurePosixPath(first).name if re.fullmatch(r"[\w./+-]+", first) else "command"
    script = rest.partition(" ")[0]
    return f"{program} {PurePosixPath(script).name}" if re.fullmatch(r"[\w./-]+\.py", script) else program


def _lines(channel: "paramiko.Channel") -> Iterator[str]:
    """Yield the lines of a channel's output; a carriage return ends a line, too, as progress bars print it.

    The rest of a line that is longer than a megabyte is dropped.
    """
    begun = b""
    while chunk := channel.recv(32768):
        *ends, rest = re.split(rb"\r\n|\n|\r", chunk)
        for end in ends:
            yield _line(begun + end)
            begun = b""
        begun += rest[: _LONGEST_LINE - len(begun)]
    if begun:
        yield _line(begun)


def _line(content: bytes) -> str:
    return strip_control_sequences(content[:_LONGEST_LINE].decode(errors="replace"))
