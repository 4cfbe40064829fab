"""Who may do what: policies, roles and the builder's instance profile, all under the path `/awsprov/<stack>/`.

IAM's listings carry no tags, so the path is what the stack's own are found by; the tags are written all the same.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from awsprov.aws import Aws, ClientError, error_code
from awsprov.resource import Differences, Owned, Resource, Values
from awsprov.resources.removal import remove

if TYPE_CHECKING:
    from awsprov.resources.serving import LogGroup
    from awsprov.resources.storage import AccessPoint, FileSystem

Statement = dict[str, Any]
_GONE = ("NoSuchEntity",)


@dataclass(eq=False, repr=False)
class IamResource(Resource):
    """A resource of IAM.

    Attributes:
        listing: the boto3 paginator that lists its kind under a path.
        members: the member of that answer which holds the descriptions.
        label: the member of a description which holds the name.
        key: the member which serves as id.
    """

    area = "identity"
    exists = ("EntityAlreadyExists",)
    listing: ClassVar[str]
    members: ClassVar[str]
    label: ClassVar[str]
    key: ClassVar[str]

    @classmethod
    def listed(cls, aws: Aws) -> list[dict[str, Any]]:
        """All under the stack's path."""
        scope: dict[str, str] = {"Scope": "Local"} if cls.listing == "list_policies" else {}
        pages = aws.iam.get_paginator(cls.listing).paginate  # type: ignore[call-overload]
        where = {"PathPrefix": path(aws), **scope}
        found = aws.remember(cls.listing, lambda: [item for page in pages(**where) for item in page[cls.members]])
        return [item for item in found if item["Path"] == path(aws)]

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        owned: Owned = defaultdict(list)
        for item in cls.listed(aws):
            owned[item[cls.label].removeprefix(f"{aws.stack}-")].append(item[cls.key])
        return dict(owned)

    def seen(self, aws: Aws) -> dict[str, Any]:
        """Its description from the listing; empty when it is not in there."""
        return next((item for item in self.listed(aws) if item[self.key] == self.id), {})


def path(aws: Aws) -> str:
    """The IAM path of the stack."""
    return f"/awsprov/{aws.stack}/"


@dataclass(frozen=True)
class BuilderRights:
    """The builder's: mount the file system through its own access point, and write."""

    file_system: "FileSystem"
    door: "AccessPoint"

    def statements(self, aws: Aws) -> list[Statement]:
        """The statements of its policy's document."""
        return [_mount(aws, self.file_system, self.door, write=True)]


@dataclass(frozen=True)
class FunctionRights:
    """A function's: write its log, hold its network interfaces, read the file system, read its secrets.

    Arguments:
        secrets: what its variables take from the parameter store (`ssm:/name`) or from Secrets Manager
            (`secretsmanager:name`).
    """

    log_group: "LogGroup"
    file_system: "FileSystem"
    door: "AccessPoint"
    secrets: tuple[str, ...] = ()

    def statements(self, aws: Aws) -> list[Statement]:
        """The statements of its policy's document."""
        return [
            {
                "Sid": "Log",
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"{self.log_group.arn(aws)}:*",
            },
            {
                # Lambda makes the interfaces with this role; IAM knows no resource for them beforehand.
                "Sid": "NetworkInterfaces",
                "Effect": "Allow",
                "Action": [
                    "ec2:CreateNetworkInterface",
                    "ec2:DeleteNetworkInterface",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSubnets",
                    "ec2:AssignPrivateIpAddresses",
                    "ec2:UnassignPrivateIpAddresses",
                ],
                "Resource": "*",
            },
            _mount(aws, self.file_system, self.door, write=False),
            *(_read_secret(aws, reference) for reference in self.secrets),
        ]


