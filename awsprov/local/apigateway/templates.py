"""Mapping templates of REST APIs: the Velocity Template Language (VTL), evaluated by airspeed.

The variables are those of API Gateway: `$input`, `$util`, `$context` and `$stageVariables` (developer guide, "Mapping
template variables for API Gateway").
"""

import base64
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import airspeed
from jsonpath_ng.ext.parser import parse as parse_jsonpath

_INDEFINITE = re.compile(r"\.\.|\*|\?|:")  # JSONPath expressions that select several values, which are a list
_ESCAPES = {
    '"': '\\"', "'": "\\'", "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
}  # fmt: skip


class TemplateError(Exception):
    """A template that cannot be parsed or evaluated."""


@dataclass
class TemplateScope:
    """The variables of a template.

    Arguments:
        body: the body of the request, or of the response of the integration.
        path, query, headers: the parameters of the request.
        context: `$context`.
        stage_variables: `$stageVariables`.
    """

    body: str
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    stage_variables: dict[str, str] = field(default_factory=dict)

    def render(self, template: str) -> str:
        """Return the text that a template makes. `#set($context.responseOverride.…)` changes the context.

        Raises:
            TemplateError: the template cannot be evaluated.
        """
        names = {
            "input": _Input(self),
            "util": _Util(),
            "context": self.context,
            "stageVariables": _java(self.stage_variables),
        }
        try:
            return str(airspeed.Template(template).merge(names))
        except Exception as error:  # of airspeed, or of a method that the template calls
            raise TemplateError(f"{type(error).__name__}: {error}") from error


class Text(str):
    """A string with the methods of Java that templates call."""

    __slots__ = ()

    def trim(self) -> "Text":
        """Return it without white space at both ends."""
        return Text(self.strip())

    def isEmpty(self) -> bool:  # noqa: N802 - Java's name, as in the next methods and classes
        """Return whether it has no character."""
        return not self

    def length(self) -> int:
        """Return the number of characters."""
        return len(self)

    def equals(self, other: object) -> bool:
        """Return whether it is the same as another string."""
        return self == other

    def contains(self, part: str) -> bool:
        """Return whether a string is in it."""
        return part in self

    def replaceAll(self, pattern: str, replacement: str) -> "Text":  # noqa: N802
        """Return it with all matches of a regular expression replaced."""
        return Text(re.sub(pattern, replacement.replace("\\", "\\\\"), self))


class Map(dict[str, Any]):
    """A map with the methods of Java that templates call."""

    def containsKey(self, key: str) -> bool:  # noqa: N802
        """Return whether it has a key."""
        return key in self

    def keySet(self) -> list[str]:  # noqa: N802
        """Return the keys."""
        return list(self)

    def size(self) -> int:
        """Return the number of keys."""
        return len(self)

    def isEmpty(self) -> bool:  # noqa: N802
        """Return whether it has no key."""
        return not self

    def __str__(self) -> str:
        return f"{{{', '.join(f'{key}={value}' for key, value in self.items())}}}"


class List(list[Any]):
    """A list, which is written as JSON."""

    def size(self) -> int:
        """Return the number of items."""
        return len(self)

    def __str__(self) -> str:
        return json.dumps(self, separators=(",", ":"))


def _java(value: Any) -> Any:
    """Return a value of JSON with the methods that templates call."""
    if isinstance(value, dict):
        return Map({key: _java(item) for key, item in value.items()})
    if isinstance(value, list):
        return List(_java(item) for item in value)
    return Text(value) if isinstance(value, str) else value


class _Input:
    """`$input`."""

    def __init__(self, scope: TemplateScope) -> None:
        self._scope = scope

    @cached_property
    def body(self) -> Text:
        """The body as text. That of a request without one is `{}`."""
        return Text(self._scope.body or "{}")

    def params(self, name: str | None = None) -> Any:
        """Return a parameter of path, query or headers, in this order, or an empty string; without a name, all."""
        scope = self._scope
        if name is None:
            return _java({"path": scope.path, "querystring": scope.query, "header": scope.headers})
        found = (values[name] for values in (scope.path, scope.query, scope.headers) if name in values)
        return Text(next(found, ""))

    def path(self, expression: str) -> Any:
        """Return the value of the body that a JSONPath expression selects; None if there is none."""
        try:
            document = json.loads(self._scope.body)
        except ValueError:
            return None
        values = [match.value for match in parse_jsonpath(expression).find(document)]
        if _INDEFINITE.search(expression):
            return _java(values)
        return _java(values[0]) if values else None

    def json(self, expression: str) -> Text:
        """Return the value that a JSONPath expression selects, as JSON; an empty JSON string if there is none."""
        value = self.path(expression)
        return Text(json.dumps("" if value is None else value, ensure_ascii=False))


class _Util:
    """`$util`."""

    def escapeJavaScript(self, value: Any) -> Text:  # noqa: N802
        """Return a string for JavaScript. As on AWS, a single quote gets a backslash; a blank text is `{}`."""
        text = "null" if value is None else str(value)
        if not text.strip():
            return Text("{}")
        return Text("".join(_ESCAPES.get(c) or (c if " " <= c <= "~" else _unicode_escape(c)) for c in text))

    def parseJson(self, text: str) -> Any:  # noqa: N802
        """Return the value of a JSON text."""
        return _java(json.loads(text))

    def urlEncode(self, text: str) -> Text:  # noqa: N802
        """Return a string as in the query of a URL."""
        return Text(quote_plus(text))

    def urlDecode(self, text: str) -> Text:  # noqa: N802
        """Return the text of a part of a URL's query."""
        return Text(unquote_plus(text))

    def base64Encode(self, text: str) -> Text:  # noqa: N802
        """Return a string in Base64."""
        return Text(base64.b64encode(text.encode()).decode())

    def base64Decode(self, text: str) -> Text:  # noqa: N802
        """Return the text of a Base64 text."""
        return Text(base64.b64decode(text).decode(errors="replace"))


def _unicode_escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02X}{units[i + 1]:02X}" for i in range(0, len(units), 2))
