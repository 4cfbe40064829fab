"""Terraform in a dozen styles: what is in config.yaml afterwards, and what is reported."""

import json
from pathlib import Path
from typing import Any

import pytest

from awsprov.config.function import FunctionConfig
from awsprov.config.loader import load
from awsprov.config.models import Config
from awsprov.errors import UsageError
from awsprov.terraform.converter import Conversion, convert
from awsprov.terraform.reader import read_terraform

HANDLER = "def handler(event, context): ...\n"


def write(home: Path, tree: str) -> None:
    """Write the files of a tree, each after a line `=== path`."""
    for part in tree.split("=== ")[1:]:
        path, _, text = part.partition("\n")
        file = home / path.strip()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def converted(home: Path, tree: str, path: str = "infra", source: str | None = None) -> tuple[Conversion, Config]:
    """Convert a tree, and load the config.yaml."""
    write(home, tree)
    found = convert(read_terraform(home / path, home), "demo", "us-east-1", home, source)
    (home / "config.yaml").write_text(found.text)
    if found.requirements is not None:
        (home / found.config["libraries"]["requirements"]).write_text(found.requirements)
    return found, load(home / "config.yaml")


def routes(config: Config, name: str) -> list[str]:
    return [str(route) for route in config.functions[name].routes]


def notes_about(found: Conversion, text: str) -> list[str]:
    return [note for note in found.notes if text in note]


CODE = f"""=== src/app.py
{HANDLER}
=== src/requirements.txt
numpy
"""
FUNCTION = """
data "archive_file" "code" {
  type        = "zip"
  source_dir  = "${path.module}/../src"
  output_path = "${path.module}/build/code.zip"
}
resource "aws_lambda_function" "rank" {
  function_name = "rank"
  filename      = data.archive_file.code.output_path
  handler       = "app.handler"
  runtime       = "python3.12"
}
"""

# ---- one directory


def test_a_flat_tree_with_merge_join_and_conditions(tmp_path: Path) -> None:
    found, config = converted(
        tmp_path,
        CODE
        + """=== infra/main.tf
variable "env" { default = { LOG_LEVEL = "debug", STAGE = "dev" } }
variable "cities" {
  type    = list(string)
  default = ["Cádiz", "Jaén"]
}
variable "db_password" {}
variable "large" { default = true }
locals {
  name = "${var.env["STAGE"]}-rank"
  tags = { team = "data" }
}
data "aws_caller_identity" "me" {}
data "archive_file" "code" {
  type        = "zip"
  source_file = "${path.module}/../src/app.py"
  output_path = "code.zip"
}
resource "aws_lambda_function" "this" {
  function_name = local.name
  filename      = "code.zip"
  handler       = "app.handler"
  runtime       = "python3.9"
  memory_size   = var.large ? 3 * 1024 : 512
  timeout       = 20
  ephemeral_storage { size = 2048 }
  environment {
    variables = merge(var.env, {
      CITIES      = join(",", var.cities)
      FIRST       = var.cities[0]
      PW          = var.db_password
      URL         = "postgres://u:hunter2@db/x"
      SETTINGS    = jsonencode({ b = 1, a = [true, null] })
      ACCOUNT     = data.aws_caller_identity.me.account_id
      OPENAI_KEY  = var.missing
      LEVEL_UPPER = upper(lookup(var.env, "LOG_LEVEL", "info"))
    })
  }
  tags = local.tags
}
=== infra/terraform.tfvars
db_password = "hunter2"
unused      = "nothing of a function"
""",
    )
    rank = config.functions["dev-rank"]
    assert (rank.handler, rank.memory, rank.timeout) == ("app.handler", 3072, 20)
    assert rank.source == tmp_path / "src"
    assert rank.variables == {
        "LOG_LEVEL": "debug",
        "STAGE": "dev",
        "CITIES": "Cádiz,Jaén",
        "FIRST": "Cádiz",
        "SETTINGS": '{"a":[true,null],"b":1}',
        "LEVEL_UPPER": "DEBUG",
    }
    assert set(rank.secrets) == {"PW", "URL", "OPENAI_KEY"}
    assert "hunter2" not in found.text + str(found.notes)
    assert config.libraries.requirements == tmp_path / "src" / "requirements.txt"
    assert notes_about(
        found,
        "the variable ACCOUNT depends on data.aws_caller_identity.me.account_id, which Terraform reads when it runs",
    )
    assert notes_about(found, "does not support Python 3.9; config.yaml has 3.12")
    tmp = found.config["functions"]["dev-rank"].get("tmp")  # if config.yaml has a key for it
    assert tmp == 2048 if "tmp" in FunctionConfig.model_fields else notes_about(found, "tmp of 2048 MB")


def test_heredocs_templates_and_all_files_of_variables(tmp_path: Path) -> None:
    _, config = converted(
        tmp_path,
        CODE
        + "=== infra/main.tf"
        + FUNCTION.replace(
            '  runtime       = "python3.12"\n',
            """
  runtime       = "python3.12"
  environment {
    variables = {
      GREETING = var.greeting
      LIST     = <<-EOT
        # for ${var.who}
        %{ for city in ["a", "b"] ~}
        - "${city}"
        %{ endfor ~}
        %{ if var.who == "team" }yes%{ else }no%{ endif }
      EOT
      RAW      = "tab\\there \\"quoted\\" $${literal}"
      FILE     = file("${path.module}/prompt.txt")
      OUTSIDE  = file("/etc/hostname")
      TEMPLATE = templatefile("hello.tftpl", { name = var.who })
    }
  }
""",
        )
        + """
variable "greeting" {}
variable "who" {}
=== infra/prompt.txt
Be short.
=== infra/hello.tftpl
Hello ${name}!
=== infra/terraform.tfvars
who      = "a person"
# a comment
greeting = <<-FIN
  Hola, equipo:
  "bienvenidos" a todas — ñandú
FIN
=== infra/b.auto.tfvars
who = "someone"
=== infra/c.auto.tfvars.json
{"who": "team"}
""",
    )
    variables = config.functions["rank"].variables
    assert variables["GREETING"] == 'Hola, equipo:\n"bienvenidos" a todas — ñandú\n'
    assert variables["LIST"] == '# for team\n- "a"\n- "b"\nyes\n'
    assert variables["RAW"] == 'tab\there "quoted" ${literal}'
    assert variables["FILE"] == "Be short.\n"
    assert variables["TEMPLATE"] == "Hello team!\n"
    assert "OUTSIDE" not in variables


