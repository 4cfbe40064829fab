"""Evaluates the syntax trees of Terraform's expressions."""

from collections.abc import Callable
from typing import Any, Protocol

from awsprov.terraform.functions import call
from awsprov.terraform.hcl import SyntaxNode
from awsprov.terraform.operations import attribute, computed, element
from awsprov.terraform.templates import heredoc_value, iterations, string_value, template_value
from awsprov.terraform.values import Unknown, bounded, combine, has_unknown, is_sensitive, mark, text_of

_LITERALS = {"true": True, "false": False, "null": None}


class Scope(Protocol):
    """What the names in an expression mean."""

    def spend(self) -> None:
        """Count a step, of which there are a limited number."""

    def name(self, name: str) -> Any:
        """Return the value of a name, or an object whose method `attribute` returns those of its attributes."""

    def read(self, path: str) -> Any:
        """Return the text of a file; unknown if it is not part of the project."""

    def files(self, directory: str, pattern: str) -> Any:
        """Return the files in a directory that a pattern matches."""

    def bind(self, names: dict[str, Any]) -> "Scope":
        """Return a scope with more names."""

    def only(self, names: dict[str, Any]) -> "Scope":
        """Return a scope with these names alone."""


def evaluate(node: SyntaxNode, scope: Scope) -> Any:
    """Return the value of an expression."""
    scope.spend()
    return bounded(_KINDS.get(node.kind, _first)(node, scope))


def _first(node: SyntaxNode, scope: Scope) -> Any:
    """Return the value of a rule that has one child, such as a term in parentheses."""
    return evaluate(node.nodes[0], scope) if node.nodes else Unknown("is computed")


# ---- literals


def _number(node: SyntaxNode, _: Scope) -> Any:
    value = float(node.text)
    return int(value) if value.is_integer() else value


def _string(node: SyntaxNode, scope: Scope) -> Any:
    return string_value(node, lambda names: lambda each: evaluate(each, scope.bind(names) if names else scope))


def _heredoc(node: SyntaxNode, scope: Scope) -> Any:
    text = next(part for part in node.parts if isinstance(part, str))
    return heredoc_value(text, lambda names: lambda each: evaluate(each, scope.bind(names) if names else scope))


def _object(node: SyntaxNode, scope: Scope) -> Any:
    result: dict[str, Any] = {}
    for pair in node.nodes:
        key = _key(pair.nodes[0], scope)
        if isinstance(key, Unknown):
            return combine(key)
        result[text_of(key)] = evaluate(pair.nodes[1], scope)
    return result


def _key(node: SyntaxNode, scope: Scope) -> Any:
    """Return a key of an object: a name without quotes is the key itself."""
    inner = node.nodes[0]
    if inner.kind == "keyword":
        return inner.text
    is_name = inner.kind == "expr_term" and inner.parts and isinstance(inner.parts[0], SyntaxNode)
    if is_name and inner.nodes[0].kind in ("identifier", "literal_value"):
        return inner.nodes[0].text
    return evaluate(inner, scope)


# ---- operators


def _conditional(node: SyntaxNode, scope: Scope) -> Any:
    condition, yes, no = node.nodes
    chosen = evaluate(condition, scope)
    if isinstance(chosen, Unknown):
        return combine(chosen, evaluate(yes, scope), evaluate(no, scope))
    value = evaluate(yes if chosen in (True, "true") else no, scope)
    return mark(value) if is_sensitive(chosen) else value


def _binary(node: SyntaxNode, scope: Scope) -> Any:
    left = evaluate(node.nodes[0], scope)
    sign, right_node = node.nodes[1].nodes[0].text, node.nodes[1].nodes[1]
    if sign in ("&&", "||") and left is (sign == "||"):
        return left
    right = evaluate(right_node, scope)
    if has_unknown(left, right):
        return combine(left, right)
    if sign in ("&&", "||"):
        return right
    if sign in ("==", "!="):
        same = left == right and isinstance(left, bool) == isinstance(right, bool)
        return same is (sign == "==")
    return computed(sign, left, right)


def _unary(node: SyntaxNode, scope: Scope) -> Any:
    value = evaluate(node.nodes[0], scope)
    if isinstance(value, Unknown):
        return value
    return (value not in (True, "true")) if node.text == "!" else computed("-", 0, value)


# ---- attributes and elements


def _attribute(node: SyntaxNode, scope: Scope) -> Any:
    return attribute(evaluate(node.nodes[0], scope), node.nodes[1].nodes[0].text)


def _index(node: SyntaxNode, scope: Scope) -> Any:
    return element(evaluate(node.nodes[0], scope), _index_value(node.nodes[1], scope))


