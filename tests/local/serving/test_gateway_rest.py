"""REST APIs, tested over HTTP."""

import base64
import json
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.local.conftest import LocalCloud, refused
from tests.local.serving.conftest import Lambda

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:proxy"
URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"


class ReceivedResponse:
    """A response, with its body."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}
        self.cookies = [value for name, value in headers if name.lower() == "set-cookie"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        return self.status, self.json["message"]


def send(base: str, method: str, path: str, body: bytes | str | None = None, **headers: str) -> ReceivedResponse:
    """Send one request with http.client, which adds no headers, follows no redirects and does not retry."""
    parts = urlsplit(base)
    connection = HTTPConnection(parts.netloc, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body.encode() if isinstance(body, str) else body
    connection.request(method, parts.path + path, content, named)
    response = connection.getresponse()
    received = ReceivedResponse(response.status, response.getheaders(), response.read())
    connection.close()
    return received


class Api:
    """A REST API, with short methods to build it."""

    def __init__(self, functions: Lambda) -> None:
        self.cloud, self.client = functions.cloud, functions.cloud.client("apigateway")
        created = self.client.create_rest_api(name="api")
        self.id, self.url = created["id"], created["tags"]["awsprov:invoke-url"]
        self.resources = {"/": self.client.get_resources(restApiId=self.id)["items"][0]["id"]}

    def resource(self, path: str) -> str:
        """Return the id of the resource of a path. Missing resources are created."""
        if path not in self.resources:
            above, _, part = path.rpartition("/")
            created = self.client.create_resource(
                restApiId=self.id, parentId=self.resource(above or "/"), pathPart=part
            )
            self.resources[path] = created["id"]
        return str(self.resources[path])

    def method(self, verb: str, path: str, target: str = FUNCTION, timeout: int = 29_000, **settings: Any) -> None:
        """Create a method that invokes the function."""
        parameters = {"authorizationType": "NONE", **settings}
        place = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": verb}
        self.client.put_method(**place, **parameters)
        self.client.put_integration(
            **place, type="AWS_PROXY", integrationHttpMethod="POST", uri=URI.format(target), timeoutInMillis=timeout
        )

    def deploy(self, stage: str = "prod", **settings: Any) -> str:
        """Deploy to a stage, and return its URL."""
        self.client.create_deployment(restApiId=self.id, stageName=stage, **settings)
        return f"{self.url}/{stage}"

    def patch(self, stage: str, **values: str) -> None:
        """Update settings of a stage, by path."""
        operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
        self.client.update_stage(restApiId=self.id, stageName=stage, patchOperations=operations)


@pytest.fixture(scope="module")
def proxy(shared: Lambda) -> Lambda:
    """The function `proxy`, which any API may invoke, with the alias `live`."""
    shared.create("proxy", Handler="app.proxy", Timeout=5)
    client = shared.client
    client.publish_version(FunctionName="proxy")
    client.create_alias(FunctionName="proxy", Name="live", FunctionVersion="1")
    for qualifier in ({}, {"Qualifier": "live"}):
        client.add_permission(FunctionName="proxy", StatementId=f"any{len(qualifier)}", **ANY_API, **qualifier)
    return shared


ANY_API = {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}


@pytest.fixture
def api(proxy: Lambda) -> Iterator[Api]:
    created = Api(proxy)
    yield created
    created.client.delete_rest_api(restApiId=created.id)


def send_pairs(base: str, method: str, path: str, *headers: tuple[str, str]) -> ReceivedResponse:
    """Send a request in which headers are repeated."""
    parts = urlsplit(base)
    connection = HTTPConnection(parts.netloc, timeout=30)
    connection.putrequest(method, parts.path + path, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    received = ReceivedResponse(response.status, response.getheaders(), response.read())
    connection.close()
    return received


REPEATED = (
    ("X-Multi", "a"),
    ("x-multi", "b, c"),
    ("Accept", "x/y"),
    ("Accept", "z/*"),
    ("Cookie", "a=1"),
    ("Cookie", "b=2"),
)


def test_repeated_headers_are_all_in_the_event(api: Api) -> None:
    api.method("GET", "/x")
    event = send_pairs(api.deploy(), "GET", "/x", *REPEATED).json
    many = event["multiValueHeaders"]
    assert (many["X-Multi"], many["Accept"], many["Cookie"]) == (["a", "b, c"], ["x/y", "z/*"], ["a=1", "b=2"])
    assert (event["headers"]["X-Multi"], event["headers"]["Cookie"]) == ("b, c", "b=2")


@pytest.mark.parametrize(("handling", "status"), [({}, 500), ({"contentHandling": "CONVERT_TO_TEXT"}, 200)])
def test_a_template_reads_a_binary_body_only_as_text(api: Api, handling: dict[str, str], status: int) -> None:
    place = {"restApiId": api.id, "resourceId": api.resource("/"), "httpMethod": "OPTIONS"}
    api.client.put_method(**place, authorizationType="NONE")
    api.client.put_integration(
        **place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}, **handling
    )
    api.client.put_method_response(**place, statusCode="200")
    api.client.put_integration_response(**place, statusCode="200")
    patch = [{"op": "add", "path": "/binaryMediaTypes/*~1*"}]
    api.client.update_rest_api(restApiId=api.id, patchOperations=patch)
    assert send(api.deploy(), "OPTIONS", "/").status == status


def test_the_event_is_complete(api: Api) -> None:
    api.method("POST", "/pets/{id}")
    base = api.deploy(variables={"color": "blue"})
    response = send(
        base, "POST", "/pets/a%20b?x=1&x=2&y=", "tête", Content_Type="text/plain", X_Mine="m", User_Agent="me"
    )
    event = response.json
    assert response.status == 200
    assert response.headers["x-from"] == "function"
    assert {"x-amzn-requestid", "x-amz-apigw-id"} <= set(response.headers)
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/pets/{id}", "/pets/a%20b", "POST")
    assert event["pathParameters"] == {"id": "a b"}
    assert event["queryStringParameters"] == {"x": "2", "y": ""}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": [""]}
    assert (event["headers"]["X-Mine"], event["multiValueHeaders"]["X-Mine"]) == ("m", ["m"])
    assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert event["stageVariables"] == {"color": "blue"}
    assert (event["body"], event["isBase64Encoded"]) == ("tête", False)
    context = event["requestContext"]
    assert (context["stage"], context["path"], context["apiId"]) == ("prod", "/prod/pets/a%20b", api.id)
    assert (context["resourcePath"], context["resourceId"]) == ("/pets/{id}", api.resources["/pets/{id}"])
    assert context["requestId"] == response.headers["x-amzn-requestid"]
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "me"
    assert abs(context["requestTimeEpoch"] / 1000 - time.time()) < 10


def test_missing_values_are_null(api: Api) -> None:
    api.method("GET", "/")
    event = send(api.deploy(), "GET", "").json
    nothing = ("body", "pathParameters", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables")
    assert [event[name] for name in nothing] == [None] * 5


def test_the_most_specific_path_is_served(api: Api) -> None:
    for path in ("/pets", "/pets/{id}", "/pets/{id}/toys", "/pets/cat", "/{proxy+}"):
        api.method("GET", path)
    api.method("ANY", "/any")
    base = api.deploy()
    served = {path: send(base, "GET", path).json["resource"] for path in ("/pets", "/pets/", "/pets/cat", "/pets/1")}
    assert served == {"/pets": "/pets", "/pets/": "/pets", "/pets/cat": "/pets/cat", "/pets/1": "/pets/{id}"}
    assert send(base, "GET", "/pets/cat/toys").json["pathParameters"] == {"id": "cat"}
    assert send(base, "GET", "/a/b%2Fc").json["pathParameters"] == {"proxy": "a/b/c"}
    assert send(base, "DELETE", "/any").json["httpMethod"] == "DELETE"


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/nowhere", 403, "Missing Authentication Token"),
        ("PUT", "/pets", 403, "Missing Authentication Token"),
        ("GET", "", 403, "Missing Authentication Token"),
    ],
)
def test_an_unknown_method_or_path_is_refused(api: Api, method: str, path: str, status: int, message: str) -> None:
    api.method("GET", "/pets")
    response = send(api.deploy(), method, path)
    assert response.error == (status, message)
    assert response.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


def test_an_unknown_stage_or_api_is_forbidden(api: Api) -> None:
    api.method("GET", "/pets")
    base = api.deploy()
    assert send(base.replace("/prod", "/dev"), "GET", "/pets").error == (403, "Forbidden")
    assert send(base.replace(api.id, "unknown"), "GET", "/pets").error == (403, "Forbidden")


def test_a_stage_serves_its_deployment_and_not_later_changes(api: Api) -> None:
    api.method("GET", "/old")
    base = api.deploy()
    api.patch("prod", **{"/*/*/throttling/rateLimit": "500"})
    api.method("GET", "/new")
    assert send(base, "GET", "/new").status == 403
    api.client.delete_method(restApiId=api.id, resourceId=api.resources["/old"], httpMethod="GET")
    assert send(base, "GET", "/old").status == 200
    api.deploy()
    assert (send(base, "GET", "/new").status, send(base, "GET", "/old").status) == (200, 403)
    settings = api.client.get_stage(restApiId=api.id, stageName="prod")["methodSettings"]
    assert settings["*/*"]["throttlingRateLimit"] == 500  # a deployment keeps the settings of the stage


def sign(cloud: LocalCloud, base: str, method: str, path: str, body: str, **overrides: str) -> dict[str, str]:
    """Return the headers of a signed request."""
    key = cloud.running.key
    parameters = {"key": key.access_key, "secret": key.secret_key, "region": "us-east-1", **overrides}
    request: Any = AWSRequest(method, base + path, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(
        Credentials(parameters["key"], parameters["secret"], parameters.get("token")),
        "execute-api",
        parameters["region"],
    ).add_auth(request)
    return {name.replace("-", "_"): value for name, value in request.headers.items()}


def test_a_method_with_iam_accepts_only_signed_requests(api: Api) -> None:
    api.method("POST", "/pets", authorizationType="AWS_IAM")
    base, body = api.deploy(), '{"a": 1}'
    signed = sign(api.cloud, base, "POST", "/pets?b=2&a=1", body, token="t")
    response = send(base, "POST", "/pets?b=2&a=1", body, **signed)
    identity = response.json["requestContext"]["identity"]
    assert (identity["accessKey"], identity["accountId"]) == (api.cloud.running.key.access_key, "123456789012")
    assert identity["userArn"].startswith("arn:aws:iam::123456789012:")
    assert send(base, "POST", "/pets", body).error == (403, "Missing Authentication Token")
    other = send(base, "POST", "/pets", '{"a": 2}', **sign(api.cloud, base, "POST", "/pets", body))
    assert other.status == 403
    assert other.json["message"].startswith("The request signature we calculated does not match")
    assert other.headers["x-amzn-errortype"] == "InvalidSignatureException"
    unknown_key = send(base, "POST", "/pets", body, **sign(api.cloud, base, "POST", "/pets", body, key="AKIA"))
    assert unknown_key.error == (403, "The security token included in the request is invalid.")
    signed = sign(api.cloud, base, "POST", "/pets", body, region="us-west-2")
    assert "us-west-2" in send(base, "POST", "/pets", body, **signed).error[1]


def user_key(cloud: LocalCloud, name: str, resource: str) -> dict[str, str]:
    """Create a user who may invoke what the ARN says; return the key for `sign`."""
    iam = cloud.client("iam")
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


def test_a_user_may_invoke_the_methods_that_policies_allow(api: Api) -> None:
    api.method("POST", "/pets/{id}", authorizationType="AWS_IAM")
    api.method("GET", "/pets/{id}", authorizationType="AWS_IAM")
    base = api.deploy()
    ana = user_key(api.cloud, "ana-rest", f"arn:aws:execute-api:us-east-1:*:{api.id}/*/POST/pets/*")
    response = send(base, "POST", "/pets/1", "{}", **sign(api.cloud, base, "POST", "/pets/1", "{}", **ana))
    identity = response.json["requestContext"]["identity"]
    assert (identity["accessKey"], identity["userArn"]) == (ana["key"], "arn:aws:iam::123456789012:user/ana-rest")
    assert identity["user"] != "123456789012"
    refused = send(base, "GET", "/pets/1", **sign(api.cloud, base, "GET", "/pets/1", "", **ana))
    assert (refused.status, refused.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert "user/ana-rest is not authorized to perform: execute-api:Invoke" in refused.json["message"]


def test_a_function_invokes_an_api_with_its_role(api: Api, proxy: Lambda) -> None:
    api.method("POST", "/pets", authorizationType="AWS_IAM")
    base = api.deploy()
    source = """