def _mount(aws: Aws, file_system: "FileSystem", door: "AccessPoint", *, write: bool) -> Statement:
    actions = ["elasticfilesystem:ClientMount", *(["elasticfilesystem:ClientWrite"] if write else [])]
    return {
        "Sid": "Mount",
        "Effect": "Allow",
        "Action": actions,
        "Resource": file_system.arn(aws),
        "Condition": {"StringEquals": {"elasticfilesystem:AccessPointArn": door.arn(aws)}},
    }


def _read_secret(aws: Aws, reference: str) -> Statement:
    scheme, _, name = reference.partition(":")
    if scheme == "ssm":
        action, arn = "ssm:GetParameter", aws.arn("ssm", f"parameter/{name.removeprefix('/')}")
    else:
        action, arn = "secretsmanager:GetSecretValue", aws.arn("secretsmanager", f"secret:{name}-??????")
    return {"Effect": "Allow", "Action": action, "Resource": arn}


@dataclass(eq=False, repr=False)
class Policy(IamResource):
    """What a role may do."""

    rights: BuilderRights | FunctionRights

    listing, members, label, key = "list_policies", "Policies", "PolicyName", "Arn"

    def create(self, aws: Aws) -> str:
        return aws.iam.create_policy(
            PolicyName=f"{aws.stack}-{self.name}",
            Path=path(aws),
            PolicyDocument=self._text(aws),
            Tags=aws.tag_list(self.name),
        )["Policy"]["Arn"]

    def _text(self, aws: Aws) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": self.rights.statements(aws)})

    def read(self, aws: Aws) -> Values:
        version = (
            self.seen(aws).get("DefaultVersionId")
            or aws.iam.get_policy(PolicyArn=self.id)["Policy"]["DefaultVersionId"]
        )
        answer = aws.iam.get_policy_version(PolicyArn=self.id, VersionId=version)["PolicyVersion"]
        document: Any = answer["Document"]  # a dictionary already: botocore decodes it
        return {"statements": document["Statement"]}

    def wanted(self, aws: Aws) -> Values:
        return {"statements": self.rights.statements(aws)}

    def configure(self, aws: Aws, changes: Differences) -> None:
        """A new default version; IAM keeps five, so the others go."""
        self._drop_versions(aws)
        aws.iam.create_policy_version(PolicyArn=self.id, PolicyDocument=self._text(aws), SetAsDefault=True)

    def _drop_versions(self, aws: Aws) -> None:
        for version in aws.iam.list_policy_versions(PolicyArn=self.id)["Versions"]:
            if not version["IsDefaultVersion"]:
                aws.iam.delete_policy_version(PolicyArn=self.id, VersionId=version["VersionId"])

    def delete(self, aws: Aws) -> None:
        try:
            self._drop_versions(aws)
        except ClientError as error:
            if error_code(error) not in _GONE:
                raise
            return
        remove(aws, lambda: aws.iam.delete_policy(PolicyArn=self.id), gone=_GONE, blocked=["DeleteConflict"], within=60)


