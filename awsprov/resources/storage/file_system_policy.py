"""Who may mount the file system, through which door, and how."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.resources.identity.roles import Role
from awsprov.resources.missing_ok import delete, none_if_missing
from awsprov.resources.storage.file_system import AccessPoint, FileSystem

_GONE = ("FileSystemNotFound", "PolicyNotFound")


@dataclass(eq=False, repr=False)
class FileSystemPolicy(Resource):
    """Who may mount: the builder's role to write through its access point, the functions' roles to read through theirs.

    There is one builder, or none between installations.

    Without such a policy EFS lets in whoever reaches a mount target, and asks IAM nothing (Lambda developer guide,
    file system access). Connections without TLS are refused.
    """

    file_system: FileSystem
    builders: tuple[Role, ...]
    builder_door: AccessPoint
    functions: tuple[Role, ...]
    functions_door: AccessPoint

    area = "storage"
    replace_triggered_by = frozenset({"file_system"})

    def find(self, aws: Aws) -> str:
        return self.file_system.id if self.file_system.id and self._document(aws) else ""

    def _document(self, aws: Aws) -> dict[str, Any]:
        return aws.cached(f"FileSystemPolicy {self.file_system.id}", lambda: self._asked(aws), empty=False)

    def _asked(self, aws: Aws) -> dict[str, Any]:
        ask = partial(aws.efs.describe_file_system_policy, FileSystemId=self.file_system.id)
        answer = none_if_missing(ask, missing=_GONE)
        return dict(json.loads(answer["Policy"])) if answer else {}

    def create(self, aws: Aws) -> str:
        policy = json.dumps(self.wanted(aws)["document"])
        aws.efs.put_file_system_policy(FileSystemId=self.file_system.id, Policy=policy)
        return self.file_system.id

    def read(self, aws: Aws) -> Values:
        return {"document": self._document(aws)}

    def wanted(self, aws: Aws) -> Values:
        """The policy's document."""
        write = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        statements = [
            *(_allow("Builder", role.arn(aws), write, self.builder_door.arn(aws)) for role in self.builders),
            *(
                _allow(f"Function{n}", role.arn(aws), "elasticfilesystem:ClientMount", self.functions_door.arn(aws))
                for n, role in enumerate(self.functions, start=1)
            ),
            {
                "Sid": "EncryptedOnly",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]
        return {"document": {"Version": "2012-10-17", "Statement": statements}}

    def configure(self, aws: Aws, changes: Differences) -> None:
        self.create(aws)

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.efs.delete_file_system_policy(FileSystemId=self.id), missing=_GONE)


def _allow(sid: str, role: str, actions: str | list[str], access_point: str) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": role},
        "Action": actions,
        "Condition": {
            "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
            "StringEquals": {"elasticfilesystem:AccessPointArn": access_point},
        },
    }
