"""Policies, roles and the builder's instance profile in Terraform."""

from collections.abc import Iterator

from awsprov.resources.function.log_groups import LogGroup
from awsprov.resources.iam import path
from awsprov.resources.identity.existing import ExistingPolicy
from awsprov.resources.identity.policies import Policy
from awsprov.resources.identity.roles import InstanceProfile, Role
from awsprov.resources.storage.file_system import AccessPoint
from awsprov.resources.storage.library_file_system import LibraryFileSystem
from awsprov.terraform.expressions import Json
from awsprov.terraform.rows.row import Arguments, Row, Rows, TerraformContext, TerraformResource

_ATTACHMENT = "aws_iam_role_policy_attachment"


def _policy(policy: Policy, context: TerraformContext) -> Arguments:
    aws, stack = context.aws, context.stack
    linked: list[LibraryFileSystem | AccessPoint | LogGroup]
    linked = [*stack.of(LibraryFileSystem), *stack.of(AccessPoint), *stack.of(LogGroup)]
    arns = {each.arn(aws): context.reference(each, "arn") for each in linked}
    document = {"Version": "2012-10-17", "Statement": context.linked(policy.document.statements(aws), arns)}
    return {"name": policy.id.rpartition("/")[2], "path": path(aws), "policy": Json(document)}


def _role(role: Role, context: TerraformContext) -> Arguments:
    return {
        "name": role.id,
        "path": path(context.aws),
        "permissions_boundary": role.boundary.parameters().get("PermissionsBoundary"),
        "assume_role_policy": Json(role.wanted(context.aws)["trust"]),
    }


def attachment_address(role: Role, context: TerraformContext) -> str:
    """Return the address of the attachment of a role's policy."""
    return f"{_ATTACHMENT}.{context.name(role)}"


def _attachments(role: Role, context: TerraformContext) -> Iterator[TerraformResource]:
    for number, policy in enumerate(role.policies, start=1):
        arn = policy.id if isinstance(policy, ExistingPolicy) else context.reference(policy, "arn")
        arguments = {"role": context.reference(role, "name"), "policy_arn": arn}
        name = context.name(role) if policy is role.policy else f"{context.name(role)}_{number}"
        yield TerraformResource(_ATTACHMENT, name, arguments, f"{role.id}/{policy.id}")


def _instance_profile(profile: InstanceProfile, context: TerraformContext) -> Arguments:
    return {"name": profile.id, "path": path(context.aws), "role": context.reference(profile.role, "name")}


ROWS: Rows = {
    Policy: Row("aws_iam_policy", _policy),
    Role: Row("aws_iam_role", _role, parts=_attachments),
    InstanceProfile: Row("aws_iam_instance_profile", _instance_profile),
}
