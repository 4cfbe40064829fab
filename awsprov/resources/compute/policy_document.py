"""BuilderPolicyDocument: what the role of the builder may do."""

from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.iam.policy_meaning import Statement
from awsprov.resources.storage.file_system import AccessPoint


@dataclass(frozen=True)
class BuilderPolicyDocument:
    """Mount the file system for writing, through the builder's access point.

    Arguments:
        access_point: the access point.
    """

    access_point: AccessPoint

    def statements(self, aws: Aws) -> list[Statement]:
        """Return the statements of the policy."""
        return [self.access_point.mount_statement(aws, write=True)]
