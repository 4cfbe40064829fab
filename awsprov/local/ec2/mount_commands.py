"""The commands `mount`, `umount` and `mountpoint` of an instance: mounts of EFS."""

from pathlib import Path
from typing import Any

from awsprov.local.ec2.command_output import CommandOutput, InstanceCommand, records
from awsprov.local.ec2.instances import Instance
from awsprov.local.ec2.security_rules import NFS, allows, groups_of
from awsprov.local.efs import storage

HELPER = "amazon-efs-utils"


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
    if kind == "efs" and not (instance.directory / HELPER).exists():
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
    efs, record = records(instance)
    point_id = options.get("accesspoint", "")
    if point_id and "tls" not in options:
        raise storage.MountError('The "tls" option is required when mounting via "accesspoint"')
    target = _mount_target(efs, record, kind, device, options.get("mounttargetip", ""))
    if not allows(record.network_interfaces[0].group_set, record.private_ip, groups_of(target), NFS):
        raise storage.MountError("mount.nfs4: Connection timed out")
    role = _role(record)
    denied = storage.MountError("b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'")
    if not efs.permits(target.file_system_id, role if "iam" in options else None, point_id, tls="tls" in options):
        raise denied
    if not point_id:
        return storage.file_system(instance.cloud, target.file_system_id)
    point = efs.access_points.get(point_id)
    unknown = point is None or point.file_system_id != target.file_system_id or not efs.usable(point)
    if unknown or not efs.admits(target.file_system_id, str(role.arn) if role else ""):
        raise denied
    return storage.access_point(instance.cloud, point_id)


def _role(record: Any) -> Any:
    """Return moto's role of an instance's profile; None if it has none."""
    association = record.ec2_backend.iam_instance_profile_associations.get(record.id)
    roles = association.iam_instance_profile.roles if association else []
    return roles[0] if roles else None


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


def _failed(message: str) -> CommandOutput:
    return CommandOutput(err=f"{message}\n", code=32)


MOUNT_COMMANDS: dict[str, InstanceCommand] = {
    "mount": _mount,
    "mount.efs": lambda instance, arguments, cwd: _mount(instance, ["-t", "efs", *arguments], cwd),
    "umount": _umount,
    "mountpoint": _mountpoint,
}
