"""The commands of a machine that need the cloud's records: packages, and mounts of EFS.

Each takes the machine, its arguments and the directory it was called in, and says what the real one says.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends

from awsprov.local import interpreters, uv
from awsprov.local.cloud import ACCOUNT
from awsprov.local.ec2 import shims
from awsprov.local.ec2.instances import Machine
from awsprov.local.ec2.security_rules import NFS, groups_of, reaches
from awsprov.local.efs import storage

_HELPER = "amazon-efs-utils"
_PYTHON = re.compile(r"python(3\.\d+)(-pip|-devel|-libs|-setuptools)?$")
# What is on every Linux that this may run on, so that "installing" it changes nothing.
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
class Said:
    """What a command wrote, and its exit code."""

    out: str = ""
    err: str = ""
    code: int = 0


Command = Callable[[Machine, list[str], Path], Said]


def run(machine: Machine, argv: list[str], cwd: Path) -> Said:
    """Carry out one command line."""
    command = _COMMANDS.get(argv[0])
    return command(machine, argv[1:], cwd) if command else Said(err=f"{argv[0]}: command not found\n", code=127)


def _dnf(machine: Machine, arguments: list[str], cwd: Path) -> Said:
    words = [word for word in arguments if not word.startswith("-")]
    if not words or words[0] not in _VERBS:
        return Said(err=f"No such command: {' '.join(words[:1])}. Please use /usr/bin/dnf --help\n", code=1)
    packages = words[1:] if words[0] in ("install", "reinstall") else []
    unknown = [name for name in packages if name not in _PRESENT | {_HELPER} and not _PYTHON.match(name)]
    if unknown:
        missing = "".join(f"No match for argument: {name}\n" for name in unknown)
        return Said(err=f"{missing}Error: Unable to find a match: {' '.join(unknown)}\n", code=1)
    try:
        notes = [_install(machine, name) for name in packages]
    except uv.UvError as error:
        return Said(err=f"Error: {error}\n", code=1)
    return Said(out="".join([*notes, "Complete!\n"]))


def _install(machine: Machine, package: str) -> str:
    python = _PYTHON.match(package)
    if package == _HELPER:
        (machine.directory / _HELPER).touch()
    if not python:
        return f"Installed: {package}\n"
    interpreter = _install_python(machine, python[1])
    line = f"Installed: {package} (Python {interpreter.version}, {interpreter.path})\n"
    if interpreter.exact:
        return line
    return f"{line}Warning: Python {interpreter.version} stands in for {python[1]}; its wheels fit no other version.\n"


def _install_python(machine: Machine, version: str) -> interpreters.Interpreter:
    """Create a virtual environment with pip: packages must not go into an interpreter of this computer."""
    interpreter = interpreters.find(version)
    environment = machine.directory / f"python{version}"
    if not (environment / "bin" / "python").exists():
        uv.run("venv", "--seed", "--clear", "--no-project", f"--python={interpreter.path}", str(environment))
    shims.install_python(machine.bin, version, environment / "bin" / "python")
    return interpreter


def _mount(machine: Machine, arguments: list[str], cwd: Path) -> Said:
    options, words, kind = _mount_arguments(arguments)
    if not words:
        return Said(out="".join(f"127.0.0.1:/ on {point} type nfs4 (rw)\n" for point in machine.mounts))
    if len(words) == 2 and str(cwd / words[1]) in machine.mounts:  # noqa: PLR2004 - a device and a mount point
        return Said(out=f"{words[0]} is already mounted, please run 'umount' command to unmount it\n")
    try:
        _mountable(machine, kind, words)
        point = cwd / words[1]
        if not point.is_dir():
            raise storage.MountFailure(f"mount.nfs4: mount point {point} does not exist")
        with machine.cloud.lock:
            directory = _resolve(machine, kind, words[0].partition(":")[0], options)
        machine.mount(point, directory)
    except storage.MountFailure as failure:
        return _failed(str(failure))
    except OSError as error:
        return _failed(f"mount: {words[1]}: {error.strerror}: only an empty directory can be a mount point here.")
    return Said()


def _mountable(machine: Machine, kind: str, words: list[str]) -> None:
    if kind not in ("efs", "nfs4", "nfs") or len(words) != 2:  # noqa: PLR2004 - a device and a mount point
        raise storage.MountFailure(f"mount: {words[-1]}: only EFS file systems can be mounted on this machine.")
    if kind == "efs" and not (machine.directory / _HELPER).exists():
        raise storage.MountFailure(f"mount: {words[1]}: unknown filesystem type 'efs'.")


def _mount_arguments(arguments: list[str]) -> tuple[dict[str, str], list[str], str]:
    options: dict[str, str] = {}
    words: list[str] = []
    kind = ""
    waiting = iter(arguments)
    for argument in waiting:
        if argument in ("-t", "--types"):
            kind = next(waiting, "")
        elif argument in ("-o", "--options"):
            options |= {key: value for key, _, value in (each.partition("=") for each in next(waiting, "").split(","))}
        elif not argument.startswith("-"):
            words.append(argument)
    return options, words, kind


def _resolve(machine: Machine, kind: str, device: str, options: dict[str, str]) -> Path:
    """The directory that is mounted, after all the ways in which mount.efs can fail."""
    efs, instance = _region_of(machine)
    point_id = options.get("accesspoint", "")
    if point_id and "tls" not in options:
        raise storage.MountFailure('The "tls" option is required when mounting via "accesspoint"')
    target = _mount_target(efs, instance, kind, device, options.get("mounttargetip", ""))
    if not reaches(instance.network_interfaces[0].group_set, instance.private_ip, groups_of(target), NFS):
        raise storage.MountFailure("mount.nfs4: Connection timed out")
    if not point_id:
        return storage.file_system(machine.cloud, target.file_system_id)
    point = efs.access_points.get(point_id)
    if point is None or point.file_system_id != target.file_system_id or not efs.usable(point):
        raise storage.MountFailure("b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'")
    return storage.access_point(machine.cloud, point_id)


def _mount_target(efs: Any, instance: Any, kind: str, device: str, address: str) -> Any:
    if kind != "efs":
        device, address = "", device
    for target in filter(efs.usable, efs.mount_targets_by_id.values()):
        same = target.ip_address == address if address else target.availability_zone_name == instance.availability_zone
        if target.vpc_id == instance.vpc_id and same and device.partition(".")[0] in ("", target.file_system_id):
            return target
    if address:
        raise storage.MountFailure("mount.nfs4: Connection timed out")
    raise storage.MountFailure(
        f'Failed to resolve "{device}.efs.{efs.region_name}.amazonaws.com" - check that your file system ID is '
        "correct, and ensure that the VPC has an EFS mount target for this file system ID."
    )


def _region_of(machine: Machine) -> tuple[Any, Any]:
    for region, ec2 in list(ec2_backends[ACCOUNT].items()):
        instance = ec2.get_instance_by_id(machine.id)
        if instance is not None:
            return efs_backends[ACCOUNT][region], instance
    raise storage.MountFailure(f"mount: instance {machine.id} is gone")


def _umount(machine: Machine, arguments: list[str], cwd: Path) -> Said:
    points = [str(cwd / word) for word in arguments if not word.startswith("-")]
    missing = [point for point in points if point not in machine.mounts]
    for point in set(points) - set(missing):
        machine.unmount(Path(point))
    return _failed("\n".join(f"umount: {point}: not mounted." for point in missing)) if missing else Said()


def _mountpoint(machine: Machine, arguments: list[str], cwd: Path) -> Said:
    words = [word for word in arguments if not word.startswith("-")]
    mounted = bool(words) and str(cwd / words[0]) in machine.mounts
    said = "" if "-q" in arguments or not words else f"{words[0]} is {'' if mounted else 'not '}a mountpoint\n"
    return Said(out=said, code=0 if mounted else 32)


def _failed(message: str) -> Said:
    return Said(err=f"{message}\n", code=32)


_COMMANDS: dict[str, Command] = {
    "dnf": _dnf,
    "yum": _dnf,
    "mount": _mount,
    "mount.efs": lambda machine, arguments, cwd: _mount(machine, ["-t", "efs", *arguments], cwd),
    "umount": _umount,
    "mountpoint": _mountpoint,
}
