"""What is provisioned, in the order that a careful person would make it by hand."""

from collections.abc import Callable
from typing import TypeVar

from awsprov.config.function import FunctionConfig
from awsprov.config.models import DEFAULT_API_STAGE, Config
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.resources.api.access import ApiKey, Permission, UsagePlan
from awsprov.resources.api.access_log import ApiLog
from awsprov.resources.api.http_api import HttpApi, HttpIntegration, HttpRoute, JwtAuthorizer
from awsprov.resources.api.http_stage import HttpStage
from awsprov.resources.api.rest_api import RestApi, RestPath, RestValidator
from awsprov.resources.api.rest_methods import RestCors, RestRoute
from awsprov.resources.api.rest_stage import RestStage
from awsprov.resources.compute.builder import Builder, Image
from awsprov.resources.compute.key_pairs import ExistingKeyPair, KeyPair
from awsprov.resources.compute.libraries import Libraries
from awsprov.resources.function.function import Function, FunctionInterfaces
from awsprov.resources.function.log_groups import LogGroup
from awsprov.resources.function.smoke_test import Smoke
from awsprov.resources.function.versions import Alias, Version
from awsprov.resources.identity.policies import BuilderRights, FunctionRights, Policy
from awsprov.resources.identity.roles import InstanceProfile, Role
from awsprov.resources.identity.secrets import Secret
from awsprov.resources.network.gateways import ANYWHERE, ElasticIp, InternetGateway, NatGateway, RouteTable
from awsprov.resources.network.network_acl import NetworkAcl
from awsprov.resources.network.security_groups import DefaultGroup, Rule, SecurityGroup
from awsprov.resources.network.vpc import Subnet, Vpc, Zones
from awsprov.resources.storage.file_system import AccessPoint, FileSystem, MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy
from awsprov.stack.bootstrap import profiled, started

# Every kind, in the order of making; it decides when an orphan goes. A new kind is one line here. No argument leads to
# a later kind; one `after` does: a NAT gateway waits for the public routes.
KINDS: tuple[type[Resource], ...] = (
    Secret, KeyPair, ExistingKeyPair, Zones, Vpc, InternetGateway, Subnet, ElasticIp, NatGateway, RouteTable,
    NetworkAcl, DefaultGroup, SecurityGroup, FileSystem, MountTarget, AccessPoint, LogGroup, Policy, Role,
    InstanceProfile, FunctionInterfaces, FileSystemPolicy, Image, Builder, Libraries, Function, Version, Alias,
    RestApi, HttpApi, ApiLog, RestPath, RestValidator, RestRoute, RestCors, RestStage, ApiKey, UsagePlan,
    HttpIntegration, JwtAuthorizer, HttpRoute, HttpStage, Permission,
)  # fmt: skip

R = TypeVar("R", bound=Resource)
Ensure = Callable[[Resource], Resource]
OWNER, READER = 1000, 1001  # POSIX ids on the file system: the builder's, and the functions', who may only read


def declare_stack(config: Config, ssh_from: str, *, built: bool = False) -> Stack:
    """Collect the resources of a configuration, in order.

    Arguments:
        config: what is asked for.
        ssh_from: the range of addresses that may open an SSH session with the builder.
        built: whether the builder has done its work and is not kept, so that nothing of it is wanted.
    """
    resources: list[Resource] = []

    def collect(resource: Resource) -> Resource:
        resources.append(resource)
        return resource

    declare(config, ssh_from, collect, built=built)
    return Stack(resources, KINDS)


def declare(config: Config, ssh_from: str, ensure: Ensure, *, built: bool = False) -> None:
    """Say what is wanted, from the first resource to the last.

    Arguments:
        config: what is asked for.
        ssh_from: the range of addresses that may open an SSH session with the builder.
        ensure: takes each resource: the stack's collector, or an engine's `ensure` for a serial `up`.
        built: whether the builder has done its work and is not kept.
    """
    _Declaration(config, ssh_from, ensure, built).all()


