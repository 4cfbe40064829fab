"""The values of the names in a Terraform module, and the arguments of its blocks."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from awsprov.errors import UsageError
from awsprov.files import is_inside, read_limited
from awsprov.terraform.evaluation import evaluate
from awsprov.terraform.hcl import EVALUATED, MAX_SIZE, Block, Body, SyntaxNode
from awsprov.terraform.values import MAX_ITEMS, Unknown

MAX_STEPS = 200_000  # expressions that are evaluated in all
MAX_INSTANCES = 500  # of all `count` and `for_each`


class Budget:
    """Counts what an evaluation takes, so that a hostile file ends in an error; and collects its notes.

    Attributes:
        boundary: the directories whose files may be read with `file`.
    """

    def __init__(self, boundary: tuple[Path, ...]) -> None:
        self.boundary, self.steps, self.instances = boundary, 0, 0
        self.notes: list[str] = []
        self.bodies: dict[Path, Body] = {}  # of the directories that were read

    def step(self) -> None:
        """Count an expression.

        Raises:
            UsageError: there are more than MAX_STEPS.
        """
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise UsageError(f"The Terraform files need more than {MAX_STEPS} steps to evaluate.", remedy=EVALUATED)

    def instance(self) -> None:
        """Count a resource or module.

        Raises:
            UsageError: there are more than MAX_INSTANCES.
        """
        self.instances += 1
        if self.instances > MAX_INSTANCES:
            what = f"The Terraform files have more than {MAX_INSTANCES} resources and modules."
            raise UsageError(what, remedy=EVALUATED)


class Names(Protocol):
    """The names of a module."""

    directory: Path
    budget: Budget

    def variable(self, name: str) -> Any:
        """Return the value of a variable."""

    def local(self, name: str) -> Any:
        """Return a local value."""

    def child(self, name: str) -> Any:
        """Return a module that this one calls."""

    def path(self, name: str) -> Any:
        """Return `path.module` and the like."""

    def resource(self, mode: str, kind: str, name: str) -> Any:
        """Return a resource or data source."""


class Namespace:
    """A name that only means something with an attribute: `var`, `local`, `data`, a resource type."""

    def __init__(self, module: Names, path: tuple[str, ...]) -> None:
        self.module, self.path = module, path

    def attribute(self, name: str) -> Any:
        """Return what the attribute of this name is."""
        kind = self.path[0]
        look_up = {"var": self.module.variable, "local": self.module.local, "module": self.module.child}
        look_up["path"] = self.module.path
        if kind in look_up:
            return look_up[kind](name)
        if self.path == ("data",):
            return Namespace(self.module, ("data", name))
        if kind == "data" or "_" in kind:
            return self.module.resource("data" if kind == "data" else "resource", self.path[-1], name)
        return Unknown("is known when Terraform runs", expression=".".join((*self.path, name)))


class ModuleScope:
    """The names of a block: those of its module, and those of `each`, `count` and `for`."""

    def __init__(self, module: Names, names: dict[str, Any]) -> None:
        self.module, self.names = module, names

    def spend(self) -> None:
        """Count a step."""
        self.module.budget.step()

    def name(self, name: str) -> Any:
        """Return the value of a name."""
        return self.names[name] if name in self.names else Namespace(self.module, (name,))

    def read(self, path: str) -> Any:
        """Return the text of a file of the project."""
        file = self.module.directory / path
        if not self._may_read(file):
            return Unknown("is the text of a file outside of the project")
        try:
            return read_limited(file, MAX_SIZE).decode()
        except (OSError, ValueError):
            return Unknown(f"is the text of {path}, which cannot be read")

    def files(self, directory: str, pattern: str) -> Any:
        """Return the files of the project in a directory that a pattern matches, relative to the directory."""
        root = self.module.directory / directory
        if not self._may_read(root) or ".." in pattern or not pattern or pattern.startswith("/"):
            return Unknown("lists files outside of the project")
        found = islice((each for each in root.glob(pattern) if each.is_file()), MAX_ITEMS)
        return sorted(each.relative_to(root).as_posix() for each in found)

    def _may_read(self, path: Path) -> bool:
        return any(is_inside(path, each) for each in self.module.budget.boundary)

    def bind(self, names: dict[str, Any]) -> "ModuleScope":
        """Return a scope with more names."""
        return ModuleScope(self.module, {**self.names, **names})

    def only(self, names: dict[str, Any]) -> "TemplateFileScope":
        """Return a scope with these names alone."""
        return TemplateFileScope(self.module, names)


class TemplateFileScope(ModuleScope):
    """The names of a template file."""

    def name(self, name: str) -> Any:
        """Return a value that was given to `templatefile`."""
        return self.names.get(name, Unknown(f"needs `{name}`, which its template was not given"))

    def bind(self, names: dict[str, Any]) -> "ModuleScope":
        """Return a scope with more names."""
        return TemplateFileScope(self.module, {**self.names, **names})


class BlockValues(Mapping[str, Any]):
    """The arguments of a block, evaluated when they are needed, each once."""

    def __init__(self, body: Body, scope: ModuleScope) -> None:
        self.body, self.scope = body, scope
        self.found: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        if name not in self.found:
            self.found[name] = Unknown("refers to itself")
            self.found[name] = self._evaluated(name)
        return self.found[name]

    def _evaluated(self, name: str) -> Any:
        if node := self.body.attributes.get(name):
            return evaluate_safely(node, self.scope)
        blocks = [block for block in self.body.blocks if name in (block.kind, *block.labels[:1])]
        return [values for block in blocks for values in _inner(block, name, self.scope)]

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def __iter__(self) -> Iterator[str]:
        dynamic = (
            block.labels[0] if block.kind == "dynamic" and block.labels else block.kind for block in self.body.blocks
        )
        return iter(dict.fromkeys([*self.body.attributes, *dynamic]))

    def __len__(self) -> int:
        return len(list(iter(self)))


def evaluate_safely(node: SyntaxNode, scope: ModuleScope) -> Any:
    """Return the value of an expression; unknown if it is nested too deeply for Python."""
    try:
        return evaluate(node, scope)
    except RecursionError:
        return Unknown("is nested too deeply")


def _inner(block: Block, name: str, scope: ModuleScope) -> list[dict[str, Any]]:
    """Return the maps of an inner block; of a `dynamic` one, one for each element."""
    if block.kind != "dynamic":
        own = {"type": block.labels[0]} if block.kind == "provisioner" and block.labels else {}
        return [{**BlockValues(block.body, scope), **own}]
    content, each = block.body.of("content"), block.body.attributes.get("for_each")
    elements = evaluate_safely(each, scope) if each else []
    label = evaluate_safely(block.body.attributes["iterator"], scope) if "iterator" in block.body.attributes else name
    pairs = (
        elements.items() if isinstance(elements, dict) else enumerate(elements) if isinstance(elements, list) else []
    )
    names = [{"key": key, "value": value} for key, value in pairs]
    if isinstance(elements, Unknown):
        names = [{"key": elements, "value": elements}]
    return [dict(BlockValues(content[0].body, scope.bind({str(label): bound}))) for bound in names if content]
