"""HTTP APIs, tested over HTTP."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from awsprov.local.apigateway.jwt_verifier import JwtVerifier, TokenError
from tests.local.serving.conftest import Lambda
from tests.local.serving.test_gateway_rest import (
    ANY_API,
    FUNCTION,
    REPEATED,
    ReceivedResponse,
    send,
    send_pairs,
    sign,
    user_key,
)


class Api:
    """An HTTP API, with short methods to build it."""

    def __init__(self, functions: Lambda, **settings: Any) -> None:
        self.cloud, self.client = functions.cloud, functions.cloud.client("apigatewayv2")
        created = self.client.create_api(Name="api", ProtocolType="HTTP", **settings)
        self.id: str = created["ApiId"]
        self.url: str = created["ApiEndpoint"]

    def integration(self, version: str = "2.0", **settings: Any) -> str:
        parameters = {
            "IntegrationUri": FUNCTION.replace("proxy", "proxy2"),
            "PayloadFormatVersion": version,
            **settings,
        }
        created = self.client.create_integration(ApiId=self.id, IntegrationType="AWS_PROXY", **parameters)
        return f"integrations/{created['IntegrationId']}"

    def route(self, key: str, target: str = "", **settings: Any) -> None:
        self.client.create_route(ApiId=self.id, RouteKey=key, Target=target or self.integration(), **settings)

    def stage(self, name: str = "$default", **settings: Any) -> str:
        """Create a stage, and return its URL."""
        self.client.create_stage(ApiId=self.id, StageName=name, AutoDeploy=True, **settings)
        return self.url + ("" if name == "$default" else f"/{name}")


@pytest.fixture(scope="module")
def proxy(shared: Lambda) -> Lambda:
    """The function `proxy2`, which any API may invoke."""
    shared.create("proxy2", Handler="app.proxy", Timeout=5)
    shared.client.add_permission(FunctionName="proxy2", StatementId="any", **ANY_API)
    return shared


@pytest.fixture
def api(proxy: Lambda) -> Iterator[Api]:
    created = Api(proxy)
    yield created
    created.client.delete_api(ApiId=created.id)


def test_the_event_is_complete(api: Api) -> None:
    api.route("POST /pets/{id}")
    base = api.stage(StageVariables={"color": "blue"})
    response = send(
        base,
        "POST",
        "/pets/a%20b?x=1&x=2&y=",
        '{"a": "ñ"}',
        Content_Type="application/json; charset=utf-8",
        Cookie="c=1; d=2",
        X_Mine="M",
    )
    event = response.json
    assert (response.status, response.headers["x-from"]) == (200, "function")
    assert "apigw-requestid" in response.headers
    assert (event["version"], event["routeKey"]) == ("2.0", "POST /pets/{id}")
    assert (event["rawPath"], event["rawQueryString"]) == ("/pets/a%20b", "x=1&x=2&y=")
    assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["pathParameters"] == {"id": "a b"}
    assert (event["cookies"], event["headers"]["x-mine"]) == (["c=1", "d=2"], "M")
    assert event["stageVariables"] == {"color": "blue"}
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": "ñ"}', False)
    context = event["requestContext"]
    assert (context["apiId"], context["stage"], context["routeKey"]) == (api.id, "$default", "POST /pets/{id}")
    assert {key: context["http"][key] for key in ("method", "path")} == {"method": "POST", "path": "/pets/a%20b"}
    assert context["http"]["sourceIp"] == "127.0.0.1"


def test_repeated_headers_are_joined_and_cookies_are_listed(api: Api) -> None:
    api.route("GET /x")
    event = send_pairs(api.stage(), "GET", "/x", *REPEATED).json
    assert (event["headers"]["x-multi"], event["headers"]["accept"]) == ("a,b, c", "x/y,z/*")
    assert event["cookies"] == ["a=1", "b=2"]


def test_missing_values_are_omitted(api: Api) -> None:
    api.route("GET /")
    event = send(api.stage(), "GET", "/").json
    absent = {"cookies", "queryStringParameters", "pathParameters", "stageVariables", "body"}
    assert not absent & set(event)
    assert "authorizer" not in event["requestContext"]


def test_a_named_stage_is_part_of_the_path_in_the_event(api: Api) -> None:
    api.route("GET /pets")
    event = send(api.stage("dev"), "GET", "/pets").json
    assert (event["rawPath"], event["requestContext"]["stage"]) == ("/dev/pets", "dev")
    assert send(api.url, "GET", "/pets").error == (404, "Not Found")
    default = api.stage()
    assert send(default, "GET", "/pets").json["rawPath"] == "/pets"
    assert send(default, "GET", "/dev/pets").json["rawPath"] == "/dev/pets"


def test_the_most_specific_route_is_used(api: Api) -> None:
    target = api.integration()
    for key in ("GET /pets", "ANY /pets", "GET /pets/{id}", "POST /pets/cat", "ANY /pets/{proxy+}", "$default"):
        api.route(key, target)
    base = api.stage()
    requests = [("GET", "/pets"), ("PUT", "/pets"), ("GET", "/pets/cat"), ("POST", "/pets/cat"), ("PUT", "/pets/a/b")]
    keys = [send(base, method, path).json["routeKey"] for method, path in [*requests, ("GET", "/other")]]
    assert keys == ["GET /pets", "ANY /pets", "GET /pets/{id}", "POST /pets/cat", "ANY /pets/{proxy+}", "$default"]


def test_a_request_without_a_route_is_not_found(api: Api) -> None:
    api.route("GET /pets")
    base = api.stage()
    assert send(base, "POST", "/pets").error == (404, "Not Found")
    assert send(base, "GET", "/nowhere").error == (404, "Not Found")


def test_bodies_that_are_not_text_are_in_base64(api: Api) -> None:
    api.route("POST /")
    base, data = api.stage(), bytes(range(256))
    event = send(base, "POST", "/", data, Content_Type="image/png").json
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (data, True)
    form = send(base, "POST", "/", "a=b", Content_Type="application/x-www-form-urlencoded").json
    assert form["isBase64Encoded"]


def post_response(base: str, value: Any) -> ReceivedResponse:
    return send(base, "POST", "/", f'{{"reply":{json.dumps(value)}}}', Content_Type="application/json")


def test_function_responses_in_all_formats(api: Api) -> None:
    api.route("POST /")
    base = api.stage()
    whole = {"statusCode": 201, "headers": {"X-A": "b"}, "cookies": ["a=1", "b=2"], "body": "made"}
    response = post_response(base, whole)
    assert (response.status, response.body, response.cookies) == (201, b"made", ["a=1", "b=2"])
    assert response.headers["x-a"] == "b"
    image = {"statusCode": 200, "body": base64.b64encode(b"\x00\xff").decode(), "isBase64Encoded": True}
    assert post_response(base, image).body == b"\x00\xff"
    assert (post_response(base, {"free": 1}).json, post_response(base, "text").body) == ({"free": 1}, b"text")
    assert post_response(base, {"free": 1}).headers["content-type"] == "application/json"
    assert post_response(base, {"statusCode": "many"}).error == (500, "Internal Server Error")


def test_a_function_that_fails_or_times_out(api: Api) -> None:
    api.route("POST /", api.integration(TimeoutInMillis=500))
    base = api.stage()
    assert send(base, "POST", "/", "fail").error == (500, "Internal Server Error")
    assert send(base, "POST", "/?sleep=2").error == (503, "Service Unavailable")


def test_payload_format_1_0(api: Api) -> None:
    api.route("GET /pets/{id}", api.integration("1.0"))
    event = send(api.stage(), "GET", "/pets/1?a=1&a=2").json
    assert (event["version"], event["resource"], event["pathParameters"]) == ("1.0", "/pets/{id}", {"id": "1"})
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert event["requestContext"]["stage"] == "$default"


def test_the_policy_of_the_function_is_checked(functions: Lambda) -> None:
    functions.create("closed", Handler="app.proxy")
    api = Api(functions)
    api.route("GET /pets/{id}", api.integration(IntegrationUri=FUNCTION.replace("proxy", "closed")))
    base = api.stage()
    assert send(base, "GET", "/pets/1").error == (500, "Internal Server Error")
    arn = f"arn:aws:execute-api:us-east-1:123456789012:{api.id}/*/*/pets/{{id}}"
    functions.client.add_permission(FunctionName="closed", StatementId="s", SourceArn=arn, **ANY_API)
    assert send(base, "GET", "/pets/1").status == 200


def test_the_stage_and_its_routes_are_throttled(api: Api) -> None:
    target = api.integration()
    api.route("GET /all", target)
    api.route("GET /one", target)
    base = api.stage(
        DefaultRouteSettings={"ThrottlingRateLimit": 0.1, "ThrottlingBurstLimit": 2},
        RouteSettings={"GET /one": {"ThrottlingRateLimit": 0.1, "ThrottlingBurstLimit": 1}},
    )
    assert [send(base, "GET", "/one").status for _ in range(2)] == [200, 429]
    assert [send(base, "GET", "/all").status for _ in range(3)] == [200, 200, 429]
    assert send(base, "GET", "/all").error == (429, "Too Many Requests")
    wide = {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 100}
    updated = api.client.update_stage(ApiId=api.id, StageName="$default", DefaultRouteSettings=wide)
    assert updated["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 100
    time.sleep(0.05)
    assert send(base, "GET", "/all").status == 200


def test_a_route_with_iam_accepts_only_signed_requests(api: Api) -> None:
    api.route("POST /pets", AuthorizationType="AWS_IAM")
    base = api.stage()
    context = send(base, "POST", "/pets", "{}", **sign(api.cloud, base, "POST", "/pets", "{}")).json["requestContext"]
    assert context["authorizer"]["iam"]["accessKey"] == api.cloud.running.key.access_key
    assert send(base, "POST", "/pets", "{}").error == (403, "Forbidden")
    assert send(base, "POST", "/pets", "[]", **sign(api.cloud, base, "POST", "/pets", "{}")).error == (403, "Forbidden")


def test_a_user_may_invoke_the_routes_that_policies_allow(api: Api) -> None:
    api.route("POST /pets", AuthorizationType="AWS_IAM")
    api.route("GET /pets", AuthorizationType="AWS_IAM")
    base = api.stage()
    ana = user_key(api.cloud, "ana-http", f"arn:aws:execute-api:us-east-1:*:{api.id}/*/POST/pets")
    context = send(base, "POST", "/pets", "{}", **sign(api.cloud, base, "POST", "/pets", "{}", **ana)).json
    caller = context["requestContext"]["authorizer"]["iam"]
    assert (caller["accessKey"], caller["userArn"]) == (ana["key"], "arn:aws:iam::123456789012:user/ana-http")
    assert send(base, "GET", "/pets", **sign(api.cloud, base, "GET", "/pets", "", **ana)).error == (403, "Forbidden")


CORS = {
    "AllowOrigins": ["https://good.test", "https://*.sub.test"],
    "AllowMethods": ["POST", "OPTIONS"],
    "AllowHeaders": ["content-type"],
    "ExposeHeaders": ["x-from"],
    "MaxAge": 60,
    "AllowCredentials": True,
}


def test_the_cors_headers_are_those_of_the_api(proxy: Lambda) -> None:
    api = Api(proxy, CorsConfiguration=CORS)
    api.route("POST /")
    base = api.stage()
    allowed = send(base, "OPTIONS", "/", Origin="https://good.test", Access_Control_Request_Method="POST")
    assert (allowed.status, allowed.body) == (204, b"")
    ours = {name.removeprefix("access-control-"): value for name, value in allowed.headers.items()}
    assert (ours["allow-origin"], ours["allow-methods"]) == ("https://good.test", "POST,OPTIONS")
    assert (ours["allow-headers"], ours["max-age"], ours["allow-credentials"]) == ("content-type", "60", "true")
    refused = send(base, "OPTIONS", "/", Origin="https://bad.test", Access_Control_Request_Method="POST")
    assert not [name for name in refused.headers if name.startswith("access-control-")]
    value = {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "9"}}
    body = f'{{"reply":{json.dumps(value)}}}'
    response = send(base, "POST", "/", body, Origin="https://a.sub.test", Content_Type="application/json")
    assert response.headers["access-control-allow-origin"] == "https://a.sub.test"
    assert response.headers["access-control-expose-headers"] == "x-from"
    assert "access-control-max-age" not in response.headers


class Issuer:
    """An issuer of tokens on a loopback address."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.key_id = "one"
        self.redirects = ""  # a URL to which all requests are redirected
        issuer = self

        class Documents(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(issuer.documents()[self.path]).encode()
                self.send_response(302 if issuer.redirects else 200)
                self.send_header("Location", issuer.redirects)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Documents)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def documents(self) -> dict[str, Any]:
        numbers = self.key.public_key().public_numbers()
        values = {"e": encode(numbers.e.to_bytes(3)), "n": encode(numbers.n.to_bytes(256))}
        keys = [{"kty": "RSA", "kid": self.key_id, **values}]
        return {"/.well-known/openid-configuration": {"jwks_uri": f"{self.url}/keys"}, "/keys": {"keys": keys}}

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        whole = {"iss": self.url, "aud": "pets", "exp": time.time() + 60, "scope": "read write", **claims}
        parts = [{"alg": "RS256", "kid": self.key_id, **(header or {})}, whole]
        signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{encode(signature)}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    created = Issuer()
    yield created
    created.close()


