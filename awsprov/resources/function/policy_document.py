"""What the role of a function may do: what every function needs, and what config.yaml adds."""

from dataclasses import KW_ONLY, dataclass

from awsprov.aws.client import Aws
from awsprov.config.role_permission import RolePermission
from awsprov.iam.boundary import INTERFACE_ACTIONS, TRACE_ACTIONS
from awsprov.iam.policy_meaning import Statement
from awsprov.iam.secrets import read_statements
from awsprov.resources.function.log_groups import LogGroup
from awsprov.resources.storage.file_system import AccessPoint


@dataclass(frozen=True)
class FunctionPolicyDocument:
    """Write to the log group, have network interfaces, mount the file system for reading, and what is configured.

    Arguments:
        function: the function's name in the stack.
        log_group: the log group that it writes to.
        access_point: the access point that it mounts.
        secrets: the secrets that it reads when it starts, as `ssm:/name` or `secretsmanager:name`.
        traced: whether it sends traces to X-Ray.
        kms_key: the ARN of the key that encrypts its variables; empty for AWS's own.
    """

    function: str
    log_group: LogGroup
    access_point: AccessPoint
    _: KW_ONLY
    secrets: tuple[str, ...] = ()
    traced: bool = True
    kms_key: str = ""

    def statements(self, aws: Aws) -> list[Statement]:
        """Return the statements of the policy."""
        return [
            {
                "Sid": "Log",
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"{self.log_group.arn(aws)}:*",
            },
            *_network_interfaces(aws, self.function),
            *([_TRACES] if self.traced else []),
            self.access_point.mount_statement(aws, write=False),
            *read_statements(aws.place, self.secrets),
            *([_decrypt(self.kms_key)] if self.kms_key else []),
        ]


@dataclass(frozen=True)
class FunctionPermissions:
    """The additional permissions of a function, from `permissions` in config.yaml.

    Arguments:
        permissions: actions on resources.
    """

    permissions: tuple[RolePermission, ...]

    def statements(self, aws: Aws) -> list[Statement]:
        """Return the statements of the policy."""
        return [each.statement(aws.place) for each in self.permissions]


_TRACES = {
    "Sid": "Traces",
    "Effect": "Allow",
    "Action": TRACE_ACTIONS,
    "Resource": "*",  # these actions have no resource in IAM
}


def _network_interfaces(aws: Aws, function: str) -> list[Statement]:
    """Allow Lambda, but not the function's code, to manage network interfaces.

    Lambda creates them with the function's role. Their ARNs are not known before (Lambda developer guide, VPC access).
    """
    code = {"ArnEquals": {"lambda:SourceFunctionArn": aws.arn("lambda", f"function:{aws.physical_name(function)}")}}
    actions = {"Action": INTERFACE_ACTIONS, "Resource": "*"}
    return [
        {"Sid": "NetworkInterfaces", "Effect": "Allow", **actions},
        {"Sid": "NotForTheCode", "Effect": "Deny", **actions, "Condition": code},
    ]


def _decrypt(key: str) -> Statement:
    return {"Sid": "Variables", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}
