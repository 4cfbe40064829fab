"""The file system of the stack or an existing one, mount targets, access points, and the stack's own policy."""

from dataclasses import dataclass

from awsprov.config.models import Config
from awsprov.engine.stack import Stack
from awsprov.resources.identity.existing import ExistingRole
from awsprov.resources.identity.roles import Role
from awsprov.resources.network.existing import ExistingSubnet
from awsprov.resources.storage.existing import ExistingFileSystem, ExistingMountTarget
from awsprov.resources.storage.file_system import AccessPoint, FileSystem, MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy
from awsprov.resources.storage.library_file_system import LibraryFileSystem
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

    file_system: LibraryFileSystem
    mount_targets: tuple[MountTarget | ExistingMountTarget, ...]
    builder_access_point: AccessPoint
    function_access_point: AccessPoint


def declare_storage(config: Config, network: Network, groups: SecurityGroups, stack: Stack) -> Storage:
    """Declare the file system, a mount target in each zone, and an access point each for builder and functions."""
    file_system, mount_targets = (
        _declare_existing(config.file_system, network, stack)
        if config.file_system
        else _declare_own(network, groups, stack)
    )
    directory = config.library_directory or _DIRECTORY
    builder, functions = (
        stack.add(AccessPoint(f"{client}-access-point", file_system, directory, user=user, owner=_OWNER))
        for client, user in (("builder", _OWNER), ("function", _READER))
    )
    return Storage(file_system, mount_targets, builder, functions)


def _declare_own(
    network: Network, groups: SecurityGroups, stack: Stack
) -> tuple[LibraryFileSystem, tuple[MountTarget | ExistingMountTarget, ...]]:
    """Declare a file system of the stack's own, and its mount targets."""
    file_system = stack.add(FileSystem("file-system"))
    targets = tuple(
        stack.add(MountTarget(f"mount-target-{number}", file_system, subnet, group))
        for number, subnet in enumerate(network.private, start=1)
        if (group := groups.file_system)
    )
    return file_system, targets


def _declare_existing(
    id_: str, network: Network, stack: Stack
) -> tuple[LibraryFileSystem, tuple[MountTarget | ExistingMountTarget, ...]]:
    """Declare an existing file system, and the mount targets that it has in the zones of the subnets."""
    file_system = stack.add(ExistingFileSystem("existing-file-system", id_))
    subnets = [subnet for subnet in network.private if isinstance(subnet, ExistingSubnet)]
    targets = tuple(
        stack.add(ExistingMountTarget(f"existing-mount-target-{number}", file_system, subnet))
        for number, subnet in enumerate(subnets, start=1)
    )
    return file_system, targets


def declare_file_system_policy(
    storage: Storage, builder_roles: tuple[Role, ...], function_roles: tuple[Role | ExistingRole, ...], stack: Stack
) -> FileSystemPolicy | None:
    """Declare the policy that allows these roles, and no other, to mount the file system; None for an existing one."""
    if not isinstance(storage.file_system, FileSystem):
        return None
    return stack.add(
        FileSystemPolicy(
            "file-system-policy",
            storage.file_system,
            builder_roles=builder_roles,
            builder_access_point=storage.builder_access_point,
            function_roles=function_roles,
            function_access_point=storage.function_access_point,
        )
    )
