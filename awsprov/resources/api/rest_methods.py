"""The methods of a REST API: those that call a function, and `OPTIONS` for browsers (CORS)."""

import re
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any, Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.resources.api.rest_api import RestApi, RestPath, RestValidator
from awsprov.resources.api.rest_integrations import JSON, TEXT, ProxyIntegration, integration_settings, responses_of
from awsprov.resources.api.rest_responses import update_responses
from awsprov.resources.function.alias import Alias
from awsprov.resources.missing_ok import API_GATEWAY_CONFLICT, API_GATEWAY_MISSING, delete

# With which a mock integration, of API Gateway itself, answers each request with status 200.
MOCK_TEMPLATES = {JSON: '{"statusCode": 200}'}
_VARIABLE = re.compile(r"\{(\w+)\+?\}")
_CORS = {"Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin"}


@dataclass(eq=False, repr=False)
class RestMethod(Resource):
    """A method of a path. Its id is `api/resource/VERB`.

    Arguments:
        api: the API.
        path: the path; the API for the root.
        validator: the request validator.
    """

    api: RestApi
    path: RestApi | RestPath
    _: KW_ONLY
    validator: RestValidator

    area = "serving"
    immutable = frozenset({"validator"})
    replace_triggered_by = frozenset({"api", "path", "validator"})
    one_writer = "api"
    already_exists_codes = API_GATEWAY_CONFLICT

    @property
    def verb(self) -> str:
        """The HTTP method, as in `GET`."""
        raise NotImplementedError

    def find(self, aws: Aws) -> str:
        return f"{self.api.id}/{self.path.path_id(aws)}/{self.verb}" if self._embedded(aws) else ""

    def _embedded(self, aws: Aws) -> Any:
        """Return its description in the listing of the API's paths; None if it is not there."""
        for resource in self.api.resources(aws):
            if resource["path"] == self.path.path:
                return resource.get("resourceMethods", {}).get(self.verb)
        return None

    def describe_cached(self, aws: Aws) -> Any:
        """Return its description, from the listing if it is there."""
        return self._embedded(aws) or aws.apigateway.get_method(**self.parameters(aws))

    def parameters(self, aws: Aws) -> Any:
        """Return the parameters that identify it in every call."""
        return {"restApiId": self.api.id, "resourceId": self.path.path_id(aws), "httpMethod": self.verb}

    def validator_of(self, method: Any) -> str:
        """Return the id of the validator in a method's description."""
        return f"{self.api.id}/{method.get('requestValidatorId', '')}"

    def delete(self, aws: Aws) -> None:
        api, resource, verb = self.id.split("/")
        call = partial(aws.apigateway.delete_method, restApiId=api, resourceId=resource, httpMethod=verb)
        delete(aws, call, missing=API_GATEWAY_MISSING)


