"""The architecture of a stack as a diagram: nodes in nested boxes, grouped as in AWS's own diagrams, and edges."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.config.models import Config
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.compute.builder import Builder
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.function.function import Function
from awsprov.resources.network.gateways import (
    ElasticIp,
    ExistingElasticIp,
    InternetGateway,
    NatGateway,
    RouteTable,
)
from awsprov.resources.network.subnets import Subnet, Zones
from awsprov.resources.network.vpc import Vpc
from awsprov.resources.storage.file_system import FileSystem, MountTarget

States = Mapping[str, str]  # of resources, by name


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
    """An availability zone with its two subnets."""

    title: str
    public: SubnetBox
    private: SubnetBox


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
        gateway: the internet gateway.
        outside: what is outside of the VPC: API and functions.
        storage: the file system.
    """

    title: str
    region: str
    vpc: Node
    gateway: Node
    outside: tuple[Node, ...]
    storage: Node
    zones: tuple[Zone, ...]
    edges: tuple[Edge, ...]


THEMES = ("auto", "light", "dark")  # `auto` follows the reader's setting
CALLERS, INTERNET = "the callers", "the internet"  # the ends outside of the stack; no resource name has a space


def diagram(stack: Stack, config: Config, states: States) -> Diagram:
    """Return the diagram of a stack. A resource with an id is drawn as existing.

    Arguments:
        states: the states of resources, where they are known.
    """
    builder = _DiagramBuilder(stack, config, states)
    note = " (paused)" if config.paused else ""
    return Diagram(
        f"{config.stack}{note}",
        config.region,
        builder.node(stack.of(Vpc)[0], "VPC", str(config.network.cidr)),
        builder.node(stack.of(InternetGateway)[0], "Internet gateway"),
        (*builder.apis(), *builder.functions()),
        builder.node(stack.of(FileSystem)[0], "EFS file system", "the libraries", "encrypted"),
        builder.zones(),
        tuple(builder.edges()),
    )


def resource_states(stack: Stack, aws: Aws) -> dict[str, str]:
    """Return the states of the existing resources, as AWS reports them. That of an address is the address."""
    return {r.name: state for r in stack if r.id and (state := _state(r, aws))}


def _state(r: Resource, aws: Aws) -> str:
    if isinstance(r, Builder):
        return r.state(aws)
    if isinstance(r, FileSystem | MountTarget):
        return str(r.describe_cached(aws).get("LifeCycleState", ""))
    if isinstance(r, ElasticIp | ExistingElasticIp):
        return r.public_ip(aws)
    if isinstance(r, Function):
        return str(aws.lambda_.get_function_configuration(FunctionName=r.id).get("State", "")).lower()
    return str(r.describe_cached(aws).get("State", "")) if isinstance(r, Ec2Resource) else ""


