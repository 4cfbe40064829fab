"""ssh: the system's ssh client, with the builder's key and the host key that the AWS API reported."""

import shutil
import subprocess
from contextlib import nullcontext
from pathlib import Path

import click

from awsprov.aws.client import Aws
from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import can_ask, note
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.errors import AwsprovError, NoStackError
from awsprov.project.project import Project
from awsprov.resources.compute.builder import USER, Builder
from awsprov.resources.compute.builder_errors import no_builder
from awsprov.resources.compute.builder_session import BuilderSession
from awsprov.resources.compute.libraries import Libraries
from awsprov.ssh.jump_host import JumpHost
from awsprov.ssh.keys import check_private_key
from awsprov.ssh.tunnel import forwarded_port


@click.command(cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@common()
@pass_settings
def ssh(settings: Settings, command: tuple[str, ...]) -> int:
    """Open a shell on the builder, or run COMMAND on it.

    A stopped builder is started for this, and stopped again at the end.

    \b
    Examples:
      awsprov ssh
      awsprov ssh -- ls efs/envs
    """
    project = open_project(settings)
    if shutil.which("ssh") is None:
        raise AwsprovError("ssh is not installed on this machine.", remedy="Install the OpenSSH client.")
    engine = project.engine()
    engine.refresh()
    builder = next(iter(project.stack.of(Builder)), None)
    if builder is None:
        raise no_builder()
    if not builder.id:
        raise NoStackError("The builder does not exist.", remedy="`awsprov up` creates it.")
    builder.on_wait = lambda text: note(settings, text)
    builder.start(project.aws)
    try:
        with builder.shell(project.aws) as shell:  # waits until SSH answers with the right host key
            _mount(settings, project, BuilderSession(shell, builder, project.config.libraries.python, builder))
        return _ssh(builder, project.aws, command)
    finally:
        if builder.started_here:
            builder.apply_idle_policy(project.aws)


def _mount(settings: Settings, project: Project, session: BuilderSession) -> None:
    """Mount the libraries for the user to inspect; a shell is useful without them, too."""
    try:
        session.prepare()
        project.stack.of(Libraries)[0].builder_mount.mount(session, project.aws, lambda text: note(settings, text))
    except AwsprovError as error:
        note(settings, f"{error.what} {error.why}")


def _ssh(builder: Builder, aws: Aws, command: tuple[str, ...]) -> int:
    target, key = builder.ssh_target(aws), builder.key_pair.private_key
    check_private_key(key)
    options = {
        "IdentityFile": _quoted(key),
        "UserKnownHostsFile": _quoted(builder.known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlias": target.alias,
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "ForwardAgent": "no",
        "LogLevel": "ERROR",
    }
    if target.via:
        options["ProxyCommand"] = JumpHost.parse(target.via).proxy_command()
    flags = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    words = ["ssh", "-F", "/dev/null", *flags, *(["-t"] if not command and can_ask() else [])]
    with forwarded_port(target.tunnel) if target.tunnel else nullcontext(target.port) as port:
        host = "127.0.0.1" if target.tunnel else target.host
        return subprocess.run([*words, "-p", str(port), f"{USER}@{host}", *command], check=False).returncode


def _quoted(path: Path) -> str:
    """Return a path for a setting of ssh, which splits it at spaces and expands `%` (ssh_config(5))."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"'
