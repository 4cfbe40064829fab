"""The longest chain: what a stack's graph takes at least, at the durations of the cloud that it is made on."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from awsprov.engine.graph import Graph, reverse
from awsprov.engine.resource import Resource

# Which of the cloud's durations makes a kind wait: until it may be used, and until it is gone.
MAKING = {
    "Vpc": "VPC",
    "Subnet": "Subnet",
    "NatGateway": "NAT gateway, created",
    "FileSystem": "EFS file system, created",
    "MountTarget": "EFS mount target, created",
    "AccessPoint": "EFS access point, created",
    "Role": "IAM role or trust policy, visible to Lambda",
    "InstanceProfile": "IAM instance profile, visible to EC2",
    "Builder": "Instance, launched or started",
    "Function": "Lambda function, created with new subnets and security groups",
}
TAKING_AWAY = {
    "NatGateway": "NAT gateway, deleted",
    "Builder": "Instance, terminated",
    "FileSystem": "EFS file system, deleted",
    "MountTarget": "EFS mount target, deleted",
    "AccessPoint": "EFS access point, deleted",
}
INTERFACES = "Lambda network interface, last function deleted"


class Chain(NamedTuple):
    """Resources of which each waits for the one before it, with the seconds of each."""

    links: list[tuple[str, float]]

    @property
    def seconds(self) -> float:
        """What they take together."""
        return sum(seconds for _, seconds in self.links)

    def __str__(self) -> str:
        return " → ".join(f"{name} {seconds:.1f} s" for name, seconds in self.links if seconds)


def longest(graph: Graph[Resource], seconds: Callable[[Resource], float]) -> Chain:
    """The dearest chain through a graph whose nodes stand after what they need."""
    chains: dict[Resource, Chain] = {}
    for resource, needs in graph.items():
        before = max((chains[need] for need in needs), key=lambda chain: chain.seconds, default=Chain([]))
        chains[resource] = Chain([*before.links, (resource.name, seconds(resource))])
    return max(chains.values(), key=lambda chain: chain.seconds)


def turned(graph: Graph[Resource]) -> Graph[Resource]:
    """The graph of taking away, its nodes after those that hold them."""
    return dict(reversed(reverse(graph).items()))


def lasting(durations: Mapping[str, float], kinds: Mapping[str, str]) -> Callable[[Resource], float]:
    """The seconds of a resource, by the cloud's own table."""
    return lambda resource: durations[kinds[resource.type]] if resource.type in kinds else 0.0
