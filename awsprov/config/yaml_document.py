"""YAML read safely, with the place of every value, so that an error can show the line it is about."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from awsprov.errors import UsageError

LARGEST = 1024 * 1024  # bytes; a configuration is a page or two
DEEPEST = 20
Keys = tuple[str | int, ...]
Place = tuple[int, int]  # line and column, from 1


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, and what."""

    place: Place | None
    message: str


@dataclass
class Document:
    """A YAML file's value, and where its parts stand.

    Attributes:
        value: what the file says.
        values: the place of the value under each path of keys.
        keys: the place of the last key of each path.
    """

    path: Path
    lines: list[str]
    value: Any = None
    values: dict[Keys, Place] = field(default_factory=dict)
    keys: dict[Keys, Place] = field(default_factory=dict)

    def place(self, keys: Keys, *, of_key: bool = False) -> Place | None:
        """Where a value (or its key) stands; for one that is missing, the nearest that encloses it."""
        if of_key and keys in self.keys:
            return self.keys[keys]
        while keys and keys not in self.values:
            keys = keys[:-1]
        return self.values.get(keys)

    def lift(self, prefix: Keys) -> None:
        """Have what stands under these keys stand for the same keys without them."""
        for places in (self.values, self.keys):
            below = {keys[len(prefix) :]: place for keys, place in places.items() if keys[: len(prefix)] == prefix}
            places.update({keys: place for keys, place in below.items() if keys})

    def error(self, problems: list[Problem]) -> UsageError:
        """All problems in one error, each with its line."""
        count = "one error" if len(problems) == 1 else f"{len(problems)} errors"
        told = "\n".join(self._tell(problem) for problem in sorted(problems, key=lambda p: p.place or (0, 0)))
        remedy, reference = "Correct the file; nothing was sent to AWS.", "`awsprov help config`"
        return UsageError(f"{self.path} has {count}.", why=told, remedy=remedy, reference=reference)

    def _tell(self, problem: Problem) -> str:
        if problem.place is None:
            return f"{self.path.name}: {problem.message}"
        line, column = problem.place
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return f"{self.path.name}:{line}:{column}: {problem.message}\n    {text.strip()}"


def read(path: Path) -> Document:
    """Read a YAML file: plain values only, no aliases (a few bytes of them expand to gigabytes), no tags, no key twice.

    Raises:
        UsageError: the file cannot be read, or is not such YAML; tells line and column.
    """
    document = Document(path, [])
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST:
            raise document.error([Problem(None, f"larger than {LARGEST // 1024} KB")])
        text = raw.decode()
        document.lines = text.splitlines()
        _screen(document, text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except OSError as error:
        remedy = "Run `awsprov init` to write one, or name it with --config."
        raise UsageError(f"There is no configuration at {path}.", why=str(error.strerror), remedy=remedy) from error
    except UnicodeDecodeError as error:
        raise document.error([Problem(None, f"not UTF-8: {error.reason}")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise document.error([_syntax(error)]) from error
    problems: list[Problem] = []
    document.value = None if node is None else _build(document, node, (), problems)
    if problems:
        raise document.error(problems)
    return document


def dump(values: dict[str, Any]) -> str:
    """Values as a YAML document: as a person would write them, in their order."""
    return yaml.safe_dump(values, sort_keys=False, default_flow_style=None, allow_unicode=True, width=110)


def _screen(document: Document, text: str) -> None:
    """Refuse, before anything is built, what makes a parser suffer or does more than to hold a value."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if unwanted := _unwanted(event, depth):
            raise document.error([Problem(_place(event.start_mark), unwanted)])


def _unwanted(event: Any, depth: int) -> str:
    if isinstance(event, yaml.AliasEvent):
        return "aliases are not allowed; write the value out"
    if getattr(event, "tag", None):
        return f"tags such as `{event.tag}` are not allowed; write a plain value"
    return "nested too deeply" if depth > DEEPEST else ""


def _syntax(error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    message = getattr(error, "problem", None) or getattr(error, "reason", None) or "nested too deeply"
    return Problem(_place(mark) if mark else None, f"not valid YAML: {message}")


def _place(mark: Any) -> Place:
    return mark.line + 1, mark.column + 1


def _build(document: Document, node: yaml.Node, keys: Keys, problems: list[Problem]) -> Any:
    document.values[keys] = place = _place(node.start_mark)
    if isinstance(node, yaml.MappingNode):
        return dict(_members(document, node, keys, problems))
    if isinstance(node, yaml.SequenceNode):
        return [_build(document, item, (*keys, index), problems) for index, item in enumerate(node.value)]
    return _scalar(node, place, problems)


def _members(
    document: Document, node: yaml.MappingNode, keys: Keys, problems: list[Problem]
) -> Iterator[tuple[str, Any]]:
    seen = set()
    for key_node, value_node in node.value:
        place = _place(key_node.start_mark)
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is None or key in seen:
            problems.append(Problem(place, "a key must be plain text" if key is None else f"`{key}` stands here twice"))
            continue
        seen.add(key)
        document.keys[(*keys, key)] = place
        yield key, _build(document, value_node, (*keys, key), problems)


def _scalar(node: yaml.Node, place: Place, problems: list[Problem]) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        message = getattr(error, "problem", None) or str(error)
        problems.append(Problem(place, f"not a plain value: {message}"))
        return None
    finally:
        loader.dispose()