def test_settings_in_yaml_and_sets_of_pairs(tmp_path: Path) -> None:
    settings = "=== infra/settings.yaml\ncommon: &all {LEVEL: debug}\nrank: {memory: 2048, variables: *all}\n"
    values = """
locals {
  all   = yamldecode(file("${path.module}/settings.yaml"))
  pairs = { for pair in setproduct(["a", "b"], ["x"]) : join("_", pair) => "on" }
}
"""
    function = FUNCTION.replace(
        '"python3.12"\n',
        '"python3.12"\n  memory_size = local.all.rank.memory\n'
        "  environment { variables = merge(local.all.rank.variables, local.pairs) }\n",
    )
    _, config = converted(tmp_path, f"{CODE}=== infra/main.tf{values}{function}{settings}")
    assert config.functions["rank"].memory == 2048
    assert config.functions["rank"].variables == {"LEVEL": "debug", "a_x": "on", "b_x": "on"}


# ---- the API

REST = """
resource "aws_api_gateway_rest_api" "api" { name = "api" }
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
  authorization = "NONE"
}
resource "aws_api_gateway_integration" "post" {
  resource_id             = aws_api_gateway_resource.rank.id
  http_method             = aws_api_gateway_method.post.http_method
  integration_http_method = "POST"
  type                    = "AWS_PROXY"
  uri                     = aws_lambda_function.rank.invoke_arn
}
"""
CORS = """
resource "aws_api_gateway_method" "options" {
  resource_id   = aws_api_gateway_resource.rank.id
  http_method   = "OPTIONS"
  authorization = "NONE"
}
resource "aws_api_gateway_integration" "options" {
  resource_id = aws_api_gateway_resource.rank.id
  http_method = "OPTIONS"
  type        = "MOCK"
}
resource "aws_api_gateway_integration_response" "options" {
  resource_id         = aws_api_gateway_resource.rank.id
  http_method         = "OPTIONS"
  status_code         = "200"
  response_parameters = { "method.response.header.Access-Control-Allow-Origin" = "'*'" }
}
resource "aws_api_gateway_integration_response" "bad" {
  resource_id       = aws_api_gateway_resource.rank.id
  http_method       = aws_api_gateway_method.post.http_method
  status_code       = "400"
  selection_pattern = "^\\\\[400\\\\].*"
}
resource "aws_api_gateway_integration_response" "group" {
  resource_id       = aws_api_gateway_resource.rank.id
  http_method       = aws_api_gateway_method.post.http_method
  status_code       = "404"
  selection_pattern = "(?<what>.*) is missing"
}
"""


def test_a_rest_api_with_a_proxy_integration(tmp_path: Path) -> None:
    found, config = converted(tmp_path, f"{CODE}=== infra/main.tf\n{FUNCTION}{REST}")
    assert routes(config, "rank") == ["POST /v1/rank"]
    assert (config.api.type, config.api.auth, config.api.payload) == ("rest", "none", "proxy")
    assert notes_about(found, "everyone can call it")


def test_a_rest_api_whose_handler_takes_a_dictionary(tmp_path: Path) -> None:
    tree = f"{CODE}=== infra/main.tf\n{FUNCTION}{REST}{CORS}".replace('"AWS_PROXY"', '"AWS"')
    found, config = converted(tmp_path, tree)
    assert notes_about(found, "its pattern for the status 404 is not converted")
    assert routes(config, "rank") == ["POST /v1/rank"]
    assert (config.api.payload, config.api.cors_origin) == ("body", "*")
    assert config.functions["rank"].errors == {400: r"^\[400\].*"}


def test_an_http_api_with_a_jwt_authorizer_and_cors(tmp_path: Path) -> None:
    _, config = converted(
        tmp_path,
        CODE
        + "=== infra/main.tf"
        + FUNCTION
        + """
resource "aws_apigatewayv2_api" "api" {
  name          = "api"
  protocol_type = "HTTP"
  cors_configuration { allow_origins = ["https://www.example.com"] }
}
resource "aws_apigatewayv2_authorizer" "jwt" {
  api_id          = aws_apigatewayv2_api.api.id
  authorizer_type = "JWT"
  jwt_configuration {
    issuer   = "https://accounts.example.com"
    audience = ["rank"]
  }
}
resource "aws_apigatewayv2_integration" "rank" {
  api_id          = aws_apigatewayv2_api.api.id
  integration_uri = aws_lambda_function.rank.invoke_arn
}
resource "aws_apigatewayv2_route" "rank" {
  for_each           = toset(["POST /rank", "GET /rank/{id}"])
  api_id             = aws_apigatewayv2_api.api.id
  route_key          = each.value
  target             = "integrations/${aws_apigatewayv2_integration.rank.id}"
  authorization_type = "JWT"
}
""",
    )
    assert sorted(routes(config, "rank")) == ["GET /rank/{id}", "POST /rank"]
    assert (config.api.type, config.api.auth, config.api.cors_origin) == ("http", "jwt", "https://www.example.com")
    assert config.api.jwt is not None
    assert config.api.jwt.audience == ["rank"]


# ---- modules

