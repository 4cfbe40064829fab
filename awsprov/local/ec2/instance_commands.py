"""Commands of an instance that need the cloud's records: packages, and mounts of EFS.

Each gets the instance, its arguments and the current directory, and writes what the real command writes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends

from awsprov.local import interpreters, uv
from awsprov.local.cloud import ACCOUNT
from awsprov.local.ec2 import shims
from awsprov.local.ec2.instances import Instance
from awsprov.local.ec2.security_rules import NFS, allows, groups_of, opens
from awsprov.local.efs import storage

_HELPER = "amazon-efs-utils"
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


@dataclass(frozen=True)
class CommandOutput:
    """The output of a command, and its exit code."""

    out: str = ""
    err: str = ""
    code: int = 0


Command = Callable[[Instance, list[str], Path], CommandOutput]


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
    if packages and not opens(_records(instance)[1].network_interfaces[0].group_set, _HTTPS):
        return CommandOutput(err=f"{_UNREACHABLE}\n", code=1)
    unknown = [name for name in packages if name not in _PRESENT | {_HELPER} and not _PYTHON.match(name)]
    if unknown:
        missing = "".join(f"No match for argument: {name}\n" for name in unknown)
        return CommandOutput(err=f"{missing}Error: Unable to find a match: {' '.join(unknown)}\n", code=1)
    try:
        notes = [_install(instance, name) for name in packages]
    except uv.UvError as error:
        return CommandOutput(err=f"Error: {error}\n", code=1)
    return CommandOutput(out="".join([*notes, "Complete!\n"]))


def _install(instance: Instance, package: str) -> str:
    python = _PYTHON.match(package)
    if package == _HELPER:
        (instance.directory / _HELPER).touch()
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


def _mount(instance: Instance, arguments: list[str], cwd: Path) -> CommandOutput:
    options, words, kind = _mount_arguments(arguments)
    if not words:
        return CommandOutput(out="".join(f"127.0.0.1:/ on {point} type nfs4 (rw)\n" for point in instance.mounts))
    if len(words) == 2 and str(cwd / words[1]) in instance.mounts:  # noqa: PLR2004 - a device and a mount point
        return CommandOutput(out=f"{words[0]} is already mounted, please run 'umount' command to unmount it\n")
    try:
        _mountable(instance, kind, words)
        point = cwd / words[1]
        if not point.is_dir():
            raise storage.MountError(f"mount.nfs4: mount point {point} does not exist")
        with instance.cloud.lock:
            directory = _resolve(instance, kind, words[0].partition(":")[0], options)
        instance.mount(point, directory)
    except storage.MountError as failure:
        return _failed(str(failure))
    except OSError as error:
        return _failed(f"mount: {words[1]}: {error.strerror}: the local cloud mounts on empty directories only.")
    return CommandOutput()


def _mountable(instance: Instance, kind: str, words: list[str]) -> None:
    if kind not in ("efs", "nfs4", "nfs") or len(words) != 2:  # noqa: PLR2004 - a device and a mount point
        raise storage.MountError(f"mount: {words[-1]}: the local cloud mounts EFS file systems only.")
    if kind == "efs" and not (instance.directory / _HELPER).exists():
        raise storage.MountError(f"mount: {words[1]}: unknown filesystem type 'efs'.")


def _mount_arguments(arguments: list[str]) -> tuple[dict[str, str], list[str], str]:
    options: dict[str, str] = {}
    words: list[str] = []
    kind = ""
    remaining = iter(arguments)
    for argument in remaining:
        if argument in ("-t", "--types"):
            kind = next(remaining, "")
        elif argument in ("-o", "--options"):
            options |= {
                key: value for key, _, value in (each.partition("=") for each in next(remaining, "").split(","))
            }
        elif not argument.startswith("-"):
            words.append(argument)
    return options, words, kind


def _resolve(instance: Instance, kind: str, device: str, options: dict[str, str]) -> Path:
    """Return the directory to mount.

    Raises:
        MountError: with the message of mount.efs (efs-utils) or mount.nfs4.
    """
    efs, record = _records(instance)
    point_id = options.get("accesspoint", "")
    if point_id and "tls" not in options:
        raise storage.MountError('The "tls" option is required when mounting via "accesspoint"')
    target = _mount_target(efs, record, kind, device, options.get("mounttargetip", ""))
    if not allows(record.network_interfaces[0].group_set, record.private_ip, groups_of(target), NFS):
        raise storage.MountError("mount.nfs4: Connection timed out")
    if not point_id:
        return storage.file_system(instance.cloud, target.file_system_id)
    point = efs.access_points.get(point_id)
    unknown = point is None or point.file_system_id != target.file_system_id or not efs.usable(point)
    if unknown or not efs.admits(target.file_system_id, _role(record)):
        raise storage.MountError("b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'")
    return storage.access_point(instance.cloud, point_id)


def _role(record: Any) -> str:
    """Return the ARN of the role of an instance's profile; empty if it has none."""
    association = record.ec2_backend.iam_instance_profile_associations.get(record.id)
    roles = association.iam_instance_profile.roles if association else []
    return str(roles[0].arn) if roles else ""


def _mount_target(efs: Any, record: Any, kind: str, device: str, address: str) -> Any:
    if kind != "efs":
        device, address = "", device
    for target in filter(efs.usable, efs.mount_targets_by_id.values()):
        same = target.ip_address == address if address else target.availability_zone_name == record.availability_zone
        if target.vpc_id == record.vpc_id and same and device.partition(".")[0] in ("", target.file_system_id):
            return target
    if address:
        raise storage.MountError("mount.nfs4: Connection timed out")
    raise storage.MountError(
        f'Failed to resolve "{device}.efs.{efs.region_name}.amazonaws.com" - check that your file system ID is '
        "correct, and ensure that the VPC has an EFS mount target for this file system ID."
    )


def _records(instance: Instance) -> tuple[Any, Any]:
    """Return moto's EFS backend of the instance's region, and moto's record of the instance."""
    for region, ec2 in list(ec2_backends[ACCOUNT].items()):
        record = ec2.get_instance_by_id(instance.id)
        if record is not None:
            return efs_backends[ACCOUNT][region], record
    raise storage.MountError(f"mount: instance {instance.id} does not exist any more")


def _umount(instance: Instance, arguments: list[str], cwd: Path) -> CommandOutput:
    points = [str(cwd / word) for word in arguments if not word.startswith("-")]
    missing = [point for point in points if point not in instance.mounts]
    for point in set(points) - set(missing):
        instance.unmount(Path(point))
    return _failed("\n".join(f"umount: {point}: not mounted." for point in missing)) if missing else CommandOutput()


def _mountpoint(instance: Instance, arguments: list[str], cwd: Path) -> CommandOutput:
    words = [word for word in arguments if not word.startswith("-")]
    mounted = bool(words) and str(cwd / words[0]) in instance.mounts
    line = "" if "-q" in arguments or not words else f"{words[0]} is {'' if mounted else 'not '}a mountpoint\n"
    return CommandOutput(out=line, code=0 if mounted else 32)


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
        _records(instance)[1].ec2_backend.stop_instances([instance.id])


def _failed(message: str) -> CommandOutput:
    return CommandOutput(err=f"{message}\n", code=32)


_COMMANDS: dict[str, Command] = {
    "dnf": _dnf,
    "yum": _dnf,
    "mount": _mount,
    "mount.efs": lambda instance, arguments, cwd: _mount(instance, ["-t", "efs", *arguments], cwd),
    "umount": _umount,
    "mountpoint": _mountpoint,
    "shutdown": _shutdown,
}
