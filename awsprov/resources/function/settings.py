"""The settings of a function, each with its place in Lambda's API. Creation, comparison and change follow from it."""

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.limits import FREE_TMP
from awsprov.packaging.environment import environment_in, variables_of
from awsprov.resources.function.entry_point import entry_point
from awsprov.resources.network.security_groups import listed

_KEY = token_bytes(16)
_PATHS = variables_of("libraries", "files").keys()


def _unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Setting:
    """A setting of a Lambda function.

    Arguments:
        name: its name in plans. Without `value` it is also the name of the field in `functions.<name>` of config.yaml.
        member: its path in the parameters of CreateFunction and UpdateFunctionConfiguration and in the response of
            GetFunctionConfiguration, such as `TracingConfig.Mode`.
        value: returns the value to send, given the function and the clients. Without it, the configured one is sent.
        default: the value when nothing is configured, and when the response lacks the member.
        comparable: converts a value, sent or received, to what plans compare and show.
    """

    name: str
    member: str
    value: Callable[[Any, Aws], Any] | None = None
    default: Any = None
    comparable: Callable[[Any], Any] = _unchanged

    def configured(self, function: Any, aws: Aws) -> Any:
        """Return the value to send to Lambda."""
        value = self.value(function, aws) if self.value else function.settings[self.name]
        return self.default if value is None else value

    def received(self, response: Any) -> Any:
        """Return the value in a response of GetFunctionConfiguration."""
        for key in self.member.split("."):
            response = (response or {}).get(key)
        return self.default if response is None else response


def parameters(settings: Iterable[Setting], function: Any, aws: Aws) -> dict[str, Any]:
    """Return the parameters of CreateFunction and UpdateFunctionConfiguration that hold the settings."""
    found: dict[str, Any] = {}
    for setting in settings:
        *parents, last = setting.member.split(".")
        members = found
        for parent in parents:
            members = members.setdefault(parent, {})
        members[last] = setting.configured(function, aws)
    return found


def digests(variables: Mapping[str, str]) -> dict[str, str]:
    """Return a short digest of each variable's value, by name: enough to see a change.

    Each process has another key, so that the value cannot be found by trying. Paths of environments are no secrets:
    of these it is the environment's name.
    """
    return {name: _digest(name, value) for name, value in sorted(variables.items())}


def _digest(name: str, value: str) -> str:
    if name in _PATHS and (not value or environment_in(value)):
        return environment_in(value) or "known later"
    return hmac.digest(_KEY, value.encode(), "sha256").hex()[:8]


def _mounts(configs: Any) -> str:
    return ",".join(f"{mount['Arn']} {mount['LocalMountPath']}" for mount in configs)


# A new setting is a field in FunctionConfig and a row here. Not in the table: code and architecture, which
# UpdateFunctionCode changes, and the reserved concurrency, which has calls of its own.
SETTINGS = (
    Setting("role", "Role", lambda function, aws: function.role.arn(aws)),
    Setting("handler", "Handler", lambda function, _: entry_point(function.handler, function.variables)),
    Setting("runtime", "Runtime", lambda function, _: function.runtime),
    Setting("memory", "MemorySize"),
    Setting("timeout", "Timeout"),
    Setting("tmp", "EphemeralStorage.Size", lambda function, aws: function.tmp_size(aws).wanted, default=FREE_TMP),
    Setting("kms_key", "KMSKeyArn", default=""),
    Setting("tracing", "TracingConfig.Mode", lambda function, _: "Active" if function.traced else "PassThrough",
            default="PassThrough"),
    Setting("variables", "Environment.Variables", lambda function, aws: function.all_variables(aws),
            default={}, comparable=digests),
    Setting("subnets", "VpcConfig.SubnetIds", lambda function, _: sorted(subnet.id for subnet in function.subnets),
            default=[], comparable=sorted),
    Setting("security_group", "VpcConfig.SecurityGroupIds", lambda function, _: [g.id for g in function.all_groups],
            default=[], comparable=listed),
    Setting("mount", "FileSystemConfigs", lambda function, aws: function.mounts(aws), default=[], comparable=_mounts),
    Setting("log_group", "LoggingConfig.LogGroup", lambda function, _: function.log_group.id, default=""),
)  # fmt: skip
