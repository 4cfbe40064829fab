"""The nodes, boxes and edges of a diagram."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A node: one box of the diagram.

    Arguments:
        key: its name, unique in the diagram.
        title: what it is, in AWS's terms, and its state.
        lines: its settings and its id.
        category: network, compute, storage, serving or api; it decides the colour.
        exists: whether the resource exists; otherwise the box is dashed.
    """

    key: str
    title: str
    lines: tuple[str, ...]
    category: str
    exists: bool


@dataclass(frozen=True)
class SubnetBox:
    """A subnet and the nodes in it."""

    key: str
    title: str
    nodes: tuple[Node, ...]
    exists: bool


@dataclass(frozen=True)
class Zone:
    """An availability zone with its subnets.

    Arguments:
        title: its title.
        private: the subnet of the functions.
        public: the public subnet, or the builder's of an existing network; None if there is none in the zone.
    """

    title: str
    private: SubnetBox
    public: SubnetBox | None

    @property
    def subnets(self) -> tuple[SubnetBox, ...]:
        """Its subnets, from the internet inwards."""
        return (self.public, self.private) if self.public else (self.private,)


@dataclass(frozen=True)
class Edge:
    """An arrow between two nodes or subnets, with a label."""

    start: str
    end: str
    label: str = ""


@dataclass(frozen=True)
class Diagram:
    """The whole diagram.

    Arguments:
        gateway: the internet gateway; None in a network that awsprov did not create.
        endpoints: the gateway endpoints of the VPC.
        outside: what is outside of the VPC: API and functions.
        storage: the file system.
    """

    title: str
    region: str
    vpc: Node
    gateway: Node | None
    endpoints: tuple[Node, ...]
    outside: tuple[Node, ...]
    storage: Node
    zones: tuple[Zone, ...]
    edges: tuple[Edge, ...]


THEMES = ("auto", "light", "dark")  # `auto` follows the reader's setting
CALLERS, INTERNET = "the callers", "the internet"  # the ends outside of the stack; no resource name has a space
