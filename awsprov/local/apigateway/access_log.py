"""The access logs of stages: one log event per request, from the format of the stage and its `$context` variables."""

import hashlib
import re
import time
from dataclasses import dataclass
from typing import Any

from awsprov.local import logs
from awsprov.local.apigateway.callers import ApiCaller
from awsprov.local.apigateway.messages import Request, Response
from awsprov.local.cloud import ACCOUNT, Cloud
from awsprov.local.logs import LogLine, epoch_ms

_VARIABLE = re.compile(r"\$context\.([A-Za-z][\w.-]*\w)")


@dataclass
class LogContext:
    """The values of `$context` variables that are not in the request or the response.

    Arguments:
        resource: the path of a REST API's method, or the route key of an HTTP API.
        caller: whose key signed the request.
        api_key_id: the id of the API key of the request.
        integration_latency: in milliseconds.
    """

    api_id: str
    stage: str
    resource: str = ""
    path: str = ""
    caller: ApiCaller | None = None
    api_key_id: str = ""
    integration_latency: int | None = None
    integration_status: int | None = None
    integration_error: str = ""


def write(
    cloud: Cloud,
    region: str,
    settings: dict[str, Any] | None,
    context: LogContext,
    *,
    request: Request,
    response: Response,
) -> None:
    """Log a request to the log group of the access log settings, if there are any."""
    arn = (settings or {}).get("destinationArn") or ""
    group = arn.partition(":log-group:")[2].removesuffix(":*")
    if not settings or not group:
        return
    values = _values(region, request, response, context)
    message = _VARIABLE.sub(lambda found: values.get(found[1]) or "-", settings.get("format") or "$context.requestId")
    stream = hashlib.md5(f"{context.api_id}/{context.stage}".encode(), usedforsecurity=False).hexdigest()
    logs.write(cloud, region, group, stream, [LogLine(epoch_ms(), message)])


def _values(region: str, request: Request, response: Response, context: LogContext) -> dict[str, str]:
    caller = context.caller.user_id if context.caller else ""
    values = {
        "accountId": ACCOUNT,
        "apiId": context.api_id,
        "domainName": f"{context.api_id}.execute-api.{region}.amazonaws.com",
        "domainPrefix": context.api_id,
        "error.message": response.error,
        "error.messageString": f'"{response.error}"' if response.error else "",
        "extendedRequestId": request.extended_id,
        "httpMethod": request.method,
        "identity.accessKey": context.caller.access_key if context.caller else "",
        "identity.apiKeyId": context.api_key_id,
        "identity.caller": caller,
        "identity.sourceIp": request.source_ip,
        "identity.user": caller,
        "identity.userArn": context.caller.arn if context.caller else "",
        "identity.userAgent": request.headers.get("User-Agent", ""),
        "integration.error": context.integration_error,
        "integration.latency": context.integration_latency,
        "integration.status": context.integration_status,
        "integrationErrorMessage": context.integration_error,
        "integrationLatency": context.integration_latency,
        "integrationStatus": context.integration_status,
        "path": context.path,
        "protocol": request.protocol,
        "requestId": request.id,
        "requestTime": request.formatted_time,
        "requestTimeEpoch": int(request.time * 1000),
        "resourcePath": context.resource,
        "responseLatency": int((time.time() - request.time) * 1000),
        "responseLength": len(response.body),
        "routeKey": context.resource,
        "stage": context.stage,
        "status": response.status,
    }
    return {name: "" if value is None else str(value) for name, value in values.items()}
