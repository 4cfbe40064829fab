"""The behaviours of networks in EC2 that are implemented in the backend of the local cloud."""

from awsprov.local.behaviour.backend_behaviour import BackendBehaviour
from awsprov.local.behaviour.fidelity_row import API, ESTIMATE, GUIDE, MODEL, REPORTS, TERRAFORM

NETWORK_BEHAVIOURS = (
    BackendBehaviour(
        subject="The association of a deleted subnet with a network ACL",
        aws="deleted",
        moto="stays, so that DeleteNetworkAcl fails with `DependencyViolation`",
        source=API,
    ),
    BackendBehaviour(
        subject="ReplaceNetworkAclAssociation of an association, or with a network ACL, that does not exist",
        aws="`InvalidAssociationID.NotFound` or `InvalidNetworkAclID.NotFound`; nothing changes",
        moto="an internal error, or an association that is lost",
        source=API,
    ),
    BackendBehaviour(
        subject="IcmpTypeCode of a rule of a network ACL",
        aws="stored and returned",
        moto="ignored",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="A rule of a network ACL for ICMP without IcmpTypeCode, for TCP or UDP without PortRange",
        aws="`MissingParameter`",
        moto="accepted",
        source=f"{MODEL}; the code is an estimate",
    ),
    BackendBehaviour(
        subject="DeleteNatGateway with an unknown id",
        aws="`NatGatewayNotFound`",
        moto="crashes",
        source=API,
    ),
    BackendBehaviour(
        subject="DescribeNatGateways with an unknown id",
        aws="`NatGatewayNotFound`",
        moto="an empty list",
        source=API,
    ),
    BackendBehaviour(
        subject="A route to a deleted NAT gateway or detached internet gateway",
        aws="has the state `blackhole`",
        moto="stays `active`",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="CreateVpcEndpoint of the type Gateway for a service other than S3 and DynamoDB",
        aws="`InvalidServiceName`",
        moto="accepted",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A second gateway endpoint of a service for the same route table",
        aws="`RouteAlreadyExists`",
        moto="accepted",
        source=REPORTS,
    ),
    BackendBehaviour(
        subject="A gateway endpoint with a route table of another VPC",
        aws="refused; `InvalidParameter`",
        moto="accepted",
        source=ESTIMATE,
    ),
    BackendBehaviour(
        subject="ModifyVpcEndpoint of the route tables of a gateway endpoint",
        aws="adds and removes routes; a route table that does not exist is `InvalidRouteTableID.NotFound`",
        moto="changes the list only",
        source=f"{GUIDE}; {TERRAFORM} issue 26502",
    ),
    BackendBehaviour(
        subject="DeleteRoute of the route to a gateway endpoint",
        aws="`InvalidParameterValue`: only a change of the endpoint removes it",
        moto="deletes it",
        source=f"{GUIDE}; {REPORTS}",
    ),
    BackendBehaviour(
        subject="DescribeNatGateways filtered by tag",
        aws="filtered",
        moto="not filtered",
        source=API,
    ),
    BackendBehaviour(
        subject="GetServiceQuota of VPCs, gateways and addresses",
        aws="returns the quota",
        moto="not for addresses",
        source=API,
    ),
    BackendBehaviour(
        subject="The network interfaces of functions and NAT gateways, while in use",
        aws="have an `Attachment` (`ela-attach-…`) that belongs to `amazon-aws`, and to no instance",
        moto="no `Attachment`, without which `terraform destroy` of a function in a VPC fails",
        source=f"{TERRAFORM}; {REPORTS}",
    ),
    BackendBehaviour(
        subject="The network interface of an instance without public address, as a stopped one",
        aws="has no `Association`",
        moto="an empty one, which Terraform takes for an address",
        source=TERRAFORM,
    ),
    BackendBehaviour(
        subject="DescribeSecurityGroupRules of a rule for another security group",
        aws="with its `Description`",
        moto="without",
        source=API,
    ),
    BackendBehaviour(
        subject="A NAT gateway created without ConnectivityType",
        aws="`public`",
        moto="none, so that `terraform plan` replaces it",
        source=MODEL,
    ),
)