import os, urllib.error, urllib.request
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import Session

def handler(event, context):
    request = AWSRequest("POST", event["url"], data="{}", headers={"Content-Type": "application/json"})
    keys = Session().get_credentials()
    if event.get("without_token"):
        keys.token = None
    SigV4Auth(keys, "execute-api", "us-east-1").add_auth(request)
    try:
        sent = urllib.request.Request(event["url"], b"{}", dict(request.headers))
        return urllib.request.urlopen(sent).read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
"""
    proxy.create("front-caller", source, Timeout=20)
    event = {"url": f"{base}/pets"}
    assert "assumed-role/functions/front-caller is not authorized" in proxy.invoke("front-caller", event)["Payload"]
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam = api.cloud.client("iam")
    iam.put_role_policy(RoleName="functions", PolicyName="front", PolicyDocument=document)
    answer = json.loads(proxy.invoke("front-caller", event)["Payload"])
    assert answer["requestContext"]["identity"]["userArn"].endswith(":assumed-role/functions/front-caller")
    assert "is invalid" in proxy.invoke("front-caller", {**event, "without_token": True})["Payload"]
    iam.delete_role_policy(RoleName="functions", PolicyName="front")


def test_the_policy_of_an_api_allows_its_invocation(api: Api) -> None:
    api.method("POST", "/pets", authorizationType="AWS_IAM")
    base, root = api.deploy(), "arn:aws:iam::123456789012:"
    leo = user_key(api.cloud, "leo-rest", "arn:aws:execute-api:us-east-1:*:other/*")
    statement = {"Effect": "Allow", "Principal": {"AWS": f"{root}user/leo-rest"}, "Action": "execute-api:Invoke"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": "execute-api:/*/POST/*"}]})
    assert send(base, "POST", "/pets", "{}", **sign(api.cloud, base, "POST", "/pets", "{}", **leo)).status == 403
    patch = {"op": "replace", "path": "/policy", "value": document}
    api.client.update_rest_api(restApiId=api.id, patchOperations=[patch])
    assert send(base, "POST", "/pets", "{}", **sign(api.cloud, base, "POST", "/pets", "{}", **leo)).status == 200


def plan(api: Api, base: str, **settings: Any) -> tuple[str, str]:
    """Create an API key in a usage plan of the stage; return its id and its value."""
    key = api.client.create_api_key(name="k", enabled=True)
    stages = [{"apiId": api.id, "stage": base.rpartition("/")[2]}]
    created = api.client.create_usage_plan(name="p", apiStages=stages, **settings)
    api.client.create_usage_plan_key(usagePlanId=created["id"], keyId=key["id"], keyType="API_KEY")
    return key["id"], key["value"]


def test_a_method_with_an_api_key_accepts_only_valid_keys(api: Api) -> None:
    api.method("GET", "/pets", apiKeyRequired=True)
    base, other = api.deploy(), api.deploy("dev")
    name, value = plan(api, base)
    identity = send(base, "GET", "/pets", x_api_key=value).json["requestContext"]["identity"]
    assert (identity["apiKeyId"], identity["apiKey"]) == (name, value)
    loose = api.client.create_api_key(name="loose", enabled=True)["value"]
    headers = [{}, {"x_api_key": "wrong"}, {"x_api_key": loose}]
    assert [send(base, "GET", "/pets", **each).error for each in headers] == [(403, "Forbidden")] * 3
    assert send(other, "GET", "/pets", x_api_key=value).error == (403, "Forbidden")
    off = [{"op": "replace", "path": "/enabled", "value": "false"}]
    api.client.update_api_key(apiKey=name, patchOperations=off)
    assert send(base, "GET", "/pets", x_api_key=value).error == (403, "Forbidden")


def test_a_plan_limits_rate_and_quota(api: Api) -> None:
    api.method("GET", "/pets", apiKeyRequired=True)
    base = api.deploy()
    _, slow = plan(api, base, throttle={"rateLimit": 0.1, "burstLimit": 2})
    responses = [send(base, "GET", "/pets", x_api_key=slow) for _ in range(4)]
    assert [response.status for response in responses] == [200, 200, 429, 429]
    assert responses[-1].error == (429, "Too Many Requests")
    _, few = plan(api, base, quota={"limit": 2, "period": "DAY"})
    responses = [send(base, "GET", "/pets", x_api_key=few) for _ in range(3)]
    assert [response.status for response in responses] == [200, 200, 429]
    assert responses[-1].error == (429, "Limit Exceeded")


def test_a_stage_has_rate_limits_for_all_methods_and_for_one(api: Api) -> None:
    api.method("GET", "/pets")
    api.method("GET", "/toys")
    base = api.deploy()
    api.patch("prod", **{"/*/*/throttling/rateLimit": "0.1", "/*/*/throttling/burstLimit": "2"})
    api.patch("prod", **{"/~1toys/GET/throttling/rateLimit": "0.1", "/~1toys/GET/throttling/burstLimit": "1"})
    assert [send(base, "GET", "/toys").status for _ in range(2)] == [200, 429]
    assert [send(base, "GET", "/pets").status for _ in range(3)] == [200, 200, 429]


def preflight(api: Api, path: str, origin: str = "'*'") -> None:
    """Create an OPTIONS method as consoles and frameworks do."""
    place = {"restApiId": api.id, "resourceId": api.resource(path), "httpMethod": "OPTIONS"}
    headers = {"Origin": origin, "Methods": "'POST,OPTIONS'", "Headers": "'Content-Type,X-Api-Key'"}
    names = {name: f"method.response.header.Access-Control-Allow-{name}" for name in headers}
    api.client.put_method(**place, authorizationType="NONE")
    template = {"application/json": '{"statusCode": 200}'}
    api.client.put_integration(**place, type="MOCK", requestTemplates=template)
    api.client.put_method_response(**place, statusCode="200", responseParameters=dict.fromkeys(names.values(), True))
    values = {names[name]: value for name, value in headers.items()}
    api.client.put_integration_response(**place, statusCode="200", responseParameters=values)


def test_a_mock_responds_to_a_preflight_request(api: Api) -> None:
    api.method("POST", "/pets", authorizationType="AWS_IAM")
    preflight(api, "/pets")
    response = send(api.deploy(), "OPTIONS", "/pets", Origin="http://x.test", Access_Control_Request_Method="POST")
    assert (response.status, response.body) == (200, b"")
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-methods"] == "POST,OPTIONS"
    assert response.headers["access-control-allow-headers"] == "Content-Type,X-Api-Key"


def test_a_mock_selects_its_response_by_the_status_code_of_the_request_template(api: Api) -> None:
    place = {"restApiId": api.id, "resourceId": api.resource("/mock"), "httpMethod": "GET"}
    api.client.put_method(**place, authorizationType="NONE")
    template = {"application/json": "{\"statusCode\": $input.params('code')}"}
    api.client.put_integration(**place, type="MOCK", requestTemplates=template)
    for status, pattern in (("200", ""), ("404", "4\\d\\d")):
        api.client.put_method_response(**place, statusCode=status)
        body = {"application/json": f'{{"was": {status}, "id": "$context.requestId"}}'}
        api.client.put_integration_response(
            **place, statusCode=status, selectionPattern=pattern, responseTemplates=body
        )
    base = api.deploy()
    response = send(base, "GET", "/mock?code=418")
    assert (response.status, response.json["was"]) == (404, 404)
    assert response.json["id"] == response.headers["x-amzn-requestid"]
    assert send(base, "GET", "/mock?code=200").json["was"] == 200
    assert send(base, "GET", "/mock").error == (500, "Internal server error")


@pytest.mark.parametrize(
    ("reply", "status", "body"),
    [
        ({"statusCode": 201, "body": "made"}, 201, b"made"),
        ({"statusCode": "202"}, 202, b""),
        ({}, 200, b""),
        ({"statusCode": 200, "body": {"an": "object"}}, 502, None),
        ({"statusCode": "many"}, 502, None),
        ({"status": 200}, 502, None),
        ("text", 502, None),
        (None, 502, None),
        ({"statusCode": 200, "headers": {"X": {}}}, 502, None),
        ({"statusCode": 200, "headers": {"X: y\r\nZ": "1"}}, 502, None),
        ({"statusCode": 99}, 502, None),
        ({"statusCode": 204, "body": "not to be sent"}, 204, b""),
    ],
)
def test_a_malformed_function_response_is_502(api: Api, reply: Any, status: int, body: bytes | None) -> None:
    api.method("POST", "/pets")
    response = send(api.deploy(), "POST", "/pets", f'{{"reply":{json.dumps(reply)}}}')
    assert response.status == status
    assert response.body == body if body is not None else response.error == (502, "Internal server error")


def test_single_and_multi_value_headers_of_a_function_response(api: Api) -> None:
    api.method("POST", "/pets")
    reply = {
        "statusCode": 200,
        "headers": {"X-One": 1, "Set-Cookie": "lost=1", "X-Break": "a\r\nX-Injected: b", "X-Tick": "✓"},
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
    }
    response = send(api.deploy(), "POST", "/pets", f'{{"reply":{json.dumps(reply)}}}')
    assert response.cookies == ["a=1", "b=2"]
    assert (response.headers["x-one"], response.headers["content-type"]) == ("1", "application/json")
    assert "x-injected" not in response.headers
    assert response.headers["x-tick"].encode("latin-1").decode() == "✓"


def test_binary_bodies_with_a_declared_media_type(api: Api) -> None:
    api.method("POST", "/pets")
    operations = [{"op": "add", "path": "/binaryMediaTypes/image~1png"}]
    api.client.update_rest_api(restApiId=api.id, patchOperations=operations)
    base, data = api.deploy(), bytes(range(256))
    event = send(base, "POST", "/pets", data, Content_Type="image/png").json
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (data, True)
    reply = {"statusCode": 200, "body": base64.b64encode(data).decode(), "isBase64Encoded": True}
    body = f'{{"reply":{json.dumps(reply)}}}'
    assert send(base, "POST", "/pets", body, Accept="image/png").body == data
    assert send(base, "POST", "/pets", body, Accept="text/html").body == base64.b64encode(data)


def test_binary_media_types_are_kept_at_creation(proxy: Lambda) -> None:
    client = proxy.cloud.client("apigateway")
    created = client.create_rest_api(name="binary", binaryMediaTypes=["*/*"])
    assert created["binaryMediaTypes"] == ["*/*"]
    assert client.get_rest_api(restApiId=created["id"])["binaryMediaTypes"] == ["*/*"]
    client.delete_rest_api(restApiId=created["id"])


def test_a_function_that_fails_or_times_out(api: Api) -> None:
    api.method("POST", "/pets", timeout=2000)  # a worker needs a part of it to start
    base = api.deploy()
    assert send(base, "POST", "/pets", "fail").error == (502, "Internal server error")
    started = time.monotonic()
    assert send(base, "POST", "/pets?sleep=4").error == (504, "Endpoint request timed out")
    assert 1.9 < time.monotonic() - started < 4
    assert send(base, "POST", "/pets", "x").status == 200


def test_a_body_of_more_than_10_mb_is_refused(api: Api) -> None:
    api.method("POST", "/pets")
    base = api.deploy()
    assert send(base, "POST", "/pets", b"x" * (10 * 1024 * 1024 + 1)).error == (413, "Request Too Long")
    # This is less than the limit of API Gateway, and more than that of Lambda.
    assert send(base, "POST", "/pets", b"x" * (7 * 1024 * 1024)).error == (413, "Request Too Long")


@pytest.mark.parametrize(
    ("source", "qualifier", "status"),
    [
        ("{api}/*/GET/pets/*", "", 200),
        ("{api}/*", "", 200),
        ("{api}/prod/GET/pets/*", "", 200),
        ("{api}/prod/POST/pets/*", "", 500),
        ("{api}/dev/*", "", 500),
        ("other/*", "", 500),
        ("{api}/*", "live", 500),  # the permission of the alias does not apply to the function itself
    ],
)
def test_the_policy_of_the_function_is_checked(functions: Lambda, source: str, qualifier: str, status: int) -> None:
    functions.create("guarded", Handler="app.proxy")
    functions.client.publish_version(FunctionName="guarded")
    functions.client.create_alias(FunctionName="guarded", Name="live", FunctionVersion="1")
    api = Api(functions)
    api.method("GET", "/pets/{id}", target=FUNCTION.replace("proxy", "guarded"))
    arn = f"arn:aws:execute-api:us-east-1:123456789012:{source.format(api=api.id)}"
    parameters = {**ANY_API, **({"Qualifier": qualifier} if qualifier else {})}
    functions.client.add_permission(FunctionName="guarded", StatementId="s", SourceArn=arn, **parameters)
    response = send(api.deploy(), "GET", "/pets/1")
    assert response.status == status
    if status == 500:
        assert response.error == (500, "Internal server error")


def test_an_alias_has_its_own_permission(api: Api) -> None:
    api.method("GET", "/pets", target=f"{FUNCTION}:live")
    api.method("GET", "/variable", target=f"{FUNCTION}:${{stageVariables.alias}}")
    base = api.deploy(variables={"alias": "live"})
    assert send(base, "GET", "/pets").status == 200
    assert send(base, "GET", "/variable").status == 200


def test_requests_are_logged_in_the_format_of_the_stage(api: Api, proxy: Lambda) -> None:
    api.method("GET", "/pets/{id}")
    base, logs = api.deploy(), proxy.cloud.client("logs")
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/access"
    form = '{"id":"$context.requestId","m":"$context.httpMethod","r":"$context.resourcePath","s":$context.status,'
    form += '"l":"$context.integrationLatency","e":"$context.error.message","x":"$context.nothing"}'
    settings = {"/accessLogSettings/destinationArn": arn, "/accessLogSettings/format": form}
    with refused("BadRequestException"):  # the account has no logging role yet
        api.patch("prod", **settings)
    role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logs"}
    proxy.cloud.client("apigateway").update_account(patchOperations=[role])
    api.patch("prod", **settings)
    good, bad = send(base, "GET", "/pets/1"), send(base, "GET", "/no")
    events = logs.filter_log_events(logGroupName="/access")["events"]
    first, second = (json.loads(event["message"]) for event in events)
    assert first["id"] == good.headers["x-amzn-requestid"]
    assert (first["m"], first["r"], first["s"], first["e"], first["x"]) == ("GET", "/pets/{id}", 200, "-", "-")
    assert int(first["l"]) >= 0
    assert (second["s"], second["e"], second["l"]) == (bad.status, "Missing Authentication Token", "-")
