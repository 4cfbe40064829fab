"""The methods of a REST API's paths: those that call a function's alias, and the answer to a browser (CORS)."""

import re
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.resources.api.rest_api import CONFLICT, MISSING, RestApi, RestPath, RestValidator
from awsprov.resources.function.versions import Alias
from awsprov.resources.missing_ok import delete

_VARIABLE = re.compile(r"\{(\w+)\+?\}")
_CORS = {"Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin"}


@dataclass(eq=False, repr=False)
class RestMethod(Resource):
    """A method of a path. Its id is `api/resource/VERB`."""

    api: RestApi
    path: RestApi | RestPath

    area = "serving"
    replace_triggered_by = frozenset({"api", "path"})
    already_exists_codes = CONFLICT

    @property
    def verb(self) -> str:
        """The HTTP method."""
        raise NotImplementedError

    def find(self, aws: Aws) -> str:
        return f"{self.api.id}/{self.path.path_id(aws)}/{self.verb}" if self._embedded(aws) else ""

    def _embedded(self, aws: Aws) -> Any:
        """Its description, from its API's listing."""
        for resource in self.api.resources(aws):
            if resource["path"] == self.path.path:
                return resource.get("resourceMethods", {}).get(self.verb)
        return None

    def seen(self, aws: Aws) -> Any:
        """Its description."""
        return self._embedded(aws) or aws.apigateway.get_method(**self.where(aws))

    def where(self, aws: Aws) -> Any:
        """The three parameters that every call about it takes."""
        return {"restApiId": self.api.id, "resourceId": self.path.path_id(aws), "httpMethod": self.verb}

    def delete(self, aws: Aws) -> None:
        api, resource, verb = self.id.split("/")
        delete(
            aws,
            partial(aws.apigateway.delete_method, restApiId=api, resourceId=resource, httpMethod=verb),
            missing=MISSING,
        )


@dataclass(eq=False, repr=False)
class RestRoute(RestMethod):
    """A method that calls a function.

    Arguments:
        method: the HTTP method.
        alias: what it calls.
        auth: who may call: `iam` (a SigV4 signature), `api_key`, or `none`.
        validator: what looks at requests before the function does.
    """

    method: str
    alias: Alias
    auth: Literal["iam", "api_key", "none"]
    validator: RestValidator

    immutable = frozenset({"auth", "validator"})
    replace_triggered_by = frozenset({"api", "path", "validator"})

    @property
    def verb(self) -> str:
        return self.method

    def create(self, aws: Aws) -> str:
        aws.apigateway.put_method(
            **self.where(aws),
            authorizationType="AWS_IAM" if self.auth == "iam" else "NONE",
            apiKeyRequired=self.auth == "api_key",
            requestValidatorId=self.validator.validator_id,
            requestParameters={f"method.request.path.{name}": True for name in _VARIABLE.findall(self.path.path)},
        )
        return f"{self.api.id}/{self.path.path_id(aws)}/{self.verb}"

    def read(self, aws: Aws) -> Values:
        seen = self.seen(aws)
        iam, key = seen.get("authorizationType") == "AWS_IAM", seen.get("apiKeyRequired", False)
        auth = "iam" if iam else "api_key" if key else "none"
        return {
            "auth": auth,
            "validator": f"{self.api.id}/{seen.get('requestValidatorId', '')}",
            "calls": seen.get("methodIntegration", {}).get("uri", ""),
        }

    def wanted(self, aws: Aws) -> Values:
        return {"auth": self.auth, "validator": self.validator.id, "calls": self._uri(aws)}

    def _uri(self, aws: Aws) -> str:
        service = f"arn:{aws.partition}:apigateway:{aws.region}:lambda:path/2015-03-31/functions"
        return f"{service}/{self.alias.arn(aws)}/invocations"

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.apigateway.put_integration(
            **self.where(aws), type="AWS_PROXY", integrationHttpMethod="POST", uri=self._uri(aws)
        )


@dataclass(eq=False, repr=False)
class RestCors(RestMethod):
    """The answer to a browser's preflight question, given by API Gateway itself.

    Arguments:
        origin: the origin that may read answers, or `*`.
        methods: the path's other methods.
    """

    origin: str
    methods: tuple[str, ...]

    @property
    def verb(self) -> str:
        return "OPTIONS"

    def create(self, aws: Aws) -> str:
        aws.apigateway.put_method(**self.where(aws), authorizationType="NONE")
        return f"{self.api.id}/{self.path.path_id(aws)}/{self.verb}"

    def read(self, aws: Aws) -> Values:
        replies = self.seen(aws).get("methodIntegration", {}).get("integrationResponses", {})
        return {"headers": replies.get("200", {}).get("responseParameters", {})}

    def wanted(self, aws: Aws) -> Values:
        values = {
            "Access-Control-Allow-Headers": "Content-Type,Authorization,X-Amz-Date,X-Amz-Security-Token,X-Api-Key",
            "Access-Control-Allow-Methods": ",".join([*self.methods, "OPTIONS"]),
            "Access-Control-Allow-Origin": self.origin,
        }
        return {"headers": {f"method.response.header.{name}": f"'{value}'" for name, value in values.items()}}

    def configure(self, aws: Aws, changes: Differences) -> None:
        where, gateway = self.where(aws), aws.apigateway
        gateway.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        if "200" not in self.seen(aws).get("methodResponses", {}):
            declared = {f"method.response.header.{name}": False for name in _CORS}
            gateway.put_method_response(**where, statusCode="200", responseParameters=declared)
        gateway.put_integration_response(**where, statusCode="200", responseParameters=self.wanted(aws)["headers"])