@dataclass(eq=False, repr=False)
class Role(IamResource):
    """What a service acts as.

    Arguments:
        service: the service that may take it on, as in `lambda.amazonaws.com`.
        policy: what it may do.
    """

    service: str
    policy: Policy

    listing, members, label, key = "list_roles", "Roles", "RoleName", "RoleName"
    bound = frozenset({"policy"})
    usually = 10.0

    def create(self, aws: Aws) -> str:
        return aws.iam.create_role(
            RoleName=f"{aws.stack}-{self.name}",
            Path=path(aws),
            AssumeRolePolicyDocument=json.dumps(self._trust()),
            Tags=aws.tag_list(self.name),
        )["Role"]["RoleName"]

    def _trust(self) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Principal": {"Service": self.service}, "Action": "sts:AssumeRole"}
        return {"Version": "2012-10-17", "Statement": [statement]}

    def arn(self, aws: Aws) -> str:
        """Its ARN."""
        return f"arn:{aws.partition}:iam::{aws.account}:role{path(aws)}{aws.stack}-{self.name}"

    def read(self, aws: Aws) -> Values:
        trust = self.seen(aws).get("AssumeRolePolicyDocument") or self._asked(aws)
        attached = aws.iam.list_attached_role_policies(RoleName=self.id)["AttachedPolicies"]
        return {"trust": trust, "policies": sorted(policy["PolicyArn"] for policy in attached)}

    def _asked(self, aws: Aws) -> Any:
        return aws.eventually(lambda: self._get(aws), 60, f"{self.name} to show")["AssumeRolePolicyDocument"]

    def _get(self, aws: Aws) -> Any:
        try:
            return aws.iam.get_role(RoleName=self.id)["Role"]
        except ClientError as error:
            if error_code(error) not in _GONE:
                raise
            return {}

    def wanted(self, aws: Aws) -> Values:
        return {"trust": self._trust(), "policies": [self.policy.id]}

    def configure(self, aws: Aws, changes: Differences) -> None:
        if "trust" in changes:
            aws.iam.update_assume_role_policy(RoleName=self.id, PolicyDocument=json.dumps(self._trust()))
        if "policies" in changes:
            aws.iam.attach_role_policy(RoleName=self.id, PolicyArn=self.policy.id)
            for arn in set(changes["policies"][0]) - {self.policy.id}:
                aws.iam.detach_role_policy(RoleName=self.id, PolicyArn=arn)

    def delete(self, aws: Aws) -> None:
        if not self._get(aws):
            return
        for policy in aws.iam.list_attached_role_policies(RoleName=self.id)["AttachedPolicies"]:
            remove(
                aws, partial(aws.iam.detach_role_policy, RoleName=self.id, PolicyArn=policy["PolicyArn"]), gone=_GONE
            )
        remove(aws, lambda: aws.iam.delete_role(RoleName=self.id), gone=_GONE, blocked=["DeleteConflict"], within=60)


@dataclass(eq=False, repr=False)
class InstanceProfile(IamResource):
    """What hands a role to an instance."""

    role: Role

    listing, members, label, key = (
        "list_instance_profiles",
        "InstanceProfiles",
        "InstanceProfileName",
        "InstanceProfileName",
    )
    bound = frozenset({"role"})
    usually = 10.0

    def create(self, aws: Aws) -> str:
        return aws.iam.create_instance_profile(
            InstanceProfileName=f"{aws.stack}-{self.name}", Path=path(aws), Tags=aws.tag_list(self.name)
        )["InstanceProfile"]["InstanceProfileName"]

    def _roles(self, aws: Aws) -> list[str]:
        seen = self.seen(aws) or aws.eventually(lambda: self._get(aws), 60, f"{self.name} to show")
        return [role["RoleName"] for role in seen["Roles"]]

    def _get(self, aws: Aws) -> Any:
        try:
            return aws.iam.get_instance_profile(InstanceProfileName=self.id)["InstanceProfile"]
        except ClientError as error:
            if error_code(error) not in _GONE:
                raise
            return {}

    def read(self, aws: Aws) -> Values:
        return {"role": ",".join(self._roles(aws))}

    def configure(self, aws: Aws, changes: Differences) -> None:
        self._empty(aws)
        aws.iam.add_role_to_instance_profile(InstanceProfileName=self.id, RoleName=self.role.id)

    def _empty(self, aws: Aws) -> None:
        for role in self._get(aws).get("Roles", []):
            drop = partial(
                aws.iam.remove_role_from_instance_profile, InstanceProfileName=self.id, RoleName=role["RoleName"]
            )
            remove(aws, drop, gone=_GONE)

    def delete(self, aws: Aws) -> None:
        self._empty(aws)
        drop = partial(aws.iam.delete_instance_profile, InstanceProfileName=self.id)
        remove(aws, drop, gone=_GONE, blocked=["DeleteConflict"], within=60)
