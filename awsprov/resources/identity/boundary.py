"""PermissionsBoundary: the most that the roles of the stack may do, whatever their policies allow."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.existing import Existing
from awsprov.engine.resource import Values
from awsprov.errors import UsageError
from awsprov.iam.boundary import Boundary, missing_permissions
from awsprov.resources.identity.existing import ExistingPolicy
from awsprov.resources.missing_ok import IAM_MISSING, none_if_missing

NO_BOUNDARY = "none"
_NAMED = 3  # actions that a note names


@dataclass(eq=False, repr=False)
class PermissionsBoundary(Existing):
    """The permissions boundary of the stack's roles: a choice. Its id is the ARN of a managed policy, or `none`.

    It is the policy that config.yaml names, else the one that `awsprov policy --boundary` prints if an administrator
    created it in this account. Without either, roles have no boundary.

    Arguments:
        configured: the ARN in config.yaml; empty if there is none.
        needed: what the roles need.
        managed_policies: the managed policies of functions. AWS's own allow more than a function uses, so that what the
            boundary does not allow of them is a note.
    """

    configured: str
    needed: Boundary
    managed_policies: tuple[ExistingPolicy, ...] = ()

    area = "identity"

    def find(self, aws: Aws) -> str:
        arn = self.configured or self.needed.arn(aws.account)
        if self._get(aws, arn):
            return arn
        return "" if self.configured else NO_BOUNDARY

    def missing_error(self, aws: Aws) -> UsageError:
        return UsageError(
            f"The permissions boundary {self.configured} does not exist.",
            why="It is in `roles.boundary` of config.yaml.",
            remedy="Correct the ARN, or ask an administrator to create the policy.",
        )

    def parameters(self) -> dict[str, Any]:
        """Return the parameter of `create_role`; empty if there is no boundary."""
        return {} if self.id == NO_BOUNDARY else {"PermissionsBoundary": self.id}

    def _get(self, aws: Aws, arn: str) -> Any:
        call = partial(aws.iam.get_policy, PolicyArn=arn)
        response = aws.cached(f"boundary {arn}", lambda: none_if_missing(call, missing=IAM_MISSING))
        return response["Policy"] if response else {}

    def read(self, aws: Aws) -> Values:
        """Return nothing: it is not changed.

        Raises:
            UsageError: it allows less than the roles need.
        """
        if self.id == NO_BOUNDARY:
            return {}
        version = self._get(aws, self.id)["DefaultVersionId"]
        call = partial(aws.iam.get_policy_version, PolicyArn=self.id, VersionId=version)
        document: Any = aws.cached(f"{self.id} {version}", call)["PolicyVersion"]["Document"]  # botocore decoded it
        if missing := missing_permissions(document, self.needed.document(aws.account)):
            raise self._insufficient(aws, missing)
        managed = [statement for policy in self.managed_policies for statement in policy.statements(aws)]
        if beyond := missing_permissions(document, {"Statement": managed}):
            more = f" and {len(beyond) - _NAMED} more" if len(beyond) > _NAMED else ""
            what = "The permissions boundary does not allow all that the managed policies of functions do"
            self.note = f"{what}: {', '.join(beyond[:_NAMED])}{more}. Functions cannot use that."
        return {}

    def _insufficient(self, aws: Aws, missing: list[str]) -> UsageError:
        update = aws.command_hint(
            f"iam create-policy-version --policy-arn {self.id} --set-as-default --policy-document file://FILE"
        )
        printed = "`awsprov policy --boundary > FILE`"
        return UsageError(
            "The permissions boundary allows less than the roles of the stack need.",
            why=f"{self.id} does not allow {'; '.join(missing)}.",
            remedy="Ask its owner to allow this."
            if self.configured
            else f"An administrator updates it: {printed}, then `{update}`.",
        )
