"""From Terraform to config.yaml: what is known is carried over, and what is not is said."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awsprov.config.function import AWSPROV_VARIABLES, LAMBDA_VARIABLES
from awsprov.config.yaml_document import dump
from awsprov.terraform.api_routes import api, routes
from awsprov.terraform.hcl import Block, Terraform

SECRET = re.compile(r"passw|secret|token|credential|private|api_?key|access_?key|_key$|_dsn$|_pat$", re.IGNORECASE)
FIRST_HANDLER = "lambda_function.lambda_handler"  # `init` writes it where it is not there
PYTHONS = ("3.12", "3.13", "3.14")
# What awsprov makes by itself, in its own way.
OWN = re.compile(
    r"aws_(subnet|internet_gateway|nat_gateway|eip|route|route_table|route_table_association|security_group.*|vpc_security_.*|"
    r"main_route_table_association|key_pair|efs_.*|iam_.*|lambda_(permission|alias)|cloudwatch_log_group|"
    r"api_gateway_(rest_api|resource|method|integration|deployment|stage|method_response|integration_response|account|"
    r"api_key|usage_plan|usage_plan_key)|apigatewayv2_(api|route|stage|integration|deployment))"
)
READ = {"aws_lambda_function", "aws_vpc", "aws_instance"}
_HELPERS = re.compile(r"(null|random|tls|local|archive|time|terraform)_")


@dataclass
class Migration:
    """A configuration, and what a person should know of it.

    Attributes:
        config: the content of config.yaml; no value of a secret is in it.
        notes: what could not be read, or is done otherwise.
        secrets: what must be put into the parameter store before the first `up`, by the name of the parameter.
    """

    config: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The content of config.yaml."""
        return "# Carried over from Terraform. `awsprov help config` lists every key.\n\n" + dump(self.config)

    @property
    def source(self) -> str:
        """The first function's directory."""
        return str(next(iter(self.config["functions"].values()))["source"])


def migrate(found: Terraform, name: str, region: str, home: Path) -> Migration:
    """A configuration for what Terraform describes.

    Arguments:
        name: the stack's name.
        region: where it goes, when no provider says.
        home: the directory of config.yaml, from which its paths are taken.
    """
    return _Migrating(found, name, region, home).result()


