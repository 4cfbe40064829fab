"""The responses of a REST API: those of a method with a custom integration, and those of API Gateway itself."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.api.rest_integrations import JSON
from awsprov.resources.missing_ok import API_GATEWAY_MISSING, delete

# The types for all errors of API Gateway, and the one that they do not include (API Gateway developer guide, "Gateway
# response types for API Gateway").
RESPONSE_TYPES = ("DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE")


def update_responses(aws: Aws, method: Any, current: Values, wanted: Values) -> None:
    """Delete and create what differs of a method's responses.

    Arguments:
        aws: the clients.
        method: the parameters that identify the method.
        current, wanted: the responses by status, as `rest_integrations.responses_of` returns them.
    """
    for status, response in current.items():  # first, as no two responses may have the same pattern
        _delete(aws, method, status, response, wanted.get(status, {}))
    for status, response in wanted.items():
        has = current.get(status, {})
        if has.get("declared") != response["declared"]:
            parameters = dict.fromkeys(response["declared"], False)
            aws.apigateway.put_method_response(**method, statusCode=status, responseParameters=parameters)
        if has != response:
            _put(aws, method, status, response)


def _delete(aws: Aws, method: Any, status: str, has: Values, wants: Values) -> None:
    """Delete the response of a status from the integration and from the method, where it is not as it should be."""
    gateway = aws.apigateway
    if "pattern" in has and has != wants:
        call = partial(gateway.delete_integration_response, **method, statusCode=status)
        delete(aws, call, missing=API_GATEWAY_MISSING)
    if "declared" in has and has["declared"] != wants.get("declared"):
        call = partial(gateway.delete_method_response, **method, statusCode=status)
        delete(aws, call, missing=API_GATEWAY_MISSING)


def _put(aws: Aws, method: Any, status: str, response: Values) -> None:
    templates = {JSON: response["template"]} if response["template"] else {}
    pattern = {"selectionPattern": response["pattern"]} if response["pattern"] else {}
    aws.apigateway.put_integration_response(
        **method,
        statusCode=status,
        responseParameters=response["headers"],
        responseTemplates=templates,
        **pattern,
    )


@dataclass(eq=False, repr=False)
class RestGatewayResponse(Resource):
    """A gateway response: lets pages of an origin read the errors that API Gateway itself answers (CORS).

    Its id is `api/TYPE`.

    Arguments:
        api: the API.
        response_type: the type, as `DEFAULT_4XX`.
        origin: the origin, or `*`.
    """

    api: RestApi
    response_type: str
    origin: str

    area = "serving"
    replace_triggered_by = frozenset({"api"})
    one_writer = "api"

    def _described(self, aws: Aws) -> Any:
        """Return its description; empty if API Gateway's default is used."""
        call = partial(aws.apigateway.get_gateway_responses, restApiId=self.api.id, limit=100)
        items: list[Any] = aws.cached(f"RestGatewayResponses {self.api.id}", lambda: call()["items"], empty=False)
        own = (each for each in items if each["responseType"] == self.response_type and not each["defaultResponse"])
        return next(own, {})

    def find(self, aws: Aws) -> str:
        return f"{self.api.id}/{self.response_type}" if self.api.id and self._described(aws) else ""

    def create(self, aws: Aws) -> str:
        kind: Any = self.response_type  # the stubs know the types
        aws.apigateway.put_gateway_response(
            restApiId=self.api.id, responseType=kind, responseParameters=self._headers()
        )
        return f"{self.api.id}/{self.response_type}"

    def _headers(self) -> dict[str, str]:
        return {"gatewayresponse.header.Access-Control-Allow-Origin": f"'{self.origin}'"}

    def read(self, aws: Aws) -> Values:
        return {"headers": dict(self._described(aws).get("responseParameters") or {})}

    def wanted(self, aws: Aws) -> Values:
        return {"headers": self._headers()}

    def configure(self, aws: Aws, changes: Differences) -> None:
        self.create(aws)

    def delete(self, aws: Aws) -> None:
        parts: Any = self.id.split("/")  # the stubs know the types
        call = partial(aws.apigateway.delete_gateway_response, restApiId=parts[0], responseType=parts[1])
        delete(aws, call, missing=API_GATEWAY_MISSING)
