"""Endpoints with parameters in their paths."""

from typing import Any
from unittest.mock import Mock

import pytest

from awsprov.errors import UsageError
from awsprov.operations.endpoints import Endpoint, fill_path, find_endpoint
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.rest_api import RestApi


def endpoint(path: str) -> Endpoint:
    return Endpoint("GET", path, "f", f"https://api.example.com/prod{path}")


@pytest.mark.parametrize(
    ("path", "values", "url"),
    [
        ("/items", {}, "/items"),
        ("/items/{id}", {"id": "7"}, "/items/7"),
        ("/items/{id}", {"id": "a b/c?"}, "/items/a%20b%2Fc%3F"),
        ("/a/{x}/b/{y}", {"y": "2", "x": "1"}, "/a/1/b/2"),
        ("/files/{path+}", {"path": "a/b c"}, "/files/a/b%20c"),
    ],
)
def test_values_replace_path_parameters(path: str, values: dict[str, str], url: str) -> None:
    assert fill_path(endpoint(path), values).url == f"https://api.example.com/prod{url}"


@pytest.mark.parametrize(
    ("path", "values", "remedy"),
    [
        ("/items/{id}", {}, "--path id=VALUE"),
        ("/items/{id}", {"ID": "7"}, "--path id=VALUE"),
        ("/items/{id}", {"id": "7", "more": "8"}, "Leave out --path more="),
        ("/items", {"id": "7"}, "Leave out --path id="),
    ],
)
def test_missing_and_unknown_values_are_an_error(path: str, values: dict[str, str], remedy: str) -> None:
    with pytest.raises(UsageError) as raised:
        fill_path(endpoint(path), values)
    assert remedy in raised.value.remedy


def cloud(**descriptions: Any) -> Any:
    """Return an AWS without listings that describes single APIs."""
    aws = Mock(region="eu-west-1", partition="aws", url_suffix="amazonaws.com", endpoint="http://127.0.0.1:1")
    aws.cached.return_value = []
    aws.apigateway.get_rest_api.return_value = {"id": "abc", **descriptions}
    aws.apigatewayv2.get_api.return_value = {"ApiId": "abc", **descriptions}
    return aws


def test_the_url_of_a_rest_api_is_awss_unless_a_tag_names_another_one() -> None:
    api = RestApi("api", "", ())
    api.id = "abc"
    assert api.invoke_url(cloud(), "prod") == "https://abc.execute-api.eu-west-1.amazonaws.com/prod"
    tags = {"awsprov:invoke-url": "http://127.0.0.1:2/_aws/execute-api/abc"}
    assert api.invoke_url(cloud(tags=tags), "prod") == "http://127.0.0.1:2/_aws/execute-api/abc/prod"


@pytest.mark.parametrize("url", ["https://abc.execute-api.eu-west-1.amazonaws.com", "http://127.0.0.1:2/x/abc"])
def test_the_url_of_an_http_api_is_the_one_that_aws_returns(url: str) -> None:
    api = HttpApi("api", "", None)
    api.id = "abc"
    assert api.invoke_url(cloud(ApiEndpoint=url), "prod") == url


ROUTES = [
    Endpoint(method, path, function, f"https://api.example.com/prod{path}")
    for method, path, function in (
        ("ANY", "/{proxy+}", "web"),
        ("GET", "/items/{id}", "shop"),
        ("GET", "/items/new", "shop"),
        ("POST", "/items/{id}", "shop"),
    )
]


@pytest.mark.parametrize(
    ("function", "route", "method", "path", "owner"),
    [
        ("", "GET /items/7", "GET", "/items/7", "shop"),
        ("", "/items/7", "GET", "/items/7", "shop"),
        ("", "POST /items/7", "POST", "/items/7", "shop"),
        ("", "GET /items/new", "GET", "/items/new", "shop"),
        ("", "DELETE /items/7", "DELETE", "/items/7", "web"),
        ("web", "GET /items/7", "GET", "/items/7", "web"),
        ("", "/docs/a b", "ANY", "/docs/a b", "web"),
        ("shop", "GET /items/{id}", "GET", "/items/{id}", "shop"),
        ("shop", "", "GET", "/items/{id}", "shop"),
    ],
)
def test_a_request_finds_the_most_specific_route_that_serves_it(
    function: str, route: str, method: str, path: str, owner: str
) -> None:
    found = find_endpoint(ROUTES, function, route)
    assert (found.method, found.path, found.function) == (method, path, owner)
    assert found.url == f"https://api.example.com/prod{path.replace(' ', '%20')}"


@pytest.mark.parametrize("route", ["PUT /items/7", "/items", "/items/7/8", "/"])
def test_what_no_route_serves_is_an_error_with_the_routes(route: str) -> None:
    with pytest.raises(UsageError, match="has no route") as raised:
        find_endpoint(ROUTES[1:], "shop", route)
    assert "GET /items/{id}" in raised.value.why
    assert "--route" in raised.value.remedy


def test_a_function_without_routes_is_called_through_lambda() -> None:
    with pytest.raises(UsageError, match=r"^nightly has no route\.") as raised:
        find_endpoint(ROUTES, "nightly", "")
    assert "Without --http" in raised.value.remedy
