"""The network of the stack: VPC, subnets, routes, network ACL and security groups."""

from dataclasses import dataclass

from awsprov.config.models import Config
from awsprov.resources.network.gateways import (
    ElasticIp,
    ExistingElasticIp,
    InternetGateway,
    NatGateway,
    RouteTable,
)
from awsprov.resources.network.network_acl import NetworkAcl
from awsprov.resources.network.security_groups import DefaultSecurityGroup, Rule, SecurityGroup
from awsprov.resources.network.subnets import Subnet, Zones
from awsprov.resources.network.vpc import ANYWHERE, Vpc
from awsprov.stack.ensure import Ensure

_SSH, _NFS, _HTTPS = 22, 2049, 443


@dataclass(frozen=True)
class Network:
    """The VPC and its subnets.

    Arguments:
        vpc: the VPC.
        public: the public subnets, one in each zone.
        private: the private subnets, one in each zone.
        public_routes: the route table of the public subnets.
    """

    vpc: Vpc
    public: tuple[Subnet, ...]
    private: tuple[Subnet, ...]
    public_routes: RouteTable


@dataclass(frozen=True)
class SecurityGroups:
    """The security groups.

    Arguments:
        builder: the builder's; None while there is no builder.
        functions: the functions'.
        file_system: the mount targets'.
    """

    builder: SecurityGroup | None
    functions: SecurityGroup
    file_system: SecurityGroup


def declare_network(config: Config, ssh_from: str, ensure: Ensure) -> Network:
    """Declare a VPC with a public and a private subnet in each zone, their network ACL, and their routes.

    Arguments:
        config: the configuration.
        ssh_from: the address range that may connect to the builder over SSH.
        ensure: takes each resource.
    """
    zones = ensure(Zones("availability-zones", config.network.zones, config.builder.instance_type))
    vpc = ensure(Vpc("vpc", str(config.network.cidr)))
    internet = ensure(InternetGateway("internet-gateway", vpc))
    acl = ensure(NetworkAcl("network-acl", vpc, ssh_from, _egress_ports(config)))

    def subnets(kind: str, cidrs: list[str]) -> tuple[Subnet, ...]:
        return tuple(
            ensure(Subnet(f"{kind}-subnet-{index + 1}", vpc, cidr, zones=zones, index=index, acl=acl))
            for index, cidr in enumerate(cidrs)
        )

    public = subnets("public", config.network.public_cidrs)
    private = subnets("private", config.network.private_cidrs)
    public_routes = ensure(RouteTable("public-route-table", vpc, internet, public))
    network = Network(vpc, public, private, public_routes)
    _declare_private_routes(config, network, ensure)
    return network


def _declare_private_routes(config: Config, network: Network, ensure: Ensure) -> None:
    """Declare NAT gateways and the private subnets' route tables: one for each zone, or one for all."""
    per_zone = config.network.nat == "per-zone"
    gateways = _declare_nat_gateways(config, network, ensure)
    if not per_zone:
        gateway = gateways[0] if gateways else None
        ensure(RouteTable("private-route-table", network.vpc, gateway, network.private))
        return
    for index, subnet in enumerate(network.private):
        gateway = gateways[index] if gateways else None
        ensure(RouteTable(f"private-route-table-{index + 1}", network.vpc, gateway, (subnet,)))


def _declare_nat_gateways(config: Config, network: Network, ensure: Ensure) -> list[NatGateway]:
    """Declare NAT gateways and their addresses; of a paused stack only the addresses, if they are kept.

    The creation of a gateway fails before the internet gateway is attached and routed to.
    """
    wanted = {"none": 0, "single": 1, "per-zone": len(network.public)}[config.network.nat]
    count = 0 if config.paused and not config.keeps_addresses else wanted
    existing = config.network.address
    addresses = [
        ensure(ExistingElasticIp("nat-address", existing) if existing else ElasticIp(f"nat-elastic-ip-{index + 1}"))
        for index in range(count)
    ]
    return [
        ensure(NatGateway(f"nat-gateway-{index + 1}", network.public[index], address, after=(network.public_routes,)))
        for index, address in enumerate(addresses if not config.paused else [])
    ]


def _egress_ports(config: Config) -> tuple[int, ...]:
    """Return the outbound TCP ports that are open to functions and builder, each once.

    HTTPS is always open: package repositories, package indexes and AWS's APIs need it.
    """
    return tuple(sorted({_HTTPS, *config.network.egress_ports}))


def declare_security_groups(
    config: Config, network: Network, ssh_from: str, ensure: Ensure, *, built: bool
) -> SecurityGroups:
    """Declare the security groups: SSH to the builder, NFS to the file system, some ports to the internet.

    Arguments:
        config: the configuration.
        network: the network.
        ssh_from: the address range that may connect to the builder over SSH.
        ensure: takes each resource.
        built: whether the libraries are published and the builder is not kept.
    """
    vpc, ports = network.vpc, _egress_ports(config)
    ensure(DefaultSecurityGroup("default-security-group", vpc))
    ssh = Rule(ssh_from, _SSH, "SSH from where awsprov runs")
    egress = (Rule(vpc.cidr, _NFS, "NFS"), *(Rule(ANYWHERE, port, "Outbound calls") for port in ports))
    builder = None
    if not built:
        builder = ensure(
            SecurityGroup("builder-security-group", vpc, "The builder: SSH", ingress=(ssh,), egress=egress)
        )
    functions = ensure(
        SecurityGroup("function-security-group", vpc, "The functions: no inbound traffic", egress=egress)
    )
    nfs = tuple(Rule(group, _NFS, "NFS") for group in (builder, functions) if group)
    description = "The file system: NFS from builder and functions"
    file_system = ensure(SecurityGroup("efs-security-group", vpc, description, ingress=nfs, egress=()))
    return SecurityGroups(builder, functions, file_system)
