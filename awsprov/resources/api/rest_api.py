"""The REST API of API Gateway, its paths and its request validator."""

import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Owned, Resource, Tags, Values, by_name
from awsprov.resources.api.listing import list_items
from awsprov.resources.api.tagged import ApiGatewayResource
from awsprov.resources.missing_ok import (
    API_GATEWAY_CONFLICT,
    API_GATEWAY_MISSING,
    API_GATEWAY_NOT_OURS,
    delete,
    none_if_missing,
)

# API Gateway then passes all bodies on byte for byte. With fewer types it answers in base64, unless the first type in
# the Accept header of the request is one of them ("Content type conversions in API Gateway").
BINARY = ("*/*",)
INVOKE_URL_TAG = "awsprov:invoke-url"  # where an API of a local cloud answers, as awsprov:ssh-port for an instance


def without_variables(path: str) -> str:
    """Return a path without the names of its variables."""
    return re.sub(r"\{[^}]*\}", "{}", path)


@dataclass(eq=False, repr=False)
class RestApi(ApiGatewayResource):
    """A regional REST API.

    Arguments:
        description: its description on AWS.
        binary: the binary media types.
    """

    description: str
    binary: tuple[str, ...]

    tags_path = "/restapis/{}"
    idempotent_create = False

    @classmethod
    def list_all(cls, aws: Aws) -> list[Any]:
        """Return the descriptions of all REST APIs in the account and region."""
        return aws.cached("RestApi", lambda: list_items(aws.apigateway, "get_rest_apis"))

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        oldest_first = sorted(cls.list_all(aws), key=lambda api: api["createdDate"])
        return by_name(aws, ((api.get("tags"), api["id"]) for api in oldest_first))

    def invoke_url(self, aws: Aws, stage: str) -> str:
        """Return the URL of a stage. A local cloud has its own in a tag; AWS's follows from the id."""
        tags = self._describe(aws).get("tags", {})
        base = tags.get(INVOKE_URL_TAG) or f"https://{self.id}.execute-api.{aws.region}.{aws.url_suffix}"
        return f"{base}/{stage}"

    def _describe(self, aws: Aws) -> Any:
        """Return its description, from the listing unless it was just created."""
        listed = next((api for api in self.list_all(aws) if api["id"] == self.id), None)
        return listed or aws.apigateway.get_rest_api(restApiId=self.id)

    def create(self, aws: Aws) -> str:
        return aws.apigateway.create_rest_api(
            name=aws.physical_name(self.name),
            description=self.description,
            endpointConfiguration={"types": ["REGIONAL"]},
            binaryMediaTypes=self.binary,
            tags=aws.tags(self.name),
        )["id"]

    def read(self, aws: Aws) -> Values:
        return {"binary": list(self._describe(aws).get("binaryMediaTypes") or [])}

    def wanted(self, aws: Aws) -> Values:
        return {"binary": list(self.binary)}

    def configure(self, aws: Aws, changes: Differences) -> None:
        current, wanted = (set(types) for types in changes["binary"])
        patch: Any = [{"op": "remove", "path": _type_path(each)} for each in sorted(current - wanted)]
        patch += [{"op": "add", "path": _type_path(each)} for each in sorted(wanted - current)]
        aws.apigateway.update_rest_api(restApiId=self.id, patchOperations=patch)

    def fetch_tags(self, aws: Aws) -> Tags | None:
        call = partial(aws.apigateway.get_rest_api, restApiId=self.id)
        api = none_if_missing(call, missing=API_GATEWAY_NOT_OURS)
        return api.get("tags", {}) if api else None

    def resources(self, aws: Aws) -> list[Any]:
        """Return the descriptions of its paths with their methods; none while it does not exist."""
        if not self.id:
            return []
        call = partial(list_items, aws.apigateway, "get_resources", restApiId=self.id, embed=["methods"])
        return aws.cached(f"RestApi {self.id}", call)

    @property
    def path(self) -> str:
        """The root path of an API."""
        return "/"

    def path_id(self, aws: Aws) -> str:
        """Return the id of the root path."""
        known = [r["id"] for r in self.resources(aws) if r["path"] == "/"]
        return known[0] if known else _root(aws, self.id)

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.apigateway.delete_rest_api(restApiId=self.id), missing=API_GATEWAY_MISSING)


def _type_path(media_type: str) -> str:
    return f"/binaryMediaTypes/{media_type.replace('/', '~1')}"


def _root(aws: Aws, api: str) -> str:
    return next(r["id"] for r in aws.apigateway.get_resources(restApiId=api)["items"] if r["path"] == "/")


@dataclass(eq=False, repr=False)
class RestPath(Resource):
    """A path, which API Gateway calls a resource. Its id is `api/resource`.

    Arguments:
        api: the API.
        parent: the path above; the API for the root.
        part: the last segment, as `similarity` or `{id}`.
    """

    api: RestApi
    parent: "RestApi | RestPath"
    part: str

    area = "serving"
    replace_triggered_by = frozenset({"api", "parent"})
    one_writer = "api"
    already_exists_codes = API_GATEWAY_CONFLICT

    @property
    def path(self) -> str:
        """The whole path, as `/items/{id}`."""
        return f"{self.parent.path.rstrip('/')}/{self.part}"

    def find(self, aws: Aws) -> str:
        return next((f"{self.api.id}/{r['id']}" for r in self.api.resources(aws) if r["path"] == self.path), "")

    def path_id(self, aws: Aws) -> str:
        """Return its id within the API."""
        return self.id.partition("/")[2]

    def takes_place_of(self, orphan: Resource) -> bool:
        """Return whether it is the same path with another variable: API Gateway allows one variable at each place."""
        return isinstance(orphan, RestPath) and without_variables(orphan.name) == without_variables(self.name)

    def create(self, aws: Aws) -> str:
        parent = self.parent.path_id(aws)
        response = aws.apigateway.create_resource(restApiId=self.api.id, parentId=parent, pathPart=self.part)
        return f"{self.api.id}/{response['id']}"

    def delete(self, aws: Aws) -> None:
        api, resource = self.id.split("/")
        delete(
            aws, lambda: aws.apigateway.delete_resource(restApiId=api, resourceId=resource), missing=API_GATEWAY_MISSING
        )


@dataclass(eq=False, repr=False)
class RestValidator(Resource):
    """A request validator: API Gateway refuses requests without what their method declares. Its id is `api/validator`.

    It is deleted with its API.

    Arguments:
        api: the API.
    """

    api: RestApi

    area = "serving"
    replace_triggered_by = frozenset({"api"})
    one_writer = "api"
    virtual = True
    idempotent_create = False

    def find(self, aws: Aws) -> str:
        if not self.api.id:
            return ""
        call = partial(aws.apigateway.get_request_validators, restApiId=self.api.id)
        items = aws.cached(f"RestValidators {self.api.id}", lambda: call()["items"], empty=False)
        ids = [f"{self.api.id}/{item['id']}" for item in items if item["name"] == self.name]
        return self.id if self.id in ids else next(iter(ids), "")

    @property
    def validator_id(self) -> str:
        """Its id within the API."""
        return self.id.partition("/")[2]

    def create(self, aws: Aws) -> str:
        response = aws.apigateway.create_request_validator(
            restApiId=self.api.id, name=self.name, validateRequestBody=True, validateRequestParameters=True
        )
        return f"{self.api.id}/{response['id']}"
