"""Errors in config.yaml that no section shows by itself: names, routes and variables that AWS would refuse."""

import json
import re
from collections.abc import Iterator

from awsprov.aws.limits import ATTACHED_POLICIES, CERTAIN_MEMORY, MANAGED_POLICY, MEMORY, ROLE_NAME, VARIABLES
from awsprov.aws.place import Place
from awsprov.aws.url_suffixes import partition_of
from awsprov.config.models import Config
from awsprov.config.payload import missing_parameters
from awsprov.config.route import Route
from awsprov.config.yaml_document import Document, Keys, Problem
from awsprov.packaging.environment import variables_of

_OWN_NETWORK = {"cidr", "zones", "nat", "address", "endpoints"}
_ROLE = "role"  # the end of the longest name that contains a function's
_OWN_POLICIES = 2  # what the function itself needs, and its permissions
_VARIABLE = re.compile(r"\{[^}]*\}")


def contradictions(config: Config, document: Document) -> list[Problem]:
    """Return the errors in a configuration whose sections are valid, each with its position in the file."""
    found = [Problem(document.position(keys), message) for keys, message in _wrong_values(config)]
    wrong_keys = [*_long_names(config), *_needless_keys(config), *_keys_of_another_network(config)]
    return [*found, *(Problem(document.position(keys, of_key=True), message) for keys, message in wrong_keys)]


def _wrong_values(config: Config) -> Iterator[tuple[Keys, str]]:
    if config.api.auth == "jwt" and config.api.jwt is None:
        yield ("api", "auth"), "`api.auth` is jwt: `api.jwt` must name the issuer and audience"
    if config.api.type == "http" and config.api.payload == "body":
        yield ("api", "payload"), "`api.payload` cannot be body for HTTP APIs; use `type: rest`"
    if config.api.type == "http":  # botocore's model of API Gateway V2: StringWithLengthBetween1And1600
        empty = (key for key, value in config.tags.items() if not value)
        yield from ((("tags", key), f"the tag `{key}` has no value, which HTTP APIs need") for key in empty)
    yield from _double_routes(config)
    yield from _other_partitions(config)
    for name in config.functions:
        yield from _wrong_payload(config, name)
        yield from _wrong_permissions(config, name)
        size = variables_size(config, name)
        if size > VARIABLES:
            message = (
                f"`{name}`: its variables take {size} bytes as JSON, with awsprov's own; Lambda allows {VARIABLES}"
            )
            yield ("functions", name), message


def _needless_keys(config: Config) -> Iterator[tuple[Keys, str]]:
    """Yield the keys that have an effect with `payload: body` only."""
    for name, function in config.functions.items():
        for key in ("errors", "event"):
            if getattr(function, key) and not config.takes_body(name):
                yield ("functions", name, key), f"`{key}` needs `payload: body`"


def _keys_of_another_network(config: Config) -> Iterator[tuple[Keys, str]]:
    """Yield the keys that are for a network of awsprov's own beside existing subnets, and the other way round."""
    network = config.network
    if network.subnets:
        for key in sorted(network.model_fields_set & _OWN_NETWORK):
            yield (
                ("network", key),
                f"`network.{key}` is for a network of the stack's own; `network.subnets` names another",
            )
        return
    if config.file_system:
        yield ("file_system",), "`file_system` needs `network.subnets`: its mount targets are in an existing network"
    for section, key in (("network", "groups"), ("builder", "subnet"), ("builder", "via")):
        if getattr(getattr(config, section), key):
            yield (section, key), f"`{section}.{key}` needs `network.subnets`, the existing subnets of the functions"


def _wrong_payload(config: Config, name: str) -> Iterator[tuple[Keys, str]]:
    """Yield the errors of a function whose event is the JSON body."""
    function, section = config.functions[name], ("functions", name)
    if not config.takes_body(name):
        return
    if config.api.type == "http" and function.routes:
        if function.payload:  # otherwise it is the error of `api.payload`
            yield (*section, "payload"), "`payload: body` is for REST APIs only; use `api.type: rest`"
    elif function.smoke and function.smoke.expect.status is not None:
        message = "a result of a function with `payload: body` has no status; use `contains`"
        yield (*section, "smoke", "expect", "status"), message
    else:
        for route in function.routes:
            for parameter in missing_parameters(function.event, route.path):
                yield (*section, "event"), f"`event` has path.{parameter}, but `{route}` has no {{{parameter}}}"


def _other_partitions(config: Config) -> Iterator[tuple[Keys, str]]:
    """Yield the ARNs of another partition than the region's."""
    partition = partition_of(config.region)
    arns: dict[Keys, object] = {("roles", "boundary"): config.roles.boundary}
    for name, function in config.functions.items():
        arns |= {("functions", name, key): getattr(function, key) for key in ("role", "kms_key")}
        permissions = enumerate(function.permissions)
        arns |= {("functions", name, "permissions", index): each for index, each in permissions if each.partition}
    for keys, arn in arns.items():
        if arn and f"arn:{partition}:" not in str(arn):
            yield keys, f"`{arn}`: {config.region} is in the partition {partition}"