class _Declaration:
    """One run through the stack; each method is a paragraph of it."""

    def __init__(self, config: Config, ssh_from: str, ensure: Ensure, built: bool) -> None:
        self.config, self.ssh_from, self._ensure, self.built = config, ssh_from, ensure, built
        self.deploy_time_secrets: dict[
            str, dict[str, Secret]
        ] = {}  # by function: those that become variables when it is deployed

    def ensure(self, resource: R) -> R:
        """Hand a resource over."""
        self._ensure(resource)
        return resource

    def all(self) -> None:
        """The paragraphs, in order."""
        self.key_pair()
        self.network()
        self.firewall()
        self.storage()
        self.identities()
        self.installation()
        aliases = {name: self.function(name, function) for name, function in self.config.functions.items()}
        if any(function.routes for function in self.config.functions.values()):
            self.http_api(aliases) if self.config.api.type == "http" else self.rest_api(aliases)

    def key_pair(self) -> None:
        """The key that opens the builder."""
        given = self.config.keypair
        if given.name:
            self.key: KeyPair | ExistingKeyPair = self.ensure(
                ExistingKeyPair("key-pair", given.name, self.config.private_key)
            )
        else:
            self.key = self.ensure(KeyPair("key-pair", self.config.private_key, given.public_key))

    def network(self) -> None:
        """A VPC with a public and a private subnet in each zone, and the ways out."""
        ensure, net = self.ensure, self.config.network
        self.zones = ensure(Zones("availability-zones", net.zones, self.config.builder.instance_type))
        self.vpc = ensure(Vpc("vpc", str(net.cidr)))
        internet = ensure(InternetGateway("internet-gateway", self.vpc))
        self.public = [self.subnet(f"public-subnet-{n + 1}", cidr, n) for n, cidr in enumerate(net.public_cidrs)]
        self.private = [self.subnet(f"private-subnet-{n + 1}", cidr, n) for n, cidr in enumerate(net.private_cidrs)]
        self.out = ensure(RouteTable("public-route-table", self.vpc, internet, tuple(self.public)))
        count = 0 if self.config.paused else {"single": 1, "per-zone": net.zones, "none": 0}[net.nat]
        gateways = [self.nat(n) for n in range(count)]
        if net.nat == "per-zone":
            for n, subnet in enumerate(self.private):
                ensure(
                    RouteTable(f"private-route-table-{n + 1}", self.vpc, gateways[n] if gateways else None, (subnet,))
                )
        else:
            ensure(RouteTable("private-route-table", self.vpc, next(iter(gateways), None), tuple(self.private)))

    def subnet(self, name: str, cidr: str, index: int) -> Subnet:
        """One subnet."""
        return self.ensure(Subnet(name, self.vpc, cidr, self.zones, index))

    def nat(self, index: int) -> NatGateway:
        """One NAT gateway, with its address. It fails when the internet gateway is not attached yet."""
        address = self.ensure(ElasticIp(f"nat-elastic-ip-{index + 1}"))
        return self.ensure(NatGateway(f"nat-gateway-{index + 1}", self.public[index], address, after=(self.out,)))

    def firewall(self) -> None:
        """Who may speak to whom: SSH to the builder from one place, NFS from both, out on a few ports."""
        ensure, net = self.ensure, self.config.network
        ports = tuple(sorted(set(net.egress_ports)))
        ensure(NetworkAcl("network-acl", self.vpc, str(net.cidr), self.ssh_from, ports))
        ensure(DefaultGroup("default-security-group", self.vpc))
        ssh = Rule(self.ssh_from, 22, "SSH from where awsprov runs")
        out = (Rule(str(net.cidr), 2049, "NFS"), *(Rule(ANYWHERE, port, "Calls out") for port in ports))
        if not self.built:
            self.builder_group = ensure(SecurityGroup("builder-security-group", self.vpc, "The builder", (ssh,), out))
        about = "The functions: nobody comes in"
        self.function_group = ensure(SecurityGroup("function-security-group", self.vpc, about, (), out))
        inside = (self.function_group,) if self.built else (self.builder_group, self.function_group)
        nfs = tuple(Rule(group, 2049, "NFS") for group in inside)
        about = "The file system: NFS from builder and functions"
        self.storage_group = ensure(SecurityGroup("efs-security-group", self.vpc, about, nfs, ()))

    def storage(self) -> None:
        """The file system, a mount target in each zone, and two doors to the libraries: one to write, one to read."""
        ensure = self.ensure
        self.file_system = ensure(FileSystem("file-system"))
        self.targets = tuple(
            ensure(MountTarget(f"mount-target-{n}", self.file_system, subnet, self.storage_group))
            for n, subnet in enumerate(self.private, start=1)
        )
        self.writing = ensure(AccessPoint("builder-access-point", self.file_system, "/libraries", OWNER, OWNER))
        self.reading = ensure(AccessPoint("function-access-point", self.file_system, "/libraries", READER, OWNER))

    def identities(self) -> None:
        """Who acts: the builder's role and the functions', and what lets them mount the file system."""
        ensure, config = self.ensure, self.config
        builders = () if self.built else (self.builder_role(),)
        self.log_groups = {
            name: ensure(LogGroup(f"{name}-log-group", function.log_days, name))
            for name, function in config.functions.items()
        }
        self.roles = {name: self.function_role(name, function) for name, function in config.functions.items()}
        roles = tuple(self.roles.values())
        self.interfaces = ensure(
            FunctionInterfaces("network-interfaces", roles, tuple(self.private), self.function_group)
        )
        self.guard = ensure(
            FileSystemPolicy("file-system-policy", self.file_system, builders, self.writing, roles, self.reading)
        )

    def builder_role(self) -> Role:
        """What the builder acts as."""
        policy = self.ensure(Policy("builder-policy", BuilderRights(self.file_system, self.writing)))
        role = self.ensure(Role("builder-role", "ec2.amazonaws.com", policy))
        self.profile = self.ensure(InstanceProfile("builder-instance-profile", role))
        return role

    def installation(self) -> None:
        """The libraries, and the instance that installs them."""
        config, wanted = self.config, self.config.libraries
        self.libraries = self.ensure(
            Libraries(
                "libraries",
                None if self.built else self.builder(wanted.architecture),
                self.file_system,
                self.writing,
                self.targets[0],
                self.guard,
                config.environment,
                wanted.python,
                profiled(config),
            )
        )

    def builder(self, architecture: str) -> Builder:
        """The instance."""
        config = self.config
        image = self.ensure(Image(f"{architecture}-image", architecture))
        return self.ensure(
            Builder(
                "builder",
                image,
                config.builder.instance_type,
                self.key,
                self.public[0],
                self.builder_group,
                self.profile,
                self.file_system,
                config.builder.when_idle,
                config.known_hosts,
                after=(self.out,),
            )
        )

    def function_role(self, name: str, function: FunctionConfig) -> Role:
        """What a function acts as."""
        secrets = {key: self.ensure(Secret(f"secret-{name}-{key}", at)) for key, at in function.secrets.items()}
        self.deploy_time_secrets[name] = secrets if function.secrets_at == "deploy" else {}
        rights = FunctionRights(
            name,
            self.log_groups[name],
            self.file_system,
            self.reading,
            tuple(function.start_secrets.values()),
            self.config.tracing,
            function.kms_key or "",
        )
        policy = self.ensure(Policy(f"{name}-policy", rights, after=tuple(secrets.values())))
        return self.ensure(Role(f"{name}-role", "lambda.amazonaws.com", policy))

    def function(self, name: str, function: FunctionConfig) -> Alias:
        """A function with its version and its `live` alias."""
        ensure, wanted, private = self.ensure, self.config.libraries, tuple(self.private)
        role = self.roles[name]
        handler, variables, bundle = started(function, wanted.start_pack)
        if self.config.api.cors_origin:
            variables["CORS_ORIGIN"] = self.config.api.cors_origin
        made = ensure(
            Function(
                name,
                role,
                self.log_groups[name],
                private,
                self.function_group,
                self.targets,
                self.reading,
                self.libraries,
                bundle,
                handler,
                f"python{wanted.python}",
                wanted.architecture,
                function.memory,
                function.timeout,
                self.config.tracing,
                function.concurrency,
                self.deploy_time_secrets[name],
                function.kms_key or "",
                variables,
                after=(self.interfaces,),
            )
        )
        version = ensure(Version(f"{name}-version", made))
        return ensure(Alias(f"{name}-live", made, version, _smoke(function), function.canary_step))

    def rest_api(self, aliases: dict[str, Alias]) -> None:
        """A REST API with the functions' routes, a stage, permissions, and keys when they are asked for."""
        ensure, asked = self.ensure, self.config.api
        api = ensure(RestApi("api", f"{self.config.stack}, made by awsprov"))
        paths: dict[str, RestApi | RestPath] = {"/": api}
        methods: list[RestRoute | RestCors] = []
        routes = _routes(self.config)
        auth = "none" if asked.auth == "jwt" else asked.auth
        checks = ensure(RestValidator("request-validator", api))
        for verb, path, name in routes:
            place = self.rest_path(api, paths, path)
            methods.append(ensure(RestRoute(f"{verb} {path}", api, place, verb, aliases[name], auth, checks)))
        if asked.cors_origin:
            for path in dict.fromkeys(path for _, path, _ in routes):
                verbs = tuple(verb for verb, other, _ in routes if other == path)
                methods.append(ensure(RestCors(f"OPTIONS {path}", api, paths[path], asked.cors_origin, verbs)))
        limits = asked.throttle
        name = self.config.stage or DEFAULT_API_STAGE
        log = ensure(ApiLog("api-log-group", asked.log_days, api, name))
        told = (log, self.config.tracing, asked.metrics)
        stage = ensure(RestStage("api-stage", api, tuple(methods), name, limits.rate, limits.burst, *told))
        if asked.auth == "api_key":
            ensure(UsagePlan("usage-plan", stage, ensure(ApiKey("api-key")), limits.rate, limits.burst))
        self.permissions(api, aliases, routes)

    def rest_path(self, api: RestApi, paths: dict[str, RestApi | RestPath], path: str) -> RestApi | RestPath:
        """The path's last segment; those before it are made when they are new."""
        if path not in paths:
            above, _, part = path.rpartition("/")
            parent = self.rest_path(api, paths, above or "/")
            paths[path] = self.ensure(RestPath(f"path {path}", api, parent, part))
        return paths[path]

    def http_api(self, aliases: dict[str, Alias]) -> None:
        """An HTTP API with the functions' routes, a stage and permissions."""
        ensure, asked = self.ensure, self.config.api
        api = ensure(HttpApi("http-api", f"{self.config.stack}, made by awsprov", asked.cors_origin))
        authorizer = None
        if asked.jwt:
            authorizer = ensure(JwtAuthorizer("jwt-authorizer", api, asked.jwt.issuer, tuple(asked.jwt.audience)))
        routes = _routes(self.config)
        calls = {
            name: ensure(HttpIntegration(f"{name}-integration", api, alias))
            for name, alias in aliases.items()
            if self.config.functions[name].routes
        }
        auth = "none" if asked.auth == "api_key" else asked.auth
        for verb, path, name in routes:
            ensure(HttpRoute(f"{verb} {path}", api, calls[name], f"{verb} {path}", auth, authorizer))
        log = ensure(ApiLog("api-log-group", asked.log_days, api, "default"))
        ensure(HttpStage("api-stage", api, asked.throttle.rate, asked.throttle.burst, log, asked.metrics))
        self.permissions(api, aliases, routes)

    def permissions(
        self, api: RestApi | HttpApi, aliases: dict[str, Alias], routes: list[tuple[str, str, str]]
    ) -> None:
        """Each route may call its function, and nobody else may; one function's permissions one after the other."""
        last: dict[str, Permission] = {}
        for n, (verb, path, name) in enumerate(routes, start=1):
            after = (last[name],) if name in last else ()
            last[name] = self.ensure(Permission(f"permission-{n}", aliases[name], api, verb, path, after=after))


def _routes(config: Config) -> list[tuple[str, str, str]]:
    """Method, path and function of every route."""
    return [
        (route.method, route.path, name) for name, function in config.functions.items() for route in function.routes
    ]


def _smoke(function: FunctionConfig) -> Smoke | None:
    asked = function.smoke
    return Smoke(asked.payload, asked.expect.status, tuple(asked.expect.contains)) if asked else None
