"""NAT gateways and their states: pending, available or failed, deleting, deleted and still listed."""

from typing import Any, ClassVar

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend

from awsprov.local.behaviour import Behaviour, states


class NatGateways(EC2Backend):  # type: ignore[misc]
    """The part of the EC2 backend for NAT gateways."""

    behaviour: ClassVar[Behaviour]

    def describe_nat_gateways(self, filters: Any, nat_gateway_ids: list[str] | None) -> Any:
        missing = set(nat_gateway_ids or []) - set(self.nat_gateways)
        if missing:
            raise _not_found(missing.pop())
        found = super().describe_nat_gateways(filters, nat_gateway_ids)
        tags = {name: values for name, values in (filters or {}).items() if name.startswith("tag")}
        return [each for each in found if all(_tagged(each, name, values) for name, values in tags.items())]

    def create_nat_gateway(self, *arguments: Any, **options: Any) -> Any:
        nat = super().create_nat_gateway(*arguments, **options)
        nat._eni.description = f"Interface for NAT Gateway {nat.id}"
        nat._eni.interface_type, nat._eni.status, nat._eni.requester_managed = "nat_gateway", "in-use", True
        attached = any(gateway.vpc and gateway.vpc.id == nat.vpc_id for gateway in self.internet_gateways.values())
        nat.state, nat.connectivity_type = "pending", nat.connectivity_type or "public"
        if attached or nat.connectivity_type == "private":
            self.behaviour.timeline.after(states.NAT_CREATE.seconds, self._nat_created, nat)
        else:
            self.behaviour.timeline.after(states.NAT_FAIL.seconds, self._nat_failed, nat)
        return nat

    def delete_nat_gateway(self, nat_gateway_id: str) -> Any:
        nat = self.nat_gateways.get(nat_gateway_id)
        if nat is None:
            raise _not_found(nat_gateway_id)
        if nat.state not in ("deleting", "deleted"):
            nat.state = "deleting"
            self.behaviour.timeline.after(states.NAT_DELETE.seconds, self._nat_deleted, nat)
        return nat

    def _nat_created(self, nat: Any) -> None:
        if nat.state == "pending":
            nat.state = "available"

    def _nat_failed(self, nat: Any) -> None:
        self._release(nat)
        nat.state, nat.failure_code = "failed", "Gateway.NotAttached"
        nat.failure_message = f"Network {nat.vpc_id} has no Internet gateway attached"
        self.behaviour.remove_later(states.NAT_FORGET, self._forget, nat.id)

    def _nat_deleted(self, nat: Any) -> None:
        self._release(nat)
        nat.state = "deleted"
        self.behaviour.remove_later(states.NAT_FORGET, self._forget, nat.id)

    def _release(self, nat: Any) -> None:
        """Delete its interface; the address stays allocated."""
        for address in self.addresses:
            if address.eni is nat._eni:
                self.disassociate_address(association_id=address.association_id)
        self.enis.pop(nat._eni.id, None)

    def _forget(self, nat_gateway_id: str) -> None:
        self.nat_gateways.pop(nat_gateway_id, None)


class RouteState:
    """`Route.state`: `blackhole` when the target was deleted, detached, or an interface without a running instance."""

    def __get__(self, route: Any, owner: type) -> str:
        nat, gateway = route.nat_gateway, route.gateway
        gone = nat is not None and nat.state in ("deleting", "deleted", "failed")
        detached = gateway is not None and getattr(gateway, "vpc", gateway) is None
        idle = route.interface is not None and getattr(route.interface.instance, "state", "") != "running"
        return "blackhole" if gone or detached or idle else "active"


def _tagged(nat: Any, name: str, values: list[str]) -> bool:
    value = nat.get_filter_value(name)
    return any(each in values for each in (value if isinstance(value, list) else [value]))


def _not_found(nat_gateway_id: str) -> EC2ClientError:
    return EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
