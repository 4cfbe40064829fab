"""The HTTP API of API Gateway: integrations, routes, a stage that deploys by itself, and a JWT authorizer."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Owned, Resource, Values, by_name
from awsprov.resources.function.versions import Alias
from awsprov.resources.missing_ok import delete

MISSING = ("NotFoundException",)
CONFLICT = ("ConflictException",)


@dataclass(eq=False, repr=False)
class HttpApi(Resource):
    """An HTTP API.

    Arguments:
        origin: the origin whose pages may read answers (CORS); None for no other origin.
    """

    about: str
    origin: str | None

    area = "serving"
    idempotent_create = False

    @classmethod
    def listed(cls, aws: Aws) -> list[Any]:
        """This stack's."""
        pages = aws.apigatewayv2.get_paginator("get_apis").paginate
        found = aws.cached("HttpApi", lambda: [api for page in pages() for api in page["Items"]])
        return [api for api in found if aws.tagged_name(api.get("Tags"))]

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        return by_name(aws, ((api["Tags"], api["ApiId"]) for api in cls.listed(aws)))

    def create(self, aws: Aws) -> str:
        return aws.apigatewayv2.create_api(
            Name=f"{aws.stack}-{self.name}", ProtocolType="HTTP", Description=self.about, Tags=aws.tags(self.name)
        )["ApiId"]

    def read(self, aws: Aws) -> Values:
        listed = next((api for api in self.listed(aws) if api["ApiId"] == self.id), None)
        seen: Any = listed or aws.apigatewayv2.get_api(ApiId=self.id)
        return {"origin": next(iter(seen.get("CorsConfiguration", {}).get("AllowOrigins", [])), None)}

    def configure(self, aws: Aws, changes: Differences) -> None:
        if self.origin is None:
            aws.apigatewayv2.delete_cors_configuration(ApiId=self.id)
            return
        headers = ["content-type", "authorization", "x-amz-date", "x-amz-security-token"]
        cors: Any = {"AllowOrigins": [self.origin], "AllowMethods": ["*"], "AllowHeaders": headers}
        aws.apigatewayv2.update_api(ApiId=self.id, CorsConfiguration=cors)

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.apigatewayv2.delete_api(ApiId=self.id), missing=MISSING)


@dataclass(eq=False, repr=False)
class HttpPart(Resource):
    """A part of an HTTP API. Its id is `api/part`.

    Attributes:
        listing: the client's method that lists its kind.
        deleting: the one that deletes it.
        key: the member of a description, and that method's parameter, which holds the id.
    """

    api: HttpApi

    area = "serving"
    replace_triggered_by = frozenset({"api"})
    idempotent_create = False
    listing: ClassVar[str]
    deleting: ClassVar[str]
    key: ClassVar[str]

    def matches(self, part: Any, aws: Aws) -> bool:
        """Whether a listed part is this one."""
        raise NotImplementedError

    def _part(self, aws: Aws) -> Any:
        if not self.api.id:
            return {}
        ask = partial(getattr(aws.apigatewayv2, self.listing), ApiId=self.api.id, MaxResults="500")
        parts = aws.cached(f"{self.listing} {self.api.id}", ask)["Items"]
        return next((part for part in parts if self.matches(part, aws)), {})

    def find(self, aws: Aws) -> str:
        part = self._part(aws)
        return f"{self.api.id}/{part[self.key]}" if part else ""

    @property
    def part_id(self) -> str:
        """Its own id in the API."""
        return self.id.partition("/")[2]

    def delete(self, aws: Aws) -> None:
        api, part = self.id.split("/")
        delete(
            aws, partial(getattr(aws.apigatewayv2, self.deleting), **{"ApiId": api, self.key: part}), missing=MISSING
        )


@dataclass(eq=False, repr=False)
class HttpIntegration(HttpPart):
    """What a route calls: an alias, with payload format 2.0."""

    alias: Alias

    replace_triggered_by = frozenset({"api", "alias"})
    listing, deleting, key = "get_integrations", "delete_integration", "IntegrationId"

    def matches(self, part: Any, aws: Aws) -> bool:
        return bool(part.get("IntegrationUri") == self.alias.arn(aws))

    def create(self, aws: Aws) -> str:
        answer = aws.apigatewayv2.create_integration(
            ApiId=self.api.id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=self.alias.arn(aws),
            PayloadFormatVersion="2.0",
            IntegrationMethod="POST",
        )
        return f"{self.api.id}/{answer['IntegrationId']}"


@dataclass(eq=False, repr=False)
class JwtAuthorizer(HttpPart):
    """Lets in who carries a token of one issuer for one of these audiences."""

    issuer: str
    audience: tuple[str, ...]

    listing, deleting, key = "get_authorizers", "delete_authorizer", "AuthorizerId"

    def matches(self, part: Any, aws: Aws) -> bool:
        return bool(part.get("Name") == self.name)

    def create(self, aws: Aws) -> str:
        answer = aws.apigatewayv2.create_authorizer(
            ApiId=self.api.id,
            Name=self.name,
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration=self._configuration(),
        )
        return f"{self.api.id}/{answer['AuthorizerId']}"

    def _configuration(self) -> Any:
        return {"Issuer": self.issuer, "Audience": list(self.audience)}

    def read(self, aws: Aws) -> Values:
        ask = partial(aws.apigatewayv2.get_authorizer, ApiId=self.api.id, AuthorizerId=self.part_id)
        told = aws.cached(f"Authorizer {self.id}", ask).get("JwtConfiguration", {})
        return {"issuer": told.get("Issuer", ""), "audience": list(told.get("Audience", []))}

    def configure(self, aws: Aws, changes: Differences) -> None:
        where: Any = {"ApiId": self.api.id, "AuthorizerId": self.part_id}
        aws.apigatewayv2.update_authorizer(**where, JwtConfiguration=self._configuration())


@dataclass(eq=False, repr=False)
class HttpRoute(HttpPart):
    """A method and path that lead to an integration.

    Arguments:
        route: as in `POST /similarity`.
        auth: who may call: `iam` (a SigV4 signature), `jwt`, or `none`.
    """

    integration: HttpIntegration
    route: str
    auth: Literal["iam", "jwt", "none"]
    authorizer: JwtAuthorizer | None = None

    already_exists_codes = CONFLICT
    listing, deleting, key = "get_routes", "delete_route", "RouteId"

    def matches(self, part: Any, aws: Aws) -> bool:
        return bool(part.get("RouteKey") == self.route)

    def create(self, aws: Aws) -> str:
        answer = aws.apigatewayv2.create_route(ApiId=self.api.id, RouteKey=self.route, **self._settings())
        return f"{self.api.id}/{answer['RouteId']}"

    def _settings(self) -> Any:
        kinds = {"iam": "AWS_IAM", "jwt": "JWT", "none": "NONE"}
        guard = {"AuthorizerId": self.authorizer.part_id} if self.authorizer else {}
        target = f"integrations/{self.integration.part_id}"
        return {"AuthorizationType": kinds[self.auth], "Target": target, **guard}

    def read(self, aws: Aws) -> Values:
        seen = self._part(aws) or aws.apigatewayv2.get_route(ApiId=self.api.id, RouteId=self.part_id)
        return {
            "settings": {name: seen[name] for name in ("AuthorizationType", "Target", "AuthorizerId") if seen.get(name)}
        }

    def wanted(self, aws: Aws) -> Values:
        return {"settings": self._settings()}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.apigatewayv2.update_route(ApiId=self.api.id, RouteId=self.part_id, **self._settings())