MODULES = f"""{CODE}=== infra/main.tf
terraform {{
  required_version = ">= 1.5"
}}
provider "aws" {{
  region     = var.region
  access_key = var.access_key
  secret_key = var.secret_key
}}
variable "region" {{ default = "eu-south-2" }}
variable "access_key" {{}}
variable "secret_key" {{}}
variable "db_password" {{ sensitive = true }}
module "app" {{
  source   = "./modules/app"
  name     = "rank"
  code     = "../src"
  password = var.db_password
  keys     = {{ id = var.access_key, secret = var.secret_key }}
}}
=== infra/terraform.tfvars
access_key  = "AKIAABCDEFGHIJKLMNOP"
secret_key  = "hunter2hunter2"
db_password = "hunter2"
=== infra/modules/app/main.tf
variable "name" {{}}
variable "code" {{}}
variable "password" {{}}
variable "keys" {{}}
module "network" {{
  source = "../network"
  cidr   = cidrsubnet("10.0.0.0/8", 8, 9)
}}
module "function" {{
  source = "../function"
  name   = var.name
  code   = var.code
  env = {{
    DB_PASSWORD = var.password
    ACCESS      = var.keys.id
    TABLE       = "items"
    SUBNETS     = join(",", module.network.subnet_ids)
  }}
}}
module "api" {{
  source = "../api"
  routes = {{ "rank" = module.function.invoke_arn }}
}}
=== infra/modules/network/main.tf
variable "cidr" {{}}
data "aws_availability_zones" "all" {{}}
resource "aws_vpc" "this" {{ cidr_block = var.cidr }}
resource "aws_subnet" "private" {{
  count             = 3
  vpc_id            = aws_vpc.this.id
  availability_zone = data.aws_availability_zones.all.names[count.index]
}}
resource "aws_nat_gateway" "this" {{ subnet_id = aws_subnet.private[0].id }}
resource "aws_security_group" "out" {{
  vpc_id = aws_vpc.this.id
  egress {{
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }}
}}
output "subnet_ids" {{ value = aws_subnet.private[*].id }}
=== infra/modules/function/main.tf
variable "name" {{}}
variable "code" {{}}
variable "env" {{ default = {{}} }}
data "archive_file" "zip" {{
  type        = "zip"
  source_dir  = var.code
  output_path = "${{path.module}}/${{var.name}}.zip"
}}
resource "aws_lambda_function" "this" {{
  function_name = var.name
  filename      = data.archive_file.zip.output_path
  handler       = "app.handler"
  runtime       = "python3.13"
  dynamic "environment" {{
    for_each = length(keys(var.env)) > 0 ? [1] : []
    content {{ variables = var.env }}
  }}
}}
output "invoke_arn" {{ value = aws_lambda_function.this.invoke_arn }}
=== infra/modules/api/main.tf
variable "routes" {{}}
resource "aws_apigatewayv2_api" "api" {{ protocol_type = "HTTP" }}
resource "aws_apigatewayv2_integration" "this" {{
  for_each        = var.routes
  integration_uri = each.value
}}
resource "aws_apigatewayv2_route" "this" {{
  for_each           = var.routes
  route_key          = "POST /${{each.key}}"
  target             = "integrations/${{aws_apigatewayv2_integration.this[each.key].id}}"
  authorization_type = "AWS_IAM"
}}
"""


def test_nested_modules_with_variables_in_and_outputs_out(tmp_path: Path) -> None:
    found, config = converted(tmp_path, MODULES)
    rank = config.functions["rank"]
    assert (config.region, str(config.network.cidr), config.network.zones) == ("eu-south-2", "10.9.0.0/16", 3)
    assert (config.network.nat, config.network.egress_ports) == ("single", [443, 5432])
    assert config.libraries.python == "3.13"
    assert rank.source == tmp_path / "src"
    assert routes(config, "rank") == ["POST /rank"]
    assert (config.api.type, config.api.auth) == ("http", "iam")
    assert rank.variables == {"TABLE": "items"}
    assert rank.secrets == {"DB_PASSWORD": "ssm:/demo/db-password"}
    assert notes_about(found, "the variable ACCESS is a key of the provider")
    assert notes_about(found, "the variable SUBNETS is computed (`join(...)`)")
    assert "hunter2" not in found.text + str(found.notes)
    assert "AKIA" not in found.text + str(found.notes)


def test_modules_with_count_and_for_each(tmp_path: Path) -> None:
    _, config = converted(
        tmp_path,
        CODE
        + """=== infra/main.tf
locals {
  functions = {
    rank = { memory = 2048, debug = true }
    sort = { memory = 512, debug = false }
  }
}
module "function" {
  for_each = local.functions
  source   = "./function"
  name     = each.key
  memory   = each.value.memory
  debug    = each.value.debug
}
module "never" {
  count  = 0
  source = "./function"
  name   = "never"
}
=== infra/function/main.tf
variable "name" {}
variable "memory" { default = 128 }
variable "debug" { default = false }
resource "aws_lambda_function" "this" {
  count         = 1
  function_name = "acme-${var.name}"
  filename      = data.archive_file.zip[0].output_path
  handler       = "app.handler"
  memory_size   = var.memory
  environment {
    variables = { for key, value in { DEBUG = "1", NAME = var.name } : key => value if key != "DEBUG" || var.debug }
  }
}
data "archive_file" "zip" {
  count       = 1
  type        = "zip"
  source_dir  = "../src"
  output_path = "${var.name}.zip"
}
""",
    )
    assert {name: own.memory for name, own in config.functions.items()} == {"acme-rank": 2048, "acme-sort": 512}
    assert config.functions["acme-rank"].variables == {"DEBUG": "1", "NAME": "rank"}
    assert config.functions["acme-sort"].variables == {"NAME": "sort"}


def test_the_modules_of_the_registry_for_functions_and_networks(tmp_path: Path) -> None:
    found, config = converted(
        tmp_path,
        CODE
        + """=== infra/main.tf
module "vpc" {
  source             = "terraform-aws-modules/vpc/aws"
  version            = "5.0.0"
  cidr               = "10.7.0.0/16"
  azs                = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
  enable_nat_gateway = true
}
module "rank" {
  source                            = "terraform-aws-modules/lambda/aws"
  function_name                     = "rank"
  handler                           = "app.handler"
  runtime                           = "python3.12"
  memory_size                       = 768
  source_path                       = "../src"
  environment_variables             = { LEVEL = "info", API_TOKEN = "hunter2" }
  attach_policies                   = true
  policies                          = ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"]
  attach_policy_statements          = true
  policy_statements                 = { s3 = { effect = "Allow", actions = ["s3:GetObject"], resources = ["*"] } }
  vpc_subnet_ids                    = module.vpc.private_subnets
  cloudwatch_logs_retention_in_days = 30
}
module "queue" {
  source = "terraform-aws-modules/sqs/aws"
}
resource "aws_apigatewayv2_api" "api" {
  protocol_type = "HTTP"
  target        = module.rank.lambda_function_invoke_arn
}
""",
    )
    rank = config.functions["rank"]
    assert (rank.source, rank.memory, rank.log_days) == (tmp_path / "src", 768, 30)
    assert (rank.variables, list(rank.secrets)) == ({"LEVEL": "info"}, ["API_TOKEN"])
    assert (str(config.network.cidr), config.network.zones, config.network.nat) == ("10.7.0.0/16", 3, "per-zone")
    assert routes(config, "rank") == ["ANY /{proxy+}"]
    assert notes_about(found, "s3:GetObject")
    assert notes_about(found, "the permissions of AmazonSQSFullAccess")
    assert notes_about(found, "module.queue in main.tf: the module terraform-aws-modules/sqs/aws is not local")


