"""REST APIs in CloudFormation, with their API key and usage plan."""

from collections.abc import Iterator
from typing import Any

from awsprov.cloudformation.rows.http_api import log_arn
from awsprov.cloudformation.template import CloudFormationRows, Properties, TemplateContext, TemplateResource
from awsprov.engine.resource import Values
from awsprov.resources.api.access import ApiKey, UsagePlan
from awsprov.resources.api.access_log import LOG_FORMAT
from awsprov.resources.api.rest_api import RestApi, RestPath, RestValidator
from awsprov.resources.api.rest_integrations import JSON, TEXT
from awsprov.resources.api.rest_methods import MOCK_TEMPLATES, RestCors, RestMethod, RestRoute
from awsprov.resources.api.rest_stage import RestStage


def _api(api: RestApi, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "Name": context.aws.physical_name(api.name),
        "Description": api.description,
        "BinaryMediaTypes": list(api.binary) or None,
        "EndpointConfiguration": {"Types": ["REGIONAL"]},
        "Tags": context.tags(api),
    }
    yield TemplateResource(context.name(api), "AWS::ApiGateway::RestApi", properties, {"RestApiId": api.id})


def _resource_id(path: RestApi | RestPath, context: TemplateContext) -> Properties | str:
    return context.attribute(path, "RootResourceId") if isinstance(path, RestApi) else context.ref(path)


def _path(path: RestPath, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "RestApiId": context.ref(path.api),
        "ParentId": _resource_id(path.parent, context),
        "PathPart": path.part,
    }
    identifier = {"RestApiId": path.api.id, "ResourceId": path.path_id(context.aws)}
    yield TemplateResource(context.name(path), "AWS::ApiGateway::Resource", properties, identifier)


def _validator(validator: RestValidator, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "RestApiId": context.ref(validator.api),
        "Name": validator.name,
        "ValidateRequestBody": True,
        "ValidateRequestParameters": True,
    }
    identifier = {"RestApiId": validator.api.id, "RequestValidatorId": validator.validator_id}
    yield TemplateResource(context.name(validator), "AWS::ApiGateway::RequestValidator", properties, identifier)


def _method(method: RestMethod, context: TemplateContext, properties: Properties) -> TemplateResource:
    place = {
        "RestApiId": context.ref(method.api),
        "ResourceId": _resource_id(method.path, context),
        "HttpMethod": method.verb,
    }
    api, resource, verb = method.id.split("/")
    identifier = {"RestApiId": api, "ResourceId": resource, "HttpMethod": verb}
    return TemplateResource(context.name(method), "AWS::ApiGateway::Method", {**place, **properties}, identifier)


def _route(route: RestRoute, context: TemplateContext) -> Iterator[TemplateResource]:
    uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${}/invocations"
    settings, responses = route.integration.settings(), route.integration.responses()
    properties = {
        "AuthorizationType": route.authorization_type,
        "ApiKeyRequired": route.auth == "api_key",
        "RequestValidatorId": context.ref(route.validator),
        "RequestParameters": route.request_parameters or None,
        "Integration": {
            "Type": settings["type"],
            "IntegrationHttpMethod": "POST",
            "Uri": context.substituted(uri, route.alias),
            "TimeoutInMillis": settings["timeout"] * 1000,
            "PassthroughBehavior": settings["passthrough"],
            "RequestTemplates": settings["templates"],
            "IntegrationResponses": [_response(status, each) for status, each in responses.items()],
        },
        "MethodResponses": [
            {"StatusCode": status, "ResponseParameters": dict.fromkeys(each["declared"], False)}
            for status, each in responses.items()
        ],
    }
    yield _method(route, context, properties)


def _response(status: str, response: Values) -> Properties:
    """Return the response of a custom integration for a status."""
    return {
        "StatusCode": status,
        "ResponseParameters": response["headers"],
        "ResponseTemplates": {JSON: response["template"]} if response["template"] else {},
        **({"SelectionPattern": response["pattern"]} if response["pattern"] else {}),
    }


def _cors(cors: RestCors, context: TemplateContext) -> Iterator[TemplateResource]:
    headers = cors.wanted(context.aws)["headers"]
    integration = {
        "Type": "MOCK",
        "ContentHandling": TEXT,
        "RequestTemplates": MOCK_TEMPLATES,
        "IntegrationResponses": [{"StatusCode": "200", "ResponseParameters": headers}],
    }
    responses = [{"StatusCode": "200", "ResponseParameters": dict.fromkeys(headers, False)}]
    properties = {
        "AuthorizationType": "NONE",
        "RequestValidatorId": context.ref(cors.validator),
        "Integration": integration,
        "MethodResponses": responses,
    }
    yield _method(cors, context, properties)


def _stage(stage: RestStage, context: TemplateContext) -> Iterator[TemplateResource]:
    found: Any = context.aws.apigateway.get_stage(restApiId=stage.api.id, stageName=stage.stage)
    values, deployment = stage.read(context.aws), context.name(stage, "Deployment")
    yield TemplateResource(
        deployment,
        "AWS::ApiGateway::Deployment",
        {"RestApiId": context.ref(stage.api), "Description": values["snapshot"]},
        {"DeploymentId": found["deploymentId"], "RestApiId": stage.api.id},
    )
    settings = {
        "ResourcePath": "/*",
        "HttpMethod": "*",
        "ThrottlingRateLimit": stage.rate,
        "ThrottlingBurstLimit": stage.burst,
        "MetricsEnabled": stage.metrics,
        "LoggingLevel": values["errors"],
        "DataTraceEnabled": False,
    }
    properties = {
        "RestApiId": context.ref(stage.api),
        "StageName": stage.stage,
        "DeploymentId": {"Ref": deployment},
        "TracingEnabled": stage.traced,
        "MethodSettings": [settings],
        "AccessLogSetting": {"DestinationArn": log_arn(stage.log, context), "Format": LOG_FORMAT}
        if values["log"]
        else None,
        "Tags": context.tags(stage),
    }
    identifier = {"RestApiId": stage.api.id, "StageName": stage.stage}
    yield TemplateResource(context.name(stage), "AWS::ApiGateway::Stage", properties, identifier)


def _api_key(key: ApiKey, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {"Name": context.aws.physical_name(key.name), "Enabled": True, "Tags": context.tags(key)}
    yield TemplateResource(context.name(key), "AWS::ApiGateway::ApiKey", properties, {"APIKeyId": key.id})


def _usage_plan(plan: UsagePlan, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "UsagePlanName": context.aws.physical_name(plan.name),
        "ApiStages": [{"ApiId": context.ref(plan.stage.api), "Stage": context.ref(plan.stage)}],
        "Throttle": {"RateLimit": plan.rate, "BurstLimit": plan.burst},
        "Tags": context.tags(plan),
    }
    yield TemplateResource(context.name(plan), "AWS::ApiGateway::UsagePlan", properties, {"Id": plan.id})
    key = {"KeyId": context.ref(plan.api_key), "KeyType": "API_KEY", "UsagePlanId": context.ref(plan)}
    identifier = {"Id": f"{plan.api_key.id}:{plan.id}"}
    yield TemplateResource(context.name(plan, "Key"), "AWS::ApiGateway::UsagePlanKey", key, identifier)


ROWS: CloudFormationRows = {
    RestApi: _api,
    RestPath: _path,
    RestValidator: _validator,
    RestRoute: _route,
    RestCors: _cors,
    RestStage: _stage,
    ApiKey: _api_key,
    UsagePlan: _usage_plan,
}
