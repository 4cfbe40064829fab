"""The API of the stack: REST or HTTP, with its routes, its stage and its permissions to call functions."""

from collections.abc import Mapping
from typing import NamedTuple

from awsprov.config.models import DEFAULT_API_STAGE, Config
from awsprov.engine.stack import Stack
from awsprov.resources.api.access import ApiKey, UsagePlan
from awsprov.resources.api.access_log import ApiLogGroup
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.http_parts import HttpIntegration, HttpRoute, JwtAuthorizer
from awsprov.resources.api.http_stage import HttpStage
from awsprov.resources.api.rest_api import BINARY, RestApi, RestPath, RestValidator
from awsprov.resources.api.rest_integrations import BodyIntegration, ProxyIntegration
from awsprov.resources.api.rest_methods import RestCors, RestRoute
from awsprov.resources.api.rest_responses import RESPONSE_TYPES, RestGatewayResponse
from awsprov.resources.api.rest_stage import RestStage
from awsprov.resources.function.alias import Alias
from awsprov.stack.permissions import declare_permissions

Aliases = Mapping[str, Alias]  # by the function's name
Paths = dict[str, RestApi | RestPath]  # by path; the API is the root


class _FunctionRoute(NamedTuple):
    method: str
    path: str
    function: str


def _routes(config: Config) -> list[_FunctionRoute]:
    """Return the routes of all functions, in the order of config.yaml."""
    return [
        _FunctionRoute(route.method, route.path, name) for name, f in config.functions.items() for route in f.routes
    ]


def declare_api(config: Config, aliases: Aliases, stack: Stack) -> None:
    """Declare the API of the configured type; none if no function has a route."""
    if not _routes(config):
        return
    if config.api.type == "http":
        _declare_http_api(config, aliases, stack)
    else:
        _declare_rest_api(config, aliases, stack)


def _declare_rest_api(config: Config, aliases: Aliases, stack: Stack) -> None:
    """Declare a REST API with its methods, its stage and permissions; with a key if config.yaml requires one."""
    api = stack.add(RestApi("api", _description(config), _binary_types(config)))
    methods = _declare_rest_methods(config, api, aliases, stack)
    stage_name, limits = config.stage or DEFAULT_API_STAGE, config.api.throttle
    stage = stack.add(
        RestStage(
            "api-stage",
            api,
            methods,
            stage_name,
            rate=limits.rate,
            burst=limits.burst,
            log=stack.add(ApiLogGroup("api-log-group", config.api.log_days, api, stage_name)),
            traced=config.tracing,
            metrics=config.api.metrics,
            gateway_responses=_declare_gateway_responses(config, api, stack),
        )
    )
    if config.api.auth == "api_key":
        key = stack.add(ApiKey("api-key"))
        stack.add(UsagePlan("usage-plan", stage, key, rate=limits.rate, burst=limits.burst))
    declare_permissions(config, api, aliases, stack)


def _declare_rest_methods(
    config: Config, api: RestApi, aliases: Aliases, stack: Stack
) -> tuple[RestRoute | RestCors, ...]:
    """Declare the paths and their methods, with `OPTIONS` for each path if there is a CORS origin."""
    paths: Paths = {"/": api}
    methods: list[RestRoute | RestCors] = []
    auth, origin = "none" if config.api.auth == "jwt" else config.api.auth, config.api.cors_origin
    validator = stack.add(RestValidator("request-validator", api))
    for method, path, function in _routes(config):
        place, alias = _declare_path(api, paths, path, stack), aliases[function]
        route = RestRoute(
            f"{method} {path}",
            api,
            place,
            method,
            alias=alias,
            auth=auth,
            validator=validator,
            integration=_integration(config, function),
            after=(alias.function,),
        )
        _warn_of_timeout(route, config, function)
        methods.append(stack.add(route))
    for path in dict.fromkeys(route.path for route in _routes(config)) if origin else ():
        others = tuple(route.method for route in _routes(config) if route.path == path)
        cors = RestCors(f"OPTIONS {path}", api, paths[path], validator=validator, origin=str(origin), methods=others)
        methods.append(stack.add(cors))
    return tuple(methods)


def _binary_types(config: Config) -> tuple[str, ...]:
    """Return the binary media types of a REST API: all, or none if a function gets the JSON body.

    API Gateway gives a custom integration a binary body in base64 only, in which there is no JSON ("Content type
    conversions in API Gateway").
    """
    return () if any(config.takes_body(route.function) for route in _routes(config)) else BINARY


def _integration(config: Config, name: str) -> ProxyIntegration:
    """Return how the API passes requests to a function."""
    if not config.takes_body(name):
        return ProxyIntegration(config.api.waits)
    function = config.functions[name]
    return BodyIntegration(config.api.waits, function.errors, function.event, config.api.cors_origin)


def _declare_gateway_responses(config: Config, api: RestApi, stack: Stack) -> tuple[RestGatewayResponse, ...]:
    """Declare the gateway responses that add the CORS origin to API Gateway's own errors; none without an origin."""
    origin = config.api.cors_origin
    kinds = RESPONSE_TYPES if origin else ()
    return tuple(stack.add(RestGatewayResponse(f"gateway-response {kind}", api, kind, str(origin))) for kind in kinds)


def _declare_path(api: RestApi, paths: Paths, path: str, stack: Stack) -> RestApi | RestPath:
    """Declare a path, and those above it, that are not declared yet; return it."""
    if path not in paths:
        above, _, part = path.rpartition("/")
        parent = _declare_path(api, paths, above or "/", stack)
        paths[path] = stack.add(RestPath(f"path {path}", api, parent, part))
    return paths[path]


def _declare_http_api(config: Config, aliases: Aliases, stack: Stack) -> None:
    """Declare an HTTP API with its routes, its stage and permissions."""
    api = stack.add(HttpApi("http-api", _description(config), config.api.cors_origin))
    authorizer = None
    if jwt := config.api.jwt:
        authorizer = stack.add(JwtAuthorizer("jwt-authorizer", api, jwt.issuer, tuple(jwt.audience)))
    routes, auth = _routes(config), "none" if config.api.auth == "api_key" else config.api.auth
    integrations = {
        name: stack.add(HttpIntegration(f"{name}-integration", api, aliases[name], after=(aliases[name].function,)))
        for name in dict.fromkeys(route.function for route in routes)
    }
    for method, path, function in routes:
        key = f"{method} {path}"
        route = HttpRoute(key, api, integrations[function], key, auth=auth, authorizer=authorizer)
        _warn_of_timeout(route, config, function)
        stack.add(route)
    log, limits = stack.add(ApiLogGroup("api-log-group", config.api.log_days, api, "default")), config.api.throttle
    stack.add(HttpStage("api-stage", api, rate=limits.rate, burst=limits.burst, log=log, metrics=config.api.metrics))
    declare_permissions(config, api, aliases, stack)


def _warn_of_timeout(route: RestRoute | HttpRoute, config: Config, function: str) -> None:
    """Note that a function may run for longer than its API waits, at the first of its routes."""
    own, longest = config.functions[function], config.api.waits
    if own.timeout > longest and route.name == str(own.routes[0]):
        longer = "set `api.timeout`, " if config.api.type == "rest" else ""
        routes = ", ".join(map(str, own.routes))
        route.note = (
            f"{routes}: {function} may run for {own.timeout} s, but the API waits for {longest} s and then responds "
            f"with an error. Reduce `functions.{function}.timeout`, {longer}or use `awsprov invoke --async` for these."
        )


def _description(config: Config) -> str:
    return f"{config.stack}, created by awsprov"
