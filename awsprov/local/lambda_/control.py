"""The classes that replace moto's for Lambda: they keep settings that moto drops, and Invoke runs the function.

They are pickled with the rest of moto's state, so they hold data only. Workers and queued events are in `registry`.
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
from awsprov.local.lambda_.invoke import InvokeRequest, as_moto_error, invoke
from awsprov.local.lambda_.targets import worker_config
from awsprov.local.wire import ServiceError

_log = logging.getLogger(__name__)


class LocalFunction(models.LambdaFunction):  # type: ignore[misc]
    """A function with the settings that moto drops: file systems, logging, the VPC of its subnets."""

    def __init__(self, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        self.file_system_configs: list[dict[str, str]] = spec.get("FileSystemConfigs") or []
        self.logging_config: dict[str, str] = spec.get("LoggingConfig") or {}
        super().__init__(account_id, spec, region, version)

    @property
    def logs_group_name(self) -> str:
        """The log group of the function."""
        return self.logging_config.get("LogGroup") or f"/aws/lambda/{self.function_name}"

    @logs_group_name.setter
    def logs_group_name(self, name: str) -> None:
        """Ignore the name that moto sets: ours follows from the configuration."""

    @property
    def vpc_config(self) -> dict[str, Any] | None:
        """The VPC configuration, with the VPC that the subnets are in."""
        if not self._vpc_config:
            return None
        subnets = self._vpc_config.get("SubnetIds") or []
        groups = self._vpc_config.get("SecurityGroupIds") or []
        known = ec2_backends[ACCOUNT][self.region].describe_subnets() if subnets else []
        vpc = next((subnet.vpc_id for subnet in known if subnet.id in subnets), "")
        return {"SubnetIds": subnets, "SecurityGroupIds": groups, "VpcId": vpc}

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        """Return moto's configuration, with the settings that it drops."""
        configuration: dict[str, Any] = super().get_configuration(on_create)
        logging_config = {"LogFormat": "Text", **self.logging_config, "LogGroup": self.logs_group_name}
        configuration["LoggingConfig"] = logging_config
        if self.file_system_configs:
            configuration["FileSystemConfigs"] = self.file_system_configs
        return configuration

    def invoke(self, body: str, request_headers: Any, response_headers: Any) -> bytes:
        """Queue an event: other services of moto call this under the cloud's lock, so it must not wait."""
        registry.events().put(self.region, self.function_name, str(self.version), (body or "{}").encode(), "")
        return b""

    def __deepcopy__(self, memo: dict[int, Any]) -> "LocalFunction":
        """Copy the function only: moto copies it to list it under another name, and its logs are reachable from it."""
        return copy.copy(self)

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        """Update moto's configuration and what it drops. Values are replaced: published versions share the old ones."""
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
    """A backend of Lambda in one region, whose Invoke runs the function."""

    def create_function(self, spec: dict[str, Any]) -> Any:
        """Create the function, and the environment of its runtime in the background, as the first one takes long."""
        function = super().create_function(spec)
        threading.Thread(target=_prepare, args=(function,), daemon=True).start()
        return function

    def publish_version(self, function_name: str, description: str = "") -> Any:
        """Publish a version. As on AWS, an unchanged function returns the last version, and no number is used twice."""
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
        """Delete the function and end its workers."""
        deleted = self.get_function(function_name, qualifier)
        super().delete_function(function_name, qualifier)
        versions = {str(deleted.version)} if qualifier else None
        registry.invocations().pool.retire(
            lambda config: (
                config.region == self.region_name
                and config.name == deleted.function_name
                and (versions is None or config.version in versions)
            )
        )
        self._discard_code()

    def update_function_code(self, function_name: str, qualifier: str, body: dict[str, Any]) -> Any:
        """Update the code and end the workers of the old code. With Publish, moto would update twice."""
        function = self.get_function(function_name, qualifier)
        if body.get("DryRun"):
            return function.get_configuration()
        configuration = function.update_function_code(body)
        self._retire(function)
        if body.get("Publish"):
            return self.publish_version(function_name).get_configuration()
        return configuration

    def update_function_configuration(self, function_name: str, qualifier: str, body: dict[str, Any]) -> Any:
        """Update the configuration and end the workers of the old one."""
        configuration = super().update_function_configuration(function_name, qualifier, body)
        self._retire(self.get_function(function_name, qualifier))
        return configuration

    def _published(self, latest: Any) -> dict[int, Any]:
        versions = self.list_versions_by_function(latest.function_name)
        return {int(version.version): version for version in versions if str(version.version).isdigit()}

    def _discard_code(self) -> None:
        regions = list(models.lambda_backends[ACCOUNT].values())
        used = {worker_config(each).code for region in regions for each in region.list_functions("ALL")}
        registry.invocations().discard(used)

    def _retire(self, function: Any) -> None:
        current = worker_config(function)
        registry.invocations().pool.retire(
            lambda other: (
                (other.region, other.name, other.version) == (current.region, current.name, current.version)
                and other != current
            )
        )
        self._discard_code()


def handle_invoke(self: Any) -> tuple[int, dict[str, str], bytes]:
    """Handle Invoke. It replaces the method of moto's response class, which ignores the qualifier."""
    body = self.body.encode() if isinstance(self.body, str) else self.body or b""
    name, qualifier = unquote(self.path.rsplit("/", 2)[-2]), self.querystring.get("Qualifier", [""])[0]
    try:
        request = InvokeRequest(name, qualifier, body, self.headers)
        result = invoke(self.backend, request, registry.invocations(), registry.events())
    except ServiceError as error:
        raise as_moto_error(error) from error
    headers = {"Content-Type": "application/json", "Content-Length": str(len(result.payload)), **result.headers}
    return result.status, {**headers, "status": str(result.status)}, result.payload


# The names by which moto creates functions, and by which pickle finds our classes.
REPLACEMENTS: dict[str, Any] = {
    "LambdaFunction": LocalFunction,
    "LocalFunction": LocalFunction,
    "LocalLambda": LocalLambda,
}


def _settings(function: Any) -> dict[str, Any]:
    """Return what a version consists of, besides its code."""
    volatile = ("Version", "FunctionArn", "LastModified", "State", "LastUpdate", "CodeSha256", "RevisionId")
    configuration = copy.deepcopy(function.get_configuration())
    return {name: value for name, value in configuration.items() if not name.startswith(volatile)}


def _prepare(function: Any) -> None:
    config = worker_config(function)
    if not config.runtime.startswith("python"):
        return
    try:
        runtimes.python(registry.invocations().cloud, config.python)
    except (runtimes.RuntimeUnavailableError, RuntimeError, OSError) as error:
        _log.warning("%s", error)  # the first invocation reports it to the user
