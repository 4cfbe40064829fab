"""What answers: the function that mounts the libraries, and the network interfaces that it has."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from secrets import token_bytes
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Owned, Resource, Values, by_name
from awsprov.errors import AwsprovError
from awsprov.packaging.bundle import Bundle
from awsprov.resources.compute.libraries import MOUNT, Libraries
from awsprov.resources.function.log_groups import LogGroup
from awsprov.resources.identity.roles import Role
from awsprov.resources.identity.secrets import Secret
from awsprov.resources.missing_ok import delete, none_if_missing
from awsprov.resources.network.lambda_interfaces import LETS_GO_WITHIN, reap
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.network.vpc import Subnet
from awsprov.resources.storage.file_system import AccessPoint, MountTarget

_GONE = ("ResourceNotFoundException",)
_KEY = token_bytes(16)
UNRESERVED = 100  # concurrent runs that Lambda keeps free for functions without a reservation


@dataclass(eq=False, repr=False)
class FunctionInterfaces(Resource):
    """The network interfaces that Lambda makes for all functions in these subnets, which share them.

    They outlive the functions, and hold subnets and group.

    They are never made here, only drained: its deletion waits until Lambda has let go of them, and takes away those
    that are free. Lambda does that with a function's role, so the roles go after them (Lambda developer guide, VPC
    networking). Its id is the security group's.
    """

    roles: tuple[Role, ...]
    subnets: tuple[Subnet, ...]
    group: SecurityGroup

    area = "serving"
    virtual = True
    replace_triggered_by = frozenset({"subnets", "group"})

    def find(self, aws: Aws) -> str:
        return self.group.id

    def create(self, aws: Aws) -> str:
        return self.group.id

    def delete(self, aws: Aws) -> None:
        """Usually 5 to 20 minutes on AWS."""
        aws.wait_until(
            lambda: not self._drain(aws),
            LETS_GO_WITHIN,
            "Lambda to release its network interfaces",
            maximum_delay=10.0,
        )

    def _drain(self, aws: Aws) -> int:
        held = reap(aws, "group-id", self.id)
        if held:
            self.on_wait(f"{held} network interfaces that Lambda still holds, usually 5-20 min")
        return held


@dataclass(eq=False, repr=False)
class Function(Resource):
    """The handler, in the private subnets, with the libraries mounted.

    Arguments:
        targets: the mount targets, one in each zone of its subnets: all must be available before it is made.
        runtime: as in `python3.12`.
        memory: MB.
        timeout: seconds.
        traced: whether X-Ray gets to know of its requests.
        concurrency: how many of it may run at once, kept free for it; None for as many as the account has.
        sealed: secrets that become variables now; the others are read by the function when it starts.
        kms_key: the key that its variables are encrypted with, an ARN; AWS's own for Lambda when it is empty.
        variables: its environment variables; their values are told to Lambda and to nobody else.
    """

    role: Role
    log_group: LogGroup
    subnets: tuple[Subnet, ...]
    group: SecurityGroup
    targets: tuple[MountTarget, ...]
    access_point: AccessPoint
    libraries: Libraries | None
    bundle: Bundle
    handler: str
    runtime: str
    architecture: str
    memory: int
    timeout: int
    traced: bool
    concurrency: int | None
    deploy_time_secrets: Mapping[str, Secret]
    kms_key: str
    variables: Mapping[str, str] = field(repr=False)

    area = "serving"
    deployed = True
    replace_triggered_by = frozenset({"role", "subnets", "group", "access_point"})
    already_exists_codes = ("ResourceConflictException",)
    typical_seconds = 60.0

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        pages = aws.lambda_.get_paginator("list_functions").paginate
        listed = aws.cached("Function", lambda: [f for page in pages() for f in page["Functions"]])
        ours = [item for item in listed if item["FunctionName"].startswith(f"{aws.stack}-")]
        return by_name(aws, ((_function_tags(aws, item["FunctionArn"]), item["FunctionName"]) for item in ours))

    def find(self, aws: Aws) -> str:
        """By its name: one call tells that it is there, that it is ours and what it is like."""
        found = aws.cached(f"Function {self.name}", lambda: self._get(aws))
        return str(found["Configuration"]["FunctionName"]) if aws.tagged_name(found.get("Tags")) else ""

    def _physical(self, aws: Aws) -> str:
        return f"{aws.stack}-{self.name}"

    def _get(self, aws: Aws) -> Any:
        return none_if_missing(lambda: aws.lambda_.get_function(FunctionName=self._physical(aws)), missing=_GONE) or {}

    def create(self, aws: Aws) -> str:
        return aws.lambda_.create_function(
            FunctionName=self._physical(aws),
            Code={"ZipFile": self.bundle.content},
            Architectures=[self.architecture],  # type: ignore[list-item]
            Tags=aws.tags(self.name),
            **self._configuration(aws),
        )["FunctionName"]

    def _configuration(self, aws: Aws) -> Any:
        return {
            "Role": self.role.arn(aws),
            "Handler": self.handler,
            "Runtime": self.runtime,
            "MemorySize": self.memory,
            "Timeout": self.timeout,
            "TracingConfig": {"Mode": self._tracing},
            "Environment": {"Variables": self.environment(aws)},
            "KMSKeyArn": self.kms_key,
            "VpcConfig": {
                "SubnetIds": sorted(subnet.id for subnet in self.subnets),
                "SecurityGroupIds": [self.group.id],
            },
            "FileSystemConfigs": [{"Arn": self.access_point.arn(aws), "LocalMountPath": MOUNT}],
            "LoggingConfig": {"LogGroup": self.log_group.id},
        }

    @property
    def _tracing(self) -> str:
        return "Active" if self.traced else "PassThrough"

    def environment(self, aws: Aws) -> dict[str, str]:
        """Its variables, secrets among them that are to be read now."""
        secrets = {name: secret.read_now(aws)[0] for name, secret in self.deploy_time_secrets.items()}
        return {**self.variables, **secrets, **self._libraries}

    def fingerprints(self, aws: Aws) -> dict[str, str]:
        """The same with versions in the place of secrets: a digest of a short secret could be guessed from."""
        secrets = {name: secret.read_now(aws)[1] for name, secret in self.deploy_time_secrets.items()}
        return {**self.variables, **secrets, **self._libraries}

    @property
    def _libraries(self) -> Mapping[str, str]:
        return self.libraries.variables if self.libraries else {}

    def wait(self, aws: Aws) -> None:
        """Return when it is active and no update is under way; a function in a VPC takes minutes at first."""
        seen = aws.cached(f"Function {self.name}", lambda: self._get(aws)).get("Configuration")
        if not (seen and _settled(seen)):
            self.settle(aws)

    def settle(self, aws: Aws, version: str = "$LATEST") -> None:
        """Return when Lambda takes the next change; or, of a published version, when it takes requests."""
        ask = partial(aws.lambda_.get_function_configuration, FunctionName=self.id, Qualifier=version)
        aws.wait_until(lambda: _settled(ask()), 900, f"{self.name} to be active")

    def read(self, aws: Aws) -> Values:
        has = self._now(aws)
        network, mounts = has.get("VpcConfig", {}), has.get("FileSystemConfigs", [])
        return {
            "code": has["CodeSha256"],
            "role": has["Role"],
            "handler": has["Handler"],
            "runtime": has["Runtime"],
            "architecture": has.get("Architectures", ["x86_64"])[0],
            "memory": has["MemorySize"],
            "timeout": has["Timeout"],
            "tracing": has.get("TracingConfig", {}).get("Mode", "PassThrough"),
            "concurrency": self._reserved(aws),
            "kms_key": has.get("KMSKeyArn") or "",
            "variables": _digests(has.get("Environment", {}).get("Variables", {})),
            "subnets": sorted(network.get("SubnetIds", [])),
            "group": ",".join(network.get("SecurityGroupIds", [])),
            "mount": ",".join(f"{mount['Arn']} {mount['LocalMountPath']}" for mount in mounts),
            "log_group": has.get("LoggingConfig", {}).get("LogGroup", ""),
        }

    def _reserved(self, aws: Aws) -> int | None:
        """How many may run at once. An account that has too few to reserve any is told of, and else as it should be."""
        found = aws.cached(f"Function {self.name}", lambda: self._get(aws))
        reserved: int | None = found.get("Concurrency", {}).get("ReservedConcurrentExecutions")
        self.note = ""
        if self.concurrency and reserved is None and self.concurrency > self._room(aws):
            self.note = (
                f"{self.name}: the account's quota of concurrent runs leaves none to reserve "
                f"(`functions.{self.name}.concurrency: {self.concurrency}`); nothing but the quota limits it."
            )
            return self.concurrency
        return reserved

    @staticmethod
    def _room(aws: Aws) -> int:
        """How many the account may still reserve."""
        limits = aws.cached("AccountSettings", aws.lambda_.get_account_settings)["AccountLimit"]
        return int(limits.get("UnreservedConcurrentExecutions", 0)) - UNRESERVED

    def _now(self, aws: Aws) -> Any:
        found = aws.cached(f"Function {self.name}", lambda: self._get(aws))
        return found.get("Configuration") or aws.lambda_.get_function_configuration(FunctionName=self.id)

    def wanted(self, aws: Aws) -> Values:
        return {
            "code": self.bundle.digest,
            "role": self.role.arn(aws),
            "handler": self.handler,
            "runtime": self.runtime,
            "architecture": self.architecture,
            "memory": self.memory,
            "timeout": self.timeout,
            "tracing": self._tracing,
            "concurrency": self.concurrency,
            "kms_key": self.kms_key,
            "variables": _digests(self.environment(aws)),
            "subnets": sorted(subnet.id for subnet in self.subnets),
            "group": self.group.id,
            "mount": f"{self.access_point.arn(aws)} {MOUNT}",
            "log_group": self.log_group.id,
        }

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Code and configuration are two calls, and Lambda takes one at a time."""
        if "concurrency" in changes:
            self._reserve(aws)
        if set(changes) - {"code", "architecture", "concurrency"}:
            aws.lambda_.update_function_configuration(FunctionName=self.id, **self._configuration(aws))
            self.settle(aws)
        if {"code", "architecture"} & set(changes):
            architectures: Any = [self.architecture]
            aws.lambda_.update_function_code(
                FunctionName=self.id, ZipFile=self.bundle.content, Architectures=architectures
            )
            self.settle(aws)

    def _reserve(self, aws: Aws) -> None:
        if self.concurrency is None:
            aws.lambda_.delete_function_concurrency(FunctionName=self.id)
        else:
            aws.lambda_.put_function_concurrency(FunctionName=self.id, ReservedConcurrentExecutions=self.concurrency)

    def recorded_inputs(self) -> Values:
        """Without the variables' values; with what the code consists of, so that a plan can tell which files differ."""
        told = {"variables": sorted(self.variables), "bundle": str(self.bundle.source)}
        return {**self.inputs, **told, "code": self.bundle.digest, "files": self.bundle.files}

    def delete(self, aws: Aws) -> None:
        delete(
            aws,
            lambda: aws.lambda_.delete_function(FunctionName=self.id),
            missing=_GONE,
            in_use=["ResourceConflictException"],
        )
        aws.wait_until(lambda: not self._exists(aws), 600, f"{self.name} to be deleted")

    def _exists(self, aws: Aws) -> bool:
        ask = partial(aws.lambda_.get_function_configuration, FunctionName=self.id)
        return none_if_missing(ask, missing=_GONE) is not None


