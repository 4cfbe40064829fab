"""A safe YAML reader that keeps the position of every key and value, so that errors can show the line."""

import errno
import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from awsprov.config.yaml_syntax import place, syntax_fault
from awsprov.errors import UsageError
from awsprov.files import is_inside, read_limited

MAX_SIZE = 128 * 1024  # bytes; a configuration is a page or two, and reading takes 20 s for a megabyte
MAX_DEPTH = 20  # levels of nesting
_LONGEST_EXCERPT = 120  # characters of a line that an error shows
_NULL = "tag:yaml.org,2002:null"
Keys = tuple[str | int, ...]
Position = tuple[int, int]  # line and column, counted from 1


@dataclass(frozen=True)
class Problem:
    """An error in a file: its position, if it has one, and what is wrong.

    Arguments:
        position: line and column.
        message: what is wrong.
        elsewhere: the message begins with the place, in another file that this value names.
    """

    position: Position | None
    message: str
    elsewhere: bool = False


@dataclass
class Document:
    """The content of a YAML file, with positions.

    Attributes:
        lines: the text, for error messages.
        value: the content.
        values: the position of each value, by the path of keys that leads to it.
        keys: the position of the last key of each path.
        as_text: as for `read`.
        problems: keys that are repeated, and scalars that have no value; errors that other errors are reported with.
    """

    path: Path
    lines: list[str]
    value: Any = None
    values: dict[Keys, Position] = field(default_factory=dict)
    keys: dict[Keys, Position] = field(default_factory=dict)
    as_text: Callable[[Keys], bool] = lambda _: False
    problems: list[Problem] = field(default_factory=list)

    def position(self, keys: Keys, *, of_key: bool = False) -> Position | None:
        """Return the position of a value, or of its key; for a missing one, that of the nearest value around it."""
        if of_key and keys in self.keys:
            return self.keys[keys]
        while keys and keys not in self.values:
            keys = keys[:-1]
        return self.values.get(keys)

    def apply_overrides(self, prefix: Keys) -> None:
        """Give keys at the top the positions that they have below a prefix: a stage's values override others."""
        for positions in (self.values, self.keys):
            below = {keys[len(prefix) :]: at for keys, at in positions.items() if keys[: len(prefix)] == prefix}
            positions.update({keys: at for keys, at in below.items() if keys})

    def error(self, problems: list[Problem]) -> UsageError:
        """Return one error for all problems, each with its line."""
        number = sum(not line.startswith(" ") for each in problems for line in each.message.splitlines())
        count = "one error" if number == 1 else f"{number} errors"
        problems = sorted(problems, key=lambda problem: problem.position or (0, 0))
        others = all(problem.elsewhere for problem in problems)
        return UsageError(
            f"{'A file that ' if others else ''}{self.path}{' names' if others else ''} has {count}.",
            why="\n".join(map(self.describe, problems)),
            remedy="Correct the file; nothing was sent to AWS.",
            reference="" if others else "`awsprov help config`",
        )

    def describe(self, problem: Problem) -> str:
        """Return a problem with its place, and the line below it."""
        if problem.elsewhere:
            return problem.message
        if problem.position is None:
            return f"{self.path.name}: {problem.message}"
        line, column = problem.position
        if not is_inside(self.path, self.path.parent):
            return f"{self.path.name}:{line}:{column}: not valid, and not shown: it is a link to another place"
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return f"{self.path.name}:{line}:{column}: {problem.message}\n    {_excerpt(text, column)}".rstrip()


