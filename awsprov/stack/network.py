"""The network of the stack: VPC, subnets, routes, network ACL and security groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from awsprov.config.models import Config
from awsprov.engine.stack import Stack
from awsprov.resources.compute.nat_instance import NatInstance, NatMachine
from awsprov.resources.network.addresses import ElasticIp, ExistingElasticIp
from awsprov.resources.network.endpoints import GatewayEndpoint
from awsprov.resources.network.existing import BUILDER_SUBNET, ExistingSubnet, ExistingVpc
from awsprov.resources.network.gateways import InternetGateway, NatGateway
from awsprov.resources.network.instance_connect import ExistingInstanceConnectEndpoint
from awsprov.resources.network.nat_interface import NatInterface
from awsprov.resources.network.network_acl import NetworkAcl
from awsprov.resources.network.prefix_lists import PrefixList
from awsprov.resources.network.route_tables import ADDRESSES_KEPT, NOT_PAUSED, PAUSED, RouteTable
from awsprov.resources.network.security_groups import DefaultSecurityGroup, ExistingSecurityGroup, Rule, SecurityGroup
from awsprov.resources.network.subnets import Subnet, Zones
from awsprov.resources.network.vpc import ANYWHERE, Vpc

_SSH, _NFS, _HTTPS = 22, 2049, 443


@dataclass(frozen=True)
class Network:
    """The VPC and its subnets: the stack's own, or existing ones.

    Arguments:
        vpc: the VPC.
        private: the subnets of the functions, one in each zone.
        builder: the subnet of the builder.
        builder_routes: the route table that the builder needs from its first boot on; none in an existing network.
        endpoint: the EC2 Instance Connect endpoint through which SSH reaches the builder, if there is one.
    """

    vpc: Vpc | ExistingVpc
    private: tuple[Subnet | ExistingSubnet, ...]
    builder: Subnet | ExistingSubnet
    builder_routes: tuple[RouteTable, ...] = ()
    endpoint: ExistingInstanceConnectEndpoint | None = None


@dataclass(frozen=True)
class SecurityGroups:
    """The security groups.

    Arguments:
        builder: the builder's; None while there is no builder.
        functions: the functions'.
        file_system: the mount targets'; None for an existing file system, whose groups are its owner's.
        existing: those of `network.groups`.
    """

    builder: SecurityGroup | None
    functions: SecurityGroup
    file_system: SecurityGroup | None
    existing: tuple[ExistingSecurityGroup, ...]


def declare_network(config: Config, ssh_from: str, stack: Stack) -> Network:
    """Declare the network: a VPC with subnets and routes, or the existing subnets that config.yaml names.

    Arguments:
        config: the configuration.
        ssh_from: the address range that may connect to the builder over SSH.
        stack: what each resource is added to.
    """
    if config.network.subnets:
        return _declare_existing_network(config, stack)
    return _declare_own_network(config, ssh_from, stack)


def _declare_existing_network(config: Config, stack: Stack) -> Network:
    """Declare the existing VPC and subnets; the builder's may be one of the functions'."""
    ids = config.network.subnets
    builder = config.builder.subnet or ids[0]
    vpc = stack.add(ExistingVpc("existing-vpc", tuple(dict.fromkeys([*ids, builder]))))
    subnets = {id_: stack.add(ExistingSubnet(f"existing-subnet-{n}", vpc, id_)) for n, id_ in enumerate(ids, start=1)}
    own = subnets.get(builder) or stack.add(ExistingSubnet(BUILDER_SUBNET, vpc, builder))
    endpoint = None
    if config.builder.endpoint:
        endpoint = stack.add(ExistingInstanceConnectEndpoint("existing-endpoint", vpc, config.builder.endpoint))
    return Network(vpc, tuple(subnets.values()), own, endpoint=endpoint)


def _declare_own_network(config: Config, ssh_from: str, stack: Stack) -> Network:
    """Declare a VPC with a public and a private subnet in each zone, their network ACL, and their routes."""
    zones = stack.add(Zones("availability-zones", config.network.zones, config.builder.instance_type))
    vpc = stack.add(Vpc("vpc", str(config.network.cidr)))
    internet = stack.add(InternetGateway("internet-gateway", vpc))
    acl = stack.add(NetworkAcl("network-acl", vpc, ssh_from, _egress_ports(config)))

    def subnets(kind: str, cidrs: list[str]) -> tuple[Subnet, ...]:
        return tuple(
            stack.add(Subnet(f"{kind}-subnet-{index + 1}", vpc, cidr, zones=zones, index=index, acl=acl))
            for index, cidr in enumerate(cidrs)
        )

    public = subnets("public", config.network.public_cidrs)
    private = subnets("private", config.network.private_cidrs)
    public_routes = stack.add(RouteTable("public-route-table", vpc, internet, public))
    gateways = _declare_nat(config, public, public_routes, stack)
    tables = _declare_private_routes(config, vpc, private, gateways, stack=stack)
    for service in config.network.endpoints:
        stack.add(GatewayEndpoint(f"{service}-endpoint", vpc, service, tables))
    return Network(vpc, private, public[0], (public_routes,))


def _declare_private_routes(
    config: Config, vpc: Vpc, private: tuple[Subnet, ...], gateways: Sequence[NatGateway | NatInterface], stack: Stack
) -> tuple[RouteTable, ...]:
    """Declare the private subnets' route tables: one for each zone, or one for all."""
    pause = (ADDRESSES_KEPT if config.keeps_addresses else PAUSED) if config.paused else NOT_PAUSED
    if config.network.nat != "per-zone":
        gateway = gateways[0] if gateways else None
        return (stack.add(RouteTable("private-route-table", vpc, gateway, private, pause=pause)),)
    pairs = zip_longest(private, gateways)
    return tuple(
        stack.add(RouteTable(f"private-route-table-{n}", vpc, gateway, (subnet,), pause=pause))
        for n, (subnet, gateway) in enumerate(pairs, start=1)
    )


