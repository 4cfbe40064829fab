"""An existing file system: awsprov mounts it, and never changes it, its policy or its mount targets."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.existing import Existing
from awsprov.errors import UsageError
from awsprov.resources.missing_ok import none_if_missing
from awsprov.resources.network.existing import ExistingSubnet
from awsprov.resources.storage.file_system import AccessPoint, MountTarget
from awsprov.resources.storage.library_file_system import LibraryFileSystem

BUILDER_ACCESS_POINT = "builder-access-point"  # the name of the access point whose tags record the environments


def describe_file_system(aws: Aws, id_: str) -> dict[str, Any]:
    """Return the description of a file system, given its id; empty if it does not exist in this region."""

    def ask() -> list[dict[str, Any]]:
        call = partial(aws.efs.describe_file_systems, FileSystemId=id_)
        response = none_if_missing(call, missing=["FileSystemNotFound"])
        return list(response["FileSystems"]) if response else []  # type: ignore[arg-type]  # plain dictionaries

    return next(iter(aws.cached(f"ExistingFileSystem {id_}", ask)), {})


@dataclass(eq=False, repr=False)
class ExistingFileSystem(Existing, LibraryFileSystem):
    """An existing file system. Its tags are its owner's: those of an access point record environments.

    Arguments:
        file_system: its id.
    """

    file_system: str

    def find(self, aws: Aws) -> str:
        """Return its id if it exists."""
        return self.file_system if describe_file_system(aws, self.file_system) else ""

    def missing_error(self, aws: Aws) -> UsageError:
        return UsageError(
            f"The file system {self.file_system} does not exist in {aws.region}.",
            remedy="Correct `file_system`; `awsprov doctor` checks everything about it.",
        )

    def tagged(self, aws: Aws) -> str:
        """Return the id of the builder's access point, whose tags record environments."""
        found = [point for point in self._points(aws) if aws.tagged_name(point["Tags"]) == BUILDER_ACCESS_POINT]
        return str(found[0]["AccessPointId"]) if found else ""

    def environment_tags(self, aws: Aws, *, cached: bool) -> list[Any]:
        points = AccessPoint.list_owned(aws) if cached else self._points(aws)
        here = [point for point in points if point["FileSystemId"] == self.file_system]
        named = [point for point in here if aws.tagged_name(point["Tags"]) == BUILDER_ACCESS_POINT]
        return [tag for point in named for tag in point["Tags"]]

    def _points(self, aws: Aws) -> list[dict[str, Any]]:
        return AccessPoint.describe_all(aws, FileSystemId=self.file_system)


@dataclass(eq=False, repr=False)
class ExistingMountTarget(Existing):
    """The mount target of an existing file system in the zone of a subnet.

    Arguments:
        file_system: the file system.
        subnet: the subnet of the functions.
    """

    file_system: ExistingFileSystem
    subnet: ExistingSubnet

    area = "storage"

    def find(self, aws: Aws) -> str:
        """Return the id of the mount target in the subnet's zone, if it exists."""
        if not (self.file_system.id and self.subnet.id):
            return ""
        targets = MountTarget.list_on(aws, self.file_system.id)
        in_zone = (each["MountTargetId"] for each in targets if each["AvailabilityZoneName"] == self.subnet.zone)
        return str(next(in_zone, ""))

    def missing_error(self, aws: Aws) -> UsageError:
        return UsageError(
            f"The file system {self.file_system.id} has no mount target in {self.subnet.zone}.",
            why=f"Functions in {self.subnet.id} connect to the mount target in their own zone.",
            remedy="Have its owner create one, or leave this subnet out of `network.subnets`.",
        )

    def address(self, aws: Aws) -> str:
        """Return its IP address."""
        return str(self.describe(aws)["IpAddress"])

    def describe(self, aws: Aws) -> dict[str, Any]:
        """Return its description by its id, which may be a recorded one."""
        targets = MountTarget.list_on(aws, self.file_system.id)
        return next(each for each in targets if each["MountTargetId"] == self.id)
