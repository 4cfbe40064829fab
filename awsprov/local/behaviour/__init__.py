"""The behaviour of AWS that moto does not have: tables of rules, and the code that applies them to each call."""

from collections.abc import Callable
from typing import Any

from awsprov.local.behaviour import admission, concurrency, size_limits, validation
from awsprov.local.behaviour.api_writes import ApiWrites
from awsprov.local.behaviour.consistency import Consistency
from awsprov.local.behaviour.dependencies import DEPENDENCIES
from awsprov.local.behaviour.idempotency import IdempotencyTokens
from awsprov.local.behaviour.limits import Limits
from awsprov.local.behaviour.states import Duration
from awsprov.local.behaviour.timeline import Timeline
from awsprov.local.cloud import Cloud
from awsprov.local.wire import ApiCall, ApiResponse, ServiceError


class Behaviour:
    """Applies the rules before and after each call.

    Arguments:
        cloud: the local cloud, whose pace scales all durations.
        memory: what must be kept between calls. It is saved with the cloud.
    """

    def __init__(self, cloud: Cloud, memory: dict[str, Any]) -> None:
        self.cloud, self.memory = cloud, memory
        self.timeline = Timeline(cloud, memory)
        self.consistency = Consistency(cloud.consistency, self.timeline, memory)
        self.api_writes = ApiWrites(cloud)
        self._tokens = IdempotencyTokens(memory)
        self._limits = Limits(cloud, memory)

    @property
    def quotas(self) -> dict[str, int]:
        """The quotas that were changed, by name."""
        return self._limits.changed

    def advance(self) -> None:
        """Make the changes that are due."""
        self.timeline.advance()

    def before(self, call: ApiCall) -> ApiResponse | None:
        """Check a call before moto receives it.

        Returns: the response, if moto is not needed for it: that of an earlier call with the same idempotency token, or
            that of an operation that moto does not implement.

        Raises:
            ServiceError: AWS would refuse the call.
        """
        with self.consistency.all_visible():
            response = self._tokens.find(call)
        if response is not None:
            return response
        self.consistency.check(call, self.cloud.pace)
        validation.check(call)
        size_limits.check(call)
        with self.consistency.all_visible():
            self._limits.check(call)
            for dependency in DEPENDENCIES:
                if dependency.operation == call.name:
                    dependency.check(call)
        admission.check(call, self.propagated)
        if call.service == "ec2" and call.params.get("DryRun"):
            raise ServiceError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        return self._limits.service_quota(call) or concurrency.account_settings(call)

    def after(self, call: ApiCall, response: ApiResponse) -> None:
        """Record the response of a successful call that changed something."""
        self._tokens.save(call, response)
        self.consistency.after(call, response)

    def start_transition(self, resource: Any, attribute: str, row: Duration) -> None:
        """Set an attribute of a resource to the first state of a transition, and to the last one when it is over."""
        setattr(resource, attribute, row.begins)
        self.timeline.after(row.seconds, setattr, resource, attribute, row.ends)

    def remove_later(self, row: Duration, remove: Callable[..., None], *arguments: Any) -> None:
        """Remove a deleted resource from lists after some time. At pace 0 it stays listed."""
        if self.cloud.pace:
            self.timeline.after(row.seconds, remove, *arguments)

    def propagated(self, name: str, row: Duration) -> bool:
        """Return whether the last change of a role or instance profile is visible to other services."""
        return self.consistency.propagated(name, row.seconds, self.cloud.pace)
