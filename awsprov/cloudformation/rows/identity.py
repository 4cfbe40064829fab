"""Policies, roles and the builder's instance profile in CloudFormation."""

from collections.abc import Iterator

from awsprov.cloudformation.template import CloudFormationRows, TemplateContext, TemplateResource
from awsprov.resources.iam import path
from awsprov.resources.identity.existing import ExistingPolicy
from awsprov.resources.identity.policies import Policy
from awsprov.resources.identity.roles import InstanceProfile, Role
from awsprov.resources.storage.file_system import AccessPoint, FileSystem


def _policy(policy: Policy, context: TemplateContext) -> Iterator[TemplateResource]:
    aws, stack = context.aws, context.stack
    linked: list[FileSystem | AccessPoint] = [*stack.of(FileSystem), *stack.of(AccessPoint)]
    statements = context.linked(
        policy.document.statements(aws), {each.arn(aws): context.attribute(each, "Arn") for each in linked}
    )
    properties = {
        "ManagedPolicyName": policy.id.rpartition("/")[2],
        "Path": path(aws),
        "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
    }
    yield TemplateResource(context.name(policy), "AWS::IAM::ManagedPolicy", properties, {"PolicyArn": policy.id})


def _role(role: Role, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "RoleName": role.id,
        "Path": path(context.aws),
        "AssumeRolePolicyDocument": role.wanted(context.aws)["trust"],
        "ManagedPolicyArns": [
            policy.id if isinstance(policy, ExistingPolicy) else context.ref(policy) for policy in role.policies
        ],
        "PermissionsBoundary": role.boundary.parameters().get("PermissionsBoundary"),
        "Tags": context.tags(role),
    }
    yield TemplateResource(context.name(role), "AWS::IAM::Role", properties, {"RoleName": role.id})


def _instance_profile(profile: InstanceProfile, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "InstanceProfileName": profile.id,
        "Path": path(context.aws),
        "Roles": [context.ref(profile.role)],
    }
    identifier = {"InstanceProfileName": profile.id}
    yield TemplateResource(context.name(profile), "AWS::IAM::InstanceProfile", properties, identifier)


ROWS: CloudFormationRows = {Policy: _policy, Role: _role, InstanceProfile: _instance_profile}