def test_a_route_with_a_jwt_authorizer_accepts_only_valid_tokens(api: Api, issuer: Issuer) -> None:
    authorizer = api.client.create_authorizer(
        ApiId=api.id,
        Name="tokens",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer.url, "Audience": ["pets"]},
    )["AuthorizerId"]
    api.route("GET /pets", AuthorizationType="JWT", AuthorizerId=authorizer)
    api.route("GET /admin", AuthorizationType="JWT", AuthorizerId=authorizer, AuthorizationScopes=["admin"])
    base = api.stage()
    good = f"Bearer {issuer.token(sub='me', groups=['a', 'b'])}"
    claims = send(base, "GET", "/pets", Authorization=good).json["requestContext"]["authorizer"]["jwt"]["claims"]
    assert (claims["sub"], claims["groups"], claims["aud"]) == ("me", "[a b]", "pets")
    missing = send(base, "GET", "/pets")
    assert (missing.error, missing.headers["www-authenticate"]) == ((401, "Unauthorized"), "Bearer")
    old = send(base, "GET", "/pets", Authorization=issuer.token(exp=time.time() - 1))
    assert old.error == (401, "Unauthorized")
    assert 'error_description="the token has expired"' in old.headers["www-authenticate"]
    scope = send(base, "GET", "/admin", Authorization=good)
    assert scope.error == (403, "Forbidden")
    assert 'error="insufficient_scope"' in scope.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("header", "claims", "message"),
    [
        ({}, {"iss": "http://127.0.0.1:1"}, "invalid issuer"),
        ({}, {"aud": "toys"}, "invalid audience"),
        ({}, {"aud": ["toys"], "client_id": "pets"}, "invalid audience"),
        ({}, {"exp": None}, "has expired"),
        ({}, {"nbf": time.time() + 3600}, "not valid yet"),
        ({"alg": "none"}, {}, "algorithm that is not supported"),
        ({"alg": "HS256"}, {}, "algorithm that is not supported"),
        ({"alg": "RS512"}, {}, "signature is invalid"),
        ({"kid": "two"}, {}, "signing key was not found"),
    ],
)
def test_a_bad_token_is_refused(issuer: Issuer, header: dict[str, Any], claims: dict[str, Any], message: str) -> None:
    configuration = {"issuer": issuer.url, "audience": ["pets"]}
    with pytest.raises(TokenError, match=message):
        JwtVerifier().claims(issuer.token(header, **claims), configuration, [])


