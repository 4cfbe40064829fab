"""REST APIs in Terraform: paths, methods, the stage with its deployment and keys."""

from collections.abc import Iterator
from typing import Any

from awsprov.engine.resource import Values
from awsprov.resources.api.access_log import LOG_FORMAT
from awsprov.resources.api.rest_api import RestApi, RestPath, RestValidator
from awsprov.resources.api.rest_integrations import JSON
from awsprov.resources.api.rest_methods import MOCK_TEMPLATES, RestCors, RestMethod, RestRoute
from awsprov.resources.api.rest_responses import RestGatewayResponse
from awsprov.resources.api.rest_stage import RestStage
from awsprov.terraform.expressions import Expression
from awsprov.terraform.rows.row import Arguments, Row, Rows, TerraformContext, TerraformResource

_OK = "200"


def _api(api: RestApi, context: TerraformContext) -> Arguments:
    return {
        "name": context.aws.physical_name(api.name),
        "description": api.description,
        "binary_media_types": list(api.binary) or None,
        "endpoint_configuration": [{"types": ["REGIONAL"]}],
    }


def _resource_id(path: RestApi | RestPath, context: TerraformContext) -> Expression:
    """Return a reference to the id of a path, which for the root is an attribute of the API."""
    return context.reference(path, "root_resource_id" if isinstance(path, RestApi) else "id")


def _path(path: RestPath, context: TerraformContext) -> Arguments:
    return {
        "rest_api_id": context.reference(path.api),
        "parent_id": _resource_id(path.parent, context),
        "path_part": path.part,
    }


def _validator(validator: RestValidator, context: TerraformContext) -> Arguments:
    return {
        "rest_api_id": context.reference(validator.api),
        "name": validator.name,
        "validate_request_body": True,
        "validate_request_parameters": True,
    }


def _place(method: RestMethod, context: TerraformContext) -> Arguments:
    return {
        "rest_api_id": context.reference(method.api),
        "resource_id": _resource_id(method.path, context),
        "http_method": method.verb,
    }


def _belonging(method: RestMethod, context: TerraformContext) -> Arguments:
    """Return the arguments by which a part of a method refers to it."""
    return {**_place(method, context), "http_method": context.reference(method, "http_method")}


def _route(route: RestRoute, context: TerraformContext) -> Arguments:
    return {
        **_place(route, context),
        "authorization": route.authorization_type,
        "api_key_required": True if route.auth == "api_key" else None,
        "request_validator_id": context.reference(route.validator),
        "request_parameters": route.request_parameters or None,
    }


def _integration(route: RestRoute, context: TerraformContext) -> Iterator[TerraformResource]:
    """Yield the integration of a method, and for a custom integration its responses."""
    settings, name = route.integration.settings(), context.name(route)
    arguments = {
        **_belonging(route, context),
        "type": settings["type"],
        "integration_http_method": "POST",
        "uri": context.reference(route.alias, "invoke_arn"),
        "timeout_milliseconds": settings["timeout"] * 1000,
        "passthrough_behavior": settings["passthrough"],
        "request_templates": settings["templates"] or None,
    }
    yield TerraformResource("aws_api_gateway_integration", name, arguments, route.id)
    for status, response in route.integration.responses().items():
        yield from _response(route, status, response, context)


def _response(
    method: RestMethod, status: str, response: Values, context: TerraformContext
) -> Iterator[TerraformResource]:
    """Yield the response of a method and that of its integration, for a status."""
    name, place = f"{context.name(method)}_{status}", _belonging(method, context)
    declared = dict.fromkeys(response["declared"], False) or None
    arguments = {**place, "status_code": status, "response_parameters": declared}
    own = TerraformResource("aws_api_gateway_method_response", name, arguments, f"{method.id}/{status}")
    yield own
    mapped = {
        **place,
        "status_code": Expression(f"{own.address}.status_code"),
        "selection_pattern": response["pattern"] or None,
        "response_templates": {JSON: response["template"]} if response["template"] else None,
        "response_parameters": response["headers"] or None,
        "depends_on": [Expression(f"aws_api_gateway_integration.{context.name(method)}")],
    }
    yield TerraformResource("aws_api_gateway_integration_response", name, mapped, f"{method.id}/{status}")


