"""Evaluates a Terraform module: its variables, local values, resources, and the modules that it calls."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from awsprov.errors import UsageError
from awsprov.terraform.hcl import EVALUATED, MAX_FILES, VALIDATE, Block, Body, parse_file
from awsprov.terraform.overrides import is_override, override
from awsprov.terraform.registry_modules import registry_resources
from awsprov.terraform.resource import ParsedResource
from awsprov.terraform.scopes import BlockValues, Budget, ModuleScope, evaluate_safely
from awsprov.terraform.secret_names import SECRET
from awsprov.terraform.values import Unknown, mark

MAX_DEPTH = 10  # modules in modules
MAX_COUNT = 1000


def directory_body(directory: Path, root: Path) -> Body:
    """Parse the `.tf` files of a directory; notes name them relative to the root.

    Raises:
        UsageError: there are none, or too many, or one cannot be read.
    """
    files = sorted(directory.glob("*.tf"))[: MAX_FILES + 1]
    if len(files) > MAX_FILES:
        raise UsageError(f"There are more than {MAX_FILES} Terraform files in {directory}.", remedy=EVALUATED)
    if not files:
        where = "Give --from-terraform the directory of the .tf files, or the output of `terraform show -json`."
        raise UsageError(
            f"There are no Terraform files in {directory}.",
            why="No file in it ends in .tf.",
            remedy=where if directory == root else VALIDATE,
        )
    whole = Body()
    for file in sorted(files, key=is_override):
        body = parse_file(file, os.path.relpath(file, root))
        if is_override(file):
            override(whole, body)
            continue
        whole.attributes.update(body.attributes)
        whole.blocks.extend(body.blocks)
    return whole


class Child:
    """An instance of a module, whose attributes are its outputs."""

    def __init__(self, address: str, module: "Module | None", resources: list[ParsedResource]) -> None:
        self.address, self.module, self.own = address, module, resources

    def attribute(self, name: str) -> Any:
        """Return an output."""
        if self.module:
            return self.module.output(name)
        references = frozenset(each.address for each in self.own)
        return Unknown(f"depends on {self.address}, which is not read", references, f"{self.address}.{name}")

    def resources(self) -> Iterator[ParsedResource]:
        """Yield the resources of the module, with those of the modules that it calls."""
        yield from self.module.resources() if self.module else self.own


class Module:
    """A directory of Terraform files, with the values of its variables."""

    def __init__(
        self, directory: Path, budget: Budget, inputs: Mapping[str, Any], prefix: str = "", root: Path | None = None
    ) -> None:
        self.directory, self.budget, self.inputs, self.prefix = directory, budget, inputs, prefix
        self.root = root or directory
        if directory not in budget.bodies:
            budget.bodies[directory] = directory_body(directory, self.root)
        self.body = budget.bodies[directory]
        self.scope = ModuleScope(self, {})
        self.cache: dict[tuple[str, ...], Any] = {}

    # ---- names

    def _once(self, *key: str) -> Any:
        """Return the value of a name, computed once; one that refers to itself is unknown."""
        if key not in self.cache:
            self.cache[key] = Unknown("refers to itself")
            self.cache[key] = getattr(self, f"_find_{key[0]}")(*key[1:])
        return self.cache[key]

    def variable(self, name: str) -> Any:
        """Return the value of a variable: given, or its default."""
        return self._once("variable", name)

    def local(self, name: str) -> Any:
        """Return a local value."""
        return self._once("local", name)

    def output(self, name: str) -> Any:
        """Return an output."""
        return self._once("output", name)

    def child(self, name: str) -> Any:
        """Return a module; a list or map of them with `count` or `for_each`."""
        return self._once("child", name)

    def resource(self, mode: str, kind: str, name: str) -> Any:
        """Return a resource or data source; a list or map of them with `count` or `for_each`."""
        return self._once("resource", mode, kind, name)

    def path(self, name: str) -> Any:
        """Return `path.module`, `path.root` or `path.cwd`."""
        return {"module": str(self.directory), "root": str(self.root), "cwd": str(self.root)}.get(name)

    def _find_variable(self, name: str) -> Any:
        block = next((each for each in self.body.of("variable") if each.labels == (name,)), None)
        if block is None:
            return Unknown(f"depends on var.{name}, which is not declared")
        value = self.inputs.get(name)
        if value is None and "default" in block.body.attributes:
            value = evaluate_safely(block.body.attributes["default"], self.scope)
        elif name not in self.inputs:
            value = Unknown(f"depends on var.{name}, which has no value in the files", expression=f"var.{name}")
        sensitive = block.body.attributes.get("sensitive")
        declared = sensitive is not None and evaluate_safely(sensitive, self.scope) is True
        named = bool(SECRET.search(name)) and isinstance(value, str | Unknown)
        return mark(value) if declared or named else value

    def _find_local(self, name: str) -> Any:
        for block in self.body.of("locals"):
            if name in block.body.attributes:
                return evaluate_safely(block.body.attributes[name], self.scope)
        return Unknown(f"depends on local.{name}, which is not declared")

    def _find_output(self, name: str) -> Any:
        block = next((each for each in self.body.of("output") if each.labels == (name,)), None)
        node = block.body.attributes.get("value") if block else None
        return evaluate_safely(node, self.scope) if node else Unknown(f"has no output `{name}`")

    def _find_resource(self, mode: str, kind: str, name: str) -> Any:
        block = next((each for each in self.body.of(mode) if each.labels == (kind, name)), None)
        address = f"{self.prefix}{'data.' if mode == 'data' else ''}{kind}.{name}"
        if block is None:
            return Unknown(f"depends on {address}, which is not declared", frozenset({address}), address)
        return self._instances(block, address, self._one_resource)

    def _find_child(self, name: str) -> Any:
        block = next((each for each in self.body.of("module") if each.labels == (name,)), None)
        if block is None:
            return Unknown(f"depends on module.{name}, which is not declared")
        return self._instances(block, f"{self.prefix}module.{name}", self._one_child)

    # ---- instances

    def _instances(self, block: Block, address: str, build: Callable[[Block, str, str, ModuleScope], Any]) -> Any:
        """Return the instance of a block; a list with `count`, a map with `for_each`."""
        if "count" in block.body.attributes:
            count = evaluate_safely(block.body.attributes["count"], self.scope)
            if not isinstance(count, Unknown) and str(count).isdecimal():
                return [
                    build(block, f"{address}[{n}]", str(n), self.scope.bind({"count": {"index": n}}))
                    for n in range(min(int(count), MAX_COUNT))
                ]
            return build(block, address, "", self._assumed(address, "count", count))
        if "for_each" in block.body.attributes:
            each = evaluate_safely(block.body.attributes["for_each"], self.scope)
            if isinstance(each, list):
                each = {str(item): item for item in each if not isinstance(item, Unknown)}
            if isinstance(each, dict):
                return {
                    key: build(
                        block, f'{address}["{key}"]', key, self.scope.bind({"each": {"key": key, "value": value}})
                    )
                    for key, value in each.items()
                }
            return build(block, address, "", self._assumed(address, "each", each))
        return build(block, address, "", self.scope)

    def _assumed(self, address: str, name: str, value: Any) -> ModuleScope:
        """Note that the number of instances is not known, and return the scope of one."""
        reason = value.reason if isinstance(value, Unknown) else "has another type than Terraform's"
        argument = "for_each" if name == "each" else name
        self.budget.notes.append(f"{address}: its `{argument}` {reason}; it is converted as one")
        unknown = Unknown(reason)
        return self.scope.bind({name: {"key": unknown, "value": unknown, "index": unknown}})

    def _one_resource(self, block: Block, address: str, key: str, scope: ModuleScope) -> ParsedResource:
        self.budget.instance()
        kind, name = block.labels
        values = BlockValues(block.body, scope)
        return ParsedResource(kind, name, address, block.file, values, self.directory, key, block.kind == "data")

    def _one_child(self, block: Block, address: str, key: str, scope: ModuleScope) -> Child:
        self.budget.instance()
        values = BlockValues(block.body, scope)
        source = values.get("source")
        if isinstance(source, str) and source.startswith(("./", "../")):
            if address.count("module.") > MAX_DEPTH:
                raise UsageError(
                    f"{address} is nested too deeply.",
                    why=f"Modules are read to a depth of {MAX_DEPTH}.",
                    remedy=EVALUATED,
                )
            module = Module(
                Path(os.path.normpath(self.directory / source)), self.budget, values, f"{address}.", self.root
            )
            return Child(address, module, [])
        place = ParsedResource("module", block.labels[0], address, block.file, values, self.directory, key)
        found = registry_resources(place)
        if not found:
            name = source if isinstance(source, str) else "a source that is not known"
            self.budget.notes.append(f"{place}: the module {name} is not local and was not read")
        return Child(address, None, found)

    def resources(self) -> Iterator[ParsedResource]:
        """Yield the resources and data sources of this module, and of the modules that it calls."""
        for block in self.body.blocks:
            if block.kind in ("resource", "data") and len(block.labels) == 2:  # noqa: PLR2004 - type and name
                yield from _each(self.resource(block.kind, *block.labels))
            elif block.kind == "module" and len(block.labels) == 1:
                for child in _each(self.child(block.labels[0])):
                    yield from child.resources()

    def providers(self) -> Iterator[dict[str, Any]]:
        """Yield the arguments of the blocks `provider "aws"`."""
        for block in self.body.of("provider"):
            if block.labels == ("aws",):
                yield dict(BlockValues(block.body, self.scope))


def _each(found: Any) -> list[Any]:
    """Return the instances of a resource or module as a list."""
    if isinstance(found, Unknown):
        return []
    return list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else [found]
