"""Reads the output of `terraform show -json` for a state or a plan: the values that Terraform has computed."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awsprov.errors import UsageError
from awsprov.files import read_limited
from awsprov.terraform.hcl import MAX_SIZE, VALIDATE
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.values import Unknown, mark

MAX_JSON = 64 * 1024 * 1024  # bytes; the state of a large account has some megabytes
_INDEX = re.compile(r"\[[^\]]*\]")
_LATER = "is known after `terraform apply`"


def read_json(file: Path) -> Infrastructure:
    """Read a file of `terraform show -json`.

    Raises:
        UsageError: it cannot be read, or is something else.
    """
    try:
        content = json.loads(read_limited(file, MAX_JSON))
        return _ShowOutput(content, file).infrastructure()
    except OSError as error:
        raise UsageError(f"{file} cannot be read.", why=str(error.strerror)) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        remedy = "Run `terraform show -json > FILE`, or `terraform show -json PLAN > FILE`."
        raise UsageError(f"{file} is not the output of `terraform show -json`.", remedy=remedy) from error


def read_json_map(file: Path) -> dict[str, Any]:
    """Return the values of a `.tfvars.json` file.

    Raises:
        UsageError: it cannot be read, or is something else.
    """
    try:
        return dict(json.loads(read_limited(file, MAX_SIZE)))
    except OSError as error:
        raise UsageError(f"{file} cannot be read.", why=str(error.strerror)) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"{file} is not a JSON object.", remedy=VALIDATE) from error


class _ShowOutput:
    """The parts of the output: values, changes, and in a plan the configuration."""

    def __init__(self, content: dict[str, Any], file: Path) -> None:
        self.file = file
        values = content.get("planned_values") or content["values"]
        prior = content.get("prior_state", {}).get("values", {})
        read = [each for each in _resources(prior.get("root_module", {})) if each["mode"] == "data"]
        self.all = [*_resources(values.get("root_module", {})), *read]
        self.changes = {each["address"]: each["change"] for each in content.get("resource_changes", [])}
        self.configuration = content.get("configuration", {})
        self.addresses: dict[str, list[str]] = {}
        for each in self.all:
            self.addresses.setdefault(_INDEX.sub("", each["address"]), []).append(each["address"])

    def infrastructure(self) -> Infrastructure:
        """Return the resources, and the provider's region."""
        providers = [
            {
                name: each["constant_value"]
                for name, each in found.get("expressions", {}).items()
                if "constant_value" in each
            }
            for found in self.configuration.get("provider_config", {}).values()
            if found.get("name") == "aws"
        ]
        directory = self.file.absolute().parent
        return Infrastructure(directory, [self._resource(each, directory) for each in self.all], providers)

    def _resource(self, each: dict[str, Any], directory: Path) -> ParsedResource:
        address, is_data = str(each["address"]), each["mode"] == "data"
        values = {
            name: value
            for name, value in _marked(each.get("values", {}), each.get("sensitive_values")).items()
            if value is not None
        }
        module = _INDEX.sub("", address).removesuffix(f"{'data.' if is_data else ''}{each['type']}.{each['name']}")
        expressions, provisioners = self._expressions(module, each)
        later = self.changes.get(address, {}).get("after_unknown", {})
        key = str(each.get("index", ""))
        for name, unknown in (later if isinstance(later, dict) else {}).items():
            references = frozenset(self._targets(module, list(_references(expressions.get(name))), key))
            values[name] = _with_unknown(values.get(name), unknown, Unknown(_LATER, references))
        if provisioners:
            values["provisioner"] = provisioners
        return ParsedResource(each["type"], each["name"], address, self.file.name, values, directory, key, is_data)

    def _module(self, path: str) -> dict[str, Any]:
        """Return the configuration of a module, whose path is `module.a.module.b.`."""
        found = self.configuration.get("root_module", {})
        for name in path.split(".")[1::2]:
            found = found.get("module_calls", {}).get(name, {}).get("module", {})
        return dict(found)

    def _expressions(self, module: str, each: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the expressions of a resource, and its provisioners as far as their arguments are constant."""
        for found in self._module(module).get("resources", []):
            if (found["type"], found["name"], found["mode"]) == (each["type"], each["name"], each["mode"]):
                return found.get("expressions", {}), [_provisioner(one) for one in found.get("provisioners", [])]
        return {}, []

    def _targets(self, module: str, references: list[str], key: str, depth: int = 0) -> Iterator[str]:
        """Yield the addresses of the resources that references in a module lead to."""
        for reference in references if depth < 20 else []:  # noqa: PLR2004 - modules in modules
            kind, _, rest = reference.partition(".")
            if kind == "var":
                outer, call = _outer(module)
                calls = self._module(outer).get("module_calls", {}).get(call, {}).get("expressions", {})
                yield from self._targets(outer, list(_references(calls.get(rest.split(".")[0]))), key, depth + 1)
            elif kind == "module":
                name, _, output = _INDEX.sub("", rest).partition(".")
                inner = f"{module}module.{name}."
                outputs = self._module(inner).get("outputs", {}).get(output.split(".")[0], {})
                yield from self._targets(inner, list(_references(outputs.get("expression"))), key, depth + 1)
            else:
                yield from self._instances(module + reference, key)

    def _instances(self, reference: str, key: str) -> list[str]:
        """Return the instances of a resource that a reference means: those of the same key, if there are any."""
        plain = _INDEX.sub("", reference)
        name = next((each for each in self.addresses if f"{plain}.".startswith(f"{each}.")), "")
        found = self.addresses.get(name, [])
        exact = [each for each in found if f"{reference}.".startswith(f"{each}.")]
        return exact or [each for each in found if each.endswith((f'["{key}"]', f"[{key}]"))] or found


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _outer(module: str) -> tuple[str, str]:
    """Return the path of the module that calls a module, and the name of the call."""
    *outer, _, call = module.removesuffix(".").split(".")
    return "".join(f"{part}." for part in outer), call


def _references(expression: Any) -> Iterator[str]:
    """Yield the references in an expression, or in those of inner blocks."""
    if isinstance(expression, list):
        for each in expression:
            yield from _references(each)
    elif isinstance(expression, dict):
        own = expression.get("references")
        yield from own if isinstance(own, list) else ()
        for each in expression.values():
            yield from _references(each) if isinstance(each, dict | list) and each is not own else ()


def _provisioner(found: dict[str, Any]) -> dict[str, Any]:
    constants = {name: each.get("constant_value") for name, each in found.get("expressions", {}).items()}
    return {"type": found.get("type"), **constants}


def _marked(value: Any, sensitive: Any) -> Any:
    """Return a value with those parts marked that Terraform calls sensitive."""
    if sensitive is True:
        return mark(value)
    if isinstance(value, dict) and isinstance(sensitive, dict):
        return {name: _marked(each, sensitive.get(name)) for name, each in value.items()}
    if isinstance(value, list) and isinstance(sensitive, list):
        return [_marked(each, sensitive[n] if n < len(sensitive) else None) for n, each in enumerate(value)]
    return value


def _with_unknown(value: Any, unknown: Any, filler: Unknown) -> Any:
    """Return a value in which the parts that are known only later are unknown values."""
    if unknown is True:
        return filler
    if isinstance(unknown, dict):
        own = value if isinstance(value, dict) else {}
        return {**own, **{name: _with_unknown(own.get(name), each, filler) for name, each in unknown.items()}}
    if isinstance(unknown, list) and isinstance(value, list):
        return [_with_unknown(each, unknown[n] if n < len(unknown) else None, filler) for n, each in enumerate(value)]
    return value