def _declare_nat(
    config: Config, public: tuple[Subnet, ...], public_routes: RouteTable, stack: Stack
) -> Sequence[NatGateway | NatInterface]:
    """Declare NAT gateways or the NAT instance; of a paused stack only the addresses, if they are kept.

    Returns:
        The targets of the private subnets' default routes.
    """
    addresses = _declare_addresses(config, len(public), stack)
    if config.network.nat == "instance":
        return _declare_nat_instance(config, public[0], addresses, public_routes, stack=stack)
    # The creation of a gateway fails before the internet gateway is attached and routed to.
    return [
        stack.add(NatGateway(f"nat-gateway-{index + 1}", public[index], address, after=(public_routes,)))
        for index, address in enumerate(addresses if not config.paused else [])
    ]


def _declare_addresses(config: Config, zones: int, stack: Stack) -> list[ElasticIp | ExistingElasticIp]:
    """Declare the public addresses of NAT gateways or of the NAT instance."""
    wanted = {"none": 0, "single": 1, "instance": 1, "per-zone": zones}[config.network.nat]
    count = 0 if config.paused and not config.keeps_addresses else wanted
    existing = config.network.address
    return [
        stack.add(ExistingElasticIp("nat-address", existing) if existing else ElasticIp(f"nat-elastic-ip-{index + 1}"))
        for index in range(count)
    ]


def _declare_nat_instance(
    config: Config,
    subnet: Subnet,
    addresses: list[ElasticIp | ExistingElasticIp],
    public_routes: RouteTable,
    stack: Stack,
) -> list[NatInterface]:
    """Declare the NAT instance with its interface and security group; of a paused stack only the group.

    At its first boot it installs a package over the internet, so it needs the route there.
    """
    vpc, ports = subnet.vpc, _egress_ports(config)
    ingress = tuple(Rule(vpc.cidr, port, "Outbound calls of functions") for port in ports)
    egress = tuple(Rule(ANYWHERE, port, "Outbound calls") for port in ports)
    description = "The NAT instance: outbound calls of functions"
    group = stack.add(SecurityGroup("nat-security-group", vpc, description, ingress=ingress, egress=egress))
    if config.paused:
        return []
    interface = stack.add(NatInterface("nat-interface", subnet, group, addresses[0]))
    machine = stack.add(NatMachine("nat-machine", subnet))
    stack.add(NatInstance("nat-instance", machine, interface, vpc.cidr, after=(public_routes,)))
    return [interface]