def _excerpt(line: str, column: int) -> str:
    """Return a line without its indentation; of a long one, the part around a column."""
    if len(line.strip()) <= _LONGEST_EXCERPT:
        return line.strip()
    first = max(0, column - _LONGEST_EXCERPT // 2)
    end = first + _LONGEST_EXCERPT
    return f"{'…' if first else ''}{line[first:end].strip()}{'…' if end < len(line) else ''}"


def read(path: Path, as_text: Callable[[Keys], bool] = lambda _: False, *, collect: bool = False) -> Document:
    """Read a YAML file of plain values.

    Aliases are refused because a few bytes of them can expand to gigabytes, tags because they can create any object.

    Arguments:
        path: the file.
        as_text: returns whether the value at these keys is text as it is written, such as `0755`, `3.10`, `on` and
            `12:30:45`, which YAML 1.1 would change. An empty value and `null` are None in either case.
        collect: leave `problems` to the caller, who raises them with those that it finds itself.

    Raises:
        UsageError: the file cannot be read, is not valid YAML, or has an alias, a tag or a duplicate key. The message
            has line and column.
    """
    document = Document(path, [], as_text=as_text)
    try:
        content = read_limited(path, MAX_SIZE)
        document.lines = content.decode(errors="replace").splitlines()
        text = content.decode()
        _check_events(document, text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise document.error([Problem(None, f"is larger than {MAX_SIZE // 1024} KB")]) from error
        raise UsageError(f"{path} cannot be read.", why=str(error.strerror), remedy=_remedy(path, error)) from error
    except UnicodeDecodeError as error:
        at = place(content[: error.start].decode())
        raise document.error([Problem(at, f"not UTF-8: {error.reason}; save the file as UTF-8")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise document.error([Problem(*syntax_fault(error, text))]) from error
    document.value = None if node is None else _build(document, node, (), document.problems)
    if document.problems and not collect:
        raise document.error(document.problems)
    return document


def parse(text: str) -> Any:
    """Return the content of a YAML document without positions. It may have aliases.

    Raises:
        ValueError: it is not YAML, or has merge keys, which can expand to gigabytes.
    """
    try:
        events = list(yaml.parse(text, Loader=yaml.SafeLoader))
        if any(isinstance(each, yaml.ScalarEvent) and each.value == "<<" for each in events):
            raise ValueError("merge keys")
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError("not YAML") from error


def dump(values: dict[str, Any]) -> str:
    """Return values as a YAML document in their own order, laid out as a person would write it."""
    return yaml.safe_dump(values, sort_keys=False, default_flow_style=None, allow_unicode=True, width=110)


def _check_events(document: Document, text: str) -> None:
    """Refuse aliases, tags and deep nesting before any value is built."""
    depth, problems = 0, list[Problem]()
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if message := _objection(event, depth):
            problems.append(Problem(_position(event.start_mark), message))
            if depth > MAX_DEPTH:
                break
    if problems:
        raise document.error(problems)


def _objection(event: Any, depth: int) -> str:
    if isinstance(event, yaml.AliasEvent):
        return "aliases are not allowed; write the value out"
    if getattr(event, "tag", None):
        return f"tags such as `{event.tag}` are not allowed; write a plain value"
    return "nested too deeply" if depth > MAX_DEPTH else ""


def _position(mark: Any) -> Position:
    return mark.line + 1, mark.column + 1


def _build(document: Document, node: yaml.Node, keys: Keys, problems: list[Problem]) -> Any:
    document.values[keys] = position = _position(node.start_mark)
    if isinstance(node, yaml.MappingNode):
        return dict(_members(document, node, keys, problems))
    if isinstance(node, yaml.SequenceNode):
        return [_build(document, item, (*keys, index), problems) for index, item in enumerate(node.value)]
    if document.as_text(keys):
        return None if node.tag == _NULL else str(node.value)
    return _scalar(node, position, problems)


def _members(
    document: Document, node: yaml.MappingNode, keys: Keys, problems: list[Problem]
) -> Iterator[tuple[str, Any]]:
    seen = set()
    for key_node, value_node in node.value:
        position = _position(key_node.start_mark)
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is None or key in seen:
            problems.append(Problem(position, "a key must be plain text" if key is None else f"duplicate key `{key}`"))
            continue
        seen.add(key)
        document.keys[(*keys, key)] = position
        yield key, _build(document, value_node, (*keys, key), problems)


def _scalar(node: yaml.Node, position: Position, problems: list[Problem]) -> Any:
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_object(node)
        if isinstance(value, int):
            str(value)  # messages show it: a hexadecimal one can be read, but is too long to be shown
        return value
    except (yaml.YAMLError, ValueError) as error:
        message = getattr(error, "problem", None) or str(error)
        if "set_int_max_str_digits" in message:  # Python's advice for programs
            message = "a number with too many digits"
        problems.append(Problem(position, f"not a plain value: {message}"))
        return None
    finally:
        loader.dispose()


def _remedy(path: Path, error: OSError) -> str:
    """Return what to do about a file: of a missing one, use one of its name in a directory above, or create it."""
    if isinstance(error, PermissionError):
        return f"Let your user read it, or name another file with --config: ls -l {shlex.quote(str(path))}"
    above = [each / path.name for each in path.absolute().parent.parents if os.access(each / path.name, os.R_OK)]
    if above and not path.parent.name:
        return f"Run the command in {above[0].parent}, or with --config {shlex.quote(str(above[0]))}."
    return "Run `awsprov init` to create one, or name another file with --config."
