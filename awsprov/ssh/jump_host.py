"""Jump hosts: machines through which SSH reaches a private address, with the user's own SSH settings."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from awsprov.errors import AwsprovError

if TYPE_CHECKING:
    import paramiko

_VIA = re.compile(r"(?:(?P<user>[^@]+)@)?(?P<host>[^@:]+)(?::(?P<port>\d+))?")


@dataclass(frozen=True)
class JumpHost:
    """A jump host, as `builder.via` names it.

    Arguments:
        host: its name or address, or a name in ~/.ssh/config.
        user: the login name; empty for that of ~/.ssh/config, or this machine's.
        port: its SSH port; 0 for that of ~/.ssh/config, or 22.
    """

    host: str
    user: str = ""
    port: int = 0

    @classmethod
    def parse(cls, via: str) -> "JumpHost":
        """Return the jump host of a string as `[USER@]HOST[:PORT]`.

        Raises:
            ValueError: the text is of another form.
        """
        found = _VIA.fullmatch(via)
        if found is None:
            raise ValueError("is not [USER@]HOST[:PORT]")
        return cls(found["host"], found["user"] or "", int(found["port"] or 0))

    def proxy_command(self) -> str:
        """Return the ProxyCommand with which the ssh client connects through it."""
        port = ["-p", str(self.port)] if self.port else []
        user = ["-l", self.user] if self.user else []
        return f"{shlex.join(['ssh', *port, *user])} -W %h:%p {shlex.quote(self.host)}"

    def connect(self) -> "paramiko.SSHClient":
        """Log in, with the user's agent and keys, to a host that ~/.ssh/known_hosts knows.

        Of ~/.ssh/config, name, port, user and keys are used; a ProxyJump or ProxyCommand of the host is not.

        Raises:
            AwsprovError: its host key is not known or another one, the login failed, or ~/.ssh/config cannot be read.
        """
        import paramiko  # a fifth of a second: only for commands that use the builder

        client = paramiko.SSHClient()
        client.load_system_host_keys()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            settings = _settings(self.host)
            port = self.port or int(settings.get("port", paramiko.config.SSH_PORT))
            keys, host = settings.get("identityfile"), settings.get("hostname", self.host)
            client.connect(host, port, self.user or settings.get("user"), key_filename=keys, timeout=20)
        except (OSError, EOFError, ValueError, paramiko.SSHException) as error:
            client.close()
            raise self._failed(error) from error
        return client

    def _failed(self, error: Exception) -> AwsprovError:
        port = f"-p {self.port} " if self.port else ""
        name = f"{self.user}@{self.host}" if self.user else self.host
        return AwsprovError(
            f"Could not log in to {self.host}, through which SSH reaches the builder (`builder.via`).",
            why=str(error) or type(error).__name__,
            remedy=f"`ssh {port}{name}` must work without a password; it also asks about an unknown host key.",
        )


def _settings(host: str) -> "paramiko.SSHConfigDict":
    """Return the settings of a host in ~/.ssh/config."""
    import paramiko

    path = Path("~/.ssh/config").expanduser()
    return (paramiko.SSHConfig.from_path(str(path)) if path.is_file() else paramiko.SSHConfig()).lookup(host)
