"""ApiGatewayResource: the base class of what API Gateway tags: APIs, stages, API keys and usage plans."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource


@dataclass(eq=False, repr=False)
class ApiGatewayResource(Resource):
    """A resource of API Gateway with tags.

    Attributes:
        tags_path: the path in its ARN, with `{}` in place of each part of its id, which slashes separate.
        is_http: whether it is of HTTP APIs, whose calls are those of another version of API Gateway.
    """

    area = "serving"
    tags_path: ClassVar[str]
    is_http: ClassVar[bool] = False

    def _tags_arn(self, aws: Aws) -> str:
        """Return its ARN, which has no account (API Gateway developer guide, "Tagging")."""
        return f"arn:{aws.partition}:apigateway:{aws.region}::{self.tags_path.format(*self.id.split('/'))}"

    def tag(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Set tags, with the stack's again: `awsprov policy` allows the call only with that."""
        arn, tags = self._tags_arn(aws), {**tags, "awsprov:stack": aws.stack}
        if self.is_http:
            aws.apigatewayv2.tag_resource(ResourceArn=arn, Tags=tags)
        else:
            aws.apigateway.tag_resource(resourceArn=arn, tags=tags)

    def untag(self, aws: Aws, keys: list[str]) -> None:
        if self.is_http:
            aws.apigatewayv2.untag_resource(ResourceArn=self._tags_arn(aws), TagKeys=keys)
        else:
            aws.apigateway.untag_resource(resourceArn=self._tags_arn(aws), tagKeys=keys)
