"""Roles, and the builder's instance profile."""

import json
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code, refusal
from awsprov.engine.resource import Differences, Values, stub
from awsprov.errors import CredentialsError
from awsprov.iam.permissions import EC2, service_principal
from awsprov.iam.policy_meaning import document_in_declared_form
from awsprov.resources.iam import IamResource, path, wait_until_visible
from awsprov.resources.identity.boundary import NO_BOUNDARY, PermissionsBoundary
from awsprov.resources.identity.existing import ExistingPolicy
from awsprov.resources.identity.policies import Policy
from awsprov.resources.missing_ok import IAM_MISSING, delete


@dataclass(eq=False, repr=False)
class Role(IamResource):
    """A role that a service may assume.

    Arguments:
        service: the service, as `lambda.amazonaws.com`.
        policy: what the role may do.
        boundary: what its policies can allow at most.
        permissions: more policies: the stack's, and managed ones that already exist.
        detach_others: whether policies that others attached are detached, and inline policies deleted.
    """

    service: str
    policy: Policy
    boundary: PermissionsBoundary
    _: KW_ONLY
    permissions: tuple[Policy | ExistingPolicy, ...] = ()
    detach_others: bool = False

    list_method = "list_roles"
    result_key = "Roles"
    id_key = "RoleName"
    get_method = "get_role"
    tag_method = "tag_role"
    untag_method = "untag_role"
    get_parameter = "RoleName"
    replace_triggered_by = frozenset({"policy"})
    typical_seconds = 10.0

    def create(self, aws: Aws) -> str:
        try:
            return self._create(aws)
        except ClientError as error:
            if error_code(error) != "AccessDenied" or self.boundary.parameters():
                raise
            raise CredentialsError(
                "These credentials are not allowed to create the role.",
                why="`awsprov policy` allows only roles with a permissions boundary, and the account has none for "
                "this stack.",
                remedy="An administrator creates it: `awsprov policy --boundary` prints it, and the command for that.",
                **refusal(error),
            ) from error

    def _create(self, aws: Aws) -> str:
        return aws.iam.create_role(
            RoleName=aws.physical_name(self.name),
            Path=path(aws),
            AssumeRolePolicyDocument=json.dumps(self._trust_policy(aws)),
            Tags=aws.tag_list(self.name),
            **self.boundary.parameters(),
        )["Role"]["RoleName"]

    def _trust_policy(self, aws: Aws) -> dict[str, Any]:
        """Return the trust policy: the service may assume the role for this account only.

        EC2 sends no account when it assumes a role, so there is no condition for it (prowler issue 2810).
        """
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Principal": {"Service": service_principal(self.service, aws.partition)},
            "Action": "sts:AssumeRole",
        }
        if self.service != EC2:
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": aws.account}}
        return {"Version": "2012-10-17", "Statement": [statement]}

    def arn(self, aws: Aws) -> str:
        """Return its ARN, which is known before it exists."""
        return f"arn:{aws.partition}:iam::{aws.account}:role{path(aws)}{aws.physical_name(self.name)}"

    @property
    def policies(self) -> tuple[Policy | ExistingPolicy, ...]:
        """The policies that are attached to it."""
        return (self.policy, *self.permissions)

    def additions(self) -> dict[str, list[str]]:
        """Return its tags, and the ARNs of the policies that are not the stack's own: others may attach more."""
        managed = sorted(policy.arn for policy in self.permissions if isinstance(policy, ExistingPolicy))
        return super().additions() | ({"policies": managed} if managed else {})

    def read(self, aws: Aws) -> Values:
        role = self.describe_cached(aws)
        attached, inline = self._attached(aws), self._inline(aws)
        others = set() if self.detach_others else {arn for arn in attached if not self._is_ours(aws, arn)}
        self.note = _note(self.id, [*sorted(others), *inline]) if not self.detach_others else ""
        values: Values = {
            "path": role["Path"],
            "trust": document_in_declared_form(role["AssumeRolePolicyDocument"], self._trust_policy(aws)),
            "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", NO_BOUNDARY),
            "policies": sorted(set(attached) - others),
        }
        return values | ({"inline": inline} if self.detach_others else {})

    def _attached(self, aws: Aws) -> list[str]:
        """Return the ARNs of the managed policies that are attached to it."""
        call = partial(aws.iam.list_attached_role_policies, RoleName=self.id)
        attached = aws.cached(f"attached {self.id}", lambda: wait_until_visible(aws, call))["AttachedPolicies"]
        return [policy["PolicyArn"] for policy in attached]

    def _inline(self, aws: Aws) -> list[str]:
        """Return the names of its inline policies. awsprov creates none."""
        call = partial(aws.iam.list_role_policies, RoleName=self.id)
        return aws.cached(f"inline {self.id}", lambda: wait_until_visible(aws, call))["PolicyNames"]

    def _is_ours(self, aws: Aws, arn: str) -> bool:
        """Return whether the stack attaches a policy, or attached it earlier."""
        is_declared = arn in {policy.id for policy in self.policies}
        return is_declared or _is_of_stack(aws, arn) or arn in self.added.get("policies", [])

    def wanted(self, aws: Aws) -> Values:
        policies = sorted(policy.id for policy in self.policies)
        wanted = {"trust": self._trust_policy(aws), "boundary": self.boundary.id, "policies": policies}
        return {"path": path(aws), **wanted, "inline": []}

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Change what differs; the boundary first, as policies may be attached to a role with a boundary only."""
        if "boundary" in changes:
            self._set_boundary(aws)
        if "trust" in changes:
            aws.iam.update_assume_role_policy(RoleName=self.id, PolicyDocument=json.dumps(self._trust_policy(aws)))
        if "policies" in changes:
            self._change_policies(aws, *map(set, changes["policies"]))
        if "inline" in changes:
            self._delete_inline_policies(aws)

    def _change_policies(self, aws: Aws, current: set[str], wanted: set[str]) -> None:
        for arn in sorted(wanted - current):
            aws.iam.attach_role_policy(RoleName=self.id, PolicyArn=arn)
        for arn in sorted(current - wanted):
            aws.iam.detach_role_policy(RoleName=self.id, PolicyArn=arn)
            old = stub(Policy, "", arn)
            tagged = aws.tagged_name(old.fetch_tags(aws)) if _is_of_stack(aws, arn) else ""
            if tagged in {policy.name for policy in self.policies}:
                old.delete(aws)  # replaced by one with another name

    def _set_boundary(self, aws: Aws) -> None:
        if boundary := self.boundary.parameters():
            aws.iam.put_role_permissions_boundary(RoleName=self.id, **boundary)
        else:
            aws.iam.delete_role_permissions_boundary(RoleName=self.id)

    def delete(self, aws: Aws) -> None:
        if not self.get(aws, self.id):
            return
        for policy in aws.iam.list_attached_role_policies(RoleName=self.id)["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            if not _is_of_stack(aws, arn):
                self.on_wait(f"detaching {arn} from {self.id}, which is not a policy of the stack")
            detach = partial(aws.iam.detach_role_policy, RoleName=self.id, PolicyArn=arn)
            delete(aws, detach, missing=IAM_MISSING)
        self._delete_inline_policies(aws)
        call = partial(aws.iam.delete_role, RoleName=self.id)
        delete(aws, call, missing=IAM_MISSING, in_use=["DeleteConflict"], within=60)

    def _delete_inline_policies(self, aws: Aws) -> None:
        """Delete the role's inline policies, which others added: IAM deletes no role that has any."""
        for name in aws.iam.list_role_policies(RoleName=self.id)["PolicyNames"]:
            self.on_wait(f"deleting the inline policy {name}, which was added to {self.id} by others")
            call = partial(aws.iam.delete_role_policy, RoleName=self.id, PolicyName=name)
            delete(aws, call, missing=IAM_MISSING)


