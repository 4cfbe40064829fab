"""From Terraform to config.yaml: what is carried over, what becomes a secret, and what is reported as not converted."""

import sys
from pathlib import Path
from typing import Any

import pytest

from awsprov.config.loader import load
from awsprov.config.route import Route
from awsprov.errors import UsageError
from awsprov.terraform.converter import Conversion, convert
from awsprov.terraform.reader import read_terraform

MAIN = """
provider "aws" {
  region = var.region
}
variable "region" { default = "eu-west-1" }
variable "cidr" {}
variable "dsn" {
  sensitive = true
}
variable "level" { default = "INFO" }
locals { range = var.cidr }
resource "aws_vpc" "main" { cidr_block = local.range }
resource "aws_nat_gateway" "nat" { subnet_id = aws_subnet.a.id }
resource "aws_instance" "builder" { instance_type = "t4g.medium" }
data "archive_file" "code" {
  type       = "zip"
  source_dir = "${path.module}/code"
}
resource "aws_lambda_function" "rank" {
  function_name = "rank"
  filename      = data.archive_file.code.output_path
  handler       = "app.answer"
  runtime       = "python3.13"
  architectures = ["arm64"]
  memory_size   = 2048
  timeout       = 20
  environment {
    variables = {
      LEVEL    = var.level
      DATABASE = var.dsn
    }
  }
}
resource "aws_cloudwatch_log_group" "rank" {
  name              = "/aws/lambda/${aws_lambda_function.rank.function_name}"
  retention_in_days = 14
}
"""
TFVARS = """
cidr         = "10.9.0.0/16"
dsn          = "postgres://hunter2"
api_key      = "sk-hunter2"
model_name   = "minilm"
"""
REST = """
resource "aws_api_gateway_resource" "v1" {
  parent_id = aws_api_gateway_rest_api.api.root_resource_id
  path_part = "v1"
}
resource "aws_api_gateway_resource" "rank" {
  parent_id = aws_api_gateway_resource.v1.id
  path_part = "rank"
}
resource "aws_api_gateway_method" "post" {
  resource_id   = aws_api_gateway_resource.rank.id
  http_method   = "POST"
  authorization = "AWS_IAM"
}
resource "aws_api_gateway_method" "options" {
  resource_id   = aws_api_gateway_resource.rank.id
  http_method   = "OPTIONS"
  authorization = "NONE"
}
"""
HTTP = """
resource "aws_apigatewayv2_api" "api" { protocol_type = "HTTP" }
resource "aws_apigatewayv2_integration" "rank" { integration_uri = aws_lambda_function.rank.invoke_arn }
resource "aws_apigatewayv2_route" "rank" {
  route_key = "POST /rank"
  target    = "integrations/${aws_apigatewayv2_integration.rank.id}"
}
resource "aws_lambda_function" "other" { handler = "app.answer" }
resource "aws_apigatewayv2_integration" "other" { integration_uri = aws_lambda_function.other.invoke_arn }
resource "aws_apigatewayv2_route" "other" {
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.other.id}"
}
"""


def converted(home: Path, main: str = MAIN, tfvars: str = TFVARS, source: str | None = None) -> Conversion:
    """The conversion of these files, in a directory beside config.yaml."""
    infra = home / "infra"
    (infra / "code").mkdir(parents=True, exist_ok=True)
    (infra / "code" / "app.py").write_text("def answer(event, context): ...\n")
    (infra / "code" / "requirements.txt").write_text("numpy\n")
    (infra / "main.tf").write_text(main)
    (infra / "terraform.tfvars").write_text(tfvars)
    return convert(read_terraform(infra, home), "demo", "us-east-1", home, source)


def function(found: Conversion, name: str = "rank") -> Any:
    return found.config["functions"][name]


def test_all_that_is_known_is_carried_over_and_loads(tmp_path: Path) -> None:
    found = converted(tmp_path, MAIN + REST)
    (tmp_path / "config.yaml").write_text(found.text)
    config = load(tmp_path / "config.yaml")
    assert found.notes == []
    assert (config.region, str(config.network.cidr), config.network.nat) == ("eu-west-1", "10.9.0.0/16", "single")
    assert config.builder.instance_type == "t4g.medium"
    assert (config.libraries.python, config.libraries.architecture) == ("3.13", "arm64")
    rank = config.functions["rank"]
    assert (rank.handler, rank.memory, rank.timeout, rank.log_days) == ("app.answer", 2048, 20, 14)
    assert rank.source == tmp_path / "infra" / "code"
    assert rank.routes == [Route("POST", "/v1/rank")]
    assert (config.api.type, config.api.auth) == ("rest", "iam")


