"""One resource of each kind on moto, created with boto3 and with any tags, which a record in the state may refer to.

`FOREIGN_RESOURCES` has a function for each kind that awsprov deletes. Each returns the id as awsprov records it, and a
probe that returns something true as long as the resource exists. A part is made in a parent with the tags.
"""

import itertools
from collections.abc import Callable
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.resources.api.access import ApiKey, UsagePlan
from awsprov.resources.api.access_log import ApiLogGroup
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.http_parts import HttpIntegration, HttpRoute, JwtAuthorizer
from awsprov.resources.api.http_stage import HttpStage
from awsprov.resources.api.permission import Permission
from awsprov.resources.api.rest_api import RestApi, RestPath
from awsprov.resources.api.rest_methods import RestCors, RestRoute
from awsprov.resources.api.rest_responses import RestGatewayResponse
from awsprov.resources.api.rest_stage import RestStage
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.key_pairs import KeyPair
from awsprov.resources.compute.nat_instance import NatInstance
from awsprov.resources.function.alias import Alias
from awsprov.resources.function.function import Function
from awsprov.resources.function.log_groups import LogGroup
from awsprov.resources.function.network_interfaces import LambdaNetworkInterfaces
from awsprov.resources.identity.policies import Policy
from awsprov.resources.identity.roles import InstanceProfile, Role
from awsprov.resources.network.addresses import ElasticIp
from awsprov.resources.network.endpoints import GatewayEndpoint
from awsprov.resources.network.gateways import InternetGateway, NatGateway
from awsprov.resources.network.nat_interface import NatInterface
from awsprov.resources.network.network_acl import NetworkAcl
from awsprov.resources.network.route_tables import RouteTable
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.network.vpc import Vpc
from awsprov.resources.storage.file_system import AccessPoint, FileSystem, MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy

Tags = dict[str, str]
Probe = Callable[[], object]
CreateForeign = Callable[[Aws, Tags], tuple[str, Probe]]

_NUMBERS = itertools.count(1)
_TRUST = '{"Version": "2012-10-17", "Statement": []}'
_POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'


def _name() -> str:
    return f"demo-it-{next(_NUMBERS)}"


def _pairs(tags: Tags) -> Any:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _tagged(kind: str, tags: Tags) -> Any:
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": _pairs(tags)}]} if tags else {}


def _vpc(aws: Aws, tags: Tags) -> str:
    return aws.ec2.create_vpc(CidrBlock="10.9.0.0/16", **_tagged("vpc", tags))["Vpc"]["VpcId"]


def _subnet(aws: Aws, tags: Tags) -> str:
    subnet = aws.ec2.create_subnet(VpcId=_vpc(aws, {}), CidrBlock="10.9.1.0/24", **_tagged("subnet", tags))
    return subnet["Subnet"]["SubnetId"]


