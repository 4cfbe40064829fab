"""HTTP APIs in CloudFormation, and the permissions of both kinds of APIs to call functions."""

from collections.abc import Iterator

from awsprov.cloudformation.template import CloudFormationRows, Properties, TemplateContext, TemplateResource
from awsprov.resources.api.access_log import LOG_FORMAT, ApiLogGroup
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.http_parts import (
    AUTHORIZATION_TYPES,
    IDENTITY_SOURCES,
    HttpIntegration,
    HttpRoute,
    JwtAuthorizer,
)
from awsprov.resources.api.http_stage import STAGE, HttpStage
from awsprov.resources.api.permission import Permission, route_pattern


def log_arn(log: ApiLogGroup, context: TemplateContext) -> Properties:
    """Return the ARN of a log group; its attribute would have `:*` at the end."""
    return context.substituted("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${}", log)


def _api(api: HttpApi, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "Name": context.aws.physical_name(api.name),
        "Description": api.description,
        "ProtocolType": "HTTP",
        "CorsConfiguration": api.cors_configuration() if api.cors_origin else None,
        "Tags": api.tags(context.aws),
    }
    yield TemplateResource(context.name(api), "AWS::ApiGatewayV2::Api", properties, {"ApiId": api.id})


def _integration(integration: HttpIntegration, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "ApiId": context.ref(integration.api),
        "IntegrationType": "AWS_PROXY",
        "IntegrationMethod": "POST",
        "IntegrationUri": context.ref(integration.alias),
        "PayloadFormatVersion": "2.0",
    }
    identifier = {"ApiId": integration.api.id, "IntegrationId": integration.part_id}
    yield TemplateResource(context.name(integration), "AWS::ApiGatewayV2::Integration", properties, identifier)


def _authorizer(authorizer: JwtAuthorizer, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "ApiId": context.ref(authorizer.api),
        "Name": authorizer.name,
        "AuthorizerType": "JWT",
        "IdentitySource": IDENTITY_SOURCES,
        "JwtConfiguration": {"Issuer": authorizer.issuer, "Audience": list(authorizer.audience)},
    }
    identifier = {"AuthorizerId": authorizer.part_id, "ApiId": authorizer.api.id}
    yield TemplateResource(context.name(authorizer), "AWS::ApiGatewayV2::Authorizer", properties, identifier)


def _route(route: HttpRoute, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "ApiId": context.ref(route.api),
        "RouteKey": route.route_key,
        "Target": context.substituted("integrations/${}", route.integration),
        "AuthorizationType": AUTHORIZATION_TYPES[route.auth],
        "AuthorizerId": context.ref(route.authorizer) if route.authorizer else None,
    }
    identifier = {"ApiId": route.api.id, "RouteId": route.part_id}
    yield TemplateResource(context.name(route), "AWS::ApiGatewayV2::Route", properties, identifier)


def _stage(stage: HttpStage, context: TemplateContext) -> Iterator[TemplateResource]:
    limits = {
        "ThrottlingRateLimit": stage.rate,
        "ThrottlingBurstLimit": stage.burst,
        "DetailedMetricsEnabled": stage.metrics,
    }
    properties = {
        "ApiId": context.ref(stage.api),
        "StageName": STAGE,
        "AutoDeploy": True,
        "DefaultRouteSettings": limits,
        "AccessLogSettings": {"DestinationArn": log_arn(stage.log, context), "Format": LOG_FORMAT},
        "Tags": stage.tags(context.aws),
    }
    identifier = {"ApiId": stage.api.id, "StageName": STAGE}
    yield TemplateResource(context.name(stage), "AWS::ApiGatewayV2::Stage", properties, identifier)


def _permission(permission: Permission, context: TemplateContext) -> Iterator[TemplateResource]:
    arn = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${}"
    properties = {
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "FunctionName": context.ref(permission.alias),
        "SourceArn": context.substituted(f"{arn}/{route_pattern(permission.route)}", permission.api),
    }
    identifier = {"FunctionName": permission.alias.arn(context.aws), "Id": permission.id.rpartition(":")[2]}
    yield TemplateResource(context.name(permission), "AWS::Lambda::Permission", properties, identifier)


ROWS: CloudFormationRows = {
    HttpApi: _api,
    HttpIntegration: _integration,
    JwtAuthorizer: _authorizer,
    HttpRoute: _route,
    HttpStage: _stage,
    Permission: _permission,
}
