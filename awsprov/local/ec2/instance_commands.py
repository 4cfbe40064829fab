"""Commands of an instance that need the cloud's records: packages, and mounts of EFS.

Each gets the instance, its arguments and the current directory, and writes what the real command writes.
"""

import re
from functools import partial
from pathlib import Path
from typing import Any

from awsprov.local import interpreters, uv
from awsprov.local.ec2 import shims, system_packages
from awsprov.local.ec2.command_output import CommandOutput, InstanceCommand, records
from awsprov.local.ec2.instances import Instance
from awsprov.local.ec2.mount_commands import HELPER, MOUNT_COMMANDS
from awsprov.local.ec2.routes import reaches_internet
from awsprov.local.ec2.security_rules import opens

_SCHEDULED = "Shutdown scheduled, use 'shutdown -c' to cancel.\n"
_HTTPS = 443  # the port of Amazon Linux's repositories
_UNREACHABLE = "Errors during downloading metadata for repository 'amazonlinux': Curl error (28): Timeout was reached"
_PYTHON = re.compile(r"python(3\.\d+)(-pip|-devel|-libs|-setuptools)?$")
# Packages that every Linux machine has: nothing is done to "install" them.
_PRESENT = {
    "bash",
    "coreutils",
    "curl",
    "curl-minimal",
    "gzip",
    "nfs-utils",
    "openssl",
    "shadow-utils",
    "tar",
    "unzip",
    "util-linux",
}
_VERBS = (
    "install",
    "reinstall",
    "upgrade",
    "update",
    "makecache",
    "clean",
    "check-update",
    "upgrade-minimal",
    "info",
    "list",
)


def run(instance: Instance, argv: list[str], cwd: Path) -> CommandOutput:
    """Run one command line of an instance.

    Arguments:
        instance: on which it was called.
        argv: the command and its arguments.
        cwd: the current directory.
    """
    command = _COMMANDS.get(argv[0])
    return (
        command(instance, argv[1:], cwd) if command else CommandOutput(err=f"{argv[0]}: command not found\n", code=127)
    )


def _dnf(instance: Instance, arguments: list[str], cwd: Path) -> CommandOutput:
    words = [word for word in arguments if not word.startswith("-")]
    if not words or words[0] not in _VERBS:
        return CommandOutput(err=f"No such command: {' '.join(words[:1])}. Please use /usr/bin/dnf --help\n", code=1)
    packages = words[1:] if words[0] in ("install", "reinstall") else []
    if packages and not _is_online(records(instance)[1].network_interfaces[0]):
        return CommandOutput(err=f"{_UNREACHABLE}\n", code=1)
    unknown = [name for name in packages if not _is_known(name)]
    if unknown:
        missing = "".join(f"No match for argument: {name}\n" for name in unknown)
        return CommandOutput(err=f"{missing}Error: Unable to find a match: {' '.join(unknown)}\n", code=1)
    if problems := [
        text for name in packages if system_packages.is_known(name) and (text := system_packages.problem(name))
    ]:
        return CommandOutput(err="".join(f"Error: {text}\n" for text in problems), code=1)
    try:
        notes = [_install(instance, name) for name in packages]
    except uv.UvError as error:
        return CommandOutput(err=f"Error: {error}\n", code=1)
    return CommandOutput(out="".join([*notes, "Complete!\n"]))


def _is_known(package: str) -> bool:
    return package in _PRESENT | {HELPER} or bool(_PYTHON.match(package)) or system_packages.is_known(package)


def _is_online(interface: Any) -> bool:
    """Return whether a network interface of moto reaches Amazon Linux's repositories."""
    return reaches_internet(interface) and opens(interface.group_set, _HTTPS)


def _install(instance: Instance, package: str) -> str:
    python = _PYTHON.match(package)
    if package == HELPER:
        (instance.directory / HELPER).touch()
    if not python:
        return f"Installed: {package}\n"
    interpreter = _install_python(instance, python[1])
    line = f"Installed: {package} (Python {interpreter.version}, {interpreter.path})\n"
    if interpreter.exact:
        return line
    return f"{line}Warning: Python {interpreter.version} stands in for {python[1]}; its wheels fit no other version.\n"


def _install_python(instance: Instance, version: str) -> interpreters.Interpreter:
    """Create a virtual environment with pip, so that `pip install` changes no interpreter of this machine."""
    interpreter = interpreters.find(version)
    environment = instance.directory / f"python{version}"
    if not (environment / "bin" / "python").exists():
        uv.run("venv", "--seed", "--clear", "--no-project", f"--python={interpreter.path}", str(environment))
    shims.install_python(instance.bin, version, environment / "bin" / "python")
    return interpreter


def _shutdown(instance: Instance, arguments: list[str], cwd: Path) -> CommandOutput:
    """Schedule the end of the instance, cancel it (-c) or show it; minutes are scaled by the pace, if that is not 0."""
    if "--show" in arguments:
        return CommandOutput(
            err=_SCHEDULED if instance.ends else "No scheduled shutdown.\n", code=int(not instance.ends)
        )
    instance.cancel_end()
    if "-c" in arguments:
        return CommandOutput()
    when = next((each for each in arguments if each == "now" or each.startswith("+")), "+1")
    minutes = 0 if when == "now" else int(when.removeprefix("+"))
    instance.end_in(minutes * 60 * (instance.cloud.pace or 1), partial(_power_off, instance))
    return CommandOutput(err=_SCHEDULED)


def _power_off(instance: Instance) -> None:
    """Stop the instance: EC2's default when one shuts itself down (InstanceInitiatedShutdownBehavior)."""
    with instance.cloud.lock:
        records(instance)[1].ec2_backend.stop_instances([instance.id])


_COMMANDS: dict[str, InstanceCommand] = {
    "dnf": _dnf,
    "yum": _dnf,
    "shutdown": _shutdown,
    **MOUNT_COMMANDS,
}
