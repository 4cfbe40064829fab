"""The network in CloudFormation."""

from collections.abc import Iterator

from awsprov.cloudformation.template import CloudFormationRows, Properties, TemplateContext, TemplateResource
from awsprov.resources.network.addresses import ElasticIp
from awsprov.resources.network.endpoints import GatewayEndpoint
from awsprov.resources.network.gateways import InternetGateway, NatGateway
from awsprov.resources.network.nat_interface import NatInterface, interface_description
from awsprov.resources.network.network_acl import NetworkAcl
from awsprov.resources.network.prefix_lists import service_name
from awsprov.resources.network.route_tables import RouteTable, target_parameter
from awsprov.resources.network.security_groups import Rule, SecurityGroup
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.network.vpc import ANYWHERE, Vpc


def _vpc(vpc: Vpc, context: TemplateContext) -> Iterator[TemplateResource]:
    dns = {"EnableDnsHostnames": True, "EnableDnsSupport": True}
    properties = {"CidrBlock": vpc.cidr, **dns, "Tags": context.tags(vpc)}
    yield TemplateResource(context.name(vpc), "AWS::EC2::VPC", properties, {"VpcId": vpc.id})


def _internet_gateway(gateway: InternetGateway, context: TemplateContext) -> Iterator[TemplateResource]:
    name, tags = context.name(gateway), {"Tags": context.tags(gateway)}
    yield TemplateResource(name, "AWS::EC2::InternetGateway", tags, {"InternetGatewayId": gateway.id})
    yield TemplateResource(
        context.name(gateway, "Attachment"),
        "AWS::EC2::VPCGatewayAttachment",
        {"VpcId": context.ref(gateway.vpc), "InternetGatewayId": context.ref(gateway)},
        {"AttachmentType": "IGW", "VpcId": gateway.vpc.id},
    )


