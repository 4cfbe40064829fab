"""The architecture of a stack as things to be drawn: boxes within boxes, in AWS's own grouping, and lines between."""

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
from awsprov.resources.network.gateways import InternetGateway, NatGateway, RouteTable
from awsprov.resources.network.vpc import Subnet, Vpc, Zones
from awsprov.resources.storage.file_system import FileSystem, MountTarget

States = Mapping[str, str]  # by the resource's name


@dataclass(frozen=True)
class Thing:
    """What is drawn as one box.

    Arguments:
        key: its name among all things.
        title: what it is, in AWS's words, and what it is doing.
        lines: what it is told to do, and its id.
        hue: whose colour it has: network, compute, storage or serving.
        made: whether it is there; otherwise it is drawn as a plan.
    """

    key: str
    title: str
    lines: tuple[str, ...]
    hue: str
    made: bool


@dataclass(frozen=True)
class Place:
    """A subnet and what is in it."""

    key: str
    title: str
    things: tuple[Thing, ...]
    made: bool


@dataclass(frozen=True)
class Zone:
    """An availability zone with its two subnets."""

    title: str
    public: Place
    private: Place


@dataclass(frozen=True)
class Line:
    """From one thing or place to another, and what goes there."""

    start: str
    end: str
    about: str = ""


@dataclass(frozen=True)
class Diagram:
    """All that is drawn. `outside` needs no VPC; `gateway` is the VPC's; `storage` is mounted in each zone."""

    title: str
    region: str
    vpc: Thing
    gateway: Thing
    outside: tuple[Thing, ...]
    storage: Thing
    zones: tuple[Zone, ...]
    lines: tuple[Line, ...]


THEMES = ("auto", "light", "dark")  # of a picture; `auto` follows the reader's own setting
CALLERS, INTERNET = "the callers", "the internet"  # the two ends that are not of the stack: no resource has a space


def diagram(stack: Stack, config: Config, states: States) -> Diagram:
    """The picture of a stack; whatever has an id is drawn as standing.

    Arguments:
        states: what the resources are doing, by name, where that is known.
    """
    draw = _Drawing(stack, config, states)
    note = " (paused)" if config.paused else ""
    return Diagram(
        f"{config.stack}{note}",
        config.region,
        draw.thing(stack.of(Vpc)[0], "VPC", str(config.network.cidr)),
        draw.thing(stack.of(InternetGateway)[0], "Internet gateway"),
        (*draw.apis(), *draw.functions()),
        draw.thing(stack.of(FileSystem)[0], "EFS file system", "the libraries", "encrypted"),
        draw.zones(),
        tuple(draw.lines()),
    )


def observed(stack: Stack, aws: Aws) -> dict[str, str]:
    """The states of what stands, as AWS tells them."""
    return {r.name: state for r in stack if r.id and (state := _state(r, aws))}


def _state(r: Resource, aws: Aws) -> str:
    if isinstance(r, Builder):
        return r.state(aws)
    if isinstance(r, FileSystem | MountTarget):
        return str(r.describe_cached(aws).get("LifeCycleState", ""))
    if isinstance(r, Function):
        return str(aws.lambda_.get_function_configuration(FunctionName=r.id).get("State", "")).lower()
    return str(r.describe_cached(aws).get("State", "")) if isinstance(r, Ec2Resource) else ""


