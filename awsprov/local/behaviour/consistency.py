"""Eventual consistency: a new resource is not visible at first, and changes of IAM reach other services later.

A hidden resource is removed from moto's records for that time, so that each call that needs it fails as on AWS.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends

from awsprov.local.behaviour.fidelity_row import GUIDE, TERRAFORM, FidelityRow
from awsprov.local.behaviour.timeline import Timeline
from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall, ApiResponse, ServiceError


@dataclass(frozen=True)
class DelayedVisibility(FidelityRow):
    """An operation that creates a resource which is not visible at first.

    Arguments:
        operation: `service:Operation`.
        code: the error code of calls that name the hidden resource.
        id_prefix: the prefix of the resource's id, with the dash.
        collection: returns moto's dictionary with the resource; called with the backend and the id.
        key: returns the key of the resource in that dictionary; called with the same arguments.
    """

    operation: str
    code: str
    id_prefix: str
    collection: Callable[[Any, str], dict[str, Any]]
    key: Callable[[Any, str], str] = lambda _, resource_id: resource_id

    @property
    def title(self) -> str:
        return f"A resource right after {self.operation.partition(':')[2]}"

    @property
    def on_aws(self) -> str:
        return f"`{self.code}`, and not listed, for some seconds"


def _subnets(ec2: Any, subnet_id: str) -> dict[str, Any]:
    return next((zone for zone in ec2.subnets.values() if subnet_id in zone), {})


def _security_groups(ec2: Any, group_id: str) -> dict[str, Any]:
    return next((groups for groups in ec2.groups.values() if group_id in groups), {})


def _reservation_id(ec2: Any, instance_id: str) -> str:
    reservations = (r.id for r in ec2.reservations.values() if any(each.id == instance_id for each in r.instances))
    return next(reservations, "")


_LOCAL = "for `--consistency` seconds, scaled by the pace"
_SOURCE = f"{TERRAFORM}; {GUIDE}"

DELAYED_VISIBILITY = tuple(
    DelayedVisibility(f"ec2:{operation}", code, prefix, *where, moto="visible at once", local=_LOCAL, source=_SOURCE)
    for operation, code, prefix, *where in (
        ("CreateVpc", "InvalidVpcID.NotFound", "vpc-", lambda ec2, _: ec2.vpcs),
        ("CreateSubnet", "InvalidSubnetID.NotFound", "subnet-", _subnets),
        ("CreateInternetGateway", "InvalidInternetGatewayID.NotFound", "igw-", lambda ec2, _: ec2.internet_gateways),
        ("CreateRouteTable", "InvalidRouteTableID.NotFound", "rtb-", lambda ec2, _: ec2.route_tables),
        ("CreateSecurityGroup", "InvalidGroup.NotFound", "sg-", _security_groups),
        ("CreateNatGateway", "NatGatewayNotFound", "nat-", lambda ec2, _: ec2.nat_gateways),
        ("CreateVpcEndpoint", "InvalidVpcEndpointId.NotFound", "vpce-", lambda ec2, _: ec2.vpc_end_points),
        ("RunInstances", "InvalidInstanceID.NotFound", "i-", lambda ec2, _: ec2.reservations, _reservation_id),
    )
)

# The operations of IAM whose changes other services see later, and what they change.
_PROPAGATED_LATER = {
    "CreateRole": "role",
    "UpdateAssumeRolePolicy": "role",
    "AttachRolePolicy": "policies",
    "PutRolePolicy": "policies",
    "CreateInstanceProfile": "profile",
    "AddRoleToInstanceProfile": "profile",
}


# The operations of IAM whose results calls that read do not know at first, with the parameter that names them.
_HIDDEN_IN_IAM = {
    "CreateRole": "RoleName",
    "CreatePolicy": "PolicyName",
    "CreateInstanceProfile": "InstanceProfileName",
}


class Consistency:
    """Hides new resources, and records when roles and instance profiles were last changed.

    Arguments:
        seconds: the time for which a new resource is hidden, before the pace; 0 to hide none.
    """

    def __init__(self, seconds: float, timeline: Timeline, memory: dict[str, Any]) -> None:
        self._seconds, self._timeline, self._memory = seconds, timeline, memory

    def after(self, call: ApiCall, response: ApiResponse) -> None:
        """Hide the resource that a call created, or record the change of IAM that it made."""
        if call.service == "iam":
            self._record_change(call)
        for row in DELAYED_VISIBILITY:
            if row.operation == call.name and self._seconds:
                self._hide(row, call.region, response[2].decode())

    def check(self, call: ApiCall, pace: float) -> None:
        """Check whether a call reads something in IAM that IAM does not know yet.

        Raises:
            ServiceError: it does.
        """
        if call.service == "iam" and call.reads:
            named = [call.params.get(name) for name in ("RoleName", "InstanceProfileName", "PolicyArn")]
            name = next((str(each).rpartition("/")[2] for each in named if each), "")
            created = self._memory.setdefault("created", {}).get(name, 0.0)
            if time.time() - created < self._seconds * pace:
                raise ServiceError("NoSuchEntity", f"{name} cannot be found.", 404)

    def propagated(self, name: str, seconds: float, pace: float) -> bool:
        """Return whether the last change of a role or instance profile was long enough ago."""
        changed = self._memory.setdefault("changed", {}).get(name, 0.0)
        return bool(time.time() - changed >= seconds * pace)

    def _record_change(self, call: ApiCall) -> None:
        if parameter := _HIDDEN_IN_IAM.get(call.operation):
            self._memory.setdefault("created", {})[call.params.get(parameter)] = time.time()
        subject = _PROPAGATED_LATER.get(call.operation)
        changed = self._memory.setdefault("changed", {})
        if call.operation == "CreatePolicyVersion":
            arn = call.params.get("PolicyArn")
            roles = iam_backends[ACCOUNT]["aws"].get_roles()
            changed |= {f"policies:{role.name}": time.time() for role in roles if arn in role.managed_policies}
        if subject:
            parameter = "InstanceProfileName" if subject == "profile" else "RoleName"
            changed[f"{subject}:{call.params.get(parameter)}"] = time.time()

    def _hide(self, row: DelayedVisibility, region: str, body: str) -> None:
        found = re.search(rf">({row.id_prefix}[0-9a-f]+)<", body)
        if found is None:
            return
        ec2, resource_id = ec2_backends[ACCOUNT][region], found[1]
        collection, key = row.collection(ec2, resource_id), row.key(ec2, resource_id)
        if key in collection:
            hidden = self._memory.setdefault("hidden", {})
            hidden[resource_id] = (collection, key, collection.pop(key))
            self._timeline.after(self._seconds, _show, hidden, resource_id)

    @contextmanager
    def all_visible(self, prefix: str = "") -> Iterator[None]:
        """Show hidden resources within a `with` block: they count for quotas and dependencies anyway.

        Arguments:
            prefix: of the ids to show; all by default.
        """
        hidden = [entry for each, entry in self._memory.get("hidden", {}).items() if each.startswith(prefix)]
        for collection, key, resource in hidden:
            collection[key] = resource
        try:
            yield
        finally:
            for collection, key, _ in hidden:
                collection.pop(key, None)

    @contextmanager
    def conflicts_visible(self, call: ApiCall) -> Iterator[None]:
        """Show the hidden resources of the same operation: a duplicate is refused at once, as on AWS."""
        prefix = next((row.id_prefix for row in DELAYED_VISIBILITY if row.operation == call.name), "")
        with self.all_visible(prefix) if prefix else nullcontext():
            yield


def _show(hidden: dict[str, Any], resource_id: str) -> None:
    collection, key, resource = hidden.pop(resource_id)
    collection[key] = resource
