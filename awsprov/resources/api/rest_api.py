"""The REST API of API Gateway, its paths, and what looks at requests on their way in."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Owned, Resource, by_name
from awsprov.resources.missing_ok import delete

MISSING = ("NotFoundException",)
CONFLICT = ("ConflictException",)


@dataclass(eq=False, repr=False)
class RestApi(Resource):
    """A REST API, regional."""

    about: str

    area = "serving"
    idempotent_create = False

    @classmethod
    def everybody_s(cls, aws: Aws) -> list[Any]:
        """All in the account and region."""
        pages = aws.apigateway.get_paginator("get_rest_apis").paginate
        return aws.cached("RestApi", lambda: [api for page in pages() for api in page["items"]])

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        oldest_first = sorted(cls.everybody_s(aws), key=lambda api: api["createdDate"])
        return by_name(aws, ((api.get("tags"), api["id"]) for api in oldest_first))

    def create(self, aws: Aws) -> str:
        return aws.apigateway.create_rest_api(
            name=f"{aws.stack}-{self.name}",
            description=self.about,
            endpointConfiguration={"types": ["REGIONAL"]},
            tags=aws.tags(self.name),
        )["id"]

    def resources(self, aws: Aws) -> list[Any]:
        """Its paths with their methods; none while it does not exist."""
        if not self.id:
            return []
        pages = partial(aws.apigateway.get_paginator("get_resources").paginate, restApiId=self.id, embed=["methods"])
        return aws.cached(f"RestApi {self.id}", lambda: [item for page in pages() for item in page["items"]])

    @property
    def path(self) -> str:
        """The path of its root."""
        return "/"

    def path_id(self, aws: Aws) -> str:
        """The id of its root path."""
        known = [r["id"] for r in self.resources(aws) if r["path"] == "/"]
        return known[0] if known else _root(aws, self.id)

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.apigateway.delete_rest_api(restApiId=self.id), missing=MISSING)


def _root(aws: Aws, api: str) -> str:
    return next(r["id"] for r in aws.apigateway.get_resources(restApiId=api)["items"] if r["path"] == "/")


@dataclass(eq=False, repr=False)
class RestPath(Resource):
    """One segment of a path. Its id is `api/resource`.

    Arguments:
        parent: the path that it is a part of.
        part: the segment, as in `similarity` or `{id}`.
    """

    api: RestApi
    parent: "RestApi | RestPath"
    part: str

    area = "serving"
    replace_triggered_by = frozenset({"api", "parent"})
    already_exists_codes = CONFLICT

    @property
    def path(self) -> str:
        """The whole path."""
        return f"{self.parent.path.rstrip('/')}/{self.part}"

    def find(self, aws: Aws) -> str:
        return next((f"{self.api.id}/{r['id']}" for r in self.api.resources(aws) if r["path"] == self.path), "")

    def path_id(self, aws: Aws) -> str:
        """Its own id in the API."""
        return self.id.partition("/")[2]

    def create(self, aws: Aws) -> str:
        parent = self.parent.path_id(aws)
        answer = aws.apigateway.create_resource(restApiId=self.api.id, parentId=parent, pathPart=self.part)
        return f"{self.api.id}/{answer['id']}"

    def delete(self, aws: Aws) -> None:
        api, resource = self.id.split("/")
        delete(aws, lambda: aws.apigateway.delete_resource(restApiId=api, resourceId=resource), missing=MISSING)


@dataclass(eq=False, repr=False)
class RestValidator(Resource):
    """What has API Gateway look at requests first: they must have what their method declares. Its id is `api/own`.

    It goes with its API.
    """

    api: RestApi

    area = "serving"
    replace_triggered_by = frozenset({"api"})
    virtual = True
    idempotent_create = False

    def find(self, aws: Aws) -> str:
        if not self.api.id:
            return ""
        items = aws.cached(
            f"RestValidators {self.api.id}",
            lambda: aws.apigateway.get_request_validators(restApiId=self.api.id)["items"],
            empty=False,
        )
        ours = [f"{self.api.id}/{item['id']}" for item in items if item["name"] == self.name]
        return self.id if self.id in ours else next(iter(ours), "")

    @property
    def validator_id(self) -> str:
        """Its own id in the API."""
        return self.id.partition("/")[2]

    def create(self, aws: Aws) -> str:
        answer = aws.apigateway.create_request_validator(
            restApiId=self.api.id, name=self.name, validateRequestBody=True, validateRequestParameters=True
        )
        return f"{self.api.id}/{answer['id']}"