def _function_tags(aws: Aws, arn: str) -> dict[str, str]:
    answer = aws.cached(
        f"tags {arn}", lambda: none_if_missing(partial(aws.lambda_.list_tags, Resource=arn), missing=_GONE)
    )
    return answer["Tags"] if answer else {}


def _settled(configuration: Any) -> bool:
    """Whether nothing is under way.

    Raises:
        AwsprovError: it failed; carries Lambda's reason.
    """
    for state, reason in (("State", "StateReason"), ("LastUpdateStatus", "LastUpdateStatusReason")):
        if configuration.get(state) == "Failed":
            why = f"{configuration.get(reason + 'Code', '')}: {configuration.get(reason, '')}"
            raise AwsprovError(
                "Lambda could not set the function up.", why=why, remedy="Mend that, then run `awsprov up` again."
            )
    # An inactive function is one that nobody called for weeks: it wakes at the next call.
    active = configuration.get("State", "Active") in ("Active", "Inactive")
    return active and configuration.get("LastUpdateStatus", "Successful") == "Successful"


def _digests(variables: Mapping[str, str]) -> dict[str, str]:
    """Names with digests for values: enough to see a change. Keyed anew in each process: nothing to guess from."""
    return {n: hmac.digest(_KEY, value.encode(), "sha256").hex()[:8] for n, value in sorted(variables.items())}
