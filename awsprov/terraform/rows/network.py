"""The network in Terraform: VPC, gateways, network ACL, subnets, route tables and security groups."""

from collections.abc import Iterator
from typing import Any

from awsprov.resources.function.network_interfaces import LambdaNetworkInterfaces
from awsprov.resources.identity.roles import Role
from awsprov.resources.network.addresses import ElasticIp, ExistingElasticIp
from awsprov.resources.network.endpoints import GatewayEndpoint
from awsprov.resources.network.existing import ExistingSubnet, ExistingVpc
from awsprov.resources.network.gateways import InternetGateway, NatGateway
from awsprov.resources.network.nat_interface import NatInterface, interface_description
from awsprov.resources.network.network_acl import NetworkAcl
from awsprov.resources.network.prefix_lists import PrefixList, service_name
from awsprov.resources.network.route_tables import RouteTable, target_parameter
from awsprov.resources.network.security_groups import DefaultSecurityGroup, ExistingSecurityGroup, Rule, SecurityGroup
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.network.vpc import ANYWHERE, Vpc
from awsprov.terraform.expressions import Expression
from awsprov.terraform.rows.identity import attachment_address
from awsprov.terraform.rows.row import Arguments, Row, Rows, TerraformContext, TerraformResource


def _vpc(vpc: Vpc, _: TerraformContext) -> Arguments:
    return {"cidr_block": vpc.cidr, "enable_dns_hostnames": True}


def _internet_gateway(gateway: InternetGateway, context: TerraformContext) -> Arguments:
    return {"vpc_id": context.reference(gateway.vpc)}


def _network_acl(acl: NetworkAcl, context: TerraformContext) -> Arguments:
    subnets = [subnet for subnet in context.stack.of(Subnet) if subnet.acl is acl]
    sides: Arguments = {side: [_acl_rule(*rule) for rule in rules.items()] for side, rules in acl.entries().items()}
    return {"vpc_id": context.reference(acl.vpc), "subnet_ids": context.references(subnets), **sides}


def _acl_rule(number: int, entry: Any) -> Arguments:
    first, last = entry.ports or (0, 0)
    rule = {"rule_no": number, "action": "allow", "cidr_block": entry.peer, "from_port": first, "to_port": last}
    if entry.icmp:
        return {**rule, "protocol": "icmp", "icmp_type": entry.icmp[0], "icmp_code": entry.icmp[1]}
    return {**rule, "protocol": "tcp" if entry.ports else "-1"}


def _existing_vpc(vpc: ExistingVpc, _: TerraformContext) -> Arguments:
    return {"id": vpc.id}


def _existing_subnet(subnet: ExistingSubnet, _: TerraformContext) -> Arguments:
    return {"id": subnet.subnet}


def _existing_security_group(group: ExistingSecurityGroup, _: TerraformContext) -> Arguments:
    return {"id": group.group}


def _subnet(subnet: Subnet, context: TerraformContext) -> Arguments:
    return {
        "vpc_id": context.reference(subnet.vpc),
        "cidr_block": subnet.cidr,
        "availability_zone": subnet.zone,
    }


def _elastic_ip(_: ElasticIp, __: TerraformContext) -> Arguments:
    return {"domain": "vpc"}


def _existing_elastic_ip(address: ExistingElasticIp, _: TerraformContext) -> Arguments:
    return {"id": address.allocation}


def _nat_gateway(gateway: NatGateway, context: TerraformContext) -> Arguments:
    internet = context.stack.of(InternetGateway)
    return {
        "allocation_id": context.reference(gateway.address),
        "subnet_id": context.reference(gateway.subnet),
        "depends_on": [Expression(context.address(each)) for each in internet],
    }


def _route_table(table: RouteTable, context: TerraformContext) -> Arguments:
    routes = []
    if table.gateway:
        kind = _TARGETS[target_parameter(table.gateway)]
        routes = [{"cidr_block": ANYWHERE, kind: context.reference(table.gateway)}]
    return {"vpc_id": context.reference(table.vpc), "route": routes or None}


_TARGETS = {
    "GatewayId": "gateway_id",
    "NatGatewayId": "nat_gateway_id",
    "NetworkInterfaceId": "network_interface_id",
}


def _nat_interface(interface: NatInterface, context: TerraformContext) -> Arguments:
    return {
        "subnet_id": context.reference(interface.subnet),
        "security_groups": [context.reference(interface.security_group)],
        "source_dest_check": False,
        "description": interface_description(context.aws),
    }


