"""The critical path of a stack: the least time that its graph takes, at given durations of its resources."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from awsprov.engine.graph import Graph, reverse
from awsprov.engine.resource import Resource

# By kind: the entries of the local cloud's table of durations that its creation takes, and its deletion. An API of API
# Gateway is changed by one call at a time: a route takes two of them, a stage three.
_API_CHANGE = "API of API Gateway, changed"
CREATION = {
    "Vpc": ["VPC"],
    "Subnet": ["Subnet"],
    "NatGateway": ["NAT gateway, created"],
    "FileSystem": ["EFS file system, created"],
    "MountTarget": ["EFS mount target, created"],
    "AccessPoint": ["EFS access point, created"],
    "Role": ["IAM role or trust policy, visible to Lambda"],
    "InstanceProfile": ["IAM instance profile, visible to EC2"],
    "Builder": ["Instance, launched or started"],
    "Function": ["Lambda function, created with new subnets and security groups"],
    "RestRoute": [_API_CHANGE] * 2,
    "RestStage": [_API_CHANGE] * 3,
}
DELETION = {
    "NatGateway": ["NAT gateway, deleted"],
    "Builder": ["Instance, terminated"],
    "FileSystem": ["EFS file system, deleted"],
    "MountTarget": ["EFS mount target, deleted"],
    "AccessPoint": ["EFS access point, deleted"],
}


class CriticalPath(NamedTuple):
    """Resources of which each waits for the one before it, with the seconds of each."""

    steps: list[tuple[str, float]]

    @property
    def seconds(self) -> float:
        """The sum of its steps."""
        return sum(seconds for _, seconds in self.steps)

    def __str__(self) -> str:
        return " → ".join(f"{name} {seconds:.1f} s" for name, seconds in self.steps if seconds)


def critical_path(graph: Graph[Resource], seconds: Callable[[Resource], float]) -> CriticalPath:
    """Return the longest path through a graph.

    Arguments:
        graph: its nodes, each after those that it needs.
        seconds: the duration of a resource.
    """
    paths: dict[Resource, CriticalPath] = {}
    for resource, needs in graph.items():
        before = max((paths[need] for need in needs), key=lambda path: path.seconds, default=CriticalPath([]))
        paths[resource] = CriticalPath([*before.steps, (resource.name, seconds(resource))])
    return max(paths.values(), key=lambda path: path.seconds)


def deletion_graph(graph: Graph[Resource]) -> Graph[Resource]:
    """Return the graph of a deletion: each node needs those that need it in the graph of the creation."""
    return dict(reversed(reverse(graph).items()))


def durations_of(table: Mapping[str, float], entries: Mapping[str, list[str]]) -> Callable[[Resource], float]:
    """Return a function that returns a resource's duration in seconds.

    Arguments:
        table: the local cloud's durations.
        entries: CREATION or DELETION.
    """
    return lambda resource: sum(table[entry] for entry in entries.get(resource.type, ()))
