"""Policy: a managed IAM policy of the stack, with the document of a role."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Values
from awsprov.iam.policy_meaning import Statement, in_declared_form, statements
from awsprov.resources.iam import IamResource, path, wait_until_visible
from awsprov.resources.identity.boundary import PermissionsBoundary
from awsprov.resources.missing_ok import IAM_MISSING, delete


class PolicyDocument(Protocol):
    """What a role may do: a dataclass, whose resources become the policy's needs."""

    def statements(self, aws: Aws) -> list[Statement]:
        """Return the statements of the document."""


BOUNDED = "-bounded"  # the end of the names of policies for roles that have a permissions boundary


@dataclass(eq=False, repr=False)
class Policy(IamResource):
    """A managed policy.

    If the roles have a permissions boundary, its name ends in `-bounded`. `awsprov policy` allows changes of these
    policies only: a user who could change a policy of a role without boundary could give the role every permission.

    Arguments:
        document: what it allows.
        boundary: the permissions boundary of the roles.
    """

    document: PolicyDocument
    boundary: PermissionsBoundary

    list_method = "list_policies"
    result_key = "Policies"
    id_key = "Arn"
    get_method = "get_policy"
    tag_method = "tag_policy"
    untag_method = "untag_policy"
    get_parameter = "PolicyArn"

    def find(self, aws: Aws) -> str:
        """Return its ARN; empty if there is only one for roles with or without a boundary, other than wanted."""
        elsewhere = self.recorded_elsewhere(aws)
        arns = [*self.owned(aws).get(self.name, []), elsewhere]
        return next((arn for arn in arns if arn.endswith(f"/{self._policy_name(aws)}")), "")

    def _policy_name(self, aws: Aws) -> str:
        return f"{aws.physical_name(self.name)}{BOUNDED if self.boundary.parameters() else ''}"

    def create(self, aws: Aws) -> str:
        return aws.iam.create_policy(
            PolicyName=self._policy_name(aws),
            Path=path(aws),
            PolicyDocument=self._json(aws),
            Tags=aws.tag_list(self.name),
        )["Policy"]["Arn"]

    def _json(self, aws: Aws) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": self.document.statements(aws)})

    def read(self, aws: Aws) -> Values:
        policy = self.describe_cached(aws)
        version = policy["DefaultVersionId"]
        call = partial(aws.iam.get_policy_version, PolicyArn=self.id, VersionId=version)
        response: Any = aws.cached(f"{self.id} {version}", lambda: wait_until_visible(aws, call))
        document = response["PolicyVersion"]["Document"]  # botocore decoded it
        found = in_declared_form(statements(document), self.document.statements(aws))
        return {"path": policy["Path"], "statements": found}

    def wanted(self, aws: Aws) -> Values:
        return {"path": path(aws), "statements": self.document.statements(aws)}

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Create a new default version, after deleting the others: IAM keeps five at most."""
        self._delete_old_versions(aws)
        aws.iam.create_policy_version(PolicyArn=self.id, PolicyDocument=self._json(aws), SetAsDefault=True)

    def _delete_old_versions(self, aws: Aws) -> None:
        for version in aws.iam.list_policy_versions(PolicyArn=self.id)["Versions"]:
            if not version["IsDefaultVersion"]:
                aws.iam.delete_policy_version(PolicyArn=self.id, VersionId=version["VersionId"])

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: self._delete_old_versions(aws), missing=IAM_MISSING)
        call = partial(aws.iam.delete_policy, PolicyArn=self.id)
        delete(aws, call, missing=IAM_MISSING, in_use=["DeleteConflict"], within=60)