def test_variables_go_to_the_functions_and_secrets_by_name_only(tmp_path: Path) -> None:
    found = converted(tmp_path)
    assert function(found)["variables"] == {"LEVEL": "INFO"}
    assert function(found)["secrets"] == {"DATABASE": "ssm:/demo/database"}
    assert found.secrets == ["/demo/database"]
    assert "hunter2" not in found.text + str(found.notes)


def test_a_variable_that_shaped_the_network_is_none_of_the_function_s(tmp_path: Path) -> None:
    assert not {"CIDR", "DSN", "REGION"} & set(function(converted(tmp_path))["variables"])


def test_routes_of_an_http_api_find_their_functions(tmp_path: Path) -> None:
    found = converted(tmp_path, MAIN + HTTP, source="infra/code")
    assert function(found)["routes"] == ["POST /rank"]
    assert function(found, "other")["routes"] == ["ANY /{proxy+}"]
    assert found.config["api"] == {"type": "http", "auth": "none"}


def test_a_route_whose_function_is_not_known_is_noted(tmp_path: Path) -> None:
    second = 'resource "aws_lambda_function" "other" { handler = "app.answer" }\n'
    found = converted(tmp_path, MAIN + REST + second, source="infra/code")
    assert "routes" not in function(found)
    assert any("the function of POST /v1/rank is not known" in note for note in found.notes)


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("timeout       = 20", "timeout       = pow(2, 3)", "`timeout` is computed (`pow(...)`)"),
        ("python3.13", "python3.9", "does not support Python 3.9"),
        ("app.answer", "gone.answer", "infra/code/gone.py does not exist"),
        ("LEVEL    = var.level", "LEVEL    = aws_sqs_queue.q.url", "LEVEL depends on aws_sqs_queue.q, which"),
    ],
)
def test_what_cannot_be_converted_is_noted(tmp_path: Path, old: str, new: str, note: str) -> None:
    assert old in MAIN
    found = converted(tmp_path, MAIN.replace(old, new))
    assert [each for each in found.notes if note in each and "main.tf" in each]


def test_only_resources_that_awsprov_does_not_create_are_noted(tmp_path: Path) -> None:
    more = 'resource "aws_s3_bucket" "models" {}\nresource "aws_iam_role" "r" {}\nresource "random_id" "i" {}\n'
    more += 'resource "aws_api_gateway_request_validator" "v" {}\nresource "aws_eip_association" "e" {}\n'
    assert converted(tmp_path, MAIN + more).notes == ["aws_s3_bucket.models in main.tf: awsprov does not create this"]


@pytest.mark.parametrize(
    ("type_", "note"), [("aws_vpc_endpoint", "`network.endpoints`"), ("aws_network_acl", "rules of its own")]
)
def test_what_awsprov_creates_in_another_form_is_noted_as_that(tmp_path: Path, type_: str, note: str) -> None:
    (found,) = converted(tmp_path, f'{MAIN}resource "{type_}" "one" {{}}\n').notes
    assert note in found
    assert "does not create" not in found


@pytest.mark.parametrize(
    ("gateways", "nat"),
    [
        ("", "none"),
        ('resource "aws_nat_gateway" "n" { count = 2 }', "per-zone"),
        ('resource "aws_nat_gateway" "n" {}', "single"),
    ],
)
def test_ways_out_are_counted(tmp_path: Path, gateways: str, nat: str) -> None:
    line = 'resource "aws_nat_gateway" "nat" { subnet_id = aws_subnet.a.id }'
    assert converted(tmp_path, MAIN.replace(line, gateways)).config["network"].get("nat", "single") == nat


def test_defaults_and_interpolations_are_resolved_and_circles_end(tmp_path: Path) -> None:
    text = MAIN.replace('"INFO"', '"${local.a}-${var.region}"').replace(
        "locals {", 'locals {\n  a = "x"\n  b = local.b\n '
    )
    assert function(converted(tmp_path, text))["variables"]["LEVEL"] == "x-eu-west-1"
    circle = MAIN.replace("LEVEL    = var.level", "LEVEL    = local.b").replace(
        "locals {", "locals {\n  b = local.b\n "
    )
    found = converted(tmp_path, circle)
    assert "variables" not in function(found)
    assert any("the variable LEVEL refers to itself" in note for note in found.notes)