# ---- other layouts


def test_a_layout_like_that_of_sam_with_a_function_in_each_directory(tmp_path: Path) -> None:
    _, config = converted(
        tmp_path,
        f"""=== functions/hello/app.py
{HANDLER}
=== functions/hello/requirements.txt
requests
=== functions/bye/app.py
{HANDLER}
=== main.tf
locals {{ functions = toset(["hello", "bye"]) }}
data "archive_file" "zip" {{
  for_each    = local.functions
  type        = "zip"
  source_dir  = "functions/${{each.key}}"
  output_path = ".build/${{each.key}}.zip"
}}
resource "aws_s3_object" "zip" {{
  for_each = local.functions
  bucket   = "artifacts"
  key      = "${{each.key}}.zip"
  source   = data.archive_file.zip[each.key].output_path
}}
resource "aws_lambda_function" "fn" {{
  for_each      = local.functions
  function_name = each.key
  s3_bucket     = "artifacts"
  s3_key        = aws_s3_object.zip[each.key].key
  handler       = "app.handler"
  runtime       = "python3.14"
}}
""",
        path=".",
    )
    sources = {name: own.source for name, own in config.functions.items()}
    assert sources == {"bye": tmp_path / "functions/bye", "hello": tmp_path / "functions/hello"}


def test_packages_that_a_provisioner_installs_become_requirements(tmp_path: Path) -> None:
    found, config = converted(
        tmp_path,
        f"""=== src/app.py
{HANDLER}
=== infra/main.tf
{FUNCTION}
resource "aws_vpc" "main" {{ cidr_block = "10.3.0.0/16" }}
resource "aws_subnet" "a" {{ availability_zone = "us-east-1a" }}
resource "aws_instance" "loader" {{
  instance_type = "t3.large"
  provisioner "remote-exec" {{
    inline = [
      "sudo yum install -y python3.12",
      "python3.12 -m pip install --upgrade pip && pip3 install --target /mnt/efs scikit-learn==1.5.0 'pandas>=2' boto3",
    ]
  }}
  connection {{
    host        = self.public_ip
    private_key = file("~/.ssh/id_rsa")
  }}
}}
resource "aws_security_group" "ssh" {{
  ingress {{
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["203.0.113.0/24"]
  }}
  egress {{
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }}
}}
resource "aws_iam_role_policy" "s3" {{
  role   = "rank"
  policy = jsonencode({{
    Statement = [{{ Effect = "Allow", Action = ["s3:GetObject", "logs:PutLogEvents"], Resource = "*" }}]
  }})
}}
resource "aws_iam_policy" "queue" {{
  policy = <<POLICY
{{"Statement": {{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "${{aws_sqs_queue.jobs.arn}}"}}}}
POLICY{"  "}
}}
resource "aws_iam_policy" "table" {{
  policy = jsonencode({{
    Statement = [{{ Effect = "Allow", Action = "dynamodb:*", Resource = [aws_sqs_queue.jobs.arn] }}]
  }})
}}
resource "aws_sqs_queue" "jobs" {{}}
resource "aws_iam_role_policy_attachment" "basic" {{
  role       = "rank"
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}}
resource "aws_iam_role_policy_attachment" "dynamo" {{
  role       = "rank"
  policy_arn = "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"
}}
""".replace('  runtime       = "python3.12"', '  environment {\n    variables = { API_KEY = "hunter2" }\n  }'),
    )
    assert found.requirements == "scikit-learn==1.5.0\npandas>=2\nboto3\n"
    assert (config.builder.instance_type, str(config.builder.ssh_from)) == ("t3.large", "203.0.113.0/24")
    assert (config.network.nat, config.network.zones) == ("none", 1)
    assert config.functions["rank"].secrets_at == "deploy"
    assert notes_about(found, "has no NAT gateway to read secrets with")
    assert notes_about(found, "opens all or many outbound ports")
    assert notes_about(
        found, "aws_iam_role_policy.s3 in main.tf: functions of awsprov do not get these permissions: s3:GetObject"
    )
    assert notes_about(found, "AmazonDynamoDBReadOnlyAccess")
    assert notes_about(
        found, "aws_iam_policy.queue in main.tf: functions of awsprov do not get these permissions: sqs:S"
    )
    assert notes_about(found, "aws_iam_policy.table in main.tf: functions of awsprov do not get these permissions: dyn")
    assert not notes_about(found, "AWSLambdaBasicExecutionRole")
    assert not notes_about(found, "refers to itself")


def test_override_files_replace_arguments_and_blocks_of_the_others(tmp_path: Path) -> None:
    override = """
locals { level = "debug" }
resource "aws_lambda_function" "rank" {
  memory_size = 4096
  ephemeral_storage { size = 3000 }
}
resource "aws_vpc" "new" { cidr_block = "10.9.0.0/16" }
"""
    own = 'locals { level = "info" }\n' + FUNCTION.replace(
        '"python3.12"',
        '"python3.12"\n  ephemeral_storage { size = 1000 }\n  environment {\n variables = { LEVEL = local.level }\n }',
    )
    trees = f"=== infra/main.tf\n\ufeff{own}=== infra/a_override.tf\n{override}"
    _, config = converted(tmp_path, f"{CODE}{trees}")
    (rank,) = config.functions.values()
    assert (rank.memory, rank.tmp, rank.variables) == (4096, 3000, {"LEVEL": "debug"})
    assert str(config.network.cidr) == "10.9.0.0/16"


