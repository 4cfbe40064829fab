"""Existing roles and managed policies: the stack uses them, and never changes or deletes them."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.existing import Existing
from awsprov.errors import UsageError
from awsprov.iam.policy_meaning import Statement, as_list, statements
from awsprov.resources.missing_ok import IAM_MISSING, none_if_missing

LAMBDA = "lambda.amazonaws.com"


@dataclass(eq=False, repr=False)
class ExistingPolicy(Existing):
    """A managed policy of AWS or of the account. Its id is its ARN.

    Arguments:
        arn: its ARN.
    """

    arn: str

    area = "identity"

    def find(self, aws: Aws) -> str:
        """Return its ARN if it exists."""
        return self.arn if self._get(aws) else ""

    def missing_error(self, aws: Aws) -> UsageError:
        return UsageError(
            f"The managed policy {self.arn} does not exist.",
            why="It is in `permissions` of a function in config.yaml.",
            remedy=f"Correct its ARN; `{aws.command_hint('iam list-policies')}` lists those that exist.",
        )

    def statements(self, aws: Aws) -> list[Statement]:
        """Return the statements of its default version."""
        version = self._get(aws)["DefaultVersionId"]
        call = partial(aws.iam.get_policy_version, PolicyArn=self.arn, VersionId=version)
        response: Any = aws.cached(f"{self.arn} {version}", call)  # botocore decodes the document
        return statements(response["PolicyVersion"]["Document"])

    def _get(self, aws: Aws) -> Any:
        call = partial(aws.iam.get_policy, PolicyArn=self.arn)
        response = aws.cached(f"policy {self.arn}", lambda: none_if_missing(call, missing=IAM_MISSING))
        return response["Policy"] if response else {}


@dataclass(eq=False, repr=False)
class ExistingRole(Existing):
    """An existing role, for a function. Its id is its ARN.

    Arguments:
        function: the name of the function in the stack.
        role_arn: its ARN.
    """

    function: str
    role_arn: str

    area = "identity"

    def arn(self, aws: Aws) -> str:
        """Return its ARN."""
        return self.role_arn

    def find(self, aws: Aws) -> str:
        """Return its ARN if it exists in this account and Lambda may assume it."""
        found = self._get(aws)
        usable = found.get("Arn") == self.role_arn and _trusts_lambda(found["AssumeRolePolicyDocument"])
        return self.role_arn if usable else ""

    def missing_error(self, aws: Aws) -> UsageError:
        key, found = f"functions.{self.function}.role", self._get(aws)
        if f"::{aws.account}:" not in self.role_arn:
            return UsageError(
                f"The role {self.role_arn} is in another account than {aws.account}.",
                why=f"It is in `{key}`. A function runs with a role of its own account.",
                remedy="Correct the ARN, or use credentials of that account.",
            )
        if found.get("Arn") != self.role_arn:
            return UsageError(
                f"The role {self.role_arn} does not exist.",
                why=f"It is in `{key}`." + (f" The account has {found['Arn']}." if found else ""),
                remedy=f"Correct the ARN; `{aws.command_hint('iam list-roles')}` lists those that exist.",
            )
        return UsageError(
            f"Lambda may not assume the role {self.role_arn}.",
            why=f"Its trust policy does not allow sts:AssumeRole for {LAMBDA}.",
            remedy=f"Ask its owner to allow that, or correct `{key}`.",
        )

    def _get(self, aws: Aws) -> Any:
        """Return the description of the role of its name in this account; empty if there is none."""
        name = self.role_arn.rpartition("/")[2]
        call = partial(aws.iam.get_role, RoleName=name)
        found = aws.cached(f"role {name}", lambda: none_if_missing(call, missing=IAM_MISSING))
        return found["Role"] if found else {}


def _trusts_lambda(document: Any) -> bool:
    """Return whether a trust policy has a statement that lets Lambda assume the role; conditions are not judged."""
    for statement in statements(document):
        principal = statement.get("Principal", {})
        services = [principal] if isinstance(principal, str) else as_list(principal.get("Service", []))
        actions = [action.lower() for action in as_list(statement.get("Action", []))]
        is_for_lambda = statement.get("Effect") == "Allow" and {"*", LAMBDA} & set(services)
        if is_for_lambda and {"*", "sts:*", "sts:assumerole"} & set(actions):
            return True
    return False