def _is_of_stack(aws: Aws, arn: str) -> bool:
    """Return whether a policy is in the path of the stack's own."""
    return arn.startswith(f"arn:{aws.partition}:iam::{aws.account}:policy{path(aws)}")


def _note(role: str, others: list[str]) -> str:
    """Return what others attached to a role; empty if there is nothing."""
    if not others:
        return ""
    return f"{role} also has {', '.join(others)}, from others: left alone. `awsprov up --detach-others` removes it."


@dataclass(eq=False, repr=False)
class InstanceProfile(IamResource):
    """An instance profile, which gives a role to an EC2 instance.

    Arguments:
        role: the role.
    """

    role: Role

    list_method = "list_instance_profiles"
    result_key = "InstanceProfiles"
    id_key = "InstanceProfileName"
    get_method = "get_instance_profile"
    tag_method = "tag_instance_profile"
    untag_method = "untag_instance_profile"
    get_parameter = "InstanceProfileName"
    replace_triggered_by = frozenset({"role"})
    typical_seconds = 10.0

    def create(self, aws: Aws) -> str:
        return aws.iam.create_instance_profile(
            InstanceProfileName=aws.physical_name(self.name), Path=path(aws), Tags=aws.tag_list(self.name)
        )["InstanceProfile"]["InstanceProfileName"]

    def _roles(self, aws: Aws) -> list[str]:
        return [role["RoleName"] for role in self.describe_cached(aws)["Roles"]]

    def read(self, aws: Aws) -> Values:
        return {"path": self.describe_cached(aws)["Path"], "role": ",".join(self._roles(aws))}

    def wanted(self, aws: Aws) -> Values:
        return {"path": path(aws), "role": self.role.id}

    def configure(self, aws: Aws, changes: Differences) -> None:
        self._remove_roles(aws)
        aws.iam.add_role_to_instance_profile(InstanceProfileName=self.id, RoleName=self.role.id)

    def _remove_roles(self, aws: Aws) -> None:
        for role in self.get(aws, self.id).get("Roles", []):
            call = partial(
                aws.iam.remove_role_from_instance_profile, InstanceProfileName=self.id, RoleName=role["RoleName"]
            )
            delete(aws, call, missing=IAM_MISSING)

    def delete(self, aws: Aws) -> None:
        self._remove_roles(aws)
        call = partial(aws.iam.delete_instance_profile, InstanceProfileName=self.id)
        delete(aws, call, missing=IAM_MISSING, in_use=["DeleteConflict"], within=60)