class _DiagramBuilder:
    """Turns the resources of a stack into nodes and edges."""

    def __init__(self, stack: Stack, config: Config, states: States) -> None:
        self.stack, self.config, self.states = stack, config, states
        self.apis_with_routes: list[RestApi | HttpApi] = [*stack.of(RestApi), *stack.of(HttpApi)]

    def node(self, r: Resource, title: str, *settings: str) -> Node:
        """Return the node of a resource: title and state, settings, id."""
        named = " · ".join(word for word in (title, self.states.get(r.name, "")) if word)
        identity = r.id if r.id != r.name else ""
        return Node(r.name, named, tuple(line for line in (*settings, identity) if line), _category(r), bool(r.id))

    def apis(self) -> Iterable[Node]:
        """Return the node of the API, if a function has a route."""
        config = self.config.api
        kind = "REST" if config.type == "rest" else "HTTP"
        return [self.node(api, f"API Gateway, {kind}", f"auth: {config.auth}") for api in self.apis_with_routes]

    def functions(self) -> Iterable[Node]:
        """Return the nodes of the functions."""
        return [self.node(f, f"Lambda {f.name}", *self._routes(f), self._settings(f)) for f in self._functions]

    def _routes(self, function: Function) -> list[str]:
        """Return the routes of a function as one line; nothing if it has none."""
        routes = self.config.functions[function.name].routes
        return [", ".join(map(str, routes))] if routes else []

    def _settings(self, function: Function) -> str:
        """Return a function's settings, with its payload if that is not the default."""
        payload = ", payload: body" if self.config.takes_body(function.name) else ""
        return f"{function.settings['memory']} MB, {function.settings['timeout']} s{payload}"

    @property
    def _functions(self) -> list[Function]:
        return self.stack.of(Function)

    @property
    def _private(self) -> list[Subnet]:
        """The subnets without a route to the internet gateway."""
        open_ = [
            s
            for table in self.stack.of(RouteTable)
            if isinstance(table.gateway, InternetGateway)
            for s in table.subnets
        ]
        return [subnet for subnet in self.stack.of(Subnet) if subnet not in open_]

    def zones(self) -> tuple[Zone, ...]:
        """Return the zones with their names, or numbers while they have none."""
        chosen = self.stack.of(Zones)[0]
        private = self._private
        public = [subnet for subnet in self.stack.of(Subnet) if subnet not in private]
        return tuple(
            Zone(
                f"Availability zone {chosen.zone(n) or n + 1}",
                self._subnet_box(
                    outer, "Public subnet", self._on(outer, NatGateway, "NAT gateway"), self._builders(outer)
                ),
                self._subnet_box(
                    inner, "Private subnet", [self._interface(inner)], self._on(inner, MountTarget, "Mount target")
                ),
            )
            for n, (outer, inner) in enumerate(zip(public, private, strict=True))
        )

    def _subnet_box(self, subnet: Subnet, title: str, *nodes: Iterable[Node]) -> SubnetBox:
        inside = tuple(node for some in nodes for node in some)
        named = " · ".join(word for word in (f"{title} {subnet.cidr}", subnet.id) if word)
        return SubnetBox(subnet.name, named, inside, bool(subnet.id))

    def _on(self, subnet: Subnet, kind: type[NatGateway | MountTarget], title: str) -> list[Node]:
        return [self.node(r, title, self._address(r)) for r in self.stack.of(kind) if r.subnet is subnet]

    def _address(self, r: NatGateway | MountTarget) -> str:
        """Return the public address of a NAT gateway, from which functions call out; empty for a mount target."""
        return self.states.get(r.address.name, "") if isinstance(r, NatGateway) else ""

    def _builders(self, subnet: Subnet) -> list[Node]:
        builders = [builder for builder in self.stack.of(Builder) if builder.subnet is subnet]
        return [self.node(b, "EC2 builder", f"{b.instance_type}, {b.when_idle}s when idle") for b in builders]

    def _interface(self, subnet: Subnet) -> Node:
        """Return the node of the network interface that Lambda creates in a subnet for all functions."""
        exists = any(function.id for function in self._functions)
        return Node(f"{subnet.name}-interface", "Functions' interface", ("created by Lambda",), "serving", exists)

    def edges(self) -> Iterable[Edge]:
        """Return the edges: who connects to what."""
        private = [subnet.name for subnet in self._private]
        yield from (Edge(CALLERS, api.name, "HTTPS") for api in self.apis_with_routes)
        for function in self._functions:
            yield from (Edge(api.name, function.name) for api in self.apis_with_routes if self._routes(function))
            yield from (Edge(function.name, f"{name}-interface") for name in private)
        for target in self.stack.of(MountTarget):
            yield Edge(f"{target.subnet.name}-interface", target.name, "NFS, TLS")
            yield Edge(target.name, target.file_system.name)
        yield from self._internet_edges(private)

    def _internet_edges(self, private: list[str]) -> Iterable[Edge]:
        gateway, gateways = self.stack.of(InternetGateway)[0].name, self.stack.of(NatGateway)
        for n, name in enumerate(private if gateways else []):
            yield Edge(name, gateways[min(n, len(gateways) - 1)].name, "0.0.0.0/0" if n < len(gateways) else "")
        yield from (Edge(nat.name, gateway) for nat in gateways)
        yield Edge(gateway, INTERNET)
        for builder in self.stack.of(Builder):
            yield Edge(gateway, builder.name, "SSH")
            yield Edge(builder.name, self.stack.of(MountTarget)[0].name, "NFS, TLS")


_CATEGORIES: dict[str, Callable[[Resource], bool]] = {
    "compute": lambda r: isinstance(r, Builder),
    "storage": lambda r: isinstance(r, FileSystem | MountTarget),
    "serving": lambda r: isinstance(r, Function),
    "api": lambda r: isinstance(r, RestApi | HttpApi),
}


def _category(r: Resource) -> str:
    return next((category for category, has in _CATEGORIES.items() if has(r)), "network")
