"""Requests and API Gateway events to send to the demo, and its answers taken apart."""

import base64
import json
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> Any:
    """The request in a file of `examples/`."""
    return json.loads((EXAMPLES / name).read_text(encoding="utf-8"))


def asking(need: str, *offers: str, **more: Any) -> dict[str, Any]:
    """A valid request: the need and offers as descriptions, with titles that no two of them share."""
    listed = [{"id": str(place), "title": f"offer{place}", "description": text} for place, text in enumerate(offers)]
    return {"requirement": {"title": "needed", "description": need}, "offers": listed, **more}


def rest(body: str | None, method: str = "POST", encoded: bool = False) -> dict[str, Any]:
    """A REST API's proxy event (version 1)."""
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
    """An HTTP API's event (payload 2.0), which has no `body` when there is none."""
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
    """The text as API Gateway passes bodies that it takes for binary."""
    return base64.b64encode(text.encode()).decode()


def body_of(response: dict[str, Any]) -> Any:
    """The JSON value that an HTTP response holds."""
    return json.loads(response["body"])
