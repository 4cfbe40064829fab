"""The file system as the builder mounts it, with TLS and IAM."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.resources.compute.builder_session import FOR_READING, FOR_WRITING, BuilderSession
from awsprov.resources.storage.existing import ExistingMountTarget
from awsprov.resources.storage.file_system import AccessPoint, MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy
from awsprov.ssh.client import CommandResult

_MOUNT_LAG = 300.0  # seconds; policies of EFS take "several minutes" to take effect (EFS user guide)
_DENIED = "access denied by server"  # of mount.nfs4


@dataclass(frozen=True)
class BuilderMount:
    """What the builder needs to mount the file system.

    Arguments:
        access_point: the access point that it mounts.
        mount_target: the mount target in its zone.
        policy: the file system policy that allows it to mount; None if that is not the stack's.
    """

    access_point: AccessPoint
    mount_target: MountTarget | ExistingMountTarget
    policy: FileSystemPolicy | None

    def mount(
        self, session: BuilderSession, aws: Aws, on_wait: Callable[[str], None], *, writing: bool = False
    ) -> None:
        """Mount the file system on the builder if it is not mounted, which it is not after a stop.

        It is mounted by address: the DNS name is not resolved at first. Other users of the builder cannot pass through
        the home directory.

        Raises:
            AwsprovError: a command failed; carries its last lines.
        """
        on_wait("mounting the file system")
        point, address = _at_home(writing), self.mount_target.address(aws)
        options = f"tls,iam,accesspoint={self.access_point.id},mounttargetip={address}{'' if writing else ',ro'}"
        mount = shlex.join(["sudo", "mount", "-t", "efs", "-o", options, f"{self.access_point.file_system.id}:/"])
        prepare = f'chmod 700 "$HOME" && mkdir -p {point}'
        command = f"mountpoint -q {point} || {{ {prepare} && {mount} {point}; }}"
        denied = "EFS to accept the builder's role"
        (result,) = aws.wait_until(lambda: _try_mount(session, command), _MOUNT_LAG, denied, maximum_delay=10)
        session.check(result, "mount the file system")

    def unmount(self, session: BuilderSession, *, writing: bool = False) -> None:
        """Unmount the file system, as it was mounted."""
        session.run(f"sudo umount {_at_home(writing)}")


def _try_mount(session: BuilderSession, command: str) -> tuple[CommandResult, ...]:
    """Return the result of the mount; nothing while EFS does not accept the builder's role."""
    result = session.run(command)
    return () if result.status and any(_DENIED in line for line in result.last) else (result,)


def _at_home(writing: bool) -> str:
    """Return the mount point, for the shell."""
    point = FOR_WRITING if writing else FOR_READING
    return f'"$HOME/{point.removeprefix("~/")}"'
