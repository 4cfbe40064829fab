"""The table: what each class of resources is in CloudFormation, or why it is not in the template."""

from awsprov.cloudformation.rows import compute, function, http_api, identity, network, rest_api, storage
from awsprov.cloudformation.template import CloudFormationRows
from awsprov.engine.resource import Resource
from awsprov.resources.api.rest_responses import RestGatewayResponse
from awsprov.resources.compute.build import Build
from awsprov.resources.compute.instances import Image
from awsprov.resources.compute.key_pairs import ExistingKeyPair
from awsprov.resources.compute.libraries import Libraries
from awsprov.resources.compute.nat_instance import NatMachine
from awsprov.resources.compute.published_files import PublishedFiles
from awsprov.resources.function.network_interfaces import LambdaNetworkInterfaces
from awsprov.resources.function.versions import Version
from awsprov.resources.identity.boundary import PermissionsBoundary
from awsprov.resources.identity.existing import ExistingPolicy, ExistingRole
from awsprov.resources.identity.secrets import Secret
from awsprov.resources.network.addresses import ExistingElasticIp
from awsprov.resources.network.existing import ExistingSubnet, ExistingVpc
from awsprov.resources.network.instance_connect import ExistingInstanceConnectEndpoint
from awsprov.resources.network.prefix_lists import PrefixList
from awsprov.resources.network.security_groups import DefaultSecurityGroup, ExistingSecurityGroup
from awsprov.resources.network.subnets import Zones
from awsprov.resources.storage.existing import ExistingFileSystem, ExistingMountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy

ROWS: CloudFormationRows = {
    **network.ROWS,
    **storage.ROWS,
    **identity.ROWS,
    **compute.ROWS,
    **function.ROWS,
    **rest_api.ROWS,
    **http_api.ROWS,
}

# The classes without a row, each with the reason.
NOT_IN_CLOUDFORMATION: dict[type[Resource], str] = {
    Zones: "The availability zones are properties of the subnets.",
    Image: "The id of the builder's machine image is a property of the instance.",
    ExistingKeyPair: "The key pair is not the stack's; the instance has its name.",
    ExistingFileSystem: "The file system is not the stack's; the access points have its id.",
    ExistingMountTarget: "The mount targets of an existing file system are not the stack's.",
    ExistingElasticIp: "The elastic IP address is not the stack's; the NAT gateway or interface has its id.",
    ExistingVpc: "The VPC is not the stack's; its resources have its id.",
    ExistingSubnet: "The subnets are not the stack's; functions, mount targets and builder have their ids.",
    ExistingSecurityGroup: "The security groups are not the stack's; functions and builder have their ids.",
    ExistingInstanceConnectEndpoint: "The endpoint is not the stack's; the builder's security group allows its groups.",
    NatMachine: "Type and image of the NAT instance are properties of the instance.",
    PrefixList: "The prefix lists of S3 and DynamoDB are AWS's; the rules of security groups have their ids.",
    RestGatewayResponse: "The gateway responses stay as they are: only CloudFormation itself knows their identifiers.",
    PermissionsBoundary: "The permissions boundary is not the stack's; the roles have its ARN.",
    ExistingPolicy: "The policy is not the stack's; the roles have its ARN.",
    ExistingRole: "The role is not the stack's; the function has its ARN.",
    Secret: "The secrets that functions read are not the stack's; the functions have their names.",
    DefaultSecurityGroup: "CloudFormation has no type for the default security group of a VPC.",
    FileSystemPolicy: "The policy of the file system is a property of the file system.",
    Build: "awsprov builds the libraries on the builder's disk.",
    PublishedFiles: "awsprov copies the files to the file system, over SSH through the builder.",
    Libraries: "awsprov installs the libraries and their start pack on the file system, over SSH through the builder.",
    LambdaNetworkInterfaces: "Lambda creates and deletes the functions' network interfaces.",
    Version: "The published versions of the functions stay as they are; the alias has the number of the live one.",
}

# The types that CloudFormation has and cannot import: their schemas have no `read` handler.
NOT_IMPORTABLE: dict[str, str] = {
    "AWS::EC2::NetworkAclEntry": "The rules of the network ACL stay as they are.",
}
