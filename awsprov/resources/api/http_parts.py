"""The parts of an HTTP API: its integrations, its JWT authorizer and its routes."""

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any, ClassVar, Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.listing import list_items
from awsprov.resources.api.rest_api import without_variables
from awsprov.resources.function.alias import Alias
from awsprov.resources.missing_ok import API_GATEWAY_CONFLICT, API_GATEWAY_MISSING, delete

AUTHORIZATION_TYPES = {"iam": "AWS_IAM", "jwt": "JWT", "none": "NONE"}  # of routes, by `api.auth`
IDENTITY_SOURCES = ["$request.header.Authorization"]  # where a JWT authorizer finds the token


@dataclass(eq=False, repr=False)
class HttpPart(Resource):
    """A part of an HTTP API: an integration, an authorizer or a route. Its id is `api/part`.

    Arguments:
        api: the API.

    Attributes:
        list_method: the method of the client that lists parts of the type.
        delete_method: the method of the client that deletes one.
        id_key: the member of a description, and the parameter of `delete_method`, that holds the id.
    """

    api: HttpApi

    area = "serving"
    replace_triggered_by = frozenset({"api"})
    one_writer = "api"
    idempotent_create = False
    list_method: ClassVar[str]
    delete_method: ClassVar[str]
    id_key: ClassVar[str]

    def matches(self, part: Any, aws: Aws) -> bool:
        """Return whether a listed part is this one."""
        raise NotImplementedError

    def _part(self, aws: Aws) -> Any:
        if not self.api.id:
            return {}
        call = partial(list_items, aws.apigatewayv2, self.list_method, ApiId=self.api.id)
        parts = aws.cached(f"{self.list_method} {self.api.id}", call)
        return next((part for part in parts if self.matches(part, aws)), {})

    def find(self, aws: Aws) -> str:
        part = self._part(aws)
        return f"{self.api.id}/{part[self.id_key]}" if part else ""

    @property
    def part_id(self) -> str:
        """Its id within the API."""
        return self.id.partition("/")[2]

    def delete(self, aws: Aws) -> None:
        api, part = self.id.split("/")
        delete(
            aws,
            partial(getattr(aws.apigatewayv2, self.delete_method), **{"ApiId": api, self.id_key: part}),
            missing=API_GATEWAY_MISSING,
        )


@dataclass(eq=False, repr=False)
class HttpIntegration(HttpPart):
    """An integration: has routes call an alias, with payload format 2.0.

    Arguments:
        api: the API.
        alias: the alias.
    """

    alias: Alias

    forward_references = frozenset({"alias"})
    list_method = "get_integrations"
    delete_method = "delete_integration"
    id_key = "IntegrationId"

    def matches(self, part: Any, aws: Aws) -> bool:
        return bool(part.get("IntegrationUri") == self.alias.arn(aws))

    def create(self, aws: Aws) -> str:
        response = aws.apigatewayv2.create_integration(
            ApiId=self.api.id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=self.alias.arn(aws),
            PayloadFormatVersion="2.0",
            IntegrationMethod="POST",
        )
        return f"{self.api.id}/{response['IntegrationId']}"


@dataclass(eq=False, repr=False)
class JwtAuthorizer(HttpPart):
    """A JWT authorizer: accepts callers with a token of an issuer for one of some audiences.

    Arguments:
        api: the API.
        issuer: the URL of the issuer.
        audience: the audiences.
    """

    issuer: str
    audience: tuple[str, ...]

    list_method = "get_authorizers"
    delete_method = "delete_authorizer"
    id_key = "AuthorizerId"

    def matches(self, part: Any, aws: Aws) -> bool:
        return bool(part.get("Name") == self.name)

    def create(self, aws: Aws) -> str:
        response = aws.apigatewayv2.create_authorizer(
            ApiId=self.api.id,
            Name=self.name,
            AuthorizerType="JWT",
            IdentitySource=IDENTITY_SOURCES,
            JwtConfiguration=self._configuration(),
        )
        return f"{self.api.id}/{response['AuthorizerId']}"

    def _configuration(self) -> Any:
        return {"Issuer": self.issuer, "Audience": list(self.audience)}

    def read(self, aws: Aws) -> Values:
        call = partial(aws.apigatewayv2.get_authorizer, ApiId=self.api.id, AuthorizerId=self.part_id)
        token = aws.cached(f"Authorizer {self.id}", call).get("JwtConfiguration", {})
        return {"issuer": token.get("Issuer", ""), "audience": list(token.get("Audience", []))}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.apigatewayv2.update_authorizer(
            ApiId=self.api.id, AuthorizerId=self.part_id, JwtConfiguration=self._configuration()
        )


@dataclass(eq=False, repr=False)
class HttpRoute(HttpPart):
    """A route: a method and path that call an integration.

    Arguments:
        api: the API.
        integration: the integration.
        route_key: the method and path, as `POST /similarity`.
        auth: how callers are authenticated: `iam` (a SigV4 signature), `jwt`, or `none`.
        authorizer: the authorizer for `jwt`.
    """

    integration: HttpIntegration
    route_key: str
    _: KW_ONLY
    auth: Literal["iam", "jwt", "none"]
    authorizer: JwtAuthorizer | None = None

    already_exists_codes = API_GATEWAY_CONFLICT
    list_method = "get_routes"
    delete_method = "delete_route"
    id_key = "RouteId"

    def matches(self, part: Any, aws: Aws) -> bool:
        return bool(part.get("RouteKey") == self.route_key)

    def takes_place_of(self, orphan: Resource) -> bool:
        """Return whether it is the same route with other variables, which API Gateway refuses beside each other."""
        return isinstance(orphan, HttpRoute) and without_variables(orphan.name) == without_variables(self.name)

    def create(self, aws: Aws) -> str:
        response = aws.apigatewayv2.create_route(ApiId=self.api.id, RouteKey=self.route_key, **self._settings())
        return f"{self.api.id}/{response['RouteId']}"

    def _settings(self) -> Any:
        authorizer = {"AuthorizerId": self.authorizer.part_id} if self.authorizer else {}
        target = f"integrations/{self.integration.part_id}"
        return {"AuthorizationType": AUTHORIZATION_TYPES[self.auth], "Target": target, **authorizer}

    def read(self, aws: Aws) -> Values:
        route: Any = self._part(aws) or aws.apigatewayv2.get_route(ApiId=self.api.id, RouteId=self.part_id)
        names = ("AuthorizationType", "Target", "AuthorizerId")
        return {"settings": {name: route[name] for name in names if route.get(name)}}

    def wanted(self, aws: Aws) -> Values:
        return {"settings": self._settings()}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.apigatewayv2.update_route(ApiId=self.api.id, RouteId=self.part_id, **self._settings())
