"""Evaluates Terraform's strings: quoted strings and heredocs, with `${…}` and `%{…}` in them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from awsprov.terraform.hcl import SyntaxNode, parse_template
from awsprov.terraform.values import MAX_LENGTH, Sensitive, Unknown, combine, guess, has_unknown, is_sensitive, text_of

_ESCAPE = re.compile(r'\\(n|r|t|"|\\|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|(\$\$|%%)(?=\{)')
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_HEREDOC = re.compile(r"<<-?[^\r\n]+\r?\n(.*?)[ \t]*[\w.-]+\r?\n?$", re.DOTALL)
Evaluate = Callable[[SyntaxNode], Any]
Bind = Callable[[dict[str, Any]], Evaluate]


@dataclass(frozen=True)
class _Part:
    """A part of a template: `text`, `expression`, `if`, `else`, `endif`, `for` or `endfor`."""

    kind: str
    text: str = ""
    node: SyntaxNode | None = None


def string_value(node: SyntaxNode, bind: Bind) -> Any:
    """Return the value of a quoted string; that of one expression alone has any type.

    Arguments:
        bind: returns a function that evaluates nodes, with the variables of a `for` added.
    """
    parts = list(_parts(node))
    if len(parts) == 1 and parts[0].kind == "expression" and parts[0].node:
        return bind({})(parts[0].node)
    values: list[Any] = []
    _render(parts, 0, bind, {}, values)
    return joined(values)


def heredoc_value(text: str, bind: Bind) -> Any:
    """Return the value of a heredoc; with `<<-`, without the indentation that all its lines have."""
    found = _HEREDOC.match(text)
    body = found[1] if found else ""
    return template_value(_without_indentation(body) if text.startswith("<<-") else body, bind)


def template_value(text: str, bind: Bind) -> Any:
    """Return the value of a template, whose backslashes are no escapes."""
    node = parse_template(text)
    if node is None:
        return Unknown("is a template that cannot be read")
    inner = node.nodes[0] if node.kind == "expr_term" and node.nodes else node
    return string_value(inner, bind)


def joined(values: list[Any]) -> Any:
    """Return texts and plain values as one text; unknown if one of them is."""
    if has_unknown(*values):
        known = "".join(text_of(guess(value)) for value in values)
        return replace(combine(*values), text=known if len(known) <= MAX_LENGTH else "")
    if any(isinstance(value, list | dict) or not isinstance(value, str | int | float | None) for value in values):
        return Unknown("is computed")
    texts = list(map(text_of, values))
    if sum(map(len, texts)) > MAX_LENGTH:
        return Unknown("is too large")
    return Sensitive("".join(texts)) if is_sensitive(values) else "".join(texts)


def _without_indentation(body: str) -> str:
    lines = body.splitlines(keepends=True)
    margin = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
    return "".join(line[margin:] if line.strip() else line.lstrip(" \t") for line in lines)


def _parts(node: SyntaxNode) -> Iterator[_Part]:
    """Yield the parts of a quoted string, without the white space that `~` removes."""
    trim = False  # at the beginning of the next text
    parts = [each.parts[0] for each in node.nodes if each.parts]
    for index, part in enumerate(parts):
        if isinstance(part, str):
            after = parts[index + 1] if index + 1 < len(parts) else ""
            text = part.lstrip() if trim else part
            text = text.rstrip() if isinstance(after, SyntaxNode) and "~" in after.parts[:2] else text
            yield _Part("text", _ESCAPE.sub(_unescaped, text))
            trim = False
        else:
            kind = "expression" if part.kind == "interpolation" else part.kind.removeprefix("template_")
            yield _Part(kind.removesuffix("_start"), node=part.nodes[0] if kind == "expression" else part)
            trim = "~" in part.parts[-2:]


def _unescaped(found: re.Match[str]) -> str:
    if found[2]:
        return found[2][0]
    return _PLAIN[found[1]] if found[1] in _PLAIN else chr(int(found[1][1:], 16) % 0x110000)


def _render(parts: list[_Part], at: int, bind: Bind, names: dict[str, Any], values: list[Any] | None) -> int:
    """Add the values of parts up to the end of their `if` or `for`, and return the position of that end.

    Arguments:
        names: the variables of the `for` around them.
        values: where the values go; None to pass over the parts.
    """
    while at < len(parts) and parts[at].kind not in ("else", "endif", "endfor"):
        part = parts[at]
        if part.kind == "if":
            at = _render_if(parts, at, bind, names, values)
        elif part.kind == "for":
            at = _render_for(parts, at, bind, names, values)
        elif values is not None:
            values.append(bind(names)(part.node) if part.node else part.text)
        at += 1
    return at


def _render_if(parts: list[_Part], at: int, bind: Bind, names: dict[str, Any], values: list[Any] | None) -> int:
    node = parts[at].node
    condition = bind(names)(node.nodes[0]) if values is not None and node else None
    if isinstance(condition, Unknown) and values is not None:
        values.append(condition)
        condition = values = None
    chosen = condition in (True, "true")
    end = _render(parts, at + 1, bind, names, values if chosen else None)
    if end < len(parts) and parts[end].kind == "else":
        end = _render(parts, end + 1, bind, names, None if chosen else values)
    return end


def _render_for(parts: list[_Part], at: int, bind: Bind, names: dict[str, Any], values: list[Any] | None) -> int:
    end = _render(parts, at + 1, bind, names, None)
    node = parts[at].node
    if values is None or node is None:
        return end
    *variables, collection = node.nodes
    for bound in iterations(bind(names)(collection), [each.text for each in variables], values):
        _render(parts, at + 1, bind, {**names, **bound}, values)
    return end


def iterations(collection: Any, names: list[str], unknown: list[Any]) -> list[dict[str, Any]]:
    """Return the variables of each iteration of a `for`; a collection that is not known is added to `unknown`."""
    if isinstance(collection, dict):
        pairs = list(collection.items())
    elif isinstance(collection, list):
        pairs = list(enumerate(collection))
    else:
        unknown.append(collection if isinstance(collection, Unknown) else Unknown("is computed"))
        return []
    return [dict(zip(names, pair[-len(names) :], strict=False)) for pair in pairs]
