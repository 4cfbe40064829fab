"""Lists of API Gateway: all items, in pages of the largest size."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from awsprov.resources.api.listing import list_items


@pytest.mark.parametrize(
    ("service", "method", "scope", "names"),
    [
        ("apigateway", "get_usage_plan_keys", {"usagePlanId": "p"}, ("position", "limit", "items", "id")),
        ("apigatewayv2", "get_routes", {"ApiId": "a"}, ("NextToken", "MaxResults", "Items", "RouteKey")),
    ],
)
def test_all_pages_are_read(service: Any, method: str, scope: dict[str, str], names: tuple[str, ...]) -> None:
    token, limit, items, id_ = names
    client: Any = boto3.client(service, "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    size: Any = 500 if service == "apigateway" else "500"
    with Stubber(client) as stub:
        stub.add_response(method, {items: [{id_: "1"}], token: "next"}, {**scope, limit: size})
        stub.add_response(method, {items: []}, {**scope, limit: size, token: "next"})
        assert [item[id_] for item in list_items(client, method, **scope)] == ["1"]
        stub.assert_no_pending_responses()