def test_packages_that_the_requirements_lack_and_long_names_are_noted(tmp_path: Path) -> None:
    commands = """
resource "null_resource" "install" {
  provisioner "local-exec" {
    command = "pip install -r ../src/requirements.txt && pip install NumPy==1.26.0 scikit_learn==1.0.2 'pandas<2'"
  }
}
"""
    long = FUNCTION.replace('= "rank"', '= "similarity-production-rank"')
    found, config = converted(tmp_path, f"{CODE}=== infra/main.tf\n{long}{commands}")
    assert config.libraries.requirements == tmp_path / "src" / "requirements.txt"
    assert notes_about(
        found, "pip also installs scikit_learn==1.0.2, pandas<2 in Terraform, which requirements.txt lacks"
    )
    assert list(config.functions) == ["rank"]
    assert notes_about(found, "its name in config.yaml is rank")


def test_permissions_of_a_function_s_role_become_lines(tmp_path: Path) -> None:
    found, config = converted(
        tmp_path,
        f"""{CODE}=== infra/main.tf
resource "aws_lambda_function" "rank" {{
  filename = data.archive_file.code.output_path
  handler  = "app.handler"
  role     = aws_iam_role.rank.arn
}}
data "archive_file" "code" {{
  type        = "zip"
  source_dir  = "../src"
  output_path = "rank.zip"
}}
resource "aws_iam_role" "rank" {{
  name = "rank"
}}
resource "aws_iam_role_policy" "inline" {{
  role   = aws_iam_role.rank.id
  policy = jsonencode({{
    Statement = [
      {{ Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject", "logs:*"], Resource = "arn:aws:s3:::models/*" }},
      {{ Effect = "Allow", Action = "dynamodb:GetItem", Resource = "arn:aws:dynamodb:us-east-1:1:table/a",
        Condition = {{ Bool = {{ "aws:SecureTransport" = "true" }} }} }},
      {{ Effect = "Allow", Action = "s3:Fetch", Resource = "arn:aws:s3:::models/*" }},
    ]
  }})
}}
data "aws_iam_policy_document" "queue" {{
  statement {{
    actions   = ["sqs:SendMessage"]
    resources = ["arn:aws:sqs:us-east-1:123456789012:jobs"]
  }}
  statement {{
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.done.arn]
  }}
}}
resource "aws_sns_topic" "done" {{}}
resource "aws_iam_policy" "queue" {{
  policy = data.aws_iam_policy_document.queue.json
}}
resource "aws_iam_role_policy_attachment" "queue" {{
  role       = aws_iam_role.rank.name
  policy_arn = aws_iam_policy.queue.arn
}}
resource "aws_iam_role_policy_attachment" "bedrock" {{
  role       = aws_iam_role.rank.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonBedrockLimitedAccess"
}}
resource "aws_iam_role_policy" "of_another" {{
  role   = "another"
  policy = jsonencode({{ Statement = [{{ Effect = "Allow", Action = "s3:DeleteObject", Resource = "*" }}] }})
}}
""",
    )
    assert [str(each) for each in config.functions["rank"].permissions] == [
        "s3:GetObject,PutObject on arn:aws:s3:::models/*",
        "sqs:SendMessage on arn:aws:sqs:us-east-1:123456789012:jobs",
        "arn:aws:iam::aws:policy/AmazonBedrockLimitedAccess",
    ]
    assert notes_about(
        found, "role_policy.inline in main.tf: functions of awsprov do not get these permissions: dynamodb:Ge"
    )
    assert notes_about(found, "dynamodb:GetItem, s3:Fetch")
    assert notes_about(
        found, "aws_iam_policy.queue in main.tf: functions of awsprov do not get these permissions: sns:Publish"
    )
    assert notes_about(
        found,
        "aws_iam_role_policy.of_another in main.tf: functions of awsprov do not get these permissions: s3:DeleteObject",
    )
    assert not notes_about(found, "AmazonBedrockLimitedAccess")


def test_code_that_is_zipped_elsewhere_is_an_error_that_proposes_directories(tmp_path: Path) -> None:
    tree = f"""{CODE}=== infra/main.tf
resource "aws_lambda_function" "rank" {{
  filename = "${{path.module}}/rank.zip"
  handler  = "app.handler"
}}
"""
    with pytest.raises(UsageError) as refused:
        converted(tmp_path, tree)
    assert "filename = rank.zip" in refused.value.what
    assert "`--source src`" in refused.value.remedy
    _, config = converted(tmp_path, tree, source="src")
    assert config.functions["rank"].source == tmp_path / "src"


ARCHIVE = """
data "archive_file" "code" {
  type        = "zip"
  output_path = "code.zip"
  source {
    content  = file("${path.module}/../src/app.py")
    filename = "app.py"
  }
  source {
    content  = jsonencode({ model = "small" })
    filename = "settings.json"
  }
}
"""
ZIPPED = FUNCTION[FUNCTION.index("resource") :]


def test_files_that_are_zipped_one_by_one_are_found_by_their_text(tmp_path: Path) -> None:
    found, config = converted(tmp_path, f"{CODE}=== infra/main.tf{ARCHIVE}{ZIPPED}")
    assert (config.functions["rank"].source, config.functions["rank"].handler) == (tmp_path / "src", "app.handler")
    assert notes_about(found, "its zip file also has settings.json; create them in src")


def test_a_set_of_files_is_listed(tmp_path: Path) -> None:
    block = """
  dynamic "source" {
    for_each = fileset("${path.module}/../src", "*.py")
    content {
      content  = file("${path.module}/../src/${source.value}")
      filename = source.value
    }
  }
}
"""
    archive = ARCHIVE[: ARCHIVE.index("  source {")] + block
    _, config = converted(tmp_path, f"{CODE}=== infra/main.tf{archive}{ZIPPED}")
    assert config.functions["rank"].source == tmp_path / "src"
    outside = archive.replace('${path.module}/../src"', '/etc"')
    (tmp_path / "infra" / "main.tf").write_text(f"{outside}{ZIPPED}")
    with pytest.raises(UsageError, match="not in the Terraform files"):
        convert(read_terraform(tmp_path / "infra", tmp_path), "demo", "us-east-1", tmp_path)


