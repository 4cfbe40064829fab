"""The HTTP endpoints of the functions: their URLs, and requests to them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from awsprov.aws.client import Aws
from awsprov.aws.http import HttpResponse, http
from awsprov.config.models import DEFAULT_API_STAGE, Config
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.errors import NoStackError, RefusedError, UsageError
from awsprov.resources.api.access import ApiKey
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.http_parts import HttpRoute
from awsprov.resources.api.http_stage import HttpStage
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.api.rest_methods import RestRoute
from awsprov.resources.api.rest_stage import RestStage
from awsprov.resources.function.alias import Alias

_PARAMETER = re.compile(r"\{(\w+)(\+?)\}")  # in a path: `{id}`, or `{path+}` for several segments
_JSON = {"content-type": "application/json"}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Endpoint:
    """A route of the API with its URL and the name of its function."""

    method: str
    path: str
    function: str
    url: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def list_endpoints(stack: Stack, aws: Aws, config: Config) -> list[Endpoint]:
    """Return the endpoints of the routes that can be called: with their function's live version, and a stage."""
    apis: list[RestApi | HttpApi] = [*stack.of(RestApi), *stack.of(HttpApi)]
    stages: list[RestStage | HttpStage] = [*stack.of(RestStage), *stack.of(HttpStage)]
    live = {route.name for route, alias in routes_of(stack) if route.id and alias.id}
    if not (live and all(each.id for each in (*apis, *stages))):
        return []
    base = apis[0].invoke_url(aws, config.stage or DEFAULT_API_STAGE)
    return [
        Endpoint(route.method, route.path, name, f"{base}{route.path}")
        for name, function in config.functions.items()
        for route in function.routes
        if str(route) in live
    ]


def routes_of(stack: Stack) -> Iterator[tuple[Resource, Alias]]:
    """Yield the declared routes, which are named as in `POST /items`, each with the alias that it invokes."""
    yield from ((route, route.alias) for route in stack.of(RestRoute))
    yield from ((route, route.integration.alias) for route in stack.of(HttpRoute))


def find_endpoint(endpoints: list[Endpoint], function: str, route: str) -> Endpoint:
    """Return the endpoint of a route, or of a request that a route serves; without one, the function's first.

    Arguments:
        endpoints: all endpoints.
        function: a function's name; empty for any.
        route: a path, or a method and a path, as in config.yaml or as in a request, such as `GET /items/7` for
            `GET /items/{id}`; empty for the first.

    Raises:
        NoStackError: there is no API.
        UsageError: the function has no such route.
    """
    if not endpoints:
        raise NoStackError("No route of the API can be called yet.", remedy="`awsprov up` creates what is missing.")
    own = [endpoint for endpoint in endpoints if function in ("", endpoint.function)]
    matching = [each for each in own if not route or route in (each.path, str(each))]
    if matching:
        return matching[0]
    if serving := endpoint_of(own, route):
        return _concrete(serving, route)
    known = ", ".join(map(str, own)) or "none"
    raise UsageError(
        f"{function or 'The API'} has no route {route}".strip() + ".",
        why=f"Its routes: {known}.",
        remedy="Name one of them with --route." if own else "Without --http, `awsprov invoke` calls it through Lambda.",
    )


def endpoint_of(endpoints: Iterable[Endpoint], request: str) -> Endpoint | None:
    """Return the endpoint that serves a request such as `GET /items/7`: the most specific one; None if none does."""
    return next((each for each in sorted(endpoints, key=_generality) if _serves(each, request)), None)


def _generality(endpoint: Endpoint) -> tuple[int, int, bool]:
    """Return a key by which routes are sorted from the most specific to the most general, as API Gateway does."""
    return endpoint.path.count("+}"), endpoint.path.count("{"), endpoint.method == "ANY"


def _serves(endpoint: Endpoint, request: str) -> bool:
    """Return whether a route serves a request such as `GET /items/7`, or a path of it."""
    method, path = _split(request)
    parts = re.split(r"(\{\w+\+?\})", endpoint.path)
    pattern = "".join(
        (".+" if part.endswith("+}") else "[^/]+") if part.startswith("{") else re.escape(part) for part in parts
    )
    return (not method or endpoint.method in ("ANY", method)) and bool(re.fullmatch(pattern, path))


def _split(request: str) -> tuple[str, str]:
    """Return the method, if there is one, and the path of a request."""
    method, space, path = request.partition(" ")
    return (method, path) if space and not method.startswith("/") else ("", request)


def _concrete(endpoint: Endpoint, request: str) -> Endpoint:
    """Return a route's endpoint with the path, and the method if there is one, of a request."""
    method, path = _split(request)
    url = f"{endpoint.url.removesuffix(endpoint.path)}{quote(path, safe='/%')}"
    return Endpoint(method or endpoint.method, path, endpoint.function, url)


def path_parameters(endpoint: Endpoint) -> list[str]:
    """Return the names of the parameters in an endpoint's path."""
    return [name for name, _ in _PARAMETER.findall(endpoint.path)]


def fill_path(endpoint: Endpoint, values: Mapping[str, str]) -> Endpoint:
    """Return an endpoint with values in place of its path parameters.

    Raises:
        UsageError: a value is missing, or is for a parameter that the path does not have.
    """
    parameters = path_parameters(endpoint)
    if missing := [name for name in parameters if name not in values]:
        listed = " and ".join(f"{{{name}}}" for name in missing)
        options = " ".join(f"--path {name}=VALUE" for name in missing)
        raise UsageError(f"{endpoint} needs a value for {listed} in its path.", remedy=f"Add {options}.")
    if extra := [name for name in values if name not in parameters]:
        raise UsageError(f"{endpoint} has no {{{extra[0]}}} in its path.", remedy=f"Leave out --path {extra[0]}=….")

    def value(parameter: "re.Match[str]") -> str:
        return quote(values[parameter[1]], safe="/" if parameter[2] else "")

    path = _PARAMETER.sub(value, endpoint.path)
    return replace(endpoint, path=path, url=f"{endpoint.url.removesuffix(endpoint.path)}{path}")


def send_request(
    endpoint: Endpoint,
    body: bytes,
    stack: Stack,
    aws: Aws,
    config: Config,
    *,
    headers: Mapping[str, str] = _JSON,
    timeout: int = 60,
) -> HttpResponse:
    """Send a request, signed or with the API key if the API needs that.

    Arguments:
        headers: its headers, with names in lower case; by default those of a JSON body.
        timeout: seconds; longer if the API waits longer for the function.

    Raises:
        RefusedError: the URL is not encrypted, or the API needs a JWT, which awsprov does not have.
    """
    _check_encrypted(endpoint.url)
    sent = dict(headers)
    method = "POST" if endpoint.method == "ANY" else endpoint.method
    if config.api.auth == "iam":
        sent = aws.signed(method, endpoint.url, body, sent)
    elif config.api.auth == "api_key":
        sent["x-api-key"] = stack.of(ApiKey)[0].value(aws)
    elif config.api.auth == "jwt":
        raise RefusedError("The API needs a JWT.", remedy="Use your own client, or `awsprov invoke` without --http.")
    return http(method, endpoint.url, body, sent, max(timeout, config.api.waits + 10))


def _check_encrypted(url: str) -> None:
    """Refuse to send credentials over plain HTTP, except to this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise RefusedError(
            f"{url} is not encrypted. The request was not sent.", why="Its response names this URL for the API."
        )
