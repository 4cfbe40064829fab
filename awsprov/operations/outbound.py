"""The public addresses from which functions call out, for example for a database's firewall."""

from awsprov.aws.client import Aws
from awsprov.engine.stack import Stack
from awsprov.resources.network.gateways import ElasticIp, ExistingElasticIp


def outbound_addresses(stack: Stack, aws: Aws) -> list[str]:
    """Return the addresses of the NAT gateways; none without one, or while a paused stack does not keep them."""
    addresses: list[ElasticIp | ExistingElasticIp] = [*stack.of(ElasticIp), *stack.of(ExistingElasticIp)]
    return [address.public_ip(aws) for address in addresses if address.id]


def outbound_line(addresses: list[str]) -> str:
    """Return a sentence with the addresses; empty if there are none."""
    return f"The functions call out from {' and '.join(addresses)}." if addresses else ""
