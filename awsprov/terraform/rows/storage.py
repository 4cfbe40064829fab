"""The storage in Terraform: file system, mount targets, access points and the file system's policy."""

import json

from awsprov.resources.identity.roles import Role
from awsprov.resources.storage.existing import ExistingFileSystem
from awsprov.resources.storage.file_system import AccessPoint, FileSystem, MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy
from awsprov.terraform.expressions import Json
from awsprov.terraform.rows.row import Arguments, Row, Rows, TerraformContext


def _file_system(file_system: FileSystem, context: TerraformContext) -> Arguments:
    found = file_system.describe_cached(context.aws)
    return {
        "creation_token": found["CreationToken"],
        "encrypted": found["Encrypted"],
        "performance_mode": found["PerformanceMode"],
        "throughput_mode": found["ThroughputMode"],
    }


def _mount_target(target: MountTarget, context: TerraformContext) -> Arguments:
    return {
        "file_system_id": context.reference(target.file_system),
        "subnet_id": context.reference(target.subnet),
        "security_groups": [context.reference(target.security_group)],
    }


def _access_point(point: AccessPoint, context: TerraformContext) -> Arguments:
    creation = {"owner_uid": point.owner, "owner_gid": point.owner, "permissions": point.mode}
    return {
        "file_system_id": context.reference(point.file_system),
        "posix_user": [{"uid": point.user, "gid": point.user}],
        "root_directory": [{"path": point.path, "creation_info": [creation]}],
    }


def _file_system_policy(policy: FileSystemPolicy, context: TerraformContext) -> Arguments:
    """Return the arguments, with the document as EFS returns it: it has added an id, and completed the statements."""
    stack, aws = context.stack, context.aws
    linked: list[Role | AccessPoint | FileSystem] = [*stack.of(Role), *stack.of(AccessPoint), *stack.of(FileSystem)]
    arns = {each.arn(aws): context.reference(each, "arn") for each in linked}
    document = json.loads(aws.efs.describe_file_system_policy(FileSystemId=policy.id)["Policy"])
    return {
        "file_system_id": context.reference(policy.file_system),
        "policy": Json(context.linked(document, arns)),
    }


def _existing_file_system(system: ExistingFileSystem, context: TerraformContext) -> Arguments:
    return {"file_system_id": system.id}


ROWS: Rows = {
    ExistingFileSystem: Row("aws_efs_file_system", _existing_file_system, mode="data"),
    FileSystem: Row("aws_efs_file_system", _file_system),
    MountTarget: Row("aws_efs_mount_target", _mount_target),
    AccessPoint: Row("aws_efs_access_point", _access_point),
    FileSystemPolicy: Row("aws_efs_file_system_policy", _file_system_policy),
}
