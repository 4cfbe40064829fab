"""HTTP APIs in Terraform: integrations, authorizer, routes and the stage."""

from awsprov.resources.api.access_log import LOG_FORMAT
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.http_parts import (
    AUTHORIZATION_TYPES,
    IDENTITY_SOURCES,
    HttpIntegration,
    HttpRoute,
    JwtAuthorizer,
)
from awsprov.resources.api.http_stage import STAGE, HttpStage
from awsprov.terraform.expressions import template
from awsprov.terraform.rows.row import Arguments, Row, Rows, TerraformContext


def _api(api: HttpApi, context: TerraformContext) -> Arguments:
    return {
        "name": context.aws.physical_name(api.name),
        "description": api.description,
        "protocol_type": "HTTP",
        "cors_configuration": [_cors(api)] if api.cors_origin else None,
    }


def _cors(api: HttpApi) -> Arguments:
    rules = api.cors_configuration()
    return {
        "allow_origins": rules["AllowOrigins"],
        "allow_methods": rules["AllowMethods"],
        "allow_headers": rules["AllowHeaders"],
    }


def _integration(integration: HttpIntegration, context: TerraformContext) -> Arguments:
    return {
        "api_id": context.reference(integration.api),
        "integration_type": "AWS_PROXY",
        "integration_method": "POST",
        "integration_uri": context.reference(integration.alias, "arn"),
        "payload_format_version": "2.0",
    }


def _authorizer(authorizer: JwtAuthorizer, context: TerraformContext) -> Arguments:
    return {
        "api_id": context.reference(authorizer.api),
        "name": authorizer.name,
        "authorizer_type": "JWT",
        "identity_sources": IDENTITY_SOURCES,
        "jwt_configuration": [{"issuer": authorizer.issuer, "audience": list(authorizer.audience)}],
    }


def _route(route: HttpRoute, context: TerraformContext) -> Arguments:
    return {
        "api_id": context.reference(route.api),
        "route_key": route.route_key,
        "target": template("integrations/", context.reference(route.integration)),
        "authorization_type": AUTHORIZATION_TYPES[route.auth],
        "authorizer_id": context.reference(route.authorizer) if route.authorizer else None,
    }


def _stage(stage: HttpStage, context: TerraformContext) -> Arguments:
    return {
        "api_id": context.reference(stage.api),
        "name": STAGE,
        "auto_deploy": True,
        "access_log_settings": [{"destination_arn": context.reference(stage.log, "arn"), "format": LOG_FORMAT}],
        "default_route_settings": [
            {
                "throttling_rate_limit": stage.rate,
                "throttling_burst_limit": stage.burst,
                "detailed_metrics_enabled": stage.metrics,
            }
        ],
    }


ROWS: Rows = {
    HttpApi: Row("aws_apigatewayv2_api", _api),
    HttpIntegration: Row("aws_apigatewayv2_integration", _integration),
    JwtAuthorizer: Row("aws_apigatewayv2_authorizer", _authorizer),
    HttpRoute: Row("aws_apigatewayv2_route", _route),
    HttpStage: Row("aws_apigatewayv2_stage", _stage),
}
