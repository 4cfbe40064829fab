"""The file system of the stack, its mount targets, its access points and its policy."""

from dataclasses import dataclass

from awsprov.resources.identity.existing import ExistingRole
from awsprov.resources.identity.roles import Role
from awsprov.resources.storage.file_system import AccessPoint, FileSystem, MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy
from awsprov.stack.ensure import Ensure
from awsprov.stack.network import Network, SecurityGroups

_DIRECTORY = "/libraries"
_OWNER, _READER = 1000, 1001  # POSIX ids on the file system: the builder's, which owns files, and the functions'


@dataclass(frozen=True)
class Storage:
    """The file system and the ways to mount it.

    Arguments:
        file_system: the file system.
        mount_targets: its mount targets, one in each zone.
        builder_access_point: the access point that may write.
        function_access_point: the access point that may read.
    """

    file_system: FileSystem
    mount_targets: tuple[MountTarget, ...]
    builder_access_point: AccessPoint
    function_access_point: AccessPoint


def declare_storage(network: Network, groups: SecurityGroups, ensure: Ensure) -> Storage:
    """Declare the file system, a mount target in each zone, and an access point each for builder and functions."""
    file_system = ensure(FileSystem("file-system"))
    mount_targets = tuple(
        ensure(MountTarget(f"mount-target-{number}", file_system, subnet, groups.file_system))
        for number, subnet in enumerate(network.private, start=1)
    )
    builder, functions = (
        ensure(AccessPoint(f"{client}-access-point", file_system, _DIRECTORY, user=user, owner=_OWNER))
        for client, user in (("builder", _OWNER), ("function", _READER))
    )
    return Storage(file_system, mount_targets, builder, functions)


def declare_file_system_policy(
    storage: Storage, builder_roles: tuple[Role, ...], function_roles: tuple[Role | ExistingRole, ...], ensure: Ensure
) -> FileSystemPolicy:
    """Declare the policy that allows these roles, and no other, to mount the file system."""
    return ensure(
        FileSystemPolicy(
            "file-system-policy",
            storage.file_system,
            builder_roles=builder_roles,
            builder_access_point=storage.builder_access_point,
            function_roles=function_roles,
            function_access_point=storage.function_access_point,
        )
    )
