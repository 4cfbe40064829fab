"""Parses Terraform files with python-hcl2: blocks, and their arguments as syntax trees."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awsprov.errors import UsageError
from awsprov.files import read_limited

VALIDATE = "`terraform validate` shows what is wrong."
EVALUATED = (
    "Let Terraform evaluate the files: `terraform show -json > FILE` in their directory; then "
    "`awsprov init --from-terraform FILE`."
)
MAX_SIZE = 1024 * 1024  # bytes of a file
MAX_FILES = 200  # of a directory
_SPACE = "new_line_or_comment"
_MARKER = re.compile(r"<<-?([A-Za-z][\w.-]*)")


@dataclass(frozen=True)
class SyntaxNode:
    """A node of a syntax tree.

    Arguments:
        kind: the rule of python-hcl2's grammar, such as `function_call`.
        parts: its children, and its tokens as text.
    """

    kind: str
    parts: tuple["SyntaxNode | str", ...]

    @property
    def nodes(self) -> list["SyntaxNode"]:
        """The children, without the tokens."""
        return [part for part in self.parts if isinstance(part, SyntaxNode)]

    @property
    def text(self) -> str:
        """The first token."""
        return next((part for part in self.parts if isinstance(part, str)), "").strip()


@dataclass(frozen=True)
class Body:
    """The arguments and inner blocks of a block or a file."""

    attributes: dict[str, SyntaxNode] = field(default_factory=dict)
    blocks: list["Block"] = field(default_factory=list)

    def of(self, kind: str) -> list["Block"]:
        """Return the inner blocks of a kind."""
        return [block for block in self.blocks if block.kind == kind]


@dataclass(frozen=True)
class Block:
    """A block, such as `resource "TYPE" "NAME" { … }`; its file is named in notes."""

    kind: str
    labels: tuple[str, ...]
    body: Body
    file: str


def parse_file(file: Path, name: str = "") -> Body:
    """Parse a file, which notes call by a name.

    Raises:
        UsageError: it cannot be read, is not valid HCL, or the extra `terraform` is not installed.
    """
    try:
        text = read_limited(file, MAX_SIZE).decode("utf-8-sig")  # Terraform ignores a byte order mark, too
    except OSError as error:
        raise UsageError(f"{file} cannot be read.", why=str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not valid HCL.", why="It is not UTF-8.", remedy="Save it in UTF-8.") from error
    return _parse(text, str(file), name or file.name)


def parse_template(text: str) -> SyntaxNode | None:
    """Return the syntax tree of a string with `${…}` and `%{…}`, as in a heredoc; None if it is not valid."""
    try:
        return _parse(f'text = "{_quoted(text)}"', "template", "template").attributes["text"]
    except (UsageError, KeyError):
        return None


def _parse(text: str, path: str, name: str) -> Body:
    hcl2, errors = _library()
    try:
        tree = hcl2.parses_to_tree(_trimmed_markers(text))
        return _body(_node(tree.children[0]), name)
    except RecursionError as error:
        raise UsageError(f"{path} is nested too deeply.", remedy=EVALUATED) from error
    except errors as error:
        raise UsageError(f"{path} is not valid HCL.", why=_position(error), remedy=VALIDATE) from error


def _trimmed_markers(text: str) -> str:
    """Return a file without blanks after the ends of heredocs, which Terraform allows and python-hcl2 does not."""
    markers = "|".join(map(re.escape, sorted(set(_MARKER.findall(text)))))
    return re.sub(rf"^([ \t]*(?:{markers}))[ \t]+$", r"\1", text, flags=re.MULTILINE) if markers else text


def _library() -> tuple[Any, Any]:
    """Return python-hcl2 and the errors of its parser."""
    try:
        import hcl2  # an optional dependency, and slow to import
        from lark.exceptions import LarkError  # a dependency of hcl2
    except ImportError as error:
        what = "Reading Terraform files needs the package python-hcl2, which is not installed."
        raise UsageError(what, why=str(error), remedy="Run `pip install 'awsprov[terraform]'`.") from error
    return hcl2, (LarkError, ValueError, TypeError, AttributeError, IndexError)


def _position(error: Exception) -> str:
    """Return where a file is not valid, without any of its text, which may be a secret."""
    line, column = getattr(error, "line", None), getattr(error, "column", None)
    return f"line {line}, column {column}" if line and line > 0 else type(error).__name__


def _node(tree: Any) -> SyntaxNode:
    """Return a tree of lark as nodes, without white space and comments."""
    children = [child for child in tree.children if getattr(child, "data", None) != _SPACE]
    return SyntaxNode(
        str(tree.data), tuple(_node(c) if hasattr(c, "children") else str(c) for c in children if c is not None)
    )


def _body(node: SyntaxNode, file: str) -> Body:
    body = Body()
    for each in node.nodes:
        if each.kind == "attribute":
            body.attributes[each.nodes[0].text] = each.nodes[-1]
        else:
            *names, inner = each.nodes
            kind, *labels = map(_label, names)
            body.blocks.append(Block(kind, tuple(labels), _body(inner, file), file))
    return body


def _label(node: SyntaxNode) -> str:
    """Return the type of a block, or a label, which may be in quotes."""
    return "".join(part.text for part in node.nodes) if node.kind == "string" else node.text


# ---- templates as quoted strings


def _quoted(text: str) -> str:
    """Return the text of a heredoc as that of a quoted string: escaped, but not in `${…}` and `%{…}`."""
    return "".join(piece if code else piece.replace("\\", "\\\\").replace('"', '\\"') for piece, code in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a string, and whether each is code: `${…}` or `%{…}`, but not `$${` and `%%{`."""
    start = at = 0
    while at < len(text):
        if text[at : at + 3] in ("$${", "%%{"):
            at += 3
        elif text[at : at + 2] in ("${", "%{"):
            yield text[start:at], False
            start, at = at, _end_of_code(text, at + 2)
            yield text[start:at], True
            start = at
        else:
            at += 1
    yield text[start:], False


def _end_of_code(text: str, at: int) -> int:
    """Return the position after the brace that closes code, past braces and quotes in it."""
    depth, quoted = 1, False
    while at < len(text) and depth:
        character = text[at]
        if character == "\\" and quoted:
            at += 1
        elif character == '"':
            quoted = not quoted
        elif not quoted:
            depth += {"{": 1, "}": -1}.get(character, 0)
        at += 1
    return at