def _address_of_interface(interface: NatInterface, context: TerraformContext) -> Iterator[TerraformResource]:
    yield TerraformResource(
        "aws_eip_association",
        context.name(interface),
        {
            "allocation_id": context.reference(interface.address),
            "network_interface_id": context.reference(interface),
        },
        str(interface.describe(context.aws).get("Association", {}).get("AssociationId", "")),
    )


def _associations(table: RouteTable, context: TerraformContext) -> Iterator[TerraformResource]:
    for subnet in table.subnets:
        yield TerraformResource(
            "aws_route_table_association",
            context.name(subnet),
            {"subnet_id": context.reference(subnet), "route_table_id": context.reference(table)},
            f"{subnet.id}/{table.id}",
        )


def _security_group(group: SecurityGroup, context: TerraformContext) -> Arguments:
    return {
        "name": context.aws.physical_name(group.name),
        "description": group.description,
        "vpc_id": context.reference(group.vpc),
        "ingress": _rules(group.ingress, context) or None,
        "egress": _rules(group.egress, context) or None,
        "depends_on": _roles_of_interfaces(group, context) or None,
    }


def _roles_of_interfaces(group: SecurityGroup, context: TerraformContext) -> list[Expression]:
    """Return the policy attachments that must exist for as long as the group.

    Lambda deletes the functions' network interfaces some minutes after the functions, with the permissions of their
    roles. The group can be deleted only after the interfaces.
    """
    interfaces = [each for each in context.stack.of(LambdaNetworkInterfaces) if each.security_group is group]
    roles = [role for each in interfaces for role in each.roles if isinstance(role, Role)]
    return [Expression(attachment_address(role, context)) for role in roles]


def _gateway_endpoint(endpoint: GatewayEndpoint, context: TerraformContext) -> Arguments:
    return {
        "vpc_id": context.reference(endpoint.vpc),
        "service_name": service_name(context.aws, endpoint.service),
        "route_table_ids": context.references(endpoint.route_tables),
    }


def _prefix_list(prefixes: PrefixList, context: TerraformContext) -> Arguments:
    return {"name": service_name(context.aws, prefixes.service)}


def _rules(rules: tuple[Rule, ...], context: TerraformContext) -> list[Arguments]:
    """Return a nested block for each port and description: EC2 returns the rules of all their peers together."""
    alike: dict[tuple[int | None, str], list[Rule]] = {}
    for rule in rules:
        alike.setdefault((rule.port, rule.description), []).append(rule)
    return [_rule(port, description, found, context) for (port, description), found in alike.items()]


def _rule(port: int | None, description: str, rules: list[Rule], context: TerraformContext) -> Arguments:
    ranges = [each for rule in rules for each in rule.ranges]
    groups: list[Any] = [context.reference(each) for rule in rules for each in rule.groups]
    groups += [each for rule in rules for each in rule.existing_groups]
    lists = [context.reference(each) for rule in rules for each in rule.prefix_lists]
    return {
        "description": description or None,
        "protocol": "-1" if port is None else "tcp",
        "from_port": port or 0,
        "to_port": port or 0,
        "cidr_blocks": ranges or None,
        "security_groups": groups or None,
        "prefix_list_ids": lists or None,
    }


def _default_group(group: DefaultSecurityGroup, context: TerraformContext) -> Arguments:
    return {"vpc_id": context.reference(group.vpc)}


ROWS: Rows = {
    Vpc: Row("aws_vpc", _vpc),
    ExistingVpc: Row("aws_vpc", _existing_vpc, mode="data"),
    ExistingSubnet: Row("aws_subnet", _existing_subnet, mode="data"),
    ExistingSecurityGroup: Row("aws_security_group", _existing_security_group, mode="data"),
    InternetGateway: Row("aws_internet_gateway", _internet_gateway),
    NetworkAcl: Row("aws_network_acl", _network_acl),
    Subnet: Row("aws_subnet", _subnet),
    ElasticIp: Row("aws_eip", _elastic_ip),
    ExistingElasticIp: Row("aws_eip", _existing_elastic_ip, mode="data"),
    NatGateway: Row("aws_nat_gateway", _nat_gateway),
    NatInterface: Row("aws_network_interface", _nat_interface, parts=_address_of_interface),
    RouteTable: Row("aws_route_table", _route_table, parts=_associations),
    GatewayEndpoint: Row("aws_vpc_endpoint", _gateway_endpoint),
    PrefixList: Row("aws_ec2_managed_prefix_list", _prefix_list, mode="data"),
    DefaultSecurityGroup: Row("aws_default_security_group", _default_group),
    SecurityGroup: Row("aws_security_group", _security_group),
}