DEEP = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    ["", "a.b", "a.b.c", "é.é.é", "W10.W10.W10", f"{DEEP}.e30.e30", f"eyJhbGciOiJSUzI1NiJ9.{DEEP}.e30"],
    ids=lambda token: token[:20],
)
def test_a_malformed_token_is_refused(token: str) -> None:
    with pytest.raises(TokenError, match="malformed"):
        JwtVerifier().claims(token, {"issuer": "x"}, [])


@pytest.mark.parametrize("url", ["https://issuer.test", "http://192.0.2.1:80", "file:///etc/passwd"])
def test_issuers_on_other_hosts_are_refused(issuer: Issuer, url: str) -> None:
    with pytest.raises(TokenError, match="loopback addresses only"):
        JwtVerifier().claims(issuer.token(iss=url), {"issuer": url, "audience": ["pets"]}, [])


def test_a_new_key_of_the_issuer_is_fetched() -> None:
    issuer, authorizer = Issuer(), JwtVerifier()
    configuration = {"issuer": issuer.url, "audience": ["pets"]}
    authorizer.claims(issuer.token(), configuration, [])
    old = issuer.token()
    issuer.key, issuer.key_id = rsa.generate_private_key(65537, 2048), "two"
    assert authorizer.claims(issuer.token(sub="me"), configuration, [])["sub"] == "me"
    with pytest.raises(TokenError, match="signing key was not found"):
        authorizer.claims(old, configuration, [])
    issuer.close()


def test_redirects_of_an_issuer_are_not_followed() -> None:
    issuer, other = Issuer(), Issuer()
    other.key = issuer.key
    issuer.redirects = f"{other.url}/keys"
    with pytest.raises(TokenError, match="OIDC discovery endpoint communication error"):
        JwtVerifier().claims(issuer.token(), {"issuer": issuer.url, "audience": ["pets"]}, [])
    issuer.close()
    other.close()


def test_requests_are_logged(api: Api, proxy: Lambda) -> None:
    api.route("GET /pets")
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/access-http"
    form = "$context.routeKey $context.status $context.identity.sourceIp $context.httpMethod $context.path"
    base = api.stage(AccessLogSettings={"DestinationArn": arn, "Format": form})
    send(base, "GET", "/pets")
    send(base, "GET", "/no")
    events = proxy.cloud.client("logs").filter_log_events(logGroupName="/access-http")["events"]
    assert [event["message"] for event in events] == [
        "GET /pets 200 127.0.0.1 GET /pets",
        "- 404 127.0.0.1 GET /no",
    ]
