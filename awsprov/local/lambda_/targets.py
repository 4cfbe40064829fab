"""From the name by which a function is called to the version that runs, and all that its workers depend on."""

import random
from dataclasses import dataclass
from typing import Any

from awsprov.local.cloud import ACCOUNT
from awsprov.local.lambda_.sandbox import Spec


@dataclass(frozen=True)
class Target:
    """A function's version, and the name by which it was called."""

    function: Any
    arn: str  # with the qualifier that was used
    spec: Spec


def target(backend: Any, name: str, qualifier: str = "") -> Target:
    """The function that a name or an ARN stands for; moto raises ResourceNotFoundException where there is none."""
    if ":function:" in name:  # an ARN, or its last part
        _, _, name = name.partition(":function:")
    name, _, within = name.partition(":")
    qualifier = within or qualifier
    function = backend.get_function(name, _version(backend, name, qualifier) or None)
    arn = f"arn:aws:lambda:{backend.region_name}:{ACCOUNT}:function:{name}"
    return Target(function, f"{arn}:{qualifier}" if qualifier else arn, spec(function))


def _version(backend: Any, name: str, qualifier: str) -> str:
    """The version behind a qualifier: an alias with weights stands for one or the other of two."""
    if not qualifier or qualifier.isdigit() or qualifier == "$LATEST":
        return qualifier
    routing = next((a.routing_config for a in backend.list_aliases(name) if a.name == qualifier), None)
    point = random.random()  # noqa: S311 - a load balancer's dice
    for version, weight in ((routing or {}).get("AdditionalVersionWeights") or {}).items():
        point -= float(weight)
        if point < 0:
            return str(version)
    return qualifier


def spec(function: Any) -> Spec:
    """What the workers of this version of a function depend on."""
    logging, network = function.logging_config, function._vpc_config or {}  # the property looks for the VPC, too
    return Spec(
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
    )