@dataclass(eq=False, repr=False)
class RestRoute(RestMethod):
    """A method that calls a function.

    Arguments:
        api: the API.
        path: the path; the API for the root.
        method: the HTTP method.
        alias: the alias that it calls.
        auth: how callers are authenticated: `iam` (a SigV4 signature), `api_key`, or `none`.
        validator: the request validator.
        integration: how requests are passed to the function, and its results to the caller.
    """

    method: str
    _: KW_ONLY
    alias: Alias
    auth: Literal["iam", "api_key", "none"]
    integration: ProxyIntegration

    immutable = frozenset({"auth", "validator"})
    forward_references = frozenset({"alias"})

    @property
    def verb(self) -> str:
        return self.method

    def create(self, aws: Aws) -> str:
        aws.apigateway.put_method(
            **self.parameters(aws),
            authorizationType=self.authorization_type,
            apiKeyRequired=self.auth == "api_key",
            requestValidatorId=self.validator.validator_id,
            requestParameters=self.request_parameters,
        )
        return f"{self.api.id}/{self.path.path_id(aws)}/{self.verb}"

    @property
    def authorization_type(self) -> str:
        """What API Gateway itself checks: a signature, or nothing; API keys are checked beside it."""
        return "AWS_IAM" if self.auth == "iam" else "NONE"

    @property
    def request_parameters(self) -> dict[str, bool]:
        """The parameters that a request must have: the variables of the path."""
        return {f"method.request.path.{name}": True for name in _VARIABLE.findall(self.path.path)}

    def read(self, aws: Aws) -> Values:
        method = self.describe_cached(aws)
        iam, key = method.get("authorizationType") == "AWS_IAM", method.get("apiKeyRequired", False)
        return {
            "auth": "iam" if iam else "api_key" if key else "none",
            "validator": self.validator_of(method),
            "calls": method.get("methodIntegration", {}).get("uri", ""),
            "integration": integration_settings(method.get("methodIntegration", {})),
            "responses": responses_of(method),
        }

    def wanted(self, aws: Aws) -> Values:
        return {
            "auth": self.auth,
            "validator": self.validator.id,
            "calls": self._uri(aws),
            "integration": self.integration.settings(),
            "responses": self.integration.responses(),
        }

    def _uri(self, aws: Aws) -> str:
        service = f"arn:{aws.partition}:apigateway:{aws.region}:lambda:path/2015-03-31/functions"
        return f"{service}/{self.alias.arn(aws)}/invocations"

    def configure(self, aws: Aws, changes: Differences) -> None:
        wanted = self.integration.responses()
        current = changes["responses"][0] if "responses" in changes else wanted
        if {"calls", "integration"} & set(changes):
            self._put_integration(aws)
            if current:  # another integration may have lost the responses of the one before
                current = responses_of(aws.apigateway.get_method(**self.parameters(aws)))
        update_responses(aws, self.parameters(aws), current, wanted)

    def _put_integration(self, aws: Aws) -> None:
        settings = self.integration.settings()
        aws.apigateway.put_integration(
            **self.parameters(aws),
            type=settings["type"],
            integrationHttpMethod="POST",
            uri=self._uri(aws),
            timeoutInMillis=settings["timeout"] * 1000,
            passthroughBehavior=settings["passthrough"],
            requestTemplates=settings["templates"],
        )


@dataclass(eq=False, repr=False)
class RestCors(RestMethod):
    """The `OPTIONS` method of a path: API Gateway itself answers a browser's preflight request (CORS).

    Arguments:
        api: the API.
        path: the path; the API for the root.
        validator: the request validator.
        origin: the origin whose pages may read responses, or `*`.
        methods: the other methods of the path.
    """

    _: KW_ONLY
    origin: str
    methods: tuple[str, ...]

    @property
    def verb(self) -> str:
        return "OPTIONS"

    def create(self, aws: Aws) -> str:
        aws.apigateway.put_method(
            **self.parameters(aws), authorizationType="NONE", requestValidatorId=self.validator.validator_id
        )
        return f"{self.api.id}/{self.path.path_id(aws)}/{self.verb}"

    def read(self, aws: Aws) -> Values:
        method = self.describe_cached(aws)
        integration = method.get("methodIntegration", {})
        response = integration.get("integrationResponses", {}).get("200", {})
        return {
            "validator": self.validator_of(method),
            "headers": response.get("responseParameters", {}),
            "content": integration.get("contentHandling", ""),
        }

    def wanted(self, aws: Aws) -> Values:
        values = {
            "Access-Control-Allow-Headers": "Content-Type,Authorization,X-Amz-Date,X-Amz-Security-Token,X-Api-Key",
            "Access-Control-Allow-Methods": ",".join([*self.methods, "OPTIONS"]),
            "Access-Control-Allow-Origin": self.origin,
        }
        headers = {f"method.response.header.{name}": f"'{value}'" for name, value in values.items()}
        return {"validator": self.validator.id, "headers": headers, "content": TEXT}

    def configure(self, aws: Aws, changes: Differences) -> None:
        method, gateway = self.parameters(aws), aws.apigateway
        gateway.put_integration(**method, type="MOCK", requestTemplates=MOCK_TEMPLATES, contentHandling=TEXT)
        if "200" not in self.describe_cached(aws).get("methodResponses", {}):
            declared = {f"method.response.header.{name}": False for name in _CORS}
            gateway.put_method_response(**method, statusCode="200", responseParameters=declared)
        gateway.put_integration_response(**method, statusCode="200", responseParameters=self.wanted(aws)["headers"])
