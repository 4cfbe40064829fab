"""The EFS file system that holds the libraries, its mount targets and its access points."""

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Owned, Values, by_name
from awsprov.resources.efs import EfsResource
from awsprov.resources.missing_ok import delete
from awsprov.resources.network.existing import ExistingSubnet
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.storage.library_file_system import LibraryFileSystem


@dataclass(eq=False, repr=False)
class FileSystem(EfsResource, LibraryFileSystem):
    """The EFS file system of the stack: encrypted, with elastic throughput, which is billed by use."""

    describe_method = "describe_file_systems"
    result_key = "FileSystems"
    id_key = "FileSystemId"
    missing_code = "FileSystemNotFound"
    stateful = True
    immutable = frozenset({"encrypted"})
    already_exists_codes = ("FileSystemAlreadyExists",)
    typical_seconds = 10.0

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        oldest_first = sorted(cls.list_owned(aws), key=lambda fs: fs["CreationTime"])
        return by_name(aws, ((fs["Tags"], fs["FileSystemId"]) for fs in oldest_first))

    def create(self, aws: Aws) -> str:
        return aws.efs.create_file_system(
            CreationToken=self.token,
            Encrypted=True,
            PerformanceMode="generalPurpose",
            ThroughputMode="elastic",
            Tags=aws.tag_list(self.name),
        )["FileSystemId"]

    def read(self, aws: Aws) -> Values:
        return {"encrypted": self.describe_cached(aws)["Encrypted"]}

    def wanted(self, aws: Aws) -> Values:
        return {"encrypted": True}

    def environment_tags(self, aws: Aws, *, cached: bool) -> list[Any]:
        if not self.id:
            return []
        return list((self.describe_cached(aws) if cached else self.describe(aws)).get("Tags", []))

    def delete(self, aws: Aws) -> None:
        call = partial(aws.efs.delete_file_system, FileSystemId=self.id)
        delete(aws, call, missing=[self.missing_code], in_use=["FileSystemInUse"], within=600)
        self.wait_until_deleted(aws)


@dataclass(eq=False, repr=False)
class MountTarget(EfsResource):
    """A mount target: the file system's address in one availability zone. Functions need one in each of their zones.

    Arguments:
        file_system: the file system.
        subnet: the subnet that it is in.
        security_group: the security group of its network interface.
    """

    file_system: FileSystem
    subnet: Subnet | ExistingSubnet
    security_group: SecurityGroup

    describe_method = "describe_mount_targets"
    result_key = "MountTargets"
    id_key = "MountTargetId"
    missing_code = "MountTargetNotFound"
    timeout = 1800  # it may take more than ten minutes; terraform-provider-aws allows thirty
    immutable = frozenset({"subnet"})
    replace_triggered_by = frozenset({"file_system", "subnet", "security_group"})
    already_exists_codes = ("MountTargetConflict",)
    typical_seconds = 90.0

    def find(self, aws: Aws) -> str:
        """Return its id, looked up by file system and subnet: mount targets have no tags."""
        if not (self.file_system.id and self.subnet.id):
            return ""
        targets = self.list_on(aws, self.file_system.id)
        return next((target["MountTargetId"] for target in targets if target["SubnetId"] == self.subnet.id), "")

    def parent_id(self, aws: Aws) -> str:
        return str(self.describe(aws).get("FileSystemId", ""))

    @classmethod
    def list_on(cls, aws: Aws, file_system: str) -> list[dict[str, Any]]:
        """Return the descriptions of a file system's mount targets, given its id."""
        return aws.cached(f"MountTarget {file_system}", lambda: cls.describe_all(aws, FileSystemId=file_system))

    @classmethod
    def list_owned(cls, aws: Aws) -> list[dict[str, Any]]:
        """Return nothing: mount targets have no tags."""
        return []

    def listed(self, aws: Aws) -> list[dict[str, Any]]:
        return self.list_on(aws, self.file_system.id)

    def create(self, aws: Aws) -> str:
        return aws.efs.create_mount_target(
            FileSystemId=self.file_system.id, SubnetId=self.subnet.id, SecurityGroups=[self.security_group.id]
        )["MountTargetId"]

    def address(self, aws: Aws) -> str:
        """Return its IP address. Its DNS name may not be resolved for up to 90 s after its creation."""
        return str(self.describe_cached(aws)["IpAddress"])

    def read(self, aws: Aws) -> Values:
        call = partial(aws.efs.describe_mount_target_security_groups, MountTargetId=self.id)
        groups = aws.cached(f"groups {self.id}", call)["SecurityGroups"]
        return {"security_group": ",".join(sorted(groups))}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.efs.modify_mount_target_security_groups(MountTargetId=self.id, SecurityGroups=[self.security_group.id])

    def delete(self, aws: Aws) -> None:
        call = partial(aws.efs.delete_mount_target, MountTargetId=self.id)
        delete(aws, call, missing=[self.missing_code], in_use=["DependencyTimeout"])
        self.wait_until_deleted(aws)


@dataclass(eq=False, repr=False)
class AccessPoint(EfsResource):
    """An access point: the directory that a client mounts as its root, and the POSIX user that it acts as.

    Two access points share one directory: through the builder's, the client acts as the owner; through the functions',
    as another user, who may only read. EFS creates the directory at the first mount, with this owner and mode.

    Arguments:
        file_system: the file system.
        path: the directory on the file system.
        user: the user id and group id that every client acts as.
        owner: the user id and group id that own the directory.
    """

    file_system: LibraryFileSystem
    path: str
    _: KW_ONLY
    user: int
    owner: int

    describe_method = "describe_access_points"
    result_key = "AccessPoints"
    id_key = "AccessPointId"
    missing_code = "AccessPointNotFound"
    immutable = frozenset({"file_system", "path", "user", "owner"})
    already_exists_codes = ("AccessPointAlreadyExists",)
    typical_seconds = 5.0
    mode: ClassVar[str] = "0755"

    def create(self, aws: Aws) -> str:
        return aws.efs.create_access_point(
            ClientToken=self.token,
            FileSystemId=self.file_system.id,
            PosixUser={"Uid": self.user, "Gid": self.user},
            RootDirectory={
                "Path": self.path,
                "CreationInfo": {"OwnerUid": self.owner, "OwnerGid": self.owner, "Permissions": self.mode},
            },
            Tags=aws.tag_list(self.name),
        )["AccessPointId"]

    def read(self, aws: Aws) -> Values:
        access_point = self.describe_cached(aws)
        root = access_point["RootDirectory"]
        return {
            "file_system": access_point["FileSystemId"],
            "path": root["Path"],
            "user": access_point["PosixUser"]["Uid"],
            "owner": root["CreationInfo"]["OwnerUid"],
        }

    def arn(self, aws: Aws) -> str:
        """Return the ARN by its id."""
        return aws.arn("elasticfilesystem", f"access-point/{self.id}")

    def mount_statement(self, aws: Aws, *, write: bool) -> dict[str, Any]:
        """Return the policy statement that allows a role to mount the file system through this access point."""
        actions = ["elasticfilesystem:ClientMount", *(["elasticfilesystem:ClientWrite"] if write else [])]
        return {
            "Sid": "Mount",
            "Effect": "Allow",
            "Action": actions,
            "Resource": self.file_system.arn(aws),
            "Condition": {"ArnEquals": {"elasticfilesystem:AccessPointArn": self.arn(aws)}},
        }

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.efs.delete_access_point(AccessPointId=self.id), missing=[self.missing_code])
        self.wait_until_deleted(aws)
