"""From the name in an invocation to the function version that runs, and what its workers depend on."""

import random
from dataclasses import dataclass
from typing import Any

from awsprov.local.cloud import ACCOUNT
from awsprov.local.lambda_.sandbox import WorkerConfig


@dataclass(frozen=True)
class Target:
    """A function version, and the ARN by which it was invoked (with the qualifier)."""

    function: Any
    arn: str
    config: WorkerConfig


def target(backend: Any, name: str, qualifier: str = "") -> Target:
    """Return the function version that an invocation runs.

    Arguments:
        backend: moto's Lambda backend of the region.
        name: the function's name or ARN, with or without a qualifier.
        qualifier: a version, an alias, or nothing for $LATEST.

    Raises:
        JsonRESTError: moto's ResourceNotFoundException.
    """
    if ":function:" in name:  # an ARN, or its last part
        _, _, name = name.partition(":function:")
    name, _, within = name.partition(":")
    qualifier = within or qualifier
    function = backend.get_function(name, _version(backend, name, qualifier) or None)
    arn = f"arn:aws:lambda:{backend.region_name}:{ACCOUNT}:function:{name}"
    return Target(function, f"{arn}:{qualifier}" if qualifier else arn, worker_config(function))


def _version(backend: Any, name: str, qualifier: str) -> str:
    """Return the version behind a qualifier. An alias with weights is one of two versions, at random."""
    if not qualifier or qualifier.isdigit() or qualifier == "$LATEST":
        return qualifier
    routing = next((a.routing_config for a in backend.list_aliases(name) if a.name == qualifier), None)
    point = random.random()  # noqa: S311 - it distributes requests, it guards nothing
    for version, weight in ((routing or {}).get("AdditionalVersionWeights") or {}).items():
        point -= float(weight)
        if point < 0:
            return str(version)
    return qualifier


def worker_config(function: Any) -> WorkerConfig:
    """Return what the workers of a function version depend on."""
    logging = function.logging_config
    network = function._vpc_config or {}  # the public property also searches for the VPC, at each invocation
    return WorkerConfig(
        region=function.region,
        name=function.function_name,
        version=str(function.version),
        handler=function.handler or "",
        runtime=function.run_time or "",
        code=str(getattr(function, "code_digest", "")).rpartition(":")[2],
        timeout=int(function.timeout),
        memory=int(function.memory_size),
        log_group=function.logs_group_name,
        log_format=logging.get("LogFormat", "Text"),
        log_level=logging.get("ApplicationLogLevel", ""),
        variables=tuple(sorted(function.environment_vars.items())),
        mounts=tuple((each["Arn"], each["LocalMountPath"]) for each in function.file_system_configs),
        subnets=tuple(network.get("SubnetIds", [])),
        groups=tuple(network.get("SecurityGroupIds", [])),
        role=function.role,
    )
