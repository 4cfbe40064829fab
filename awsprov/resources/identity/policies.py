"""What the roles may do, and no more."""

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Values
from awsprov.resources.iam import MISSING, IamResource, path
from awsprov.resources.missing_ok import delete

if TYPE_CHECKING:
    from awsprov.resources.function.log_groups import LogGroup
    from awsprov.resources.storage.file_system import AccessPoint, FileSystem


Statement = dict[str, Any]


@dataclass(frozen=True)
class BuilderRights:
    """The builder's: mount the file system through its own access point, and write."""

    file_system: "FileSystem"
    access_point: "AccessPoint"

    def statements(self, aws: Aws) -> list[Statement]:
        """The statements of its policy's document."""
        return [_mount(aws, self.file_system, self.access_point, write=True)]


@dataclass(frozen=True)
class FunctionRights:
    """A function's: write its log and traces, hold its network interfaces, read the file system, read its secrets.

    Arguments:
        function: its name in the stack.
        secrets: what its variables take from the parameter store (`ssm:/name`) or from Secrets Manager
            (`secretsmanager:name`) when it starts.
        traced: whether it tells X-Ray.
        kms_key: the ARN of the key that its variables are encrypted with, when it is not AWS's own.
    """

    function: str
    log_group: "LogGroup"
    file_system: "FileSystem"
    access_point: "AccessPoint"
    secrets: tuple[str, ...] = ()
    traced: bool = True
    kms_key: str = ""

    def statements(self, aws: Aws) -> list[Statement]:
        """The statements of its policy's document."""
        return [
            {
                "Sid": "Log",
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"{self.log_group.arn(aws)}:*",
            },
            *_interfaces(aws, self.function),
            *([_TRACES] if self.traced else []),
            _mount(aws, self.file_system, self.access_point, write=False),
            *(_read_secret(aws, reference) for reference in self.secrets),
            *([_decrypt(self.kms_key)] if self.kms_key else []),
        ]


_INTERFACES = [
    "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
    "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
]  # fmt: skip
_TRACES = {  # IAM knows no resource for these
    "Sid": "Traces",
    "Effect": "Allow",
    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    "Resource": "*",
}


def _interfaces(aws: Aws, function: str) -> list[Statement]:
    """Lambda makes the interfaces with this role, and IAM knows no resource for them beforehand; the code may not."""
    itself = {"ArnEquals": {"lambda:SourceFunctionArn": aws.arn("lambda", f"function:{aws.stack}-{function}")}}
    every = {"Action": _INTERFACES, "Resource": "*"}
    return [
        {"Sid": "NetworkInterfaces", "Effect": "Allow", **every},
        {"Sid": "NotForTheCode", "Effect": "Deny", **every, "Condition": itself},
    ]


def _mount(aws: Aws, file_system: "FileSystem", access_point: "AccessPoint", *, write: bool) -> Statement:
    actions = ["elasticfilesystem:ClientMount", *(["elasticfilesystem:ClientWrite"] if write else [])]
    return {
        "Sid": "Mount",
        "Effect": "Allow",
        "Action": actions,
        "Resource": file_system.arn(aws),
        "Condition": {"ArnEquals": {"elasticfilesystem:AccessPointArn": access_point.arn(aws)}},
    }


def _decrypt(key: str) -> Statement:
    return {"Sid": "Variables", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}


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
        ask = partial(aws.iam.get_policy_version, PolicyArn=self.id, VersionId=version)
        answer = aws.cached(f"{self.id} {version}", ask)["PolicyVersion"]
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
        delete(aws, lambda: self._drop_versions(aws), missing=MISSING)
        delete(
            aws, lambda: aws.iam.delete_policy(PolicyArn=self.id), missing=MISSING, in_use=["DeleteConflict"], within=60
        )
