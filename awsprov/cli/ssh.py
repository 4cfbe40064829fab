"""ssh: the system's own ssh, with the builder's key and the host key that AWS told."""

import shutil
import subprocess
import sys

import click

from awsprov.aws.client import Aws
from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import Session, open_session, say
from awsprov.errors import AwsprovError, NoStackError
from awsprov.resources.compute.builder import USER, Builder, no_builder
from awsprov.resources.compute.libraries import Libraries
from awsprov.ssh.client import Shell
from awsprov.ssh.keys import check_private_key


@click.command(cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@common()
@pass_settings
def ssh(settings: Settings, command: tuple[str, ...]) -> int:
    """Open a session with the builder, or run COMMAND on it.

    A stopped builder is started, and stopped again at the end.

    \b
    Examples:
      awsprov ssh
      awsprov ssh -- ls efs/envs
    """
    session = open_session(settings)
    if shutil.which("ssh") is None:
        raise AwsprovError("There is no ssh on this machine.", remedy="Install OpenSSH's client.")
    engine = session.engine()
    engine.refresh()
    builder = next(iter(session.stack.of(Builder)), None)
    if builder is None:
        raise no_builder()
    if not builder.id:
        raise NoStackError("There is no builder.", remedy=f"{settings.again('up')} makes it.")
    builder.on_wait = lambda text: say(settings, text)
    builder.start(session.aws)
    try:
        with builder.shell(session.aws) as shell:  # up, with the right host key; otherwise a diagnosis
            _mount(session, shell)
        return _ssh(builder, session.aws, command)
    finally:
        if builder.started_here:
            builder.apply_idle_policy(session.aws)


def _mount(session: Session, shell: Shell) -> None:
    """The libraries belong to what one looks at there; without them the session is of use all the same."""
    try:
        session.stack.of(Libraries)[0].mount(shell, session.aws)
    except AwsprovError as error:
        say(session.settings, f"{error.what} {error.why}")


def _ssh(builder: Builder, aws: Aws, command: tuple[str, ...]) -> int:
    target, key = builder.ssh_target(aws), builder.key_pair.private_key
    check_private_key(key)
    options = {
        "UserKnownHostsFile": str(builder.known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlias": target.alias,
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "ForwardAgent": "no",
        "LogLevel": "ERROR",
    }
    flags = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    terminal = ["-t"] if not command and sys.stdin.isatty() else []
    words = [
        "ssh",
        "-F",
        "/dev/null",
        "-i",
        str(key),
        "-p",
        str(target.port),
        *flags,
        *terminal,
        f"{USER}@{target.host}",
        *command,
    ]
    return subprocess.run(words, check=False).returncode
