"""Requests and API Gateway events to send to the demo."""

import base64
import json
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> Any:
    """Return the request in a file of `examples/`."""
    return json.loads((EXAMPLES / name).read_text(encoding="utf-8"))


def asking(need: str, *offers: str, **fields: Any) -> dict[str, Any]:
    """Return a valid request with the need and the offers as descriptions, and a different title for each."""
    documents = [{"id": str(index), "title": f"offer{index}", "description": text} for index, text in enumerate(offers)]
    return {"requirement": {"title": "needed", "description": need}, "offers": documents, **fields}


def rest(body: str | None, method: str = "POST", encoded: bool = False) -> dict[str, Any]:
    """Return a proxy event of a REST API (version 1)."""
    return {
        "resource": "/similarity",
        "path": "/similarity",
        "httpMethod": method,
        "headers": {"content-type": "application/json"},
        "requestContext": {"httpMethod": method, "stage": "prod", "requestId": "r-1"},
        "body": body,
        "isBase64Encoded": encoded,
    }


def http(body: str | None, method: str = "POST", encoded: bool = False) -> dict[str, Any]:
    """Return an event of an HTTP API (payload 2.0), which has no `body` key if there is no body."""
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} /similarity",
        "rawPath": "/similarity",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": method, "path": "/similarity"}, "requestId": "r-2"},
        "isBase64Encoded": encoded,
    }
    return event if body is None else event | {"body": body}


def in_base64(text: str) -> str:
    """Return the text in base64, as API Gateway passes binary bodies."""
    return base64.b64encode(text.encode()).decode()


def body_of(response: dict[str, Any]) -> Any:
    """Return the JSON value in the body of an HTTP response."""
    return json.loads(response["body"])
