"""Idempotency: the same token is answered with the same answer, and with an error when anything else has changed."""

import json
import re
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends

from awsprov.local.behaviour.fidelity_row import API, MODEL, FidelityRow
from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall, ApiResponse, ServiceError

_KEPT = 2000  # answers; SDKs send a fresh token with every call, and those are never asked for again


@dataclass(frozen=True)
class IdempotentOperation(FidelityRow):
    """A call with an idempotency token."""

    operation: str
    member: str = "ClientToken"

    @property
    def what(self) -> str:
        return f"{self.operation.partition(':')[2]} with the same {self.member}"

    @property
    def told(self) -> str:
        return self.aws or "the first answer again; `IdempotentParameterMismatch` when parameters differ"


IDEMPOTENT_OPERATIONS = (
    IdempotentOperation(
        "ec2:RunInstances",
        aws="the same instance; `IdempotentParameterMismatch` when parameters differ; "
        "`IdempotentInstanceTerminated` once it is terminated",
        moto="a second instance",
        source=API,
    ),
    IdempotentOperation("ec2:CreateNatGateway", moto="`Resource.AlreadyAssociated`", source=API),
    IdempotentOperation("ec2:CreateRouteTable", moto="a second table", source=MODEL),
    IdempotentOperation("ec2:CreateVpcEndpoint", moto="a second endpoint", source=MODEL),
)
_BY_OPERATION = {token.operation: token for token in IDEMPOTENT_OPERATIONS}


class IdempotencyTokens:
    """What was answered under which token. `memory` is saved with the cloud."""

    def __init__(self, memory: dict[str, Any]) -> None:
        self._memory = memory

    def recall(self, call: ApiCall) -> ApiResponse | None:
        """The answer that was given under the call's token, if any."""
        key = _key(call)
        kept = self._memory.setdefault("tokens", {}).get(key) if key else None
        if kept is None:
            return None
        fingerprint, answer = kept
        if fingerprint != _fingerprint(call):
            raise ServiceError(
                "IdempotentParameterMismatch",
                "The request uses the same client token as a previous, but "
                "non-identical request. Do not reuse a client token with different requests.",
            )
        _check_alive(call, answer)
        return answer  # type: ignore[no-any-return]

    def remember(self, call: ApiCall, given: ApiResponse) -> None:
        """Keep an answer."""
        key = _key(call)
        if key:
            tokens = self._memory.setdefault("tokens", {})
            tokens[key] = (_fingerprint(call), given)
            while len(tokens) > _KEPT:
                del tokens[next(iter(tokens))]


def _key(call: ApiCall) -> tuple[str, str, str] | None:
    row = _BY_OPERATION.get(call.name)
    given = call.params.get(row.member) if row else None
    return (call.name, call.region, str(given)) if given else None


def _fingerprint(call: ApiCall) -> str:
    return json.dumps(call.params, sort_keys=True, default=repr)


def _check_alive(call: ApiCall, answer: ApiResponse) -> None:
    """An instance that is terminated cannot be had again under its token."""
    for instance_id in (
        set(re.findall(r"(?<![\w-])i-[0-9a-f]{17}", answer[2].decode())) if call.name == "ec2:RunInstances" else ()
    ):
        instance = ec2_backends[ACCOUNT][call.region].get_instance_by_id(instance_id)
        if instance is None or instance.state in ("shutting-down", "terminated"):
            raise ServiceError("IdempotentInstanceTerminated", "The client token refers to a terminated instance.")
