"""Converts Terraform files to config.yaml, and notes what it cannot convert."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awsprov.config.function import AWSPROV_VARIABLES, LAMBDA_VARIABLES
from awsprov.config.yaml_document import dump
from awsprov.errors import UsageError
from awsprov.terraform.api_routes import api, routes
from awsprov.terraform.hcl import VALIDATE, Block, Terraform

SECRET = re.compile(
    r"passw|_pass$|pwd|secret|token|credential|private|api_?key|access_?key|_key$|dsn$|_pat$|webhook|bearer|jwt|hmac|"
    r"cookie|salt$|seed$|(^|_)auth$",
    re.IGNORECASE,
)
# Values that are secrets whatever their name is: a URL with a password, an AWS access key, a private key, a token.
SECRET_VALUE = re.compile(
    r"://[^/\s:@]*:[^/\s@]+@|\bA(KIA|SIA)[A-Z0-9]{16}\b|-----BEGIN|^(gh[pousr]_|github_pat_|glpat-|xox[a-z]-|sk-|eyJ)"
)
DEFAULT_HANDLER = "lambda_function.lambda_handler"  # `init` creates it if there is none
PYTHONS = ("3.12", "3.13", "3.14")
# Resource types that awsprov creates by itself, with settings of its own.
REPLACED = re.compile(
    r"aws_(subnet|internet_gateway|nat_gateway|eip|route|route_table|route_table_association|security_group.*|vpc_security_.*|"
    r"main_route_table_association|key_pair|efs_.*|iam_.*|lambda_(permission|alias)|cloudwatch_log_group|"
    r"api_gateway_(rest_api|resource|method|integration|deployment|stage|method_response|integration_response|account|"
    r"api_key|usage_plan|usage_plan_key)|apigatewayv2_(api|route|stage|integration|deployment))"
)
CONVERTED = {"aws_lambda_function", "aws_vpc", "aws_instance"}
_HELPERS = re.compile(r"(null|random|tls|local|archive|time|terraform)_")


@dataclass
class Conversion:
    """The configuration that was converted from Terraform.

    Attributes:
        config: the content of config.yaml, without the value of any secret.
        notes: what could not be converted, or is done in another way.
        secrets: the SSM parameters that must be created before the first `up`.
    """

    config: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of config.yaml."""
        return "# Converted from Terraform. `awsprov help config` lists every key.\n\n" + dump(self.config)

    @property
    def source(self) -> str:
        """The source directory of the first function."""
        return str(next(iter(self.config["functions"].values()))["source"])


def convert(terraform: Terraform, name: str, region: str, directory: Path) -> Conversion:
    """Convert Terraform files to a configuration.

    Arguments:
        name: the stack's name.
        region: the AWS region, if no provider sets one.
        directory: the directory of config.yaml, to which its paths are relative.

    Raises:
        UsageError: an argument has a value of another type than Terraform's.
    """
    try:
        return _Converter(terraform, name, region, directory).result()
    except (TypeError, ValueError, AttributeError) as error:
        what = f"The Terraform files in {terraform.directory} have a value of an unexpected type."
        raise UsageError(what, why=str(error), remedy=VALIDATE) from error