def vpc(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    id_ = _vpc(aws, tags)
    return id_, lambda: aws.ec2.describe_vpcs(VpcIds=[id_])["Vpcs"]


def subnet(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    id_ = _subnet(aws, tags)
    return id_, lambda: aws.ec2.describe_subnets(SubnetIds=[id_])["Subnets"]


def key_pair(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    id_ = aws.ec2.create_key_pair(KeyName=_name(), **_tagged("key-pair", tags))["KeyName"]
    return id_, lambda: aws.ec2.describe_key_pairs(KeyNames=[id_])["KeyPairs"]


def internet_gateway(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    gateway = aws.ec2.create_internet_gateway(**_tagged("internet-gateway", tags))["InternetGateway"]
    id_ = gateway["InternetGatewayId"]
    return id_, lambda: aws.ec2.describe_internet_gateways(InternetGatewayIds=[id_])["InternetGateways"]


def elastic_ip(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    id_ = aws.ec2.allocate_address(Domain="vpc", **_tagged("elastic-ip", tags))["AllocationId"]
    return id_, lambda: aws.ec2.describe_addresses(AllocationIds=[id_])["Addresses"]


def nat_gateway(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    address = aws.ec2.allocate_address(Domain="vpc")["AllocationId"]
    subnet_id = _subnet(aws, {})
    created = aws.ec2.create_nat_gateway(SubnetId=subnet_id, AllocationId=address, **_tagged("natgateway", tags))
    id_ = created["NatGateway"]["NatGatewayId"]
    return id_, lambda: [
        each for each in aws.ec2.describe_nat_gateways(NatGatewayIds=[id_])["NatGateways"] if each["State"] != "deleted"
    ]


def route_table(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    created = aws.ec2.create_route_table(VpcId=_vpc(aws, {}), **_tagged("route-table", tags))
    id_ = created["RouteTable"]["RouteTableId"]
    return id_, lambda: aws.ec2.describe_route_tables(RouteTableIds=[id_])["RouteTables"]


def gateway_endpoint(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    created = aws.ec2.create_vpc_endpoint(
        VpcId=_vpc(aws, {}),
        VpcEndpointType="Gateway",
        ServiceName=f"com.amazonaws.{aws.region}.s3",
        RouteTableIds=[route_table(aws, {})[0]],
        **_tagged("vpc-endpoint", tags),
    )
    id_ = created["VpcEndpoint"]["VpcEndpointId"]
    return (
        id_,
        lambda: (
            id_ in {each["VpcEndpointId"] for each in GatewayEndpoint.describe_all(aws) if GatewayEndpoint.exists(each)}
        ),
    )


def network_acl(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    created = aws.ec2.create_network_acl(VpcId=_vpc(aws, {}), **_tagged("network-acl", tags))
    id_ = created["NetworkAcl"]["NetworkAclId"]
    return id_, lambda: aws.ec2.describe_network_acls(NetworkAclIds=[id_])["NetworkAcls"]


def security_group(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    created = aws.ec2.create_security_group(
        VpcId=_vpc(aws, {}), GroupName=_name(), Description="x", **_tagged("security-group", tags)
    )
    return created["GroupId"], lambda: aws.ec2.describe_security_groups(GroupIds=[created["GroupId"]])["SecurityGroups"]


def network_interfaces(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    """Return a group with the tags, and the probe of an interface of Lambda in it."""
    subnet_id = _subnet(aws, {})
    in_vpc = aws.ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]["VpcId"]
    group = aws.ec2.create_security_group(
        VpcId=in_vpc, GroupName=_name(), Description="x", **_tagged("security-group", tags)
    )["GroupId"]
    description = "AWS Lambda VPC ENI-another-function"
    created = aws.ec2.create_network_interface(SubnetId=subnet_id, Groups=[group], Description=description)
    id_ = created["NetworkInterface"]["NetworkInterfaceId"]
    return group, lambda: aws.ec2.describe_network_interfaces(NetworkInterfaceIds=[id_])["NetworkInterfaces"]


def builder(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    image = aws.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    created = aws.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, **_tagged("instance", tags))
    id_ = created["Instances"][0]["InstanceId"]

    def running() -> bool:
        found = aws.ec2.describe_instances(InstanceIds=[id_])["Reservations"][0]["Instances"][0]
        return found["State"]["Name"] == "running"

    return id_, running


def nat_interface(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    created = aws.ec2.create_network_interface(SubnetId=_subnet(aws, {}), **_tagged("network-interface", tags))
    id_ = created["NetworkInterface"]["NetworkInterfaceId"]
    return id_, lambda: aws.ec2.describe_network_interfaces(NetworkInterfaceIds=[id_])["NetworkInterfaces"]


def _file_system(aws: Aws, tags: Tags) -> str:
    return aws.efs.create_file_system(CreationToken=_name(), Tags=_pairs(tags))["FileSystemId"]


def file_system(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    id_ = _file_system(aws, tags)
    return id_, lambda: aws.efs.describe_file_systems(FileSystemId=id_)["FileSystems"]


def mount_target(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    created = aws.efs.create_mount_target(FileSystemId=_file_system(aws, tags), SubnetId=_subnet(aws, {}))
    id_ = created["MountTargetId"]
    return id_, lambda: aws.efs.describe_mount_targets(MountTargetId=id_)["MountTargets"]


def access_point(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    created = aws.efs.create_access_point(ClientToken=_name(), FileSystemId=_file_system(aws, {}), Tags=_pairs(tags))
    id_ = created["AccessPointId"]
    return id_, lambda: aws.efs.describe_access_points(AccessPointId=id_)["AccessPoints"]


def file_system_policy(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    id_ = _file_system(aws, tags)
    aws.efs.put_file_system_policy(FileSystemId=id_, Policy=_TRUST)
    return id_, lambda: aws.efs.describe_file_system_policy(FileSystemId=id_)["Policy"]


def policy(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    """Return a policy under the stack's path."""
    created = aws.iam.create_policy(
        PolicyName=_name(), Path=f"/awsprov/{aws.stack}/", PolicyDocument=_POLICY, Tags=_pairs(tags)
    )
    arn = created["Policy"]["Arn"]
    return arn, lambda: aws.iam.get_policy(PolicyArn=arn)


def _role(aws: Aws, tags: Tags) -> str:
    name, where = _name(), f"/awsprov/{aws.stack}/"
    aws.iam.create_role(RoleName=name, Path=where, AssumeRolePolicyDocument=_TRUST, Tags=_pairs(tags))
    return name


def role(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    """Return a role under the stack's path."""
    name = _role(aws, tags)
    return name, lambda: aws.iam.get_role(RoleName=name)


def instance_profile(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    """Return an instance profile under the stack's path."""
    name = _name()
    aws.iam.create_instance_profile(InstanceProfileName=name, Path=f"/awsprov/{aws.stack}/", Tags=_pairs(tags))
    return name, lambda: aws.iam.get_instance_profile(InstanceProfileName=name)


def _log_group(prefix: str) -> CreateForeign:
    def make(aws: Aws, tags: Tags) -> tuple[str, Probe]:
        name = f"{prefix}{_name()}"
        aws.logs.create_log_group(logGroupName=name, tags=tags)
        return name, lambda: aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]

    return make


def _function(aws: Aws, tags: Tags) -> str:
    role_arn = aws.iam.get_role(RoleName=_role(aws, {}))["Role"]["Arn"]
    return aws.lambda_.create_function(
        FunctionName=_name(),
        Role=role_arn,
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
        Runtime="python3.12",
        Handler="app.handler",
        Tags=tags,
    )["FunctionName"]


def function(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    name = _function(aws, tags)
    return name, lambda: aws.lambda_.get_function(FunctionName=name)


def alias(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    name = _function(aws, tags)
    aws.lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST")
    return f"{name}:live", lambda: aws.lambda_.get_alias(FunctionName=name, Name="live")


def permission(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    id_, _ = alias(aws, tags)
    name = id_.partition(":")[0]
    aws.lambda_.add_permission(
        FunctionName=name, Qualifier="live", StatementId="it", Action="lambda:InvokeFunction", Principal="*"
    )
    return f"{id_}:it", lambda: "it" in aws.lambda_.get_policy(FunctionName=name, Qualifier="live")["Policy"]


def _rest_api(aws: Aws, tags: Tags) -> tuple[str, str]:
    """Return the id of a REST API, and of its root."""
    id_ = aws.apigateway.create_rest_api(name=_name(), tags=tags)["id"]
    return id_, aws.apigateway.get_resources(restApiId=id_)["items"][0]["id"]


def rest_api(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    id_, _ = _rest_api(aws, tags)
    return id_, lambda: aws.apigateway.get_rest_api(restApiId=id_)


def rest_path(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    api, root = _rest_api(aws, tags)
    id_ = aws.apigateway.create_resource(restApiId=api, parentId=root, pathPart="it")["id"]
    return f"{api}/{id_}", lambda: aws.apigateway.get_resource(restApiId=api, resourceId=id_)


def rest_method(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    api, root = _rest_api(aws, tags)
    aws.apigateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    return f"{api}/{root}/GET", lambda: aws.apigateway.get_method(restApiId=api, resourceId=root, httpMethod="GET")


def rest_gateway_response(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    api, _ = _rest_api(aws, tags)
    aws.apigateway.put_gateway_response(restApiId=api, responseType="DEFAULT_4XX", statusCode="418")
    return f"{api}/DEFAULT_4XX", lambda: aws.apigateway.get_gateway_response(restApiId=api, responseType="DEFAULT_4XX")


def rest_stage(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    """Return a stage with the tags, of an API without."""
    api, root = _rest_api(aws, {})
    aws.apigateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    aws.apigateway.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    deployment = aws.apigateway.create_deployment(restApiId=api)["id"]
    aws.apigateway.create_stage(restApiId=api, stageName="it", deploymentId=deployment, tags=tags)
    return f"{api}/it", lambda: aws.apigateway.get_stage(restApiId=api, stageName="it")


def api_key(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    id_ = aws.apigateway.create_api_key(name=_name(), tags=tags)["id"]
    return id_, lambda: aws.apigateway.get_api_key(apiKey=id_)


def usage_plan(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    id_ = aws.apigateway.create_usage_plan(name=_name(), tags=tags)["id"]
    return id_, lambda: aws.apigateway.get_usage_plan(usagePlanId=id_)


def _http_api(aws: Aws, tags: Tags) -> str:
    return aws.apigatewayv2.create_api(Name=_name(), ProtocolType="HTTP", Tags=tags)["ApiId"]


def http_api(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    id_ = _http_api(aws, tags)
    return id_, lambda: aws.apigatewayv2.get_api(ApiId=id_)


def http_integration(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    api = _http_api(aws, tags)
    id_ = aws.apigatewayv2.create_integration(ApiId=api, IntegrationType="HTTP_PROXY")["IntegrationId"]
    return f"{api}/{id_}", lambda: aws.apigatewayv2.get_integration(ApiId=api, IntegrationId=id_)


def jwt_authorizer(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    api = _http_api(aws, tags)
    id_ = aws.apigatewayv2.create_authorizer(ApiId=api, Name="it", AuthorizerType="JWT", IdentitySource=["x"])[
        "AuthorizerId"
    ]
    return f"{api}/{id_}", lambda: aws.apigatewayv2.get_authorizer(ApiId=api, AuthorizerId=id_)


def http_route(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    api = _http_api(aws, tags)
    id_ = aws.apigatewayv2.create_route(ApiId=api, RouteKey="GET /it")["RouteId"]
    return f"{api}/{id_}", lambda: aws.apigatewayv2.get_route(ApiId=api, RouteId=id_)


def http_stage(aws: Aws, tags: Tags) -> tuple[str, Probe]:
    """Return a stage with the tags, of an API without."""
    api = _http_api(aws, {})
    aws.apigatewayv2.create_stage(ApiId=api, StageName="$default", Tags=tags)
    return f"{api}/$default", lambda: aws.apigatewayv2.get_stage(ApiId=api, StageName="$default")


FOREIGN_RESOURCES: dict[type[Resource], CreateForeign] = {
    KeyPair: key_pair,
    Vpc: vpc,
    InternetGateway: internet_gateway,
    Subnet: subnet,
    ElasticIp: elastic_ip,
    NatGateway: nat_gateway,
    RouteTable: route_table,
    GatewayEndpoint: gateway_endpoint,
    NetworkAcl: network_acl,
    SecurityGroup: security_group,
    FileSystem: file_system,
    MountTarget: mount_target,
    AccessPoint: access_point,
    LogGroup: _log_group("/aws/lambda/"),
    Policy: policy,
    Role: role,
    InstanceProfile: instance_profile,
    LambdaNetworkInterfaces: network_interfaces,
    FileSystemPolicy: file_system_policy,
    Builder: builder,
    NatInstance: builder,
    NatInterface: nat_interface,
    Function: function,
    Alias: alias,
    RestApi: rest_api,
    HttpApi: http_api,
    ApiLogGroup: _log_group("API-Gateway-Execution-Logs_"),
    RestPath: rest_path,
    RestRoute: rest_method,
    RestCors: rest_method,
    RestGatewayResponse: rest_gateway_response,
    RestStage: rest_stage,
    ApiKey: api_key,
    UsagePlan: usage_plan,
    HttpIntegration: http_integration,
    JwtAuthorizer: jwt_authorizer,
    HttpRoute: http_route,
    HttpStage: http_stage,
    Permission: permission,
}
