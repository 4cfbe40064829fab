"""Converts Terraform to config.yaml, and notes what it cannot convert."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awsprov.config.names import fit_name
from awsprov.config.yaml_document import dump
from awsprov.errors import UsageError
from awsprov.packaging.libraries_file import find_libraries
from awsprov.terraform.api_routes import FoundRoute, api, function_of, routes
from awsprov.terraform.archives import relative
from awsprov.terraform.code_source import function_code
from awsprov.terraform.findings import Findings
from awsprov.terraform.function_reader import (
    DEFAULT_HANDLER,
    environment,
    function_key,
    python_functions,
    runtime,
    settings,
)
from awsprov.terraform.hcl import VALIDATE
from awsprov.terraform.network_reader import builder, fit_builder, network
from awsprov.terraform.old_paths import note_old_paths
from awsprov.terraform.openapi import with_bodies
from awsprov.terraform.permissions import note_permissions, role_permissions
from awsprov.terraform.pip_commands import installed_packages, note_other_packages, requirement_files
from awsprov.terraform.replaced import is_replaced, note_others
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.tags import tags

_NO_PACKAGES = "# Terraform's files name no packages. List those that the handler imports, one per line.\n"


@dataclass
class Conversion:
    """The configuration that was converted from Terraform.

    Attributes:
        config: the content of config.yaml, without the value of any secret.
        notes: what could not be converted, or is done in another way.
        secrets: the SSM parameters that must be created before the first `up`.
        requirements: the content of the requirements file, if there is none.
        is_demo: whether there is no function, so that a first handler has to be written.
    """

    config: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    requirements: str | None = None
    is_demo: bool = False

    @property
    def text(self) -> str:
        """The text of config.yaml."""
        return "# Converted from Terraform. `awsprov help config` lists every key.\n\n" + dump(self.config)

    @property
    def source(self) -> str:
        """The source directory of the first function."""
        return str(next(iter(self.config["functions"].values()))["source"])


def convert(found: Infrastructure, name: str, region: str, directory: Path, source: str | None = None) -> Conversion:
    """Convert Terraform's resources to a configuration.

    Arguments:
        name: the stack's name; if it is empty, that of the only function.
        region: the AWS region, if no provider sets one.
        directory: the directory of config.yaml, to which its paths are relative.
        source: the directory with the code of functions whose code Terraform's files do not show.

    Raises:
        UsageError: the code of a function cannot be found, or an argument has a value of another type than Terraform's.
    """
    try:
        return _Converter(found, name, region, directory.absolute(), source).result()
    except (TypeError, ValueError, AttributeError) as error:
        what = f"The Terraform files in {found.directory} have a value of an unexpected type."
        raise UsageError(what, why=type(error).__name__, remedy=VALIDATE) from error
    except OSError as error:
        raise UsageError(f"{error.filename or found.directory} cannot be read.", why=str(error.strerror)) from error
    except RecursionError as error:
        raise UsageError(f"The Terraform files in {found.directory} are nested too deeply.") from error


def stack_name(found: Infrastructure) -> str:
    """Return a stack name made from the name of the only function; empty if there are several, or none."""
    functions = found.of("aws_lambda_function")
    named = functions[0].get("function_name") if len(functions) == 1 else None
    return fit_name(str(named)) if isinstance(named, str) else ""


class _Converter:
    """Collects the sections of config.yaml."""

    def __init__(self, found: Infrastructure, name: str, region: str, directory: Path, source: str | None) -> None:
        self.name, self.region, self.directory, self.given = name, region, directory, source
        self.findings = Findings(name, list(found.notes))
        self.found = with_bodies(found, self.findings)
        self.blocks = python_functions(found, self.findings)
        self.keys: dict[str, ParsedResource] = {}
        self.requirements: str | None = None

    def result(self) -> Conversion:
        """Return the conversion, its keys in the order of config.yaml."""
        regions = [each.get("region") for each in self.found.providers]
        region = next((str(each) for each in regions if isinstance(each, str)), self.region)
        sections: dict[str, Any] = {
            "network": network(self.found, self.findings),
            "builder": builder(self.found, self.findings),
        }
        functions = self.functions()
        front = self.api(functions)
        self.without_internet(sections["network"], functions)
        libraries = {**self.libraries(functions), **runtime(self.blocks, self.findings)}
        fit_builder(sections["builder"], libraries.get("architecture", "x86_64"), self.findings)
        note_permissions(self.found, self.blocks, self.findings)
        note_others(self.found, self.findings)
        whole = {
            "name": self.name,
            "region": region,
            "tags": tags(self.found.providers, list(filter(is_replaced, self.found.resources)), self.findings),
            **sections,
            "libraries": libraries,
            "functions": functions,
            "api": front,
        }
        config = {key: value for key, value in whole.items() if value}
        return Conversion(config, self.findings.notes, self.findings.secrets, self.requirements, not self.blocks)

    # ---- functions

    def functions(self) -> dict[str, Any]:
        """Return the section `functions`; without any in Terraform, one to write."""
        functions: dict[str, Any] = {}
        for block in self.blocks:
            key = function_key(block, functions, self.findings)
            self.keys[key] = block
            own = settings(block, self.found, self.findings)
            source, own["handler"] = function_code(
                block, own["handler"], self.found, self.findings, project=self.directory, given=self.given
            )
            functions[key] = {"source": source, **own, **environment(block, self.found, self.findings)}
            note_old_paths(block, functions[key], self.directory, self.findings)
            if permissions := role_permissions(block, self.found):
                functions[key]["permissions"] = permissions
        if not functions and self.found.of("aws_lambda_function"):
            raise UsageError(
                f"The Terraform files in {self.found.directory} have no function that awsprov can have.",
                why="; ".join(self.findings.notes),
                remedy="Without --from-terraform, `awsprov init` writes a config.yaml with a first handler.",
            )
        if not functions:
            self.findings.note(
                self.found.directory.name, "has no Python function of Lambda; a first handler was written"
            )
            functions[self.name] = {"source": self.given or "lambda_src", "handler": DEFAULT_HANDLER}
        return functions

    def libraries(self, functions: dict[str, Any]) -> dict[str, Any]:
        """Return the requirements: an existing file, or the packages that pip installs in Terraform."""
        sources = list(dict.fromkeys(each["source"] for each in functions.values()))
        if not self.blocks:
            return {"requirements": f"{sources[0]}/requirements.txt"}
        files = [file for each in sources if (file := find_libraries(self.directory / each))]
        if len(files) > 1:
            return self.shared_requirements(files)
        for file in filter(None, (*files, *requirement_files(self.found), find_libraries(self.directory))):
            note_other_packages(self.found, file, self.findings)
            return {"requirements": relative(file, self.directory)}
        packages = installed_packages(self.found)
        self.requirements = "".join(f"{each}\n" for each in packages) or _NO_PACKAGES
        if packages:
            self.findings.note(
                "the libraries", f"requirements.txt has what pip installs in Terraform: {', '.join(packages)}"
            )
        else:
            self.findings.note("the libraries", "no requirements file was found; list the packages in requirements.txt")
        return {"requirements": "requirements.txt"}

    def shared_requirements(self, files: list[Path]) -> dict[str, Any]:
        """Return a new requirements file that includes those of all functions."""
        names = ("requirements.txt", "requirements-all.txt")
        name = next(each for each in names if each == names[-1] or not (self.directory / each).exists())
        included, others = list[str](), list[str]()
        for file in files:
            (included if file.name == "requirements.txt" else others).append(relative(file, self.directory))
        self.requirements = "".join(f"-r {each}\n" for each in included)
        includes = f"; {name} includes {', '.join(included)}" if included else ""
        lacks = f"; list the packages of {', '.join(others)} in {name}" if others else ""
        self.findings.note("the libraries", f"all functions share them{includes}{lacks}")
        return {"requirements": name}

    def without_internet(self, section: dict[str, Any], functions: dict[str, Any]) -> None:
        """Let awsprov read the secrets of functions that have no internet access to read them with."""
        for key, function in functions.items():
            if section.get("nat") == "none" and function.get("secrets"):
                function["secrets_at"] = "deploy"
                place = self.keys.get(key, key)
                self.findings.note(
                    place, "has no NAT gateway to read secrets with, so config.yaml has `secrets_at: deploy`"
                )

    # ---- the API

    def api(self, functions: dict[str, Any]) -> dict[str, Any]:
        """Add the routes to their functions, and return the section `api`."""
        found = routes(self.found, self.findings)
        for route in found:
            key = self.function_key(route)
            if key is None or key not in functions:
                self.findings.note(route.place, f"the function of {route.text} is not known")
            else:
                self.add_route(functions[key], route)
        section = api(self.found, self.findings)
        behind = [function for function in functions.values() if function.get("routes")]
        if behind and all(function.get("payload") == "body" for function in behind):
            section["payload"] = "body"
            for function in behind:
                del function["payload"]
        return section

    def function_key(self, route: FoundRoute) -> str | None:
        """Return the function of a route: the one it refers to, or the only one; None if that is not known."""
        block = function_of(route.target, self.blocks, self.found)
        if block is None and len(self.blocks) == 1:
            block = self.blocks[0]
        return next((key for key, each in self.keys.items() if each is block), None)

    def add_route(self, function: dict[str, Any], route: FoundRoute) -> None:
        """Add a route to its function, with the errors of a custom integration."""
        listed = function.setdefault("routes", [])
        if route.text not in listed:
            listed.append(route.text)
        if route.takes_body:
            function["payload"] = "body"
            function["errors"] = {**function.get("errors", {}), **route.errors}
        if not function.get("errors", True):
            del function["errors"]
