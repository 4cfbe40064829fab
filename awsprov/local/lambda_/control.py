"""The classes that replace moto's for Lambda: what it drops is kept, and Invoke runs the function.

They are pickled with the rest of moto's state, so they hold data only; what lives is in `live`.
"""

import copy
import logging
import threading
from typing import Any
from urllib.parse import unquote

from moto.awslambda import models
from moto.ec2.models import ec2_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.lambda_ import registry, runtimes
from awsprov.local.lambda_.invoke import Asked, as_moto, invoke
from awsprov.local.lambda_.targets import spec
from awsprov.local.wire import ServiceError

_log = logging.getLogger(__name__)


class LocalFunction(models.LambdaFunction):  # type: ignore[misc]
    """A function with what moto drops: file systems, logging, the real VPC. Physics may be mixed in before it."""

    def __init__(self, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        self.file_system_configs: list[dict[str, str]] = spec.get("FileSystemConfigs") or []
        self.logging_config: dict[str, str] = spec.get("LoggingConfig") or {}
        super().__init__(account_id, spec, region, version)

    @property
    def logs_group_name(self) -> str:
        """Where it logs."""
        return self.logging_config.get("LogGroup") or f"/aws/lambda/{self.function_name}"

    @logs_group_name.setter
    def logs_group_name(self, name: str) -> None:
        """moto sets the default one; ours follows from the configuration."""

    @property
    def vpc_config(self) -> dict[str, Any] | None:
        """As given, and the VPC that the subnets are really in."""
        if not self._vpc_config:
            return None
        subnets = self._vpc_config.get("SubnetIds") or []
        groups = self._vpc_config.get("SecurityGroupIds") or []
        known = ec2_backends[ACCOUNT][self.region].describe_subnets() if subnets else []
        vpc = next((subnet.vpc_id for subnet in known if subnet.id in subnets), "")
        return {"SubnetIds": subnets, "SecurityGroupIds": groups, "VpcId": vpc}

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        """As moto's, and what it drops."""
        configuration: dict[str, Any] = super().get_configuration(on_create)
        logging_config = {"LogFormat": "Text", **self.logging_config, "LogGroup": self.logs_group_name}
        configuration["LoggingConfig"] = logging_config
        if self.file_system_configs:
            configuration["FileSystemConfigs"] = self.file_system_configs
        return configuration

    def invoke(self, body: str, request_headers: Any, response_headers: Any) -> bytes:
        """Invoked by another service of moto, which holds its lock meanwhile: an event, for which nobody waits."""
        registry.events().put(self.region, self.function_name, str(self.version), (body or "{}").encode(), "")
        return b""

    def __deepcopy__(self, memo: dict[int, Any]) -> "LocalFunction":
        """moto copies a function to show it under another name. Deeply, that would be its region's logs as well."""
        return copy.copy(self)

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        """As moto's, and what it drops; values are replaced, as published versions share them."""
        if "FileSystemConfigs" in config_updates:
            self.file_system_configs = config_updates["FileSystemConfigs"] or []
        if "LoggingConfig" in config_updates:
            self.logging_config = {**self.logging_config, **config_updates["LoggingConfig"]}
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        if "TracingConfig" in config_updates:
            self.tracing_config = config_updates["TracingConfig"]
        super().update_configuration(config_updates)
        return self.get_configuration()


class LocalLambda(models.LambdaBackend):  # type: ignore[misc]
    """A backend whose Invoke runs the function."""

    def create_function(self, spec: dict[str, Any]) -> Any:
        """As moto's; the runtime's environment is made ready meanwhile, as the first one takes a while."""
        function = super().create_function(spec)
        threading.Thread(target=_prepare, args=(function,), daemon=True).start()
        return function

    def publish_version(self, function_name: str, description: str = "") -> Any:
        """As AWS: an unchanged function gives the version there is, and a number is never used twice."""
        latest: Any = self.get_function(function_name)
        content = (latest.code_sha_256, _settings(latest))
        if getattr(latest, "published_content", None) == content and latest.published in self._published(latest):
            return self._published(latest)[latest.published]
        latest.code_or_config_updated = True
        version: Any = super().publish_version(function_name, description)
        number = max(getattr(latest, "published", 0) + 1, int(version.version))
        version.set_version(number)
        for each in self._published(latest).values():  # moto numbers by counting, and finds and deletes by ARN
            self._lambdas._arns[each.function_arn] = each
        latest.published, latest.published_content = number, content
        return version

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        """As moto's; its workers end."""
        gone = self.get_function(function_name, qualifier)
        super().delete_function(function_name, qualifier)
        versions = {str(gone.version)} if qualifier else None
        registry.invocations().pool.retire(
            lambda spec: (
                spec.region == self.region_name
                and spec.name == gone.function_name
                and (versions is None or spec.version in versions)
            )
        )
        self._discard_code()

    def update_function_code(self, function_name: str, qualifier: str, body: dict[str, Any]) -> Any:
        """As moto's, which does it twice when it also publishes; the workers of the old code end."""
        function = self.get_function(function_name, qualifier)
        if body.get("DryRun"):
            return function.get_configuration()
        configuration = function.update_function_code(body)
        self._retire(function)
        if body.get("Publish"):
            return self.publish_version(function_name).get_configuration()
        return configuration

    def update_function_configuration(self, function_name: str, qualifier: str, body: dict[str, Any]) -> Any:
        """As moto's; the workers of the old configuration end."""
        configuration = super().update_function_configuration(function_name, qualifier, body)
        self._retire(self.get_function(function_name, qualifier))
        return configuration

    def _published(self, latest: Any) -> dict[int, Any]:
        every = self.list_versions_by_function(latest.function_name)
        return {int(version.version): version for version in every if str(version.version).isdigit()}

    def _discard_code(self) -> None:
        regions = list(models.lambda_backends[ACCOUNT].values())
        registry.invocations().discard({spec(each).code for region in regions for each in region.list_functions("ALL")})

    def _retire(self, function: Any) -> None:
        current = spec(function)
        registry.invocations().pool.retire(
            lambda other: (
                (other.region, other.name, other.version) == (current.region, current.name, current.version)
                and other != current
            )
        )
        self._discard_code()


def answer_invoke(self: Any) -> tuple[int, dict[str, str], bytes]:
    """Invoke, in the place of the method of moto's response class, which does not see the qualifier."""
    body = self.body.encode() if isinstance(self.body, str) else self.body or b""
    name, qualifier = unquote(self.path.rsplit("/", 2)[-2]), self.querystring.get("Qualifier", [""])[0]
    try:
        invoked = invoke(
            self.backend, Asked(name, qualifier, body, self.headers), registry.invocations(), registry.events()
        )
    except ServiceError as refused:
        raise as_moto(refused) from refused
    headers = {"Content-Type": "application/json", "Content-Length": str(len(invoked.payload)), **invoked.headers}
    return invoked.status, {**headers, "status": str(invoked.status)}, invoked.payload


# The names under which moto makes functions, and under which pickle finds our classes.
HOOKS: dict[str, Any] = {"LambdaFunction": LocalFunction, "LocalFunction": LocalFunction, "LocalLambda": LocalLambda}


def _settings(function: Any) -> dict[str, Any]:
    """What a version consists of besides its code."""
    moving = ("Version", "FunctionArn", "LastModified", "State", "LastUpdate", "CodeSha256", "RevisionId")
    configuration = copy.deepcopy(function.get_configuration())
    return {name: value for name, value in configuration.items() if not name.startswith(moving)}


def _prepare(function: Any) -> None:
    wanted = spec(function)
    if not wanted.runtime.startswith("python"):
        return
    try:
        runtimes.python(registry.invocations().cloud, wanted.python)
    except (runtimes.RuntimeUnavailableError, RuntimeError, OSError) as error:
        _log.warning("%s", error)  # the first invocation says it to the user