def _egress_ports(config: Config) -> tuple[int, ...]:
    """Return the outbound TCP ports that are open to functions and builder, each once.

    HTTPS is always open: package repositories, package indexes and AWS's APIs need it.
    """
    return tuple(sorted({_HTTPS, *config.network.egress_ports}))


def declare_security_groups(
    config: Config, network: Network, ssh_from: str, stack: Stack, *, built: bool
) -> SecurityGroups:
    """Declare the security groups: SSH to the builder, NFS to the file system, some ports to the internet.

    Arguments:
        config: the configuration.
        network: the network.
        ssh_from: the address range that may connect to the builder over SSH.
        stack: what each resource is added to.
        built: whether the libraries are published and the builder is not kept.
    """
    vpc, ports = network.vpc, _egress_ports(config)
    ssh_peer: str | ExistingVpc | ExistingInstanceConnectEndpoint = ssh_from
    if isinstance(vpc, Vpc):
        stack.add(DefaultSecurityGroup("default-security-group", vpc))
    elif config.builder.via and config.builder.ssh_from == "auto":
        ssh_peer = network.endpoint or vpc  # the address from which a jump host connects is not known
    ssh = Rule(ssh_peer, _SSH, "SSH from where awsprov runs")
    inside = _ranges(vpc)
    egress = (Rule(inside, _NFS, "NFS"), *(Rule(ANYWHERE, port, "Outbound calls") for port in ports))
    builder = None
    if not built:
        builder = stack.add(
            SecurityGroup("builder-security-group", vpc, "The builder: SSH", ingress=(ssh,), egress=egress)
        )
    functions = stack.add(
        SecurityGroup(
            "function-security-group",
            vpc,
            "The functions: no inbound traffic",
            egress=_declare_function_egress(config, vpc, egress, stack),
        )
    )
    existing = tuple(
        stack.add(ExistingSecurityGroup(f"existing-security-group-{number}", group))
        for number, group in enumerate(config.network.groups, start=1)
    )
    if config.file_system:
        return SecurityGroups(builder, functions, None, existing)
    nfs = tuple(Rule(group, _NFS, "NFS") for group in (builder, functions) if group)
    description = "The file system: NFS from builder and functions"
    file_system = stack.add(SecurityGroup("efs-security-group", vpc, description, ingress=nfs, egress=()))
    return SecurityGroups(builder, functions, file_system, existing)


def _ranges(vpc: Vpc | ExistingVpc) -> str | ExistingVpc:
    """Return the address ranges of a VPC, for a rule."""
    return vpc.cidr if isinstance(vpc, Vpc) else vpc


def _declare_function_egress(
    config: Config, vpc: Vpc | ExistingVpc, egress: tuple[Rule, ...], stack: Stack
) -> tuple[Rule, ...]:
    """Return the outbound rules of the functions.

    Without a NAT gateway and with gateway endpoints, HTTPS is open to the prefix lists of their services and to the
    VPC, in place of all addresses.
    """
    network = config.network
    if network.nat != "none" or not network.endpoints:
        return egress
    lists = [(service, stack.add(PrefixList(f"{service}-prefix-list", service))) for service in network.endpoints]
    inside = Rule(_ranges(vpc), _HTTPS, "HTTPS in the VPC")
    others = tuple(rule for rule in egress if rule.port != _HTTPS)
    return (*others, inside, *(Rule(prefixes, _HTTPS, f"Endpoint for {service}") for service, prefixes in lists))
