"""The permissions boundary of the stack's roles: the most that their policies can allow.

`awsprov policy --boundary` prints it. It is a managed policy that an administrator creates. It is outside the path of
the stack's own policies, so that the permissions to change those do not include it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from awsprov.aws.place import Place
from awsprov.aws.url_suffixes import partition_of
from awsprov.config.models import Config
from awsprov.config.role_permission import RolePermission
from awsprov.iam.policy_meaning import Statement, as_list, covers, statements
from awsprov.iam.secrets import read_statements

BOUNDARY_PATH = "/awsprov-boundary/"
INTERFACE_ACTIONS = [
    "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
    "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
]  # fmt: skip
TRACE_ACTIONS = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]


@dataclass(frozen=True)
class Boundary:
    """What the roles of a stack may do at most.

    Arguments:
        stack: the stack's name.
        region: its region.
        functions: the names of its functions.
        secrets: the secrets that functions read when they start, as `ssm:/name` or `secretsmanager:name`.
        kms_keys: the ARNs of the keys that encrypt variables.
        traced: whether functions send traces to X-Ray.
        permissions: what else functions may do, without managed policies.
        managed_policies: the ARNs of the managed policies of functions.
        file_system: the id of an existing file system, which does not have the stack's tag; empty without.
    """

    stack: str
    region: str
    functions: tuple[str, ...]
    secrets: tuple[str, ...]
    kms_keys: tuple[str, ...]
    traced: bool
    permissions: tuple[RolePermission, ...] = ()
    managed_policies: tuple[str, ...] = ()
    file_system: str = ""

    @classmethod
    def of(cls, config: Config) -> "Boundary":
        """Return the boundary for a configuration."""
        functions = config.functions.values()
        secrets = sorted({reference for function in functions for reference in function.start_secrets.values()})
        keys = sorted({function.kms_key for function in functions if function.kms_key})
        permissions = dict.fromkeys(each for function in functions for each in function.own_permissions)
        managed = sorted({arn for function in functions for arn in function.managed_policies})
        own = (tuple(config.functions), tuple(secrets), tuple(keys))
        return cls(
            config.stack,
            config.region,
            *own,
            config.tracing,
            tuple(permissions),
            tuple(managed),
            config.file_system or "",
        )

    def arn(self, account: str) -> str:
        """Return the ARN of the policy in an account, given its id of 12 digits."""
        return f"arn:{partition_of(self.region)}:iam::{account}:policy{BOUNDARY_PATH}{self.stack}"

    def document(self, account: str, *, managed: Iterable[Statement] = ()) -> dict[str, Any]:
        """Return the policy.

        Arguments:
            account: the account id, 12 digits.
            managed: the statements of the managed policies, which only IAM has.
        """
        return {"Version": "2012-10-17", "Statement": [*self._statements(Place(self.region, account)), *managed]}

    def _statements(self, place: Place) -> Iterator[Statement]:
        group = place.arn("logs", f"log-group:/aws/lambda/{self.stack}")
        groups = [f"{group}-{function}:*" for function in self.functions]
        yield _allow(["logs:CreateLogStream", "logs:PutLogEvents"], groups)
        yield from _interface_statements()
        if self.traced:
            yield _allow(TRACE_ACTIONS, "*")  # these actions have no resource in IAM
        yield self._mounts(place.arn("elasticfilesystem", "file-system/"))
        yield from read_statements(place, self.secrets)
        if self.kms_keys:
            yield _allow(["kms:Decrypt"], list(self.kms_keys))
        yield from (each.statement(place) for each in self.permissions)

    def _mounts(self, file_systems: str) -> Statement:
        """Allow mounting the stack's own file system, which is known by its tag, or the existing one.

        Arguments:
            file_systems: how the ARNs of file systems begin.
        """
        mount = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        if self.file_system:
            return _allow(mount, f"{file_systems}{self.file_system}")
        own = {"StringEquals": {"aws:ResourceTag/awsprov:stack": self.stack}}
        return {**_allow(mount, f"{file_systems}*"), "Condition": own}


def missing_permissions(document: dict[str, Any], needed: dict[str, Any]) -> list[str]:
    """Return what one policy does not allow of what another one allows, as `action on resource`.

    Conditions are not compared: a statement with one counts if it allows, and does not count if it denies.

    Arguments:
        document: the policy that may lack something.
        needed: the policy that allows what is needed.
    """
    found = statements(document)
    allowing = [each for each in found if each["Effect"] == "Allow"]
    denying = [each for each in found if each["Effect"] == "Deny" and not each.get("Condition")]
    return [
        f"{action} on {resource}"
        for action, resource in _allowed(needed)
        if not any(covers(each, action, resource) for each in allowing)
        or any(covers(each, action, resource) for each in denying)
    ]


def _allowed(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each action with each resource of the statements that allow."""
    for statement in statements(document):
        if statement["Effect"] == "Allow":
            for action in as_list(statement.get("Action", [])):
                yield from ((action, resource) for resource in as_list(statement.get("Resource", [])))


def _allow(actions: list[str], resources: str | list[str]) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _interface_statements() -> Iterator[Statement]:
    """Allow Lambda, but not code that runs with a role, to manage network interfaces."""
    yield _allow(INTERFACE_ACTIONS, "*")
    for key in ("lambda:SourceFunctionArn", "ec2:SourceInstanceARN"):
        condition = {"Null": {key: "false"}}
        yield {"Effect": "Deny", "Action": INTERFACE_ACTIONS, "Resource": "*", "Condition": condition}
