"""The stack: what is created for a configuration, in the order in which a careful person would create it by hand."""

from awsprov.config.models import Config
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.resources.api.access import ApiKey, UsagePlan
from awsprov.resources.api.access_log import ApiLogGroup
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.http_parts import HttpIntegration, HttpRoute, JwtAuthorizer
from awsprov.resources.api.http_stage import HttpStage
from awsprov.resources.api.permission import Permission
from awsprov.resources.api.rest_api import RestApi, RestPath, RestValidator
from awsprov.resources.api.rest_methods import RestCors, RestRoute
from awsprov.resources.api.rest_responses import RestGatewayResponse
from awsprov.resources.api.rest_stage import RestStage
from awsprov.resources.compute.build import Build
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.instances import Image
from awsprov.resources.compute.key_pairs import ExistingKeyPair, KeyPair
from awsprov.resources.compute.libraries import Libraries
from awsprov.resources.compute.nat_instance import NatInstance, NatMachine
from awsprov.resources.compute.published_files import PublishedFiles
from awsprov.resources.function.alias import Alias
from awsprov.resources.function.function import Function
from awsprov.resources.function.log_groups import LogGroup
from awsprov.resources.function.network_interfaces import LambdaNetworkInterfaces
from awsprov.resources.function.versions import Version
from awsprov.resources.identity.boundary import PermissionsBoundary
from awsprov.resources.identity.existing import ExistingPolicy, ExistingRole
from awsprov.resources.identity.policies import Policy
from awsprov.resources.identity.roles import InstanceProfile, Role
from awsprov.resources.identity.secrets import Secret
from awsprov.resources.network.addresses import ElasticIp, ExistingElasticIp
from awsprov.resources.network.endpoints import GatewayEndpoint
from awsprov.resources.network.existing import ExistingSubnet, ExistingVpc
from awsprov.resources.network.gateways import InternetGateway, NatGateway
from awsprov.resources.network.instance_connect import ExistingInstanceConnectEndpoint
from awsprov.resources.network.nat_interface import NatInterface
from awsprov.resources.network.network_acl import NetworkAcl
from awsprov.resources.network.prefix_lists import PrefixList
from awsprov.resources.network.route_tables import RouteTable
from awsprov.resources.network.security_groups import DefaultSecurityGroup, ExistingSecurityGroup, SecurityGroup
from awsprov.resources.network.subnets import Subnet, Zones
from awsprov.resources.network.vpc import Vpc
from awsprov.resources.storage.existing import ExistingFileSystem, ExistingMountTarget
from awsprov.resources.storage.file_system import AccessPoint, FileSystem, MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy
from awsprov.stack.api import declare_api
from awsprov.stack.compute import declare_builder, declare_builder_profile, declare_environments, declare_key_pair
from awsprov.stack.functions import declare_boundary, declare_function_access, declare_functions
from awsprov.stack.network import declare_network, declare_security_groups
from awsprov.stack.storage import declare_file_system_policy, declare_storage
from awsprov.stack.untaggable import UNTAGGABLE

# All classes of resources, in the order of creation: orphans are deleted in the opposite order. A resource's arguments
# are of earlier kinds. With `after` there are exceptions: NAT gateway and instance wait for the public route table.
KINDS: tuple[type[Resource], ...] = (
    Secret,
    KeyPair,
    ExistingKeyPair,
    Zones,
    Vpc,
    ExistingVpc,
    ExistingSubnet,
    ExistingInstanceConnectEndpoint,
    ExistingSecurityGroup,
    InternetGateway,
    NetworkAcl,
    Subnet,
    PrefixList,
    DefaultSecurityGroup,
    SecurityGroup,
    ElasticIp,
    ExistingElasticIp,
    NatGateway,
    NatInterface,
    NatMachine,
    NatInstance,
    RouteTable,
    GatewayEndpoint,
    FileSystem,
    ExistingFileSystem,
    MountTarget,
    ExistingMountTarget,
    AccessPoint,
    LogGroup,
    ExistingPolicy,
    ExistingRole,
    PermissionsBoundary,
    Policy,
    Role,
    InstanceProfile,
    LambdaNetworkInterfaces,
    FileSystemPolicy,
    Image,
    Builder,
    Build,
    PublishedFiles,
    Libraries,
    Function,
    Version,
    Alias,
    RestApi,
    HttpApi,
    ApiLogGroup,
    RestPath,
    RestValidator,
    RestRoute,
    RestCors,
    RestGatewayResponse,
    RestStage,
    ApiKey,
    UsagePlan,
    HttpIntegration,
    JwtAuthorizer,
    HttpRoute,
    HttpStage,
    Permission,
)


def declare_stack(config: Config, ssh_from: str, *, built: bool = False) -> Stack:
    """Return the resources of a configuration, in order.

    Arguments:
        config: the configuration.
        ssh_from: the address range that may connect to the builder over SSH.
        built: whether the libraries are published and the builder is not kept, so that no builder is declared.
    """
    stack = Stack([], KINDS, UNTAGGABLE)
    key_pair = declare_key_pair(config, stack)
    network = declare_network(config, ssh_from, stack)
    groups = declare_security_groups(config, network, ssh_from, stack, built=built)
    storage = declare_storage(config, network, groups, stack)
    boundary = declare_boundary(config, stack)
    profile = None if built else declare_builder_profile(config, storage, boundary, stack)
    access = declare_function_access(config, storage, boundary, stack)
    roles = tuple(each.role for each in access.values())
    interfaces = stack.add(LambdaNetworkInterfaces("network-interfaces", roles, network.private, groups.functions))
    policy = declare_file_system_policy(storage, (profile.role,) if profile else (), roles, stack)
    builder = None
    if profile and groups.builder:
        builder = declare_builder(
            config,
            stack,
            network=network,
            storage=storage,
            key_pair=key_pair,
            security_group=groups.builder,
            groups=groups.existing if config.file_system else (),
            profile=profile,
        )
    environments = declare_environments(config, stack, storage=storage, policy=policy, builder=builder)
    aliases = declare_functions(
        config,
        stack,
        network=network,
        groups=groups,
        storage=storage,
        environments=environments,
        interfaces=interfaces,
        access=access,
    )
    declare_api(config, aliases, stack)
    return stack
