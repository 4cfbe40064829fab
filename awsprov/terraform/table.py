"""The table: what each class of resources is in Terraform, or why it is not in Terraform."""

from awsprov.engine.resource import Resource
from awsprov.resources.compute.build import Build
from awsprov.resources.compute.instances import Image
from awsprov.resources.compute.libraries import Libraries
from awsprov.resources.compute.nat_instance import NatMachine
from awsprov.resources.compute.published_files import PublishedFiles
from awsprov.resources.function.network_interfaces import LambdaNetworkInterfaces
from awsprov.resources.function.versions import Version
from awsprov.resources.identity.boundary import PermissionsBoundary
from awsprov.resources.identity.existing import ExistingPolicy, ExistingRole
from awsprov.resources.identity.secrets import Secret
from awsprov.resources.network.instance_connect import ExistingInstanceConnectEndpoint
from awsprov.resources.network.subnets import Zones
from awsprov.resources.storage.existing import ExistingMountTarget
from awsprov.terraform.rows import api_access, compute, function, http_api, identity, network, rest_api, storage
from awsprov.terraform.rows.row import Rows

# The rows of each area, by the name of the file that they are written to.
AREAS: dict[str, tuple[Rows, ...]] = {
    "network": (network.ROWS,),
    "storage": (storage.ROWS,),
    "identity": (identity.ROWS,),
    "compute": (compute.ROWS,),
    "function": (function.ROWS,),
    "api": (rest_api.ROWS, http_api.ROWS, api_access.ROWS),
}
ROWS: Rows = {kind: row for tables in AREAS.values() for rows in tables for kind, row in rows.items()}

# The classes without a row, each with the reason.
NOT_IN_TERRAFORM: dict[type[Resource], str] = {
    Zones: "The availability zones are in the arguments of the subnets.",
    Image: "The id of the builder's machine image is an argument of the instance.",
    NatMachine: "Type and image of the NAT instance are arguments of the instance.",
    ExistingInstanceConnectEndpoint: "The endpoint is not the stack's; the builder's security group allows its groups.",
    ExistingMountTarget: "The mount targets of an existing file system are not the stack's.",
    PermissionsBoundary: "The permissions boundary is not the stack's; the roles have its ARN.",
    ExistingPolicy: "The policy is not the stack's; the roles have its ARN.",
    ExistingRole: "The role is not the stack's; the function has its ARN.",
    Secret: "The secrets that functions read are not the stack's; the functions have their names.",
    Build: "awsprov builds the libraries on the builder's disk.",
    PublishedFiles: "awsprov copies the files to the file system, over SSH through the builder.",
    Libraries: "awsprov installs the libraries and their start pack on the file system, over SSH through the builder.",
    LambdaNetworkInterfaces: "Lambda creates and deletes the functions' network interfaces.",
    Version: "Terraform publishes a version with each change of a function; earlier versions are deleted with it.",
}


def area(kind: type[Resource]) -> str:
    """Return the area of a class that has a row."""
    return next(name for name, tables in AREAS.items() if any(kind in rows for rows in tables))