def _cors(cors: RestCors, context: TerraformContext) -> Arguments:
    validator = context.reference(cors.validator)
    return {**_place(cors, context), "authorization": "NONE", "request_validator_id": validator}


def _mock(cors: RestCors, context: TerraformContext) -> Iterator[TerraformResource]:
    """Yield the integration and the response of an `OPTIONS` method, which API Gateway itself answers."""
    wanted = cors.wanted(context.aws)
    arguments = {
        **_belonging(cors, context),
        "type": "MOCK",
        "content_handling": wanted["content"],
        "request_templates": MOCK_TEMPLATES,
    }
    yield TerraformResource("aws_api_gateway_integration", context.name(cors), arguments, cors.id)
    headers = wanted["headers"]
    response = {"pattern": "", "template": "", "headers": headers, "declared": sorted(headers)}
    yield from _response(cors, _OK, response, context)


def _gateway_response(response: RestGatewayResponse, context: TerraformContext) -> Arguments:
    return {
        "rest_api_id": context.reference(response.api),
        "response_type": response.response_type,
        "response_parameters": response.wanted(context.aws)["headers"],
    }


_DEPLOYMENT = "aws_api_gateway_deployment"


def _stage(stage: RestStage, context: TerraformContext) -> Arguments:
    logged = stage.read(context.aws)["log"]
    log = {"destination_arn": context.reference(stage.log, "arn"), "format": LOG_FORMAT}
    return {
        "rest_api_id": context.reference(stage.api),
        "stage_name": stage.stage,
        "deployment_id": Expression(f"{_DEPLOYMENT}.{context.name(stage)}.id"),
        "xray_tracing_enabled": stage.traced,
        "access_log_settings": [log] if logged else None,
    }


def _stage_parts(stage: RestStage, context: TerraformContext) -> Iterator[TerraformResource]:
    """Yield the deployment of a stage, and the settings of its methods."""
    name, api = context.name(stage), context.reference(stage.api)
    found: Any = context.aws.apigateway.get_stage(restApiId=stage.api.id, stageName=stage.stage)
    snapshot = [f"aws_api_gateway_integration.{context.name(each)}" for each in stage.methods]
    snapshot += [context.address(each) for each in context.stack.of(RestGatewayResponse)]
    deployment = {
        "rest_api_id": api,
        "description": stage.read(context.aws)["snapshot"],
        "depends_on": [Expression(address) for address in snapshot],
        "lifecycle": [{"create_before_destroy": True}],
    }
    yield TerraformResource(_DEPLOYMENT, name, deployment, f"{stage.api.id}/{found['deploymentId']}")
    errors = stage.read(context.aws)["errors"]
    settings = {
        "throttling_rate_limit": stage.rate,
        "throttling_burst_limit": stage.burst,
        "metrics_enabled": stage.metrics,
        "logging_level": errors,
        "data_trace_enabled": False,
    }
    arguments = {
        "rest_api_id": api,
        "stage_name": context.reference(stage, "stage_name"),
        "method_path": "*/*",
        "settings": [settings],
    }
    yield TerraformResource("aws_api_gateway_method_settings", name, arguments, f"{stage.id}/*/*")


ROWS: Rows = {
    RestApi: Row("aws_api_gateway_rest_api", _api),
    RestPath: Row("aws_api_gateway_resource", _path),
    RestValidator: Row("aws_api_gateway_request_validator", _validator),
    RestRoute: Row("aws_api_gateway_method", _route, parts=_integration),
    RestCors: Row("aws_api_gateway_method", _cors, parts=_mock),
    RestGatewayResponse: Row("aws_api_gateway_gateway_response", _gateway_response),
    RestStage: Row("aws_api_gateway_stage", _stage, parts=_stage_parts),
}
