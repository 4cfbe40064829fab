"""The HTTP API of API Gateway."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Owned, Tags, Values, by_name
from awsprov.resources.api.listing import list_items
from awsprov.resources.api.tagged import ApiGatewayResource
from awsprov.resources.missing_ok import API_GATEWAY_MISSING, API_GATEWAY_NOT_OURS, delete, none_if_missing


@dataclass(eq=False, repr=False)
class HttpApi(ApiGatewayResource):
    """An HTTP API.

    Arguments:
        description: its description on AWS.
        cors_origin: the origin whose pages may read responses (CORS); None for none.
    """

    description: str
    cors_origin: str | None

    tags_path = "/apis/{}"
    is_http = True
    idempotent_create = False

    @classmethod
    def list_owned(cls, aws: Aws) -> list[Any]:
        """Return the descriptions of the stack's HTTP APIs."""
        found = aws.cached("HttpApi", lambda: list_items(aws.apigatewayv2, "get_apis"))
        return [api for api in found if aws.tagged_name(api.get("Tags"))]

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        return by_name(aws, ((api["Tags"], api["ApiId"]) for api in cls.list_owned(aws)))

    def _description(self, aws: Aws) -> Any:
        listed = next((api for api in self.list_owned(aws) if api["ApiId"] == self.id), None)
        return listed or aws.apigatewayv2.get_api(ApiId=self.id)

    def invoke_url(self, aws: Aws, stage: str) -> str:
        """Return the URL of the API. Its only stage is `$default`, which is not in the path."""
        return str(self._description(aws)["ApiEndpoint"])

    def create(self, aws: Aws) -> str:
        return aws.apigatewayv2.create_api(
            Name=aws.physical_name(self.name),
            ProtocolType="HTTP",
            Description=self.description,
            Tags=aws.tags(self.name),
        )["ApiId"]

    def fetch_tags(self, aws: Aws) -> Tags | None:
        call = partial(aws.apigatewayv2.get_api, ApiId=self.id)
        api = none_if_missing(call, missing=API_GATEWAY_NOT_OURS)
        return api.get("Tags", {}) if api else None

    def read(self, aws: Aws) -> Values:
        api = self._description(aws)
        return {"cors_origin": next(iter(api.get("CorsConfiguration", {}).get("AllowOrigins", [])), None)}

    def cors_configuration(self) -> Any:
        """Return the CORS rules for its origin."""
        headers = ["content-type", "authorization", "x-amz-date", "x-amz-security-token"]
        return {"AllowOrigins": [self.cors_origin], "AllowMethods": ["*"], "AllowHeaders": headers}

    def configure(self, aws: Aws, changes: Differences) -> None:
        if self.cors_origin is None:
            aws.apigatewayv2.delete_cors_configuration(ApiId=self.id)
            return
        aws.apigatewayv2.update_api(ApiId=self.id, CorsConfiguration=self.cors_configuration())

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.apigatewayv2.delete_api(ApiId=self.id), missing=API_GATEWAY_MISSING)
