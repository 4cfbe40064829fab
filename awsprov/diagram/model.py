"""The architecture of a stack as a diagram: nodes in nested boxes, grouped as in AWS's own diagrams, and edges."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from awsprov.aws.client import Aws
from awsprov.config.models import Config
from awsprov.diagram.nodes import CALLERS, INTERNET, Diagram, Edge, Node, SubnetBox, Zone
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.instances import Ec2Instance
from awsprov.resources.compute.nat_instance import NatInstance
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.function.function import Function
from awsprov.resources.network.addresses import ElasticIp, ExistingElasticIp
from awsprov.resources.network.endpoints import GatewayEndpoint
from awsprov.resources.network.existing import BUILDER_SUBNET, ExistingSubnet, ExistingVpc
from awsprov.resources.network.gateways import InternetGateway, NatGateway
from awsprov.resources.network.route_tables import RouteTable
from awsprov.resources.network.subnets import Subnet, Zones
from awsprov.resources.network.vpc import Vpc
from awsprov.resources.storage.existing import ExistingFileSystem, ExistingMountTarget
from awsprov.resources.storage.file_system import FileSystem, MountTarget
from awsprov.resources.storage.library_file_system import LibraryFileSystem

States = Mapping[str, str]  # of resources, by name


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
        builder.vpc(),
        builder.gateway(),
        builder.endpoints(),
        (*builder.apis(), *builder.functions()),
        builder.file_system(),
        builder.existing_zones() if config.network.subnets else builder.zones(),
        tuple(builder.edges()),
    )


def resource_states(stack: Stack, aws: Aws) -> dict[str, str]:
    """Return the states of the existing resources, as AWS reports them. That of an address is the address."""
    return {r.name: state for r in stack if r.id and (state := _state(r, aws))}


def _state(r: Resource, aws: Aws) -> str:
    if isinstance(r, Ec2Instance):
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

    def vpc(self) -> Node:
        """Return the node of the VPC: the stack's own, or the one that was there before."""
        existing = [self.node(vpc, "Existing VPC", *vpc.ranges) for vpc in self.stack.of(ExistingVpc)]
        return existing[0] if existing else self.node(self.stack.of(Vpc)[0], "VPC", str(self.config.network.cidr))

    def gateway(self) -> Node | None:
        """Return the node of the internet gateway; None in an existing network, whose gateways are not the stack's."""
        return next((self.node(each, "Internet gateway") for each in self.stack.of(InternetGateway)), None)

    def endpoints(self) -> tuple[Node, ...]:
        """Return the nodes of the gateway endpoints."""
        names = {"s3": "S3", "dynamodb": "DynamoDB"}
        return tuple(
            self.node(r, f"{names[r.service]} endpoint", "from the private subnets")
            for r in self.stack.of(GatewayEndpoint)
        )

    def file_system(self) -> Node:
        """Return the node of the file system: the stack's own, or the one that was there before."""
        existing = self.stack.of(ExistingFileSystem)
        if existing:
            return self.node(existing[0], "Existing file system", f"the libraries in {self.config.library_directory}")
        return self.node(self.stack.of(FileSystem)[0], "EFS file system", "the libraries", "encrypted")

    @property
    def _mount_targets(self) -> list[MountTarget | ExistingMountTarget]:
        return [*self.stack.of(MountTarget), *self.stack.of(ExistingMountTarget)]

    def apis(self) -> Iterable[Node]:
        """Return the node of the API, if a function has a route."""
        config = self.config.api
        kind = "REST" if config.type == "rest" else "HTTP"
        return [self.node(api, f"API Gateway, {kind}", f"auth: {config.auth}") for api in self.apis_with_routes]

    def functions(self) -> Iterable[Node]:
        """Return the nodes of the functions."""
        return [
            self.node(f, f"Lambda {f.name}", *self._routes(f), self._settings(f), *self._permissions(f))
            for f in self._functions
        ]

    def _routes(self, function: Function) -> list[str]:
        """Return the routes of a function as one line; nothing if it has none."""
        routes = self.config.functions[function.name].routes
        return [", ".join(map(str, routes))] if routes else []

    def _settings(self, function: Function) -> str:
        """Return a function's settings, with its payload if that is not the default."""
        payload = ", payload: body" if self.config.takes_body(function.name) else ""
        return f"{function.settings['memory']} MB, {function.settings['timeout']} s{payload}"

    def _permissions(self, function: Function) -> Iterable[str]:
        """Yield a function's additional permissions, and its role if that is an existing one."""
        config = self.config.functions[function.name]
        yield from (f"may {permission}" for permission in config.own_permissions)
        yield from (f"policy {arn.rpartition('/')[2]}" for arn in config.managed_policies)
        if config.role:
            yield f"existing role {config.role.rpartition('/')[2]}"

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
                self._functions_box(inner, "Private subnet"),
                self._subnet_box(outer, "Public subnet", self._gateways(outer), self._instances(outer)),
            )
            for n, (outer, inner) in enumerate(zip(public, private, strict=True))
        )

    def existing_zones(self) -> tuple[Zone, ...]:
        """Return the zones of existing subnets; the builder's subnet is drawn in the first one, wherever it is."""
        inner = [each for each in self.stack.of(ExistingSubnet) if each.name != BUILDER_SUBNET]
        outer = next((builder.subnet for builder in self.stack.of(Builder)), None)
        box = None
        if outer:
            box = replace(
                self._subnet_box(outer, "Builder's subnet", self._builders(outer)), key="the builder's subnet"
            )
        return tuple(
            Zone(f"Availability zone {subnet.zone or n + 1}", self._functions_box(subnet, "Subnet"), None if n else box)
            for n, subnet in enumerate(inner)
        )

    def _functions_box(self, subnet: Subnet | ExistingSubnet, title: str) -> SubnetBox:
        """Return the box of a subnet of the functions."""
        targets = [self.node(each, "Mount target") for each in self._mount_targets if each.subnet is subnet]
        return self._subnet_box(subnet, title, [self._interface(subnet)], targets)

    def _subnet_box(self, subnet: Subnet | ExistingSubnet, title: str, *nodes: Iterable[Node]) -> SubnetBox:
        inside = tuple(node for some in nodes for node in some)
        id_ = subnet.subnet if isinstance(subnet, ExistingSubnet) else subnet.id
        named = " · ".join(word for word in (f"{title} {subnet.cidr}".strip(), id_) if word)
        return SubnetBox(subnet.name, named, inside, bool(subnet.id))

    def _gateways(self, subnet: Subnet) -> list[Node]:
        """Return the nodes of the NAT gateways in a public subnet, with the addresses from which functions call out."""
        gateways = [gateway for gateway in self.stack.of(NatGateway) if gateway.subnet is subnet]
        return [self.node(each, "NAT gateway", self.states.get(each.address.name, "")) for each in gateways]

    def _instances(self, subnet: Subnet) -> list[Node]:
        """Return the nodes of the NAT instance and the builder in a public subnet."""
        nats = [nat for nat in self.stack.of(NatInstance) if nat.interface.subnet is subnet]
        nodes = [self.node(nat, "NAT instance", self.states.get(nat.interface.address.name, "")) for nat in nats]
        return [*nodes, *self._builders(subnet)]

    def _builders(self, subnet: Subnet | ExistingSubnet) -> list[Node]:
        builders = [builder for builder in self.stack.of(Builder) if builder.subnet is subnet]
        return [self.node(b, "EC2 builder", f"{b.instance_type}, {b.when_idle}s when idle") for b in builders]

    def _interface(self, subnet: Subnet | ExistingSubnet) -> Node:
        """Return the node of the network interface that Lambda creates in a subnet for all functions."""
        exists = any(function.id for function in self._functions)
        return Node(f"{subnet.name}-interface", "Functions' interface", ("created by Lambda",), "serving", exists)

    def edges(self) -> Iterable[Edge]:
        """Return the edges: who connects to what."""
        existing = [each.name for each in self.stack.of(ExistingSubnet) if each.name != BUILDER_SUBNET]
        private = existing or [subnet.name for subnet in self._private]
        yield from (Edge(CALLERS, api.name, "HTTPS") for api in self.apis_with_routes)
        for function in self._functions:
            yield from (Edge(api.name, function.name) for api in self.apis_with_routes if self._routes(function))
            yield from (Edge(function.name, f"{name}-interface") for name in private)
        for target in self._mount_targets:
            yield Edge(f"{target.subnet.name}-interface", target.name, "NFS, TLS")
            yield Edge(target.name, target.file_system.name)
        yield from self._internet_edges(private)

    def _internet_edges(self, private: list[str]) -> Iterable[Edge]:
        gateways: list[NatGateway | NatInstance] = [*self.stack.of(NatGateway), *self.stack.of(NatInstance)]
        for n, name in enumerate(private if gateways else []):
            yield Edge(name, gateways[min(n, len(gateways) - 1)].name, "0.0.0.0/0" if n < len(gateways) else "")
        internet = self.stack.of(InternetGateway)
        yield from (Edge(nat.name, gateway.name) for nat in gateways for gateway in internet)
        yield from (Edge(gateway.name, INTERNET) for gateway in internet)
        for builder in self.stack.of(Builder):
            yield from (Edge(gateway.name, builder.name, "SSH") for gateway in internet)
            yield Edge(builder.name, self._mount_targets[0].name, "NFS, TLS")


_CATEGORIES: dict[str, Callable[[Resource], bool]] = {
    "compute": lambda r: isinstance(r, Builder),
    "storage": lambda r: isinstance(r, LibraryFileSystem | MountTarget | ExistingMountTarget),
    "serving": lambda r: isinstance(r, Function),
    "api": lambda r: isinstance(r, RestApi | HttpApi),
}


def _category(r: Resource) -> str:
    return next((category for category, has in _CATEGORIES.items() if has(r)), "network")