def test_a_file_that_has_another_name_in_the_zip_file_gives_the_handler_its_own_name(tmp_path: Path) -> None:
    tree = f"{CODE}=== infra/main.tf{ARCHIVE}{ZIPPED}".replace('= "app.py"', '= "index.py"')
    found, config = converted(tmp_path, tree.replace('"app.handler"', '"index.handler"'))
    assert (config.functions["rank"].source, config.functions["rank"].handler) == (tmp_path / "src", "app.handler")
    assert notes_about(found, "the handler is app.handler now")


def test_code_inside_terraform_s_files_is_an_error_that_says_where_to_write_it(tmp_path: Path) -> None:
    tree = f"{CODE}=== infra/main.tf{ARCHIVE}{ZIPPED}"
    with pytest.raises(UsageError) as refused:
        converted(tmp_path, tree.replace('file("${path.module}/../src/app.py")', '"def handler(event, context): pass"'))
    assert "Write it to infra/src/app.py" in refused.value.remedy
    assert "`--source infra/src`" in refused.value.remedy


def test_paths_that_only_the_old_functions_have_are_noted_with_what_to_do(tmp_path: Path) -> None:
    variables = 'environment { variables = { MODEL_PATH = "/mnt/efs/model.pkl", URL = "https://a.example/mnt/x" } }\n'
    tree = f"{CODE}=== infra/main.tf{FUNCTION}".replace('"python3.12"\n', f'"python3.12"\n{variables}')
    found, _ = converted(tmp_path, tree.replace(HANDLER, f'import sys\nsys.path.append("/opt/python")\n{HANDLER}'))
    (note,) = notes_about(found, "AWSPROV_FILES")
    assert "/mnt/efs/model.pkl (the variable MODEL_PATH), /opt/python (src/app.py:2). List packages in" in note


STORED = """
data "aws_ssm_parameter" "db" { name = "/prod/db/password" }
data "aws_secretsmanager_secret" "api" { name = "prod/api" }
data "aws_secretsmanager_secret_version" "api" { secret_id = data.aws_secretsmanager_secret.api.id }
data "aws_secretsmanager_secret_version" "named" { secret_id = "prod/named" }
data "aws_secretsmanager_secret_version" "arn" { secret_id = "arn:aws:secretsmanager:us-east-1:1:secret:x-1" }
"""


def test_secrets_that_exist_on_aws_keep_their_names(tmp_path: Path) -> None:
    version = "data.aws_secretsmanager_secret_version"
    variables = f"""environment {{ variables = {{
      HOST  = data.aws_ssm_parameter.db.value
      API   = {version}.api.secret_string
      NAMED = {version}.named.secret_string
      TOKEN = jsondecode({version}.api.secret_string)["token"]
      KEY_ARN = {version}.arn.secret_string
    }} }}
"""
    tree = f"{CODE}=== infra/main.tf{STORED}{FUNCTION}".replace('"python3.12"\n', f'"python3.12"\n{variables}')
    found, config = converted(tmp_path, tree)
    assert config.functions["rank"].secrets == {
        "HOST": "ssm:/prod/db/password",
        "API": "secretsmanager:prod/api",
        "NAMED": "secretsmanager:prod/named",
        "TOKEN": "ssm:/demo/token",
    }
    assert found.secrets == ["/demo/token"]
    assert notes_about(found, "the variable KEY_ARN depends on")


def test_an_http_api_with_a_target_alone_is_public(tmp_path: Path) -> None:
    api = 'resource "aws_apigatewayv2_api" "api" { target = aws_lambda_function.rank.arn }\n'
    _, config = converted(tmp_path, f"{CODE}=== infra/main.tf{FUNCTION}{api}")
    assert (config.api.type, config.api.auth, routes(config, "rank")) == ("http", "none", ["ANY /{proxy+}"])


def test_functions_with_requirements_of_their_own_share_a_file_that_includes_them(tmp_path: Path) -> None:
    tree = f"{CODE}=== other/app.py\n{HANDLER}=== other/requirements.txt\npandas\n=== infra/main.tf\n{FUNCTION}"
    second = FUNCTION.replace('"code"', '"more"').replace(".code.", ".more.").replace("rank", "other")
    extra = (
        'dead_letter_config { target_arn = "arn:aws:sqs:us-east-1:1:q" }\n  tracing_config { mode = "PassThrough" }\n'
    )
    second = (
        second.replace("/../src", "/../other")
        .replace("code.zip", "more.zip")
        .replace('"python3.12"\n', f'"python3.12"\n  {extra}')
    )
    found, config = converted(tmp_path, tree + second)
    assert found.requirements == "-r src/requirements.txt\n-r other/requirements.txt\n"
    assert config.libraries.requirements == tmp_path / "requirements.txt"
    assert notes_about(found, "requirements.txt includes src/requirements.txt, other/requirements.txt")
    assert notes_about(found, "aws_lambda_function.other in main.tf: these arguments are not converted: dead_letter_co")
    assert not notes_about(found, "tracing_config")
    (tmp_path / "requirements.txt").write_text("# for tests\n")
    again = convert(read_terraform(tmp_path / "infra", tmp_path), "demo", "us-east-1", tmp_path)
    assert again.config["libraries"]["requirements"] == "requirements-all.txt"
    (tmp_path / "other" / "requirements.txt").rename(tmp_path / "other" / "pyproject.toml").write_text("[project]\n")
    mixed = convert(read_terraform(tmp_path / "infra", tmp_path), "demo", "us-east-1", tmp_path)
    assert mixed.requirements == "-r src/requirements.txt\n"
    assert notes_about(mixed, "list the packages of other/pyproject.toml in requirements-all.txt")


