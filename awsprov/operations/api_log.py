"""The access log of the API: the requests that it answered with a server error."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.log_query import Query, log_events
from awsprov.engine.stack import Stack
from awsprov.operations.endpoints import Endpoint, endpoint_of, routes_of
from awsprov.resources.api.access_log import ApiLogGroup

SERVER_ERRORS = '"status": "5'  # in each line of a request that was answered with 500 to 599
_FIELD = re.compile(r'"(\w+)": "(.*?)"(?=, "\w+": "|\}\s*$)')  # not JSON: API Gateway does not escape messages


@dataclass(frozen=True)
class ApiFailure:
    """A request that the API answered with a server error.

    Arguments:
        function: the name of the function whose route it is.
        at: when.
        request: its method and path, below the stage.
        status: the HTTP status.
        reason: API Gateway's reason; empty if the log does not contain it.
    """

    function: str
    at: datetime
    request: str
    status: int
    reason: str


def api_log_group(stack: Stack) -> str:
    """Return the name of the API's log group; empty if there is none."""
    return next((group.id for group in stack.of(ApiLogGroup)), "")


def api_failures(stack: Stack, aws: Aws, since: datetime) -> list[ApiFailure]:
    """Return the requests that the API answered with a server error, oldest first.

    Arguments:
        stack: the stack, whose resources have been found.
        aws: the clients.
        since: the earliest time.

    Raises:
        NoStackError: the log group does not exist.
    """
    group, routes = api_log_group(stack), list(_routes(stack))
    if not (group and routes):
        return []
    query = Query(int(since.timestamp() * 1000), SERVER_ERRORS)
    return [found for event in log_events(aws, group, query) if (found := _failure(routes, event))]


def _failure(routes: list[Endpoint], event: Any) -> ApiFailure | None:
    """Return the failure in a line; None for a line of API Gateway's execution log, or about no function."""
    fields = dict(_FIELD.findall(str(event["message"])))
    request = f"{fields.get('method', '')} {fields.get('path', '')}"
    function = _function(routes, request)
    if not (function and re.fullmatch(r"\d{3}", fields.get("status", ""))):
        return None
    reasons = [fields.get(name, "-") for name in ("integration", "error")]
    reason = next((each for each in reasons if each != "-"), "")
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return ApiFailure(function, at, request, int(fields["status"]), reason)


def _routes(stack: Stack) -> Iterator[Endpoint]:
    for route, alias in routes_of(stack):
        method, _, path = route.name.partition(" ")
        yield Endpoint(method, path, alias.function.name, "")


def _function(routes: list[Endpoint], request: str) -> str:
    """Return the function of a request. The path of a REST API's request begins with the stage."""
    method, _, path = request.partition(" ")
    below = f"/{path.lstrip('/').partition('/')[2]}"
    found = endpoint_of(routes, request) or endpoint_of(routes, f"{method} {below}")
    return found.function if found else ""
