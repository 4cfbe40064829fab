"""What AWS does and moto leaves out: tables for a person who knows AWS, and the small engine that applies them."""

import json
from collections.abc import Callable
from typing import Any

from awsprov.local.behaviour import admission, concurrency, validation
from awsprov.local.behaviour.consistency import Consistency
from awsprov.local.behaviour.dependencies import DEPENDENCIES
from awsprov.local.behaviour.idempotency import IdempotencyTokens
from awsprov.local.behaviour.limits import Limits
from awsprov.local.behaviour.states import Duration
from awsprov.local.behaviour.timeline import Timeline
from awsprov.local.cloud import Cloud
from awsprov.local.wire import ApiCall, ApiResponse, ServiceError


class Behaviour:
    """Asked before and told after each call. Its memory is saved with the cloud."""

    def __init__(self, cloud: Cloud, memory: dict[str, Any]) -> None:
        self.cloud, self.memory = cloud, memory
        self.timeline = Timeline(cloud, memory)
        self.consistency = Consistency(cloud.consistency, self.timeline, memory)
        self._tokens = IdempotencyTokens(memory)
        self._limits = Limits(cloud, memory)

    @property
    def quotas(self) -> dict[str, int]:
        """Those that were set to another value than AWS's."""
        quotas: dict[str, int] = self.memory.setdefault("quotas", {})
        return quotas

    def advance(self) -> None:
        """Let happen what is due by now."""
        self.timeline.advance()

    def before(self, call: ApiCall) -> ApiResponse | None:
        """Refuse what AWS would refuse; answer what was answered before under the same token; else None."""
        with self.consistency.all_visible():
            kept = self._tokens.recall(call)
        if kept is not None:
            return kept
        validation.check(call)
        with self.consistency.all_visible():
            self._limits.check(call)
            for dependency in DEPENDENCIES:
                if dependency.operation == call.name:
                    dependency.check(call)
        admission.check(call, self.propagated)
        if call.service == "ec2" and call.params.get("DryRun"):
            raise ServiceError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        return self._quota(call) or concurrency.settings(call)

    def after(self, call: ApiCall, given: ApiResponse) -> None:
        """Take note of what a call that changed something did."""
        self._tokens.remember(call, given)
        self.consistency.after(call, given)

    def start_transition(self, thing: Any, attribute: str, row: Duration) -> None:
        """Put a thing into the first state of a change; the last one follows by itself."""
        setattr(thing, attribute, row.begins)
        self.timeline.after(row.seconds, setattr, thing, attribute, row.ends)

    def remove_later(self, row: Duration, act: Callable[..., None], *arguments: Any) -> None:
        """Take something that is gone out of the lists, in time; at pace 0 never, as nobody would have seen it go."""
        if self.cloud.pace:
            self.timeline.after(row.seconds, act, *arguments)

    def propagated(self, name: str, row: Duration) -> bool:
        """Whether a change of a role or profile has reached the services that look at it."""
        return self.consistency.propagated(name, row.seconds, self.cloud.pace)

    def _quota(self, call: ApiCall) -> ApiResponse | None:
        if call.name != "service-quotas:GetServiceQuota":
            return None
        service, code = call.params.get("ServiceCode", ""), call.params.get("QuotaCode", "")
        value = self._limits.value(service, code)
        if value is None:
            return None
        quota = {"ServiceCode": service, "QuotaCode": code, "Value": float(value), "Adjustable": True}
        return "200 OK", [("Content-Type", "application/x-amz-json-1.1")], json.dumps({"Quota": quota}).encode()
