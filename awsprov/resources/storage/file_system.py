"""The shared file system: EFS, its mount targets and access points, and the policy that says who may mount what."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Owned, Values, by_name
from awsprov.resources.efs import EfsResource
from awsprov.resources.missing_ok import delete
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.network.vpc import Subnet

ENVIRONMENT = "awsprov:environment:"  # the tag that says that an environment is published; the hash follows


@dataclass(eq=False, repr=False)
class FileSystem(EfsResource):
    """A file system that machines and functions in several zones mount. Encrypted; elastic throughput, paid by use."""

    describe, listing, key = "describe_file_systems", "FileSystems", "FileSystemId"
    unknown = "FileSystemNotFound"
    stateful = True
    immutable = frozenset({"encrypted"})
    already_exists_codes = ("FileSystemAlreadyExists",)
    typical_seconds = 10.0

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        oldest_first = sorted(cls.listed(aws), key=lambda fs: fs["CreationTime"])
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
        return {"encrypted": self.seen(aws)["Encrypted"]}

    def wanted(self, aws: Aws) -> Values:
        return {"encrypted": True}

    def environments(self, aws: Aws) -> dict[str, str]:
        """The environments that were published on it: hash, and facts. They are tags, so that no session has to ask."""
        tags = self.seen(aws)["Tags"] if self.id else []
        return {t["Key"].removeprefix(ENVIRONMENT): t["Value"] for t in tags if t["Key"].startswith(ENVIRONMENT)}

    def publish(self, aws: Aws, environment: str, facts: str) -> None:
        """Say that an environment is whole; the facts are words such as `bytes=123`."""
        aws.efs.tag_resource(ResourceId=self.id, Tags=[{"Key": f"{ENVIRONMENT}{environment}", "Value": facts}])

    def withdraw(self, aws: Aws, environments: Collection[str]) -> None:
        """Say that environments are no more; done before they are taken away."""
        aws.efs.untag_resource(ResourceId=self.id, TagKeys=[f"{ENVIRONMENT}{each}" for each in environments])

    def arn(self, aws: Aws) -> str:
        """Its ARN."""
        return aws.arn("elasticfilesystem", f"file-system/{self.id}")

    def delete(self, aws: Aws) -> None:
        drop = partial(aws.efs.delete_file_system, FileSystemId=self.id)
        delete(aws, drop, missing=[self.unknown], in_use=["FileSystemInUse"], within=600)
        self.until_gone(aws)


@dataclass(eq=False, repr=False)
class MountTarget(EfsResource):
    """The file system's address in one zone. There is one in a zone; functions need one in each of theirs."""

    file_system: FileSystem
    subnet: Subnet
    group: SecurityGroup

    describe, listing, key = "describe_mount_targets", "MountTargets", "MountTargetId"
    unknown = "MountTargetNotFound"
    budget = 1800  # more than ten minutes happen; terraform-provider-aws allows thirty
    immutable = frozenset({"subnet"})
    replace_triggered_by = frozenset({"file_system", "subnet", "group"})
    already_exists_codes = ("MountTargetConflict",)
    typical_seconds = 90.0

    def find(self, aws: Aws) -> str:
        """By its file system and subnet: mount targets carry no tags."""
        if not (self.file_system.id and self.subnet.id):
            return ""
        ours = self.listed_on(aws, self.file_system.id)
        return next((target["MountTargetId"] for target in ours if target["SubnetId"] == self.subnet.id), "")

    @classmethod
    def listed_on(cls, aws: Aws, file_system: str) -> list[dict[str, Any]]:
        """The living ones of one file system."""
        return aws.cached(f"MountTarget {file_system}", lambda: cls.described(aws, FileSystemId=file_system))

    def seen(self, aws: Aws) -> dict[str, Any]:
        """Its description, from the file system's listing where it is there."""
        ours = self.listed_on(aws, self.file_system.id)
        listed = next((target for target in ours if target["MountTargetId"] == self.id), None)
        return listed or aws.wait_until(lambda: self.now(aws), 60, f"{self.name} to show")

    def create(self, aws: Aws) -> str:
        return aws.efs.create_mount_target(
            FileSystemId=self.file_system.id, SubnetId=self.subnet.id, SecurityGroups=[self.group.id]
        )["MountTargetId"]

    def address(self, aws: Aws) -> str:
        """Its IP address: mounting by it saves the 90 s that its DNS name may lag."""
        return str(self.seen(aws)["IpAddress"])

    def read(self, aws: Aws) -> Values:
        ask = partial(aws.efs.describe_mount_target_security_groups, MountTargetId=self.id)
        groups = aws.cached(f"groups {self.id}", ask)["SecurityGroups"]
        return {"group": ",".join(sorted(groups))}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.efs.modify_mount_target_security_groups(MountTargetId=self.id, SecurityGroups=[self.group.id])

    def delete(self, aws: Aws) -> None:
        gone, busy = [self.unknown], ["DependencyTimeout"]
        delete(aws, lambda: aws.efs.delete_mount_target(MountTargetId=self.id), missing=gone, in_use=busy)
        self.until_gone(aws)


@dataclass(eq=False, repr=False)
class AccessPoint(EfsResource):
    """A door to the file system: the directory that a client sees as its root, and the user that it acts as.

    Two doors lead to the same directory: the builder's acts as its owner; the functions' acts as somebody else, who may
    read and no more. The directory is made by whoever mounts first, with the owner and mode given here.

    Arguments:
        path: the directory on the file system.
        user: the POSIX user and group id that every client acts as.
        owner: the user and group id that own the directory.
    """

    file_system: FileSystem
    path: str
    user: int
    owner: int

    describe, listing, key = "describe_access_points", "AccessPoints", "AccessPointId"
    unknown = "AccessPointNotFound"
    immutable = frozenset({"file_system", "path", "user", "owner"})
    already_exists_codes = ("AccessPointAlreadyExists",)
    typical_seconds = 5.0
    mode: ClassVar[str] = "0755"

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        return by_name(aws, ((point["Tags"], point["AccessPointId"]) for point in cls.listed(aws)))

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
        seen = self.seen(aws)
        root = seen["RootDirectory"]
        return {
            "file_system": seen["FileSystemId"],
            "path": root["Path"],
            "user": seen["PosixUser"]["Uid"],
            "owner": root["CreationInfo"]["OwnerUid"],
        }

    def arn(self, aws: Aws) -> str:
        """Its ARN."""
        return aws.arn("elasticfilesystem", f"access-point/{self.id}")

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.efs.delete_access_point(AccessPointId=self.id), missing=[self.unknown])
        self.until_gone(aws)