def _wrong_permissions(config: Config, name: str) -> Iterator[tuple[Keys, str]]:
    """Yield the errors of a function's permissions and role: more than IAM allows, or both."""
    function, keys, place = config.functions[name], ("functions", name, "permissions"), Place(config.region, "0" * 12)
    if function.role and function.permissions:
        yield keys, f"`{name}` has an existing `role`, which is never changed: give the permissions to that role"
    statements = [each.statement(place) for each in function.own_permissions]
    size = len(json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":")))
    if size > MANAGED_POLICY:
        yield keys, f"`{name}`: its permissions take {size} characters; IAM allows {MANAGED_POLICY} in a policy"
    attached = len(function.managed_policies) + _OWN_POLICIES
    if attached > ATTACHED_POLICIES:
        message = f"its role would have {attached} policies, {_OWN_POLICIES} of them awsprov's own; IAM attaches"
        yield keys, f"`{name}`: {message} {ATTACHED_POLICIES}"


def _long_names(config: Config) -> Iterator[tuple[Keys, str]]:
    """Yield the functions whose role's name is too long; it is longer than the name of the function itself."""
    parts = {"`name`": config.name, "stage": config.stage}
    for function in config.functions:
        named = {**parts, "function": function, "`role`": _ROLE}
        used = {what: part for what, part in named.items() if part}
        role = "-".join(used.values())
        if len(role) > ROLE_NAME:
            total = " + ".join(f"{len(part)} ({what})" for what, part in used.items())
            yield (
                ("functions", function),
                f"`{function}`: the name of its role, {role}, would have {total} + {len(used) - 1} (hyphens) = "
                f"{len(role)} characters; IAM allows {ROLE_NAME}",
            )


def _double_routes(config: Config) -> Iterator[tuple[Keys, str]]:
    """Yield the routes that API Gateway would not create beside an earlier one."""
    taken: dict[Route, str] = {}
    variables: dict[str, str] = {}  # the variable at each place of a path that has one
    for name, function in config.functions.items():
        for index, route in enumerate(function.routes):
            keys = ("functions", name, "routes", index)
            if route in taken:
                yield keys, f"`{route}` already invokes `{taken[route]}`"
            taken[route] = name
            for place, variable in _variables(config, route):
                other = variables.setdefault(place, variable)
                if other != variable:
                    yield (
                        keys,
                        f"`{route}`: another route has {other} in the place of {variable}; use one name for both",
                    )


def _variables(config: Config, route: Route) -> Iterator[tuple[str, str]]:
    """Yield each variable of a path with its place, where API Gateway allows one name only.

    In a REST API it is a resource, which has one variable below it at most. In an HTTP API, routes with the same method
    must not differ in the names of their variables only.
    """
    if config.api.type == "http":
        whole = _VARIABLE.sub(lambda found: "{+}" if found[0].endswith("+}") else "{}", str(route))
        for number, variable in enumerate(_VARIABLE.findall(route.path)):
            yield f"{whole} {number}", variable
        return
    segments = route.path.split("/")
    for index, segment in enumerate(segments):
        if _VARIABLE.fullmatch(segment):
            yield "/".join(segments[:index]), segment


def uncertain_values(config: Config) -> list[str]:
    """Return values that AWS may refuse, where its documentation is not clear."""
    return [
        f"`functions.{name}.memory` is {function.memory} MB. {MEMORY.source} allows {MEMORY.value}, but its "
        f"documentation does not say whether to functions like this one; {CERTAIN_MEMORY} is certain."
        for name, function in config.functions.items()
        if function.memory > CERTAIN_MEMORY
    ]


def unreachable_secrets(config: Config) -> list[str]:
    """Return a warning for each function that reads secrets when it starts, and has no internet access to do so."""
    if config.network.nat != "none" or config.network.subnets:
        return []
    return [
        f"{name} reads its secrets when it starts, but its network does not reach SSM and Secrets Manager "
        "(`network.nat: none`): on AWS it cannot start. Use `secrets_at: deploy`, or `nat: single`."
        for name, function in config.functions.items()
        if function.start_secrets
    ]


def variables_size(config: Config, name: str) -> int:
    """Return the bytes of all variables of a function as JSON, as Lambda counts them.

    The values of secrets that become variables at deployment are not known and count as empty.
    """
    function = config.functions[name]
    own = variables_of("0" * 16, "0" * 16 if config.libraries.files else "")
    secrets = dict.fromkeys(function.secrets, "") if function.secrets_at == "deploy" else {}
    variables = {**config.variables(name), **config.loader_variables(name), **secrets, **own}
    return len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode())