def _index_value(node: SyntaxNode, scope: Scope) -> Any:
    """Return the index of `[…]`, or of the older `.0`."""
    if node.kind == "short_index":
        return int("".join(part for part in node.parts if isinstance(part, str)).strip(". "))
    return evaluate(node.nodes[0], scope)


def _splat(node: SyntaxNode, scope: Scope) -> Any:
    base, steps = evaluate(node.nodes[0], scope), node.nodes[1].nodes
    if isinstance(base, Unknown):
        return base.part("[*]")
    items = base if isinstance(base, list) else [base] if base is not None else []
    return [_stepped(each, steps, scope) for each in items]


def _stepped(value: Any, steps: list[SyntaxNode], scope: Scope) -> Any:
    for step in steps:
        if step.kind == "get_attr":
            value = attribute(value, step.nodes[0].text)
        else:
            value = element(value, _index_value(step, scope))
    return value


# ---- for


def _for_list(node: SyntaxNode, scope: Scope) -> Any:
    _, result, *condition = node.nodes
    found, values = _iterations(node, scope), []
    if isinstance(found, Unknown):
        return found
    for inner in found:
        wanted = evaluate(condition[0].nodes[0], inner) if condition else True
        if isinstance(wanted, Unknown):
            return combine(wanted)
        values += [evaluate(result, inner)] if wanted in (True, "true") else []
    return values


def _for_map(node: SyntaxNode, scope: Scope) -> Any:
    _, key_node, value_node, *condition = node.nodes
    found = _iterations(node, scope)
    if isinstance(found, Unknown):
        return found
    result: dict[str, Any] = {}
    for inner in found:
        wanted = evaluate(condition[0].nodes[0], inner) if condition else True
        key = evaluate(key_node, inner)
        if isinstance(wanted, Unknown) or isinstance(key, Unknown):
            return combine(wanted, key)
        if wanted not in (True, "true"):
            continue
        value = evaluate(value_node, inner)
        result[text_of(key)] = [*result.get(text_of(key), []), value] if "..." in node.parts else value
    return result


def _iterations(node: SyntaxNode, scope: Scope) -> list[Scope] | Unknown:
    *names, collection = node.nodes[0].nodes
    unknown: list[Any] = []
    found = iterations(evaluate(collection, scope), [each.text for each in names], unknown)
    return combine(*unknown) if unknown else [scope.bind(each) for each in found]


# ---- functions


def _call(node: SyntaxNode, scope: Scope) -> Any:
    name = "::".join(each.text for each in node.nodes if each.kind == "identifier")
    arguments = next((each for each in node.nodes if each.kind == "arguments"), SyntaxNode("arguments", ()))
    if name in ("try", "can"):
        return _tried(name, [evaluate(each, scope) for each in arguments.nodes])
    values = [evaluate(each, scope) for each in arguments.nodes]
    if "..." in arguments.parts and values and isinstance(values[-1], list):
        values = [*values[:-1], *values[-1]]
    return _file(name, values, scope) if name in ("file", "templatefile", "fileset") else call(name, values)


def _file(name: str, arguments: list[Any], scope: Scope) -> Any:
    """Return the text of a file, that of a template file with the names that it was given, or a list of files."""
    if not arguments or not isinstance(arguments[0], str):
        return combine(*arguments, reason=f"is computed (`{name}(...)`)")
    if name == "fileset":
        return scope.files(arguments[0], text_of(arguments[-1]))
    text = scope.read(arguments[0])
    if name == "file" or isinstance(text, Unknown):
        return text
    given = arguments[1] if len(arguments) > 1 and isinstance(arguments[1], dict) else {}
    return template_value(text, lambda names: lambda each: evaluate(each, scope.only({**given, **names})))


def _tried(name: str, values: list[Any]) -> Any:
    """Return the first value that is known, of `try`; or whether there is one, of `can`."""
    known = [value for value in values if not isinstance(value, Unknown)]
    if name == "can":
        return bool(known)
    return known[0] if known else combine(*values)


_KINDS: dict[str, Callable[[SyntaxNode, Scope], Any]] = {
    "int_lit": _number,
    "float_lit": _number,
    "literal_value": lambda node, _: _LITERALS[node.text],
    "string": _string,
    "heredoc_template": _heredoc,
    "heredoc_template_trim": _heredoc,
    "template_string": lambda node, _: node.text.strip('\\"'),
    "identifier": lambda node, scope: scope.name(node.text),
    "tuple": lambda node, scope: [evaluate(each, scope) for each in node.nodes],
    "object": _object,
    "conditional": _conditional,
    "binary_op": _binary,
    "unary_op": _unary,
    "get_attr_expr_term": _attribute,
    "index_expr_term": _index,
    "attr_splat_expr_term": _splat,
    "full_splat_expr_term": _splat,
    "for_tuple_expr": _for_list,
    "for_object_expr": _for_map,
    "function_call": _call,
}