def test_without_a_function_there_is_one_to_write(tmp_path: Path) -> None:
    found = converted(tmp_path, 'resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }', "")
    assert found.config["functions"] == {"demo": {"source": "lambda_src", "handler": "lambda_function.lambda_handler"}}


@pytest.mark.parametrize("text", ["resource {{", 'a = "'])
def test_invalid_hcl_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"main\.tf is not valid HCL"):
        converted(tmp_path, text)


def test_a_directory_without_terraform_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Terraform") as error:
        read_terraform(tmp_path)
    assert "--from-terraform" in error.value.remedy
    with pytest.raises(UsageError, match="no Terraform") as error:
        converted(tmp_path, 'module "empty" { source = "./empty" }')
    assert "`terraform validate`" in error.value.remedy


@pytest.mark.parametrize("text", ["count = 600", f"cidr_block = {'[' * 400}{']' * 400}"], ids=["many", "nested"])
def test_what_is_too_much_to_evaluate_is_left_to_terraform(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError) as error:
        converted(tmp_path, f'resource "aws_vpc" "main" {{ {text} }}')
    assert "`awsprov init --from-terraform " in error.value.remedy


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hcl2", None)
    with pytest.raises(UsageError) as raised:
        converted(tmp_path)
    assert raised.value.remedy == "Run `pip install 'awsprov[terraform]'`."


PLAN = """
resource "aws_api_gateway_usage_plan" "plan" {
  throttle_settings {
    rate_limit  = 10
    burst_limit = 20
  }
  quota_settings {
    limit  = 1000
    period = "DAY"
  }
}
resource "aws_api_gateway_api_key" "client" { name = "client" }
resource "aws_api_gateway_method_settings" "all" {
  settings {
    throttling_rate_limit  = 5.5
    throttling_burst_limit = -1
  }
}
"""


def test_the_limits_of_the_api_are_carried_over_and_the_rest_of_its_keys_is_noted(tmp_path: Path) -> None:
    found = converted(tmp_path, MAIN + REST + PLAN)
    assert found.config["api"]["throttle"] == {"rate": 5.5, "burst": 20}
    notes = "\n".join(found.notes)
    assert "quotas are not converted" in notes
    assert "give clients the new one" in notes
    (tmp_path / "config.yaml").write_text(found.text)
    assert load(tmp_path / "config.yaml").api.throttle.rate == 5.5


def test_default_tags_are_carried_over(tmp_path: Path) -> None:
    tags = 'default_tags {\n    tags = { team = "pricing", Name = "x", who = timestamp() }\n  }'
    found = converted(tmp_path, MAIN.replace("  region = var.region\n}", f"  region = var.region\n  {tags}\n}}", 1))
    assert found.config["tags"] == {"team": "pricing"}
    assert any("these default tags are not converted: Name, who" in note for note in found.notes)


def test_tags_that_all_resources_have_are_carried_over_and_the_others_are_noted(tmp_path: Path) -> None:
    shared = 'merge({ team = "pricing", cost = "7" }, { Name = "x" })'
    more = f"""
resource "aws_eip" "one" {{ tags = {shared} }}
resource "aws_vpc" "two" {{ tags = merge({shared}, {{ cost = "8", owner = "ana" }}) }}
resource "aws_s3_bucket" "other" {{ tags = {{ bucket = "yes" }} }}
"""
    found = converted(tmp_path, MAIN + more)
    assert found.config["tags"] == {"team": "pricing"}
    assert any("not all resources have cost, owner;" in note for note in found.notes)
    assert not any("bucket;" in note for note in found.notes)


@pytest.mark.parametrize(
    ("functions", "instance", "kept"),
    [("arm64", "t3.large", "t4g.small"), ("arm64", "c7gn.large", "c7gn.large"), ("x86_64", "t4g.large", "t3.small"),
     ("arm64", "", "t4g.small"), ("x86_64", "g4dn.xlarge", "g4dn.xlarge"), ("x86_64", "", None)],
)  # fmt: skip
def test_the_builder_has_the_architecture_of_the_functions(
    tmp_path: Path, functions: str, instance: str, kept: str | None
) -> None:
    text = MAIN.replace('resource "aws_instance" "builder" { instance_type = "t4g.medium" }\n', "")
    text = text.replace('["arm64"]', f'["{functions}"]')
    more = f'resource "aws_instance" "one" {{ instance_type = "{instance}" }}\n' if instance else ""
    found = converted(tmp_path, text + more)
    assert found.config.get("builder", {}).get("instance_type") == kept
    assert any(note.startswith("the builder:") for note in found.notes) is bool(instance and kept != instance)
