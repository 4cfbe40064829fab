"""The kinds of resources that AWS cannot tag: each is the stack's if what it is a part of is the stack's.

Everything else that awsprov deletes or changes must have the stack's tags. Versions and request validators are not in
the table, as they are deleted with their function or API only. The source for what can be tagged is, for
each service, "Resource types" in the Service Authorization Reference, and its TagResource or CreateTags operation.
"""

from awsprov.engine.ownership import PartOf
from awsprov.engine.resource import Resource
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.http_parts import HttpIntegration, HttpRoute, JwtAuthorizer
from awsprov.resources.api.permission import Permission
from awsprov.resources.api.rest_api import RestApi, RestPath
from awsprov.resources.api.rest_methods import RestCors, RestRoute
from awsprov.resources.api.rest_responses import RestGatewayResponse
from awsprov.resources.function.alias import Alias
from awsprov.resources.function.function import Function
from awsprov.resources.function.network_interfaces import LambdaNetworkInterfaces
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.storage.file_system import FileSystem, MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy

_EFS = "EFS tags file systems and access points only"
_LAMBDA = "Lambda tags functions, not their aliases and permissions"
_API_GATEWAY = "API Gateway tags APIs and stages, not the parts of an API"

UNTAGGABLE: dict[type[Resource], PartOf] = {
    MountTarget: PartOf(FileSystem, _EFS),
    FileSystemPolicy: PartOf(FileSystem, _EFS),
    LambdaNetworkInterfaces: PartOf(SecurityGroup, "Lambda creates them, without tags, in the functions' group"),
    Alias: PartOf(Function, _LAMBDA),
    Permission: PartOf(Function, _LAMBDA),
    RestPath: PartOf(RestApi, _API_GATEWAY),
    RestRoute: PartOf(RestApi, _API_GATEWAY),
    RestCors: PartOf(RestApi, _API_GATEWAY),
    RestGatewayResponse: PartOf(RestApi, _API_GATEWAY),
    HttpIntegration: PartOf(HttpApi, _API_GATEWAY),
    JwtAuthorizer: PartOf(HttpApi, _API_GATEWAY),
    HttpRoute: PartOf(HttpApi, _API_GATEWAY),
}
