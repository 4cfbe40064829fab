"""FileSystemPolicy: which roles may mount the file system, and through which access point."""

import json
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.iam.policy_meaning import Statement, document_in_declared_form
from awsprov.resources.identity.existing import ExistingRole
from awsprov.resources.identity.roles import Role
from awsprov.resources.missing_ok import delete, none_if_missing
from awsprov.resources.policy_text import policy_document
from awsprov.resources.storage.file_system import AccessPoint, FileSystem

_MISSING = ("FileSystemNotFound", "PolicyNotFound")


def file_system_policy(aws: Aws, file_system: str) -> dict[str, Any]:
    """Return the policy of a file system, given its id; empty if it has none."""
    call = partial(aws.efs.describe_file_system_policy, FileSystemId=file_system)
    response = none_if_missing(call, missing=_MISSING)
    return policy_document(response["Policy"]) if response else {}


@dataclass(eq=False, repr=False)
class FileSystemPolicy(Resource):
    """The resource policy of the file system.

    The builder's role may write through its access point, the functions' roles may read through theirs. Without a
    policy EFS accepts every client that reaches a mount target, and does not ask IAM (Lambda developer guide, file
    system access). Connections without TLS are refused.

    Arguments:
        file_system: the file system.
        builder_roles: the builder's role; none while there is no builder.
        builder_access_point: the access point that the builder mounts.
        function_roles: the functions' roles.
        function_access_point: the access point that the functions mount.
    """

    file_system: FileSystem
    _: KW_ONLY
    builder_roles: tuple[Role, ...]
    builder_access_point: AccessPoint
    function_roles: tuple[Role | ExistingRole, ...]
    function_access_point: AccessPoint

    area = "storage"
    replace_triggered_by = frozenset({"file_system"})

    def find(self, aws: Aws) -> str:
        return self.file_system.id if self.file_system.id and self._document(aws) else ""

    def _document(self, aws: Aws) -> dict[str, Any]:
        id_ = self.file_system.id
        return aws.cached(f"FileSystemPolicy {id_}", lambda: file_system_policy(aws, id_), empty=False)

    def create(self, aws: Aws) -> str:
        policy = json.dumps(self.wanted(aws)["document"])
        aws.efs.put_file_system_policy(FileSystemId=self.file_system.id, Policy=policy)
        return self.file_system.id

    def read(self, aws: Aws) -> Values:
        return {"document": document_in_declared_form(self._document(aws), self.wanted(aws)["document"])}

    def wanted(self, aws: Aws) -> Values:
        """Return the wanted policy document. It names the file system: EFS adds that where it is missing."""
        mount, write = "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"
        statements = [
            *_allow("Builder", self.builder_roles, [mount, write], self.builder_access_point, aws),
            *_allow("Functions", self.function_roles, mount, self.function_access_point, aws),
            {
                "Sid": "EncryptedOnly",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]
        on_it = {"Resource": self.file_system.arn(aws)}
        return {"document": {"Version": "2012-10-17", "Statement": [{**each, **on_it} for each in statements]}}

    def configure(self, aws: Aws, changes: Differences) -> None:
        self.create(aws)

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.efs.delete_file_system_policy(FileSystemId=self.id), missing=_MISSING)


def _allow(
    sid: str, roles: Sequence[Role | ExistingRole], actions: str | list[str], access_point: AccessPoint, aws: Aws
) -> list[Statement]:
    """Return the statement for all roles, if there are any.

    One for each role would exceed the 20,000 characters of a policy (EFS API reference, PutFileSystemPolicy) from about
    forty functions on.
    """
    if not roles:
        return []
    mounted = {
        "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
        "StringEquals": {"elasticfilesystem:AccessPointArn": access_point.arn(aws)},
    }
    arns = sorted({role.arn(aws) for role in roles})
    return [{"Sid": sid, "Effect": "Allow", "Principal": {"AWS": arns}, "Action": actions, "Condition": mounted}]
