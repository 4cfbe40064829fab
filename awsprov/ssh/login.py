"""Logins over SSH, to machines whose host key is known before the first byte is sent."""

import base64
import hashlib
import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from awsprov.errors import RUN_AGAIN, AwsprovError
from awsprov.ssh.tunnel import TunnelUrl, open_tunnel

if TYPE_CHECKING:
    import paramiko

logger = logging.getLogger("awsprov.ssh")

_KEEPALIVE = 15  # seconds


@dataclass(frozen=True)
class SshTarget:
    """The address of a machine and its host keys.

    Arguments:
        alias: the name under which its keys are stored: an instance id, as addresses are reused.
        host: an IP address.
        port: a TCP port.
        keys: its public host keys, each as `type base64`.
        via: the jump host through which it is reached, as `[USER@]HOST[:PORT]`; empty for none.
        tunnel: returns the URL of a tunnel to its SSH port; None for a connection without an EC2 Instance Connect
            endpoint.
    """

    alias: str
    host: str
    port: int
    keys: tuple[str, ...]
    via: str = ""
    tunnel: TunnelUrl | None = None


def log_in(
    target: SshTarget,
    user: str,
    private_key: Path,
    *,
    diagnosis: Callable[[], AwsprovError],
    timeout: float,
    jump: "paramiko.SSHClient | None",
) -> "paramiko.SSHClient":
    """Return a client that is logged in.

    Arguments:
        jump: the session with the jump host; None for a direct connection. The others are those of `Shell.open`.

    Raises:
        AwsprovError: as `Shell.open`.
    """
    import paramiko  # a fifth of a second: only for commands that use the builder

    began = time.monotonic()
    while True:
        client = _client(target)
        try:
            _connect(client, target, user, private_key, jump)
        except paramiko.BadHostKeyException as error:
            client.close()
            raise _wrong_host_key(target, error) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            client.close()
            _check_jump_host(jump, error)
            elapsed = time.monotonic() - began
            logger.debug("%s port %d: %s after %.1f s", target.alias, target.port, type(error).__name__, elapsed)
            if elapsed > timeout:
                raise diagnosis() from error
            time.sleep(1)
        else:
            logger.info("%s port %d: connected in %.1f s", target.alias, target.port, time.monotonic() - began)
            return client


def _client(target: SshTarget) -> "paramiko.SSHClient":
    """Return a client that knows the host keys of the machine, and rejects all others."""
    import paramiko

    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    name = target.host if target.port == paramiko.config.SSH_PORT else f"[{target.host}]:{target.port}"
    for line in target.keys:
        with suppress(
            paramiko.SSHException, paramiko.hostkeys.InvalidHostKey, ValueError
        ):  # an invalid key matches no machine
            entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{name} {line}")
            if entry and entry.key:
                client.get_host_keys().add(name, entry.key.get_name(), entry.key)
    return client


def _connect(
    client: "paramiko.SSHClient",
    target: SshTarget,
    user: str,
    private_key: Path,
    jump: "paramiko.SSHClient | None",
) -> None:
    """Log in, through a tunnel or the jump host's session if there is one."""
    client.connect(
        target.host,
        target.port,
        user,
        key_filename=str(private_key),
        timeout=10,
        banner_timeout=20,
        auth_timeout=20,
        allow_agent=False,
        look_for_keys=False,
        sock=_connection(target, jump),
    )
    transport = client.get_transport()
    if transport is not None:
        transport.set_keepalive(_KEEPALIVE)


def _connection(target: SshTarget, jump: "paramiko.SSHClient | None") -> "socket.socket | paramiko.Channel | None":
    """Return a connection to the machine through a tunnel, or through the jump host; None for a direct one."""
    if target.tunnel:
        return open_tunnel(target.tunnel())
    transport = jump.get_transport() if jump else None
    return transport.open_channel("direct-tcpip", (target.host, target.port), ("", 0)) if transport else None


def _check_jump_host(jump: "paramiko.SSHClient | None", error: Exception) -> None:
    """Raise an error if the session with the jump host has ended: another attempt through it fails, too."""
    transport = jump.get_transport() if jump else None
    if transport and not transport.is_active():
        raise AwsprovError(
            "The SSH connection to the jump host (`builder.via`) broke.", why=str(error), remedy=RUN_AGAIN
        ) from error


def _wrong_host_key(target: SshTarget, error: "paramiko.BadHostKeyException") -> AwsprovError:
    digest = base64.b64encode(hashlib.sha256(error.key.asbytes()).digest()).decode().rstrip("=")
    return AwsprovError(
        f"{target.host}:{target.port} is not the builder: its host key is another one. Nothing was sent to it.",
        why=f"Its key is SHA256:{digest}; AWS reported another one for {target.alias}.",
        remedy="The connection may be intercepted. From a network that you trust: `awsprov up --replace builder`.",
    )