def _network_acl(acl: NetworkAcl, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {"VpcId": context.ref(acl.vpc), "Tags": context.tags(acl)}
    yield TemplateResource(context.name(acl), "AWS::EC2::NetworkAcl", properties, {"Id": acl.id})
    for association in acl.describe(context.aws)["Associations"]:
        subnet = next(each for each in context.stack.of(Subnet) if each.id == association["SubnetId"])
        yield TemplateResource(
            context.name(subnet, "NetworkAcl"),
            "AWS::EC2::SubnetNetworkAclAssociation",
            {"SubnetId": context.ref(subnet), "NetworkAclId": context.ref(acl)},
            {"AssociationId": association["NetworkAclAssociationId"]},
        )


def _subnet(subnet: Subnet, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "VpcId": context.ref(subnet.vpc),
        "CidrBlock": subnet.cidr,
        "AvailabilityZone": subnet.zone,
        "Tags": context.tags(subnet),
    }
    yield TemplateResource(context.name(subnet), "AWS::EC2::Subnet", properties, {"SubnetId": subnet.id})


def _elastic_ip(address: ElasticIp, context: TemplateContext) -> Iterator[TemplateResource]:
    identifier = {"PublicIp": address.describe(context.aws)["PublicIp"], "AllocationId": address.id}
    properties = {"Domain": "vpc", "Tags": context.tags(address)}
    yield TemplateResource(context.name(address), "AWS::EC2::EIP", properties, identifier)


def _nat_gateway(gateway: NatGateway, context: TemplateContext) -> Iterator[TemplateResource]:
    address = gateway.address
    properties = {
        "SubnetId": context.ref(gateway.subnet),
        "AllocationId": context.attribute(address, "AllocationId") if isinstance(address, ElasticIp) else address.id,
        "Tags": context.tags(gateway),
    }
    yield TemplateResource(context.name(gateway), "AWS::EC2::NatGateway", properties, {"NatGatewayId": gateway.id})


def _nat_interface(interface: NatInterface, context: TemplateContext) -> Iterator[TemplateResource]:
    address = interface.address
    allocation = context.attribute(address, "AllocationId") if isinstance(address, ElasticIp) else address.id
    properties = {
        "SubnetId": context.ref(interface.subnet),
        "GroupSet": [context.attribute(interface.security_group, "GroupId")],
        "SourceDestCheck": False,
        "Description": interface_description(context.aws),
        "Tags": context.tags(interface),
    }
    yield TemplateResource(context.name(interface), "AWS::EC2::NetworkInterface", properties, {"Id": interface.id})
    association = interface.describe(context.aws).get("Association", {}).get("AssociationId", "")
    yield TemplateResource(
        context.name(interface, "Address"),
        "AWS::EC2::EIPAssociation",
        {
            "AllocationId": allocation,
            "NetworkInterfaceId": context.ref(interface),
        },
        {"Id": association},
    )


def _route_table(table: RouteTable, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {"VpcId": context.ref(table.vpc), "Tags": context.tags(table)}
    yield TemplateResource(context.name(table), "AWS::EC2::RouteTable", properties, {"RouteTableId": table.id})
    if table.gateway:
        target = target_parameter(table.gateway)
        yield TemplateResource(
            context.name(table, "DefaultRoute"),
            "AWS::EC2::Route",
            {
                "RouteTableId": context.ref(table),
                "DestinationCidrBlock": ANYWHERE,
                target: context.ref(table.gateway),
            },
            {"RouteTableId": table.id, "CidrBlock": ANYWHERE},
        )
    for association in table.describe(context.aws)["Associations"]:
        subnet = next(each for each in table.subnets if each.id == association["SubnetId"])
        yield TemplateResource(
            context.name(subnet, "RouteTable"),
            "AWS::EC2::SubnetRouteTableAssociation",
            {"SubnetId": context.ref(subnet), "RouteTableId": context.ref(table)},
            {"Id": association["RouteTableAssociationId"]},
        )


def _security_group(group: SecurityGroup, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "GroupName": context.aws.physical_name(group.name),
        "GroupDescription": group.description,
        "VpcId": context.ref(group.vpc),
        "SecurityGroupIngress": [each for rule in group.ingress for each in _rules(rule, "Source", context)] or None,
        "SecurityGroupEgress": [each for rule in group.egress for each in _rules(rule, "Destination", context)] or None,
        "Tags": context.tags(group),
    }
    yield TemplateResource(context.name(group), "AWS::EC2::SecurityGroup", properties, {"Id": group.id})


def _gateway_endpoint(endpoint: GatewayEndpoint, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "VpcId": context.ref(endpoint.vpc),
        "ServiceName": service_name(context.aws, endpoint.service),
        "RouteTableIds": context.refs(endpoint.route_tables),
    }
    yield TemplateResource(context.name(endpoint), "AWS::EC2::VPCEndpoint", properties, {"Id": endpoint.id})


def _rules(rule: Rule, side: str, context: TemplateContext) -> list[Properties]:
    """Return a rule as CloudFormation has it: one for each address range, security group or prefix list."""
    ports = {"FromPort": rule.port, "ToPort": rule.port} if rule.port is not None else {}
    common = {"IpProtocol": "tcp" if ports else "-1", **ports, "Description": rule.description}
    return [{**common, **peer} for peer in _peers(rule, side, context)]


def _peers(rule: Rule, side: str, context: TemplateContext) -> list[Properties]:
    key = f"{side}SecurityGroupId"
    ranges: list[Properties] = [{"CidrIp": each} for each in rule.ranges]
    lists = [{f"{side}PrefixListId": each.id} for each in rule.prefix_lists]
    groups = [{key: context.attribute(each, "GroupId")} for each in rule.groups]
    return [*ranges, *lists, *groups, *({key: each} for each in rule.existing_groups)]


ROWS: CloudFormationRows = {
    Vpc: _vpc,
    InternetGateway: _internet_gateway,
    NetworkAcl: _network_acl,
    Subnet: _subnet,
    ElasticIp: _elastic_ip,
    NatGateway: _nat_gateway,
    NatInterface: _nat_interface,
    RouteTable: _route_table,
    GatewayEndpoint: _gateway_endpoint,
    SecurityGroup: _security_group,
}