class _Converter:
    """Collects the sections of config.yaml, the notes and the secrets."""

    def __init__(self, terraform: Terraform, name: str, region: str, directory: Path) -> None:
        self.terraform, self.name, self.region, self.directory = terraform, name, region, directory
        self.notes: list[str] = []
        self.secrets: list[str] = []

    def result(self) -> Conversion:
        """Return the conversion, its keys in the order of config.yaml."""
        region = next(
            (r for p in self.terraform.providers if (r := self.terraform.value(p.values.get("region")))), self.region
        )
        network, builder = self.network(), self.builder()
        functions = {self.key(block): self.function(block) for block in self.terraform.of("aws_lambda_function")}
        functions = functions or {self.name: self.function(Block("aws_lambda_function", self.name, "", {}))}
        front = self.routes(functions)
        self.variables(functions)
        self.rest()
        source = next(iter(functions.values()))["source"]
        config = {"name": self.name, "region": region, "network": network, "builder": builder}
        config["libraries"] = {"requirements": f"{source}/requirements.txt", **self.runtime()}
        whole = {**config, "functions": functions, "api": front}
        return Conversion({key: value for key, value in whole.items() if value}, self.notes, self.secrets)

    def get(self, block: Block, name: str) -> Any:
        """Return the value of an argument; one that only Terraform can compute is noted and left out."""
        expression = block.values.get(name)
        value = self.terraform.value(expression)
        if expression is not None and value is None:
            self.notes.append(f"{block}: `{name}` is computed by Terraform; config.yaml has awsprov's default")
        return value

    def key(self, block: Block) -> str:
        """Return a function's name in config.yaml."""
        return re.sub(r"[^a-z0-9-]+", "-", block.name.lower()).strip("-0123456789")[:24].strip("-") or "function"

    # ---- the sections

    def network(self) -> dict[str, Any]:
        """Return the section `network`: the VPC's range and the NAT gateways."""
        section: dict[str, Any] = {}
        for block in self.terraform.of("aws_vpc")[:1]:
            if cidr := self.get(block, "cidr_block"):
                section["cidr"] = cidr
            gateways = self.terraform.of("aws_nat_gateway")
            counted = [block for block in gateways if {"count", "for_each"} & set(block.values)]
            if not gateways:
                section["nat"] = "none"
            elif len(gateways) > 1 or counted:
                section["nat"] = "per-zone"
        return section

    def builder(self) -> dict[str, Any]:
        """Return the section `builder`: the type of the first instance."""
        instances = self.terraform.of("aws_instance")
        self.notes += [f"{block}: awsprov needs only one instance, the builder" for block in instances[1:]]
        return {"instance_type": kind} if instances and (kind := self.get(instances[0], "instance_type")) else {}

    def runtime(self) -> dict[str, str]:
        """Return `python` and `architecture` of the first function that sets them."""
        section: dict[str, str] = {}
        for block in self.terraform.of("aws_lambda_function"):
            runtime = str(self.get(block, "runtime") or "").removeprefix("python")
            if runtime in PYTHONS:
                section.setdefault("python", runtime)
            elif runtime:
                section.setdefault("python", PYTHONS[0])
                self.notes.append(f"{block}: awsprov does not support Python {runtime}; config.yaml has {PYTHONS[0]}")
            for architecture in block.values.get("architectures", []):
                section.setdefault("architecture", str(architecture))
        return section

    def function(self, block: Block) -> dict[str, Any]:
        """Return a function: source, handler, memory, timeout, log retention, variables."""
        section: dict[str, Any] = {"source": self.source(block)}
        section["handler"] = self.get(block, "handler") or DEFAULT_HANDLER
        module = section["handler"].rpartition(".")[0].replace(".", "/")
        if (
            section["handler"] != DEFAULT_HANDLER
            and not (self.directory / section["source"] / f"{module}.py").is_file()
        ):
            file = f"{section['source']}/{module}.py"
            self.notes.append(f"{block}: {file} does not exist; create it before `awsprov plan`")
        for theirs, ours in (("memory_size", "memory"), ("timeout", "timeout")):
            if (value := self.get(block, theirs)) is not None:
                section[ours] = int(value)
        if days := self.log_days(block):
            section["log_days"] = days
        environment = block.inner("environment").get("variables", {})
        for name, expression in environment.items() if isinstance(environment, dict) else ():
            sensitive = bool({used for used in self.terraform.sensitive if f"var.{used}" in str(expression)})
            self.variable(section, str(block), str(name).strip('"'), self.terraform.value(expression), sensitive)
        return section

    def source(self, block: Block) -> str:
        """Return the directory with the code: that of the function's archive_file, or the default."""
        archives = [
            a for a in self.terraform.data if a.type == "archive_file" and a.name in str(block.values.get("filename"))
        ]
        for archive in archives or [a for a in self.terraform.data if a.type == "archive_file"][:1]:
            if directory := self.terraform.value(archive.values.get("source_dir")):
                return self.relative(Path(directory))
            if file := self.terraform.value(archive.values.get("source_file")):
                return self.relative(Path(file).parent)
        return "lambda_src"

    def relative(self, path: Path) -> str:
        """Return a path relative to the directory of config.yaml."""
        absolute = path if path.is_absolute() else self.terraform.directory / path
        return Path(os.path.relpath(absolute, self.directory)).as_posix()

    def log_days(self, block: Block) -> Any:
        """Return the retention of the function's log group, in days; None if it is not set."""
        groups = [group for group in self.terraform.of("aws_cloudwatch_log_group") if block.name in str(group.values)]
        return next((days for group in groups if (days := self.get(group, "retention_in_days"))), None)

    # ---- the API

    def routes(self, functions: dict[str, Any]) -> dict[str, str]:
        """Add the routes to their functions, and return the section `api`."""
        for block, route, behind in routes(self.terraform):
            name = self.behind(functions, behind)
            if name is None:
                self.notes.append(f"{block}: the function of {route} is not known")
            else:
                functions[name].setdefault("routes", []).append(route)
        kind, other = api(self.terraform)
        self.notes += [f"the API: the authorization {each} is not converted; config.yaml has iam" for each in other]
        return kind

    def behind(self, functions: dict[str, Any], reference: str) -> str | None:
        """Return the function that an integration refers to, or the only one; None if that is not known."""
        named = [
            self.key(block) for block in self.terraform.of("aws_lambda_function") if f".{block.name}." in reference
        ]
        return next(iter(named), next(iter(functions)) if len(functions) == 1 else None)

    # ---- variables

    def variables(self, functions: dict[str, Any]) -> None:
        """Give the functions the values of terraform.tfvars that no argument has used."""
        for name, value in self.terraform.given.items():
            if name in self.terraform.used:
                continue
            for section in functions.values():
                self.variable(
                    section, f"{name} in terraform.tfvars", name.upper(), value, name in self.terraform.sensitive
                )

    def variable(self, section: dict[str, Any], origin: str, name: str, value: Any, sensitive: bool) -> None:
        """Add a variable to a function; if it looks like a secret, as an SSM parameter, without its value."""
        if name in LAMBDA_VARIABLES | AWSPROV_VARIABLES or name in {
            **section.get("variables", {}),
            **section.get("secrets", {}),
        }:
            return
        if sensitive or SECRET.search(name) or (isinstance(value, str) and SECRET_VALUE.search(value)):
            parameter = f"/{self.name}/{name.lower().replace('_', '-')}"
            section.setdefault("secrets", {})[name] = f"ssm:{parameter}"
            self.secrets += [parameter] if parameter not in self.secrets else []
        elif value is None or isinstance(value, dict | list):
            self.notes.append(f"{origin}: the variable {name} is not a plain value")
        else:
            section.setdefault("variables", {})[name] = value

    def rest(self) -> None:
        """Note the resources that awsprov does not create."""
        for block in self.terraform.resources:
            if block.type not in CONVERTED and not REPLACED.fullmatch(block.type) and not _HELPERS.match(block.type):
                self.notes.append(f"{block}: awsprov does not create this")