class _Migrating:
    """One run through what was read."""

    def __init__(self, found: Terraform, name: str, region: str, home: Path) -> None:
        self.found, self.name, self.region, self.home = found, name, region, home
        self.notes: list[str] = []
        self.secrets: list[str] = []

    def result(self) -> Migration:
        """Everything, in the order of config.yaml."""
        region = next((r for p in self.found.providers if (r := self.found.value(p.values.get("region")))), self.region)
        network, builder = self.network(), self.builder()
        functions = {self.key(block): self.function(block) for block in self.found.of("aws_lambda_function")}
        functions = functions or {self.name: self.function(Block("aws_lambda_function", self.name, "", {}))}
        front = self.routes(functions)
        self.variables(functions)
        self.rest()
        source = next(iter(functions.values()))["source"]
        config = {"name": self.name, "region": region, "network": network, "builder": builder}
        config["libraries"] = {"requirements": f"{source}/requirements.txt", **self.runtime()}
        whole = {**config, "functions": functions, "api": front}
        return Migration({key: value for key, value in whole.items() if value}, self.notes, self.secrets)

    def get(self, block: Block, name: str) -> Any:
        """A value of a block; one that needs Terraform is noted, and left at awsprov's own."""
        written = block.values.get(name)
        value = self.found.value(written)
        if written is not None and value is None:
            self.notes.append(f"{block}: `{name}` is computed; awsprov's own stands in config.yaml, or its default")
        return value

    def key(self, block: Block) -> str:
        """A function's name in config.yaml."""
        return re.sub(r"[^a-z0-9-]+", "-", block.name.lower()).strip("-0123456789")[:24].strip("-") or "function"

    # ---- the parts

    def network(self) -> dict[str, Any]:
        """The VPC's range, and how many ways out it has."""
        part: dict[str, Any] = {}
        for block in self.found.of("aws_vpc")[:1]:
            if cidr := self.get(block, "cidr_block"):
                part["cidr"] = cidr
            gateways = self.found.of("aws_nat_gateway")
            counted = [block for block in gateways if {"count", "for_each"} & set(block.values)]
            if not gateways:
                part["nat"] = "none"
            elif len(gateways) > 1 or counted:
                part["nat"] = "per-zone"
        return part

    def builder(self) -> dict[str, Any]:
        """The first instance's type."""
        instances = self.found.of("aws_instance")
        self.notes += [f"{block}: one builder is enough; left out" for block in instances[1:]]
        return {"instance_type": kind} if instances and (kind := self.get(instances[0], "instance_type")) else {}

    def runtime(self) -> dict[str, str]:
        """Python and the architecture of the first function that says them."""
        part: dict[str, str] = {}
        for block in self.found.of("aws_lambda_function"):
            runtime = str(self.get(block, "runtime") or "").removeprefix("python")
            if runtime in PYTHONS:
                part.setdefault("python", runtime)
            elif runtime:
                part.setdefault("python", PYTHONS[0])
                self.notes.append(f"{block}: awsprov has no runtime {runtime}; {PYTHONS[0]} stands in config.yaml")
            for architecture in block.values.get("architectures", []):
                part.setdefault("architecture", str(architecture))
        return part

    def function(self, block: Block) -> dict[str, Any]:
        """A function: code, handler, size, variables."""
        part: dict[str, Any] = {"source": self.source(block)}
        part["handler"] = self.get(block, "handler") or FIRST_HANDLER
        module = part["handler"].rpartition(".")[0].replace(".", "/")
        if part["handler"] != FIRST_HANDLER and not (self.home / part["source"] / f"{module}.py").is_file():
            self.notes.append(f"{block}: {part['source']}/{module}.py is not there; awsprov wants it before `plan`")
        for theirs, ours in (("memory_size", "memory"), ("timeout", "timeout")):
            if (value := self.get(block, theirs)) is not None:
                part[ours] = int(value)
        if days := self.log_days(block):
            part["log_days"] = days
        environment = block.inner("environment").get("variables", {})
        for name, written in environment.items() if isinstance(environment, dict) else ():
            sensitive = bool({used for used in self.found.sensitive if f"var.{used}" in str(written)})
            self.variable(part, str(block), str(name).strip('"'), self.found.value(written), sensitive)
        return part

    def source(self, block: Block) -> str:
        """The directory with the code, as an archive of it says; otherwise the usual one."""
        archives = [
            a for a in self.found.data if a.type == "archive_file" and a.name in str(block.values.get("filename"))
        ]
        for archive in archives or [a for a in self.found.data if a.type == "archive_file"][:1]:
            if directory := self.found.value(archive.values.get("source_dir")):
                return self.relative(Path(directory))
            if file := self.found.value(archive.values.get("source_file")):
                return self.relative(Path(file).parent)
        return "lambda_src"

    def relative(self, path: Path) -> str:
        """A path as config.yaml has it."""
        whole = path if path.is_absolute() else self.found.directory / path
        return Path(os.path.relpath(whole, self.home)).as_posix()

    def log_days(self, block: Block) -> Any:
        """How long the function's log is kept."""
        groups = [group for group in self.found.of("aws_cloudwatch_log_group") if block.name in str(group.values)]
        return next((days for group in groups if (days := self.get(group, "retention_in_days"))), None)

    # ---- the API

    def routes(self, functions: dict[str, Any]) -> dict[str, str]:
        """Methods and paths go to the functions behind them; returns what is said of the API itself."""
        for block, route, behind in routes(self.found):
            name = self.behind(functions, behind)
            if name is None:
                self.notes.append(f"{block}: it is not clear which function answers {route}; left out")
            else:
                functions[name].setdefault("routes", []).append(route)
        kind, other = api(self.found)
        self.notes += [f"the API: its authorization {each} is not carried over; iam stands" for each in other]
        return kind

    def behind(self, functions: dict[str, Any], written: str) -> str | None:
        """The function that an integration's text names, or the only one."""
        named = [self.key(block) for block in self.found.of("aws_lambda_function") if f".{block.name}." in written]
        return next(iter(named), next(iter(functions)) if len(functions) == 1 else None)

    # ---- variables

    def variables(self, functions: dict[str, Any]) -> None:
        """What terraform.tfvars gives and nothing above has used is for the functions."""
        for name, written in self.found.given.items():
            if name in self.found.used:
                continue
            for part in functions.values():
                self.variable(part, f"{name} in terraform.tfvars", name.upper(), written, name in self.found.sensitive)

    def variable(self, part: dict[str, Any], whence: str, name: str, value: Any, sensitive: bool) -> None:
        """One variable of a function: as it is, or as a secret whose value is written nowhere."""
        if name in LAMBDA_VARIABLES | AWSPROV_VARIABLES or name in {
            **part.get("variables", {}),
            **part.get("secrets", {}),
        }:
            return
        if sensitive or SECRET.search(name):
            parameter = f"/{self.name}/{name.lower().replace('_', '-')}"
            part.setdefault("secrets", {})[name] = f"ssm:{parameter}"
            self.secrets += [parameter] if parameter not in self.secrets else []
        elif value is None or isinstance(value, dict | list):
            self.notes.append(f"{whence}: the variable {name} is no plain value; left out")
        else:
            part.setdefault("variables", {})[name] = value

    def rest(self) -> None:
        """Say what there is no place for."""
        for block in self.found.resources:
            if block.type not in READ and not OWN.fullmatch(block.type) and not _HELPERS.match(block.type):
                self.notes.append(f"{block}: awsprov makes no such thing; left out")
