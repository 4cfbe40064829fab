"""The storage in CloudFormation; the policy of a file system is a property of it."""

import json
from collections.abc import Iterator

from awsprov.cloudformation.template import CloudFormationRows, TemplateContext, TemplateResource
from awsprov.resources.storage.file_system import AccessPoint, FileSystem, MountTarget


def _file_system(file_system: FileSystem, context: TemplateContext) -> Iterator[TemplateResource]:
    found = file_system.describe_cached(context.aws)
    policy = json.loads(context.aws.efs.describe_file_system_policy(FileSystemId=file_system.id)["Policy"])
    properties = {
        "Encrypted": found["Encrypted"],
        "PerformanceMode": found["PerformanceMode"],
        "ThroughputMode": found["ThroughputMode"],
        "FileSystemPolicy": policy,  # without references: the policies of its roles refer to the file system
        "FileSystemTags": context.tags(file_system),
    }
    identifier = {"FileSystemId": file_system.id}
    yield TemplateResource(context.name(file_system), "AWS::EFS::FileSystem", properties, identifier)


def _mount_target(target: MountTarget, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "FileSystemId": context.ref(target.file_system),
        "SubnetId": context.ref(target.subnet),
        "SecurityGroups": [context.attribute(target.security_group, "GroupId")],
    }
    yield TemplateResource(context.name(target), "AWS::EFS::MountTarget", properties, {"Id": target.id})


def _access_point(point: AccessPoint, context: TemplateContext) -> Iterator[TemplateResource]:
    creation = {"OwnerUid": str(point.owner), "OwnerGid": str(point.owner), "Permissions": point.mode}
    system = point.file_system
    properties = {
        "FileSystemId": context.ref(system) if isinstance(system, FileSystem) else system.id,
        "PosixUser": {"Uid": str(point.user), "Gid": str(point.user)},
        "RootDirectory": {"Path": point.path, "CreationInfo": creation},
        "AccessPointTags": context.tags(point),
    }
    yield TemplateResource(context.name(point), "AWS::EFS::AccessPoint", properties, {"AccessPointId": point.id})


ROWS: CloudFormationRows = {FileSystem: _file_system, MountTarget: _mount_target, AccessPoint: _access_point}
