"""Eventual consistency: what was just created is not there yet, for whoever asks next.

While it is hidden it is really out of moto's records, so that every call that needs it fails as it would on AWS.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends

from awsprov.local.behaviour.fidelity_row import GUIDE, TERRAFORM, FidelityRow
from awsprov.local.behaviour.timeline import Timeline
from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall, ApiResponse


@dataclass(frozen=True)
class DelayedVisibility(FidelityRow):
    """A creating call, the code with which its fresh id is not found, and where and under which key moto keeps it."""

    operation: str
    code: str
    identifier: str
    collection: Callable[[Any, str], dict[str, Any]]
    key: Callable[[Any, str], str] = lambda ec2, identifier: identifier

    @property
    def what(self) -> str:
        return f"The id of {self.operation.partition(':')[2]}, right after"

    @property
    def told(self) -> str:
        return f"`{self.code}`, and missing from lists, for a while"


def _subnets(ec2: Any, subnet_id: str) -> dict[str, Any]:
    return next((zone for zone in ec2.subnets.values() if subnet_id in zone), {})


def _groups(ec2: Any, group_id: str) -> dict[str, Any]:
    return next((groups for groups in ec2.groups.values() if group_id in groups), {})


def _reservation(ec2: Any, instance_id: str) -> str:
    held = (r.id for r in ec2.reservations.values() if any(each.id == instance_id for each in r.instances))
    return next(held, "")


_OURS = "for `--consistency` seconds, scaled by the pace"
_KNOWN = f"{TERRAFORM}; {GUIDE}"

DELAYED_VISIBILITY = tuple(
    DelayedVisibility(f"ec2:{operation}", code, identifier, *where, moto="found at once", ours=_OURS, source=_KNOWN)
    for operation, code, identifier, *where in (
        ("CreateVpc", "InvalidVpcID.NotFound", "vpc-", lambda ec2, _: ec2.vpcs),
        ("CreateSubnet", "InvalidSubnetID.NotFound", "subnet-", _subnets),
        ("CreateInternetGateway", "InvalidInternetGatewayID.NotFound", "igw-", lambda ec2, _: ec2.internet_gateways),
        ("CreateRouteTable", "InvalidRouteTableID.NotFound", "rtb-", lambda ec2, _: ec2.route_tables),
        ("CreateSecurityGroup", "InvalidGroup.NotFound", "sg-", _groups),
        ("CreateNatGateway", "NatGatewayNotFound", "nat-", lambda ec2, _: ec2.nat_gateways),
        ("RunInstances", "InvalidInstanceID.NotFound", "i-", lambda ec2, _: ec2.reservations, _reservation),
    )
)


# What other services see later, of what IAM was told.
_SEEN_LATER = {
    "CreateRole": "role",
    "UpdateAssumeRolePolicy": "role",
    "AttachRolePolicy": "policies",
    "PutRolePolicy": "policies",
    "CreateInstanceProfile": "profile",
    "AddRoleToInstanceProfile": "profile",
}


class Consistency:
    """Hides newborns, and remembers when roles and profiles were last changed."""

    def __init__(self, seconds: float, timeline: Timeline, memory: dict[str, Any]) -> None:
        self._seconds, self._timeline, self._memory = seconds, timeline, memory

    def after(self, call: ApiCall, given: ApiResponse) -> None:
        """A call changed something."""
        if call.service == "iam":
            self._note(call)
        for row in DELAYED_VISIBILITY:
            if row.operation == call.name and self._seconds:
                self._hide(row, call.region, given[2].decode())

    def propagated(self, name: str, seconds: float, pace: float) -> bool:
        """Whether a role's or profile's last change is old enough for other services to have seen it."""
        changed = self._memory.setdefault("changed", {}).get(name, 0.0)
        return bool(time.time() - changed >= seconds * pace)

    def _note(self, call: ApiCall) -> None:
        about = _SEEN_LATER.get(call.operation)
        if about:
            member = "InstanceProfileName" if about == "profile" else "RoleName"
            self._memory.setdefault("changed", {})[f"{about}:{call.params.get(member)}"] = time.time()

    def _hide(self, row: DelayedVisibility, region: str, body: str) -> None:
        found = re.search(rf">({row.identifier}[0-9a-f]+)<", body)
        if found is None:
            return
        ec2, identifier = ec2_backends[ACCOUNT][region], found[1]
        collection, key = row.collection(ec2, identifier), row.key(ec2, identifier)
        if key in collection:
            hidden = self._memory.setdefault("hidden", {})
            hidden[identifier] = (collection, key, collection.pop(key))
            self._timeline.after(self._seconds, _show, hidden, identifier)

    @contextmanager
    def all_visible(self, prefix: str = "") -> Iterator[None]:
        """With everything in its place: what nobody can see is in the way of a deletion all the same, and counts.

        Arguments:
            prefix: of the ids that are meant; all by default.
        """
        hidden = [held for each, held in self._memory.get("hidden", {}).items() if each.startswith(prefix)]
        for collection, key, thing in hidden:
            collection[key] = thing
        try:
            yield
        finally:
            for collection, key, _ in hidden:
                collection.pop(key, None)

    @contextmanager
    def conflicts_visible(self, call: ApiCall) -> Iterator[None]:
        """With what was made before by the same operation in its place: a second one like it is refused at once."""
        prefix = next((row.identifier for row in DELAYED_VISIBILITY if row.operation == call.name), "")
        with self.all_visible(prefix) if prefix else nullcontext():
            yield


def _show(hidden: dict[str, Any], identifier: str) -> None:
    collection, key, thing = hidden.pop(identifier)
    collection[key] = thing
