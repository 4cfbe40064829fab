"""Idempotency tokens: a repeated call gets the first response, and an error if its parameters differ."""

import json
import re
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends

from awsprov.local.behaviour.fidelity_row import API, MODEL, FidelityRow
from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall, ApiResponse, ServiceError

_MAX_TOKENS = 2000  # SDKs send a new token with each call, so most are never repeated


@dataclass(frozen=True)
class IdempotentOperation(FidelityRow):
    """An operation with an idempotency token.

    Arguments:
        operation: `service:Operation`.
        parameter: the parameter with the token.
    """

    operation: str
    parameter: str = "ClientToken"

    @property
    def title(self) -> str:
        return f"{self.operation.partition(':')[2]} with the same {self.parameter}"

    @property
    def on_aws(self) -> str:
        return self.aws or "the first response; `IdempotentParameterMismatch` if parameters differ"


IDEMPOTENT_OPERATIONS = (
    IdempotentOperation(
        "ec2:RunInstances",
        aws="the same instance; `IdempotentParameterMismatch` if parameters differ; "
        "`IdempotentInstanceTerminated` if it is terminated",
        moto="a second instance",
        source=API,
    ),
    IdempotentOperation("ec2:CreateNatGateway", moto="`Resource.AlreadyAssociated`", source=API),
    IdempotentOperation("ec2:CreateRouteTable", moto="a second route table", source=MODEL),
    IdempotentOperation("ec2:CreateNetworkAcl", moto="a second network ACL", source=MODEL),
    IdempotentOperation("ec2:CreateVpcEndpoint", moto="a second endpoint", source=MODEL),
    IdempotentOperation("ec2:CreateNetworkInterface", moto="a second interface", source=MODEL),
)
_BY_OPERATION = {row.operation: row for row in IDEMPOTENT_OPERATIONS}


class IdempotencyTokens:
    """The responses to calls with a token, kept in `memory`, which is saved with the cloud."""

    def __init__(self, memory: dict[str, Any]) -> None:
        self._memory = memory

    def find(self, call: ApiCall) -> ApiResponse | None:
        """Return the response to an earlier call with the same token, if there is one.

        Raises:
            ServiceError: the earlier call had other parameters, or its instance is terminated.
        """
        key = _key(call)
        entry = self._memory.setdefault("tokens", {}).get(key) if key else None
        if entry is None:
            return None
        fingerprint, response = entry
        if fingerprint != _fingerprint(call):
            raise ServiceError(
                "IdempotentParameterMismatch",
                "The request uses the same client token as a previous, but "
                "non-identical request. Do not reuse a client token with different requests.",
            )
        _check_not_terminated(call, response)
        return response  # type: ignore[no-any-return]  # the memory is not typed

    def save(self, call: ApiCall, response: ApiResponse) -> None:
        """Keep the response to a call with a token."""
        key = _key(call)
        if key:
            tokens = self._memory.setdefault("tokens", {})
            tokens[key] = (_fingerprint(call), response)
            while len(tokens) > _MAX_TOKENS:
                del tokens[next(iter(tokens))]


def _key(call: ApiCall) -> tuple[str, str, str] | None:
    row = _BY_OPERATION.get(call.name)
    token = call.params.get(row.parameter) if row else None
    return (call.name, call.region, str(token)) if token else None


def _fingerprint(call: ApiCall) -> str:
    return json.dumps(call.params, sort_keys=True, default=repr)


def _check_not_terminated(call: ApiCall, response: ApiResponse) -> None:
    if call.name != "ec2:RunInstances":
        return
    for instance_id in set(re.findall(r"(?<![\w-])i-[0-9a-f]{17}", response[2].decode())):
        instance = ec2_backends[ACCOUNT][call.region].get_instance_by_id(instance_id)
        if instance is None or instance.state in ("shutting-down", "terminated"):
            raise ServiceError("IdempotentInstanceTerminated", "The client token refers to a terminated instance.")
