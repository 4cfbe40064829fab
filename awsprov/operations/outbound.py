"""How functions call out: their public addresses, for example for a database's firewall, and the NAT instance."""

from awsprov.aws.client import Aws
from awsprov.engine.stack import Stack
from awsprov.resources.compute.nat_instance import NatInstance
from awsprov.resources.network.addresses import ElasticIp, ExistingElasticIp


def outbound_addresses(stack: Stack, aws: Aws) -> list[str]:
    """Return the addresses of NAT gateways or instance; none without, or while a paused stack does not keep them."""
    addresses: list[ElasticIp | ExistingElasticIp] = [*stack.of(ElasticIp), *stack.of(ExistingElasticIp)]
    return [address.public_ip(aws) for address in addresses if address.id]


def outbound_line(addresses: list[str]) -> str:
    """Return a sentence with the addresses; empty if there are none."""
    return f"The functions call out from {' and '.join(addresses)}." if addresses else ""


def nat_failure(stack: Stack, aws: Aws) -> tuple[str, str]:
    """Return why the NAT instance forwards nothing, and what to do; two empty strings if it runs or there is none."""
    for instance in stack.of(NatInstance):
        state = instance.state(aws) if instance.id else ""
        if state in ("stopping", "stopped"):
            return f"The NAT instance {instance.id} is {state}: {_NO_ACCESS}", "`awsprov up` starts it."
        if state not in ("pending", "running"):
            what = f"The NAT instance {instance.id} is {state}" if state else "The NAT instance does not exist"
            return f"{what}: {_NO_ACCESS}", "`awsprov up` creates another one behind the same address."
    return "", ""


_NO_ACCESS = "functions have no internet access."