def test_a_project_file_lists_the_libraries_as_for_init_without_terraform(tmp_path: Path) -> None:
    project = "[project]\nname = 'rank'\nversion = '1'\ndependencies = ['numpy']\n"
    command = 'resource "null_resource" "i" {\n provisioner "local-exec" {\n command = "pip install pandas"\n }\n}\n'
    tree = f"=== src/app.py\n{HANDLER}=== pyproject.toml\n{project}=== infra/main.tf\n{FUNCTION}{command}"
    found, config = converted(tmp_path, tree)
    assert (found.requirements, config.libraries.requirements) == (None, tmp_path / "pyproject.toml")
    assert notes_about(found, "pip also installs pandas in Terraform, which pyproject.toml lacks")
    _, config = converted(tmp_path, f"=== src/pyproject.toml\n{project}")
    assert config.libraries.requirements == tmp_path / "src/pyproject.toml"


def test_the_requirements_of_the_project_are_used_and_not_said_to_be_missing(tmp_path: Path) -> None:
    tree = f"=== src/app.py\n{HANDLER}=== requirements.txt\nnumpy\n=== infra/main.tf\n{FUNCTION}"
    found, config = converted(tmp_path, tree)
    assert (found.requirements, config.libraries.requirements) == (None, tmp_path / "requirements.txt")
    assert not notes_about(found, "the libraries")


def test_functions_of_other_languages_alone_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        converted(tmp_path, '=== infra/main.tf\nresource "aws_lambda_function" "js" { runtime = "nodejs20.x" }\n')
    assert "runs nodejs20.x; awsprov serves Python" in refused.value.why


def test_what_depends_on_a_run_is_converted_once_and_reported(tmp_path: Path) -> None:
    found, config = converted(
        tmp_path,
        CODE
        + "=== infra/main.tf"
        + FUNCTION.replace("python3.12", "${data.terraform_remote_state.base.outputs.runtime}")
        + """
data "terraform_remote_state" "base" { backend = "s3" }
resource "aws_vpc" "main" {
  for_each   = data.terraform_remote_state.base.outputs.networks
  cidr_block = each.value
}
resource "aws_lambda_function" "node" {
  function_name = "node"
  runtime       = "nodejs20.x"
}
resource "aws_dynamodb_table" "items" { name = "items" }
""",
    )
    assert list(config.functions) == ["rank"]
    for text in (
        "`runtime` depends on data.terraform_remote_state.base.outputs, which",
        "its `for_each` depends on data.terraform_remote_state.base",
        "aws_lambda_function.node in main.tf: runs nodejs20.x; awsprov serves Python",
        "aws_dynamodb_table.items in main.tf: awsprov does not create this",
    ):
        assert notes_about(found, text), text


# ---- terraform show -json


