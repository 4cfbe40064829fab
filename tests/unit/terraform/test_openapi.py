"""Routes that Terraform's files have in an OpenAPI document, the `body` of an API."""

from pathlib import Path

import pytest

from tests.unit.terraform.test_trees import CODE, FUNCTION, converted, notes_about, routes

TWO = FUNCTION.replace('"rank" {', '"both" {\n  for_each = toset(["rank", "items"])').replace(
    'function_name = "rank"', "function_name = each.key"
)
OPENAPI = """=== infra/api.yaml
openapi: "3.0.1"
info: {title: items, version: "1"}
components:
  securitySchemes:
    key: {type: apiKey, name: x-api-key, in: header}
security: [{key: []}]
paths:
  /v1/rank:
    post:
      x-amazon-apigateway-integration:
        type: aws
        httpMethod: POST
        uri: ${rank}
        timeoutInMillis: 29000
        responses:
          default: {statusCode: "200"}
          '^\\[400\\].*': {statusCode: "400"}
    options:
      security: []
      x-amazon-apigateway-integration:
        type: mock
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://www.example.com'"
  /items/{id}:
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: ${path}/arn:aws:lambda:${region}:${account}:function:items/invocations
  /health:
    get:
      x-amazon-apigateway-integration: {type: MOCK}
  /jobs:
    post:
      x-amazon-apigateway-integration: {type: aws, uri: "arn:aws:apigateway:${region}:sqs:path/1/jobs"}
"""
REST = """
data "aws_caller_identity" "me" {}
resource "aws_api_gateway_rest_api" "api" {
  name = "api"
  body = templatefile("${path.module}/api.yaml", {
    rank    = aws_lambda_function.both["rank"].invoke_arn
    region  = "us-east-1"
    path    = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions"
    account = data.aws_caller_identity.me.account_id
  })
}
"""


def test_a_template_of_a_rest_api(tmp_path: Path) -> None:
    found, config = converted(tmp_path, f"{CODE}=== infra/main.tf{TWO}{REST}{OPENAPI}")
    assert routes(config, "rank") == ["POST /v1/rank"]
    assert routes(config, "items") == ["ANY /items/{id}"]
    assert (config.functions["rank"].payload, config.functions["items"].payload) == ("body", None)
    assert config.functions["rank"].errors == {400: r"^\[400\].*"}
    assert (config.api.type, config.api.auth, config.api.cors_origin) == ("rest", "api_key", "https://www.example.com")
    assert notes_about(found, "GET /health is answered by an integration of type MOCK")
    assert notes_about(found, "POST /jobs is answered by the service sqs")


HTTP = """
resource "aws_apigatewayv2_api" "api" {
  name          = "api"
  protocol_type = "HTTP"
  body = jsonencode({
    openapi = "3.0.1"
    "x-amazon-apigateway-cors" = { allowOrigins = ["*"] }
    components = {
      securitySchemes = {
        login = {
          type = "oauth2"
          "x-amazon-apigateway-authorizer" = {
            type             = "jwt"
            jwtConfiguration = { issuer = "https://accounts.example.com", audience = ["rank"] }
          }
        }
      }
      x-amazon-apigateway-integrations = {
        rank = { type = "AWS_PROXY", payloadFormatVersion = "2.0", uri = aws_lambda_function.both["rank"].invoke_arn }
      }
    }
    paths = { for path in ["/rank", "/$default"] : path => {
      x-amazon-apigateway-any-method = {
        security                        = [{ login = [] }]
        x-amazon-apigateway-integration = { "$ref" = "#/components/x-amazon-apigateway-integrations/rank" }
      }
    } }
  })
}
"""


def test_an_http_api_whose_document_is_an_expression(tmp_path: Path) -> None:
    _, config = converted(tmp_path, f"{CODE}=== infra/main.tf{TWO}{HTTP}")
    assert sorted(routes(config, "rank")) == ["ANY /rank", "ANY /{proxy+}"]
    assert (config.api.type, config.api.auth, config.api.cors_origin) == ("http", "jwt", "*")
    assert config.api.jwt is not None
    assert (config.api.jwt.issuer, config.api.jwt.audience) == ("https://accounts.example.com", ["rank"])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("data.http.api.response_body", "depends on data.http.api.response_body, which Terraform reads when it runs"),
        ('"paths: [unclosed"', "cannot be read"),
        ('"a: &a {b: c}\\npaths: {<<: *a}"', "cannot be read"),
        ('"openapi: 3.0.1"', "has no paths"),
        ("var.api_token", "comes from a sensitive variable"),
    ],
)
def test_what_cannot_be_read_is_reported(tmp_path: Path, body: str, reason: str) -> None:
    api = f'variable "api_token" {{ default = "x" }}\nresource "aws_api_gateway_rest_api" "api" {{ body = {body} }}\n'
    found, config = converted(tmp_path, f'{CODE}=== infra/main.tf{FUNCTION}{api}data "http" "api" {{}}\n')
    assert notes_about(found, f"its OpenAPI `body` {reason}; write its routes into config.yaml yourself")
    assert routes(config, "rank") == []