class _Drawing:
    """One run through a stack."""

    def __init__(self, stack: Stack, config: Config, states: States) -> None:
        self.stack, self.config, self.states = stack, config, states
        self.apis_made: list[RestApi | HttpApi] = [*stack.of(RestApi), *stack.of(HttpApi)]

    def thing(self, r: Resource, title: str, *about: str) -> Thing:
        """A resource as a thing: what it is and is doing, what it is for, and its id."""
        named = " · ".join(word for word in (title, self.states.get(r.name, "")) if word)
        identity = r.id if r.id != r.name else ""
        return Thing(r.name, named, tuple(line for line in (*about, identity) if line), _hue(r), bool(r.id))

    def apis(self) -> Iterable[Thing]:
        """The API, when a function has a route."""
        asked = self.config.api
        kind = "REST" if asked.type == "rest" else "HTTP"
        return [self.thing(api, f"API Gateway, {kind}", f"lets in: {asked.auth}") for api in self.apis_made]

    def functions(self) -> Iterable[Thing]:
        """The functions."""
        return [
            self.thing(f, f"Lambda {f.name}", *self._routes(f), f"{f.settings['memory']} MB, {f.settings['timeout']} s")
            for f in self._functions
        ]

    def _routes(self, function: Function) -> list[str]:
        """Its routes, as one line; none when it has none."""
        routes = self.config.functions[function.name].routes
        return [", ".join(map(str, routes))] if routes else []

    @property
    def _functions(self) -> list[Function]:
        return self.stack.of(Function)

    @property
    def _private(self) -> list[Subnet]:
        """The subnets whose route leads to no internet gateway."""
        open_ = [
            s
            for table in self.stack.of(RouteTable)
            if isinstance(table.gateway, InternetGateway)
            for s in table.subnets
        ]
        return [subnet for subnet in self.stack.of(Subnet) if subnet not in open_]

    def zones(self) -> tuple[Zone, ...]:
        """The zones, by the names that AWS gave, or by number."""
        chosen = self.stack.of(Zones)[0]
        private = self._private
        public = [subnet for subnet in self.stack.of(Subnet) if subnet not in private]
        return tuple(
            Zone(
                f"Availability zone {chosen.zone(n) or n + 1}",
                self._place(outer, "Public subnet", self._on(outer, NatGateway, "NAT gateway"), self._builders(outer)),
                self._place(
                    inner, "Private subnet", [self._interface(inner)], self._on(inner, MountTarget, "Mount target")
                ),
            )
            for n, (outer, inner) in enumerate(zip(public, private, strict=True))
        )

    def _place(self, subnet: Subnet, title: str, *things: Iterable[Thing]) -> Place:
        inside = tuple(thing for some in things for thing in some)
        named = " · ".join(word for word in (f"{title} {subnet.cidr}", subnet.id) if word)
        return Place(subnet.name, named, inside, bool(subnet.id))

    def _on(self, subnet: Subnet, kind: type[NatGateway | MountTarget], title: str) -> list[Thing]:
        return [self.thing(r, title) for r in self.stack.of(kind) if r.subnet is subnet]

    def _builders(self, subnet: Subnet) -> list[Thing]:
        builders = [builder for builder in self.stack.of(Builder) if builder.subnet is subnet]
        return [self.thing(b, "EC2 builder", f"{b.instance_type}, {b.when_idle}s when idle") for b in builders]

    def _interface(self, subnet: Subnet) -> Thing:
        """Where the functions come in: Lambda makes an interface in each private subnet, and all of them share it."""
        made = any(function.id for function in self._functions)
        return Thing(f"{subnet.name}-interface", "Functions' interface", ("made by Lambda",), "serving", made)

    def lines(self) -> Iterable[Line]:
        """Who speaks to whom."""
        private = [subnet.name for subnet in self._private]
        yield from (Line(CALLERS, api.name, "HTTPS") for api in self.apis_made)
        for function in self._functions:
            yield from (Line(api.name, function.name) for api in self.apis_made if self._routes(function))
            yield from (Line(function.name, f"{name}-interface") for name in private)
        for target in self.stack.of(MountTarget):
            yield Line(f"{target.subnet.name}-interface", target.name, "NFS, TLS")
            yield Line(target.name, target.file_system.name)
        yield from self._ways_out(private)

    def _ways_out(self, private: list[str]) -> Iterable[Line]:
        gateway, gateways = self.stack.of(InternetGateway)[0].name, self.stack.of(NatGateway)
        for n, name in enumerate(private if gateways else []):
            yield Line(name, gateways[min(n, len(gateways) - 1)].name, "0.0.0.0/0" if n < len(gateways) else "")
        yield from (Line(nat.name, gateway) for nat in gateways)
        yield Line(gateway, INTERNET)
        for builder in self.stack.of(Builder):
            yield Line(gateway, builder.name, "SSH from one address")
            yield Line(builder.name, self.stack.of(MountTarget)[0].name, "NFS, TLS")


_HUES: dict[str, Callable[[Resource], bool]] = {
    "compute": lambda r: isinstance(r, Builder),
    "storage": lambda r: isinstance(r, FileSystem | MountTarget),
    "serving": lambda r: isinstance(r, Function),
    "api": lambda r: isinstance(r, RestApi | HttpApi),
}


def _hue(r: Resource) -> str:
    return next((hue for hue, has in _HUES.items() if has(r)), "network")