def resource(address: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A resource in the format of `terraform show -json`."""
    *_, kind, name = address.partition("[")[0].split(".")
    mode = "data" if "data." in address else "managed"
    return {"address": address, "mode": mode, "type": kind, "name": name, "values": values, **more}


ARN = "arn:aws:lambda:eu-west-1:123456789012:function:rank"
STATE = {
    "format_version": "1.0",
    "values": {
        "root_module": {
            "resources": [
                resource("data.archive_file.code", {"source_dir": "./../src", "output_path": "code.zip"}),
                resource("aws_api_gateway_resource.rank", {"id": "abc", "parent_id": "root", "path_part": "rank"}),
                resource(
                    "aws_api_gateway_method.post",
                    {"resource_id": "abc", "http_method": "POST", "authorization": "AWS_IAM", "id": "agm-x"},
                ),
                resource(
                    "aws_api_gateway_integration.post",
                    {"resource_id": "abc", "http_method": "POST", "type": "AWS", "uri": f"arn:aws:x/{ARN}/invocations"},
                ),
            ],
            "child_modules": [
                {
                    "address": "module.fn",
                    "resources": [
                        resource(
                            "module.fn.aws_lambda_function.this",
                            {
                                "arn": ARN,
                                "function_name": "rank",
                                "filename": "code.zip",
                                "handler": "app.handler",
                                "runtime": "python3.12",
                                "memory_size": 1536,
                                "architectures": ["arm64"],
                                "environment": [{"variables": {"LEVEL": "info", "CONN": "hunter2"}}],
                            },
                            sensitive_values={"environment": [{"variables": {"CONN": True}}]},
                        )
                    ],
                }
            ],
        }
    },
}


def test_a_state_is_exact(tmp_path: Path) -> None:
    write(tmp_path, CODE)
    (tmp_path / "infra").mkdir()
    found, config = converted(tmp_path, f"=== infra/state.json\n{json.dumps(STATE)}", path="infra/state.json")
    rank = config.functions["rank"]
    assert (rank.source, rank.memory, config.libraries.architecture) == (tmp_path / "src", 1536, "arm64")
    assert (rank.variables, list(rank.secrets)) == ({"LEVEL": "info"}, ["CONN"])
    assert (routes(config, "rank"), config.api.payload) == (["POST /rank"], "body")
    assert "hunter2" not in found.text + str(found.notes)


EVERYTHING = [
    resource("module.net.aws_vpc.this", {"id": "vpc-1", "cidr_block": "10.20.0.0/16"}),
    *(
        resource(
            f'module.net.aws_subnet.private["{zone}"]',
            {"id": f"subnet-{zone}", "availability_zone": f"eu-west-1{zone}"},
        )
        for zone in "abc"
    ),
    resource("module.net.aws_eip.nat", {"id": "eipalloc-1", "public_ip": "203.0.113.9"}),
    resource("module.net.aws_nat_gateway.this", {"id": "nat-1", "allocation_id": "eipalloc-1"}),
    resource(
        "module.net.aws_security_group.functions",
        {
            "id": "sg-1",
            "ingress": [],
            "egress": [
                {"from_port": port, "to_port": port, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}
                for port in (443, 5432, 6379)
            ],
        },
    ),
    resource(
        "aws_security_group_rule.ssh",
        {"type": "ingress", "from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["198.51.100.0/24"]},
    ),
    resource("aws_instance.builder", {"id": "i-1", "instance_type": "t3.large"}),
    resource("data.archive_file.code", {"source_file": "../src/app.py", "output_path": "code.zip"}),
    resource("aws_cloudwatch_log_group.rank", {"name": "/aws/lambda/rank", "retention_in_days": 14}),
    resource(
        "aws_lambda_function.rank",
        {
            "arn": ARN,
            "function_name": "rank",
            "filename": "code.zip",
            "handler": "app.handler",
            "runtime": "python3.8",
            "memory_size": 3008,
            "timeout": 60,
            "architectures": ["x86_64"],
            "reserved_concurrent_executions": 5,
            "ephemeral_storage": [{"size": 2048}],
            "environment": [
                {"variables": {"DB_HOST": "db.example.com", "DB_PASSWORD": "hunter2", "AT": "AKIAIOSFODNN7EXAMPLE"}}
            ],
        },
        sensitive_values={"environment": [{"variables": {"DB_PASSWORD": True}}]},
    ),
    resource("aws_api_gateway_rest_api.api", {"id": "api", "root_resource_id": "root"}),
    resource(
        "aws_api_gateway_resource.rank", {"id": "abc", "rest_api_id": "api", "parent_id": "root", "path_part": "rank"}
    ),
    *(
        resource(
            f"aws_api_gateway_method.{verb.lower()}",
            {"rest_api_id": "api", "resource_id": "abc", "http_method": verb, "authorization": "NONE"},
        )
        for verb in ("POST", "OPTIONS")
    ),
    resource(
        "aws_api_gateway_integration.post",
        {
            "rest_api_id": "api",
            "resource_id": "abc",
            "http_method": "POST",
            "type": "AWS",
            "uri": f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{ARN}/invocations",
            "timeout_milliseconds": 20000,
        },
    ),
    resource(
        "aws_api_gateway_integration.options",
        {"rest_api_id": "api", "resource_id": "abc", "http_method": "OPTIONS", "type": "MOCK"},
    ),
    *(
        resource(
            f'aws_api_gateway_integration_response.this["{status}"]',
            {
                "rest_api_id": "api",
                "resource_id": "abc",
                "http_method": "POST",
                "status_code": status,
                "selection_pattern": pattern,
                "response_parameters": {"method.response.header.Access-Control-Allow-Origin": "'https://example.com'"},
            },
        )
        for status, pattern in (("200", ""), ("400", r"^\[400\].*"))
    ),
]


def test_a_state_of_a_whole_stack_arrives(tmp_path: Path) -> None:
    write(tmp_path, CODE)
    state = {"format_version": "1.0", "values": {"root_module": {"resources": EVERYTHING}}}
    found, config = converted(tmp_path, f"=== infra/state.json\n{json.dumps(state)}", path="infra/state.json")
    rank = config.functions["rank"]
    assert (rank.source, rank.handler, rank.memory, rank.timeout, rank.tmp) == (
        tmp_path / "src", "app.handler", 3008, 60, 2048,
    )  # fmt: skip
    assert (rank.concurrency, rank.log_days) == (5, 14)
    assert (config.libraries.architecture, config.libraries.python) == ("x86_64", "3.12")
    assert rank.variables == {"DB_HOST": "db.example.com"}
    assert set(rank.secrets) == {"DB_PASSWORD", "AT"}
    assert (routes(config, "rank"), config.api.auth, config.api.payload) == (["POST /rank"], "none", "body")
    assert (config.api.timeout, config.api.cors_origin, rank.errors) == (
        20,
        "https://example.com",
        {400: r"^\[400\].*"},
    )
    assert (str(config.network.cidr), config.network.zones, config.network.nat) == ("10.20.0.0/16", 3, "single")
    assert sorted(config.network.egress_ports) == [443, 5432, 6379]
    assert (config.builder.instance_type, str(config.builder.ssh_from)) == ("t3.large", "198.51.100.0/24")
    assert "hunter2" not in found.text + str(found.notes)
    assert "AKIA" not in found.text + str(found.notes)


PLAN = {
    "format_version": "1.2",
    "planned_values": {
        "root_module": {
            "resources": [
                resource("aws_apigatewayv2_api.api", {"protocol_type": "HTTP"}),
                resource('aws_apigatewayv2_route.this["b"]', {"route_key": "POST /b"}, index="b"),
                resource('aws_apigatewayv2_integration.this["b"]', {}, index="b"),
            ],
            "child_modules": [
                {
                    "resources": [
                        resource(
                            f"module.fn.aws_lambda_function.{name}",
                            {"function_name": name, "filename": "x.zip", "handler": "app.handler"},
                        )
                        for name in ("a", "b")
                    ]
                }
            ],
        }
    },
    "resource_changes": [
        {"address": 'aws_apigatewayv2_route.this["b"]', "change": {"after_unknown": {"target": True}}},
        {"address": 'aws_apigatewayv2_integration.this["b"]', "change": {"after_unknown": {"integration_uri": True}}},
    ],
    "configuration": {
        "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "eu-west-3"}}}},
        "root_module": {
            "resources": [
                {
                    "mode": "managed",
                    "type": "aws_apigatewayv2_route",
                    "name": "this",
                    "expressions": {"target": {"references": ["aws_apigatewayv2_integration.this", "each.key"]}},
                },
                {
                    "mode": "managed",
                    "type": "aws_apigatewayv2_integration",
                    "name": "this",
                    "expressions": {"integration_uri": {"references": ["module.fn.arn", "module.fn"]}},
                },
            ],
            "module_calls": {
                "fn": {
                    "module": {"outputs": {"arn": {"expression": {"references": ["aws_lambda_function.b.invoke_arn"]}}}}
                }
            },
        },
    },
}


def test_a_plan_links_what_is_known_only_after_apply(tmp_path: Path) -> None:
    write(tmp_path, CODE)
    _, config = converted(tmp_path, f"=== plan.json\n{json.dumps(PLAN)}", path="plan.json", source="src")
    assert config.region == "eu-west-3"
    assert routes(config, "b") == ["POST /b"]
    assert routes(config, "a") == []


@pytest.mark.parametrize(
    "text", ["{}", "[]", "not json", '{"values": 1}', '{"values": {"root_module": {"resources": [1]}}}']
)
def test_a_file_that_is_something_else_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UsageError, match="is not the output of"):
        read_terraform(tmp_path / "x.json")
