"""The permissions of an API to call functions: one for each route, or one for all of a function with many routes."""

import json
from collections.abc import Mapping, Sequence

from awsprov.aws.limits import FUNCTION_POLICY
from awsprov.config.models import Config
from awsprov.engine.stack import Stack
from awsprov.iam.policy_meaning import Statement
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.permission import ALL_ROUTES, Permission, route_pattern, statement
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.function.alias import LIVE, Alias

# Bytes. When routes change, new permissions are created before old ones are deleted: both must fit.
_ROOM = FUNCTION_POLICY // 2
_PARTITION, _ACCOUNT, _API, _DIGEST = "aws-us-gov", "0" * 12, "0" * 10, "0" * 12  # the longest, or as long as all are


def declare_permissions(config: Config, api: RestApi | HttpApi, aliases: Mapping[str, Alias], stack: Stack) -> None:
    """Declare the permissions of all functions."""
    for name, function in config.functions.items():
        routes = [str(route) for route in function.routes]
        size = policy_size(config, name, routes)
        chosen = routes if size <= _ROOM else [ALL_ROUTES]
        for route in chosen:
            permission = stack.add(Permission(_name(name, route), aliases[name], api, route=route))
            permission.note = "" if route else _note(name, len(routes), size)


def _name(function: str, route: str) -> str:
    return f"permission {route}" if route else f"{function}-permission"


def _note(function: str, routes: int, size: int) -> str:
    return (
        f"{function}: one permission lets the API call it for all of its {routes} routes. One for each would take "
        f"{size} bytes of its policy; Lambda allows {FUNCTION_POLICY}, and half is kept free for changes."
    )


def policy_size(config: Config, function: str, routes: Sequence[str]) -> int:
    """Return the bytes of a function's policy with a permission for each of some routes, at most."""
    statements = [_statement(config, function, route) for route in routes]
    document = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
    return len(json.dumps(document, separators=(",", ":")))


def _statement(config: Config, function: str, route: str) -> Statement:
    """Return the statement of a permission with the longest ids that it can have."""
    region, name = config.region, f"{config.stack}-{function}"
    alias = f"arn:{_PARTITION}:lambda:{region}:{_ACCOUNT}:function:{name}:{LIVE}"
    source = f"arn:{_PARTITION}:execute-api:{region}:{_ACCOUNT}:{_API}/{route_pattern(route)}"
    return statement(f"{config.stack}-permission-{_DIGEST}", alias, source)
