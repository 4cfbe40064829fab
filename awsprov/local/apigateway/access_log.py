"""Access logs: one event a request, made from the stage's format and its `$context` variables."""

import hashlib
import re
import time
from dataclasses import dataclass
from typing import Any

from awsprov.local import logs
from awsprov.local.apigateway.messages import Request, Response
from awsprov.local.cloud import ACCOUNT, Cloud
from awsprov.local.logs import LogLine, epoch_ms

_VARIABLE = re.compile(r"\$context\.([A-Za-z][\w.-]*\w)")


@dataclass
class Facts:
    """What is known of a request beyond what it says itself."""

    api_id: str
    stage: str
    resource: str = ""  # a REST API's path, or an HTTP API's route
    path: str = ""
    signer: str = ""
    key_id: str = ""
    integration_latency: int | None = None  # milliseconds
    integration_status: int | None = None
    integration_error: str = ""


def write(
    cloud: Cloud, region: str, settings: dict[str, Any] | None, request: Request, response: Response, facts: Facts
) -> None:
    """Log a request to the group that the settings name, if there are any."""
    arn = (settings or {}).get("destinationArn") or ""
    group = arn.partition(":log-group:")[2].removesuffix(":*")
    if not settings or not group:
        return
    values = _values(region, request, response, facts)
    message = _VARIABLE.sub(lambda found: values.get(found[1]) or "-", settings.get("format") or "$context.requestId")
    stream = hashlib.md5(f"{facts.api_id}/{facts.stage}".encode(), usedforsecurity=False).hexdigest()
    logs.write(cloud, region, group, stream, [LogLine(epoch_ms(), message)])


def _values(region: str, request: Request, response: Response, facts: Facts) -> dict[str, str]:
    latency = int((time.time() - request.time) * 1000)
    domain = f"{facts.api_id}.execute-api.{region}.amazonaws.com"
    values = {
        "accountId": ACCOUNT,
        "apiId": facts.api_id,
        "domainName": domain,
        "domainPrefix": facts.api_id,
        "error.message": response.error,
        "error.messageString": f'"{response.error}"' if response.error else "",
        "extendedRequestId": request.extended_id,
        "httpMethod": request.method,
        "identity.accessKey": facts.signer,
        "identity.apiKeyId": facts.key_id,
        "identity.caller": ACCOUNT if facts.signer else "",
        "identity.sourceIp": request.source_ip,
        "identity.user": ACCOUNT if facts.signer else "",
        "identity.userAgent": request.headers.get("User-Agent", ""),
        "integration.error": facts.integration_error,
        "integration.latency": facts.integration_latency,
        "integration.status": facts.integration_status,
        "integrationErrorMessage": facts.integration_error,
        "integrationLatency": facts.integration_latency,
        "integrationStatus": facts.integration_status,
        "path": facts.path,
        "protocol": request.protocol,
        "requestId": request.id,
        "requestTime": request.written_time,
        "requestTimeEpoch": int(request.time * 1000),
        "resourcePath": facts.resource,
        "responseLatency": latency,
        "responseLength": len(response.body),
        "routeKey": facts.resource,
        "stage": facts.stage,
        "status": response.status,
    }
    return {name: "" if value is None else str(value) for name, value in values.items()}
