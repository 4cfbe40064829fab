"""Where the functions answer over HTTP, and how to call them there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from awsprov.aws.client import Aws
from awsprov.aws.http import Answer, http
from awsprov.config.models import STAGE_NAME, Config
from awsprov.engine.stack import Stack
from awsprov.errors import NoStackError, RefusedError, UsageError
from awsprov.resources.api.access import ApiKey
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.rest_api import RestApi

_VARIABLE = re.compile(r"\{(\w+)(\+?)\}")  # the parts of a path as in /items/{id}, or /files/{path+} for many segments


@dataclass(frozen=True)
class Route:
    """A method and a path of the API, the function behind it, and its URL."""

    method: str
    path: str
    function: str
    url: str


def routes(stack: Stack, aws: Aws, config: Config) -> list[Route]:
    """The routes with their URLs; none while the API does not exist."""
    apis: list[RestApi | HttpApi] = [*stack.of(RestApi), *stack.of(HttpApi)]
    apis = [api for api in apis if api.id]
    if not apis:
        return []
    base = _base(apis[0], aws, config)
    split = [(route.split(" ", 1), name) for name, function in config.functions.items() for route in function.routes]
    return [Route(method, path, name, f"{base}{path}") for (method, path), name in split]


def _base(api: RestApi | HttpApi, aws: Aws, config: Config) -> str:
    """What every URL of an API begins with; behind an endpoint of our own, a path under that."""
    stage = f"/{config.stage or STAGE_NAME}" if isinstance(api, RestApi) else ""
    if aws.endpoint:
        return f"{aws.endpoint}/_aws/execute-api/{api.id}{stage}"
    suffix = "amazonaws.com.cn" if aws.partition == "aws-cn" else "amazonaws.com"
    return f"https://{api.id}.execute-api.{aws.region}.{suffix}{stage}"


def choose(found: list[Route], function: str, wanted: str) -> Route:
    """The route to call: the one that is named, else the function's first.

    Arguments:
        found: all routes.
        function: a function's name.
        wanted: a path, or a method and a path; empty for the first.

    Raises:
        NoStackError: there is no API.
        UsageError: there is no such route.
    """
    if not found:
        raise NoStackError("There is no API to call.", remedy="Run `awsprov up` first.")
    ours = [route for route in found if route.function == function]
    fit = [route for route in ours if not wanted or wanted in (route.path, f"{route.method} {route.path}")]
    if not fit:
        known = ", ".join(f"{route.method} {route.path}" for route in ours) or "none"
        raise UsageError(f"{function} has no route {wanted or 'at all'}.", why=f"Its routes: {known}.")
    return fit[0]


def filled(route: Route, values: Mapping[str, str]) -> Route:
    """A route with values in the place of its path's variables.

    Raises:
        UsageError: a value is missing, or one is given that the path does not have.
    """
    known = [name for name, _ in _VARIABLE.findall(route.path)]
    if set(known) != set(values):
        shown = " ".join(f"--path {name}=VALUE" for name in known) or "no --path"
        raise UsageError(f"{route.method} {route.path} wants other values.", remedy=f"Give it {shown}.")

    def value(found: "re.Match[str]") -> str:
        return quote(values[found[1]], safe="/" if found[2] else "")

    path = _VARIABLE.sub(value, route.path)
    return replace(route, path=path, url=f"{route.url.removesuffix(route.path)}{path}")


def call(route: Route, body: bytes, stack: Stack, aws: Aws, config: Config, timeout: int = 60) -> Answer:
    """Send a JSON request as the API asks for it: signed, or with its key.

    Raises:
        RefusedError: the address is none of the API's, or the API wants a token that awsprov does not have.
    """
    _check(route.url, aws)
    headers = {"content-type": "application/json"}
    method = "POST" if route.method == "ANY" else route.method
    if config.api.auth == "iam":
        headers = aws.signed(method, route.url, body, headers)
    elif config.api.auth == "api_key":
        headers["x-api-key"] = stack.of(ApiKey)[0].value(aws)
    elif config.api.auth == "jwt":
        raise RefusedError(
            "The API wants a JWT.", remedy="Call it with your own client, or `awsprov invoke` without --http."
        )
    return http(method, route.url, body, headers, timeout)


def _check(url: str, aws: Aws) -> None:
    """Credentials go over TLS, or no further than this machine."""
    where = urlsplit(url)
    if where.scheme != "https" and where.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise RefusedError(
            f"{url} is not encrypted; no signed request is sent there.", why=f"The endpoint is {aws.endpoint}."
        )
