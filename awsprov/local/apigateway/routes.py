"""Which of an API's paths a request's path belongs to: the most specific one, variables and greedy ones last."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass
class _Node:
    """One level of the paths."""

    path: str = ""  # the path that ends here, if one does
    static: dict[str, "_Node"] = field(default_factory=dict)
    variable: "dict[str, _Node]" = field(default_factory=dict)
    greedy: "dict[str, _Node]" = field(default_factory=dict)

    def child(self, segment: str) -> "_Node":
        if segment.startswith("{") and segment.endswith("+}"):
            return self.greedy.setdefault(segment[1:-2], _Node())
        if segment.startswith("{") and segment.endswith("}"):
            return self.variable.setdefault(segment[1:-1], _Node())
        return self.static.setdefault(segment, _Node())


@dataclass(frozen=True)
class Match:
    """The path that was chosen, and the values of its variables."""

    path: str
    variables: dict[str, str]


class Paths:
    """The paths of one API."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._root = _Node()
        for path in paths:
            node = self._root
            for segment in path.strip("/").split("/") if path.strip("/") else []:
                node = node.child(segment)
            node.path = path

    def match(self, path: str) -> Match | None:
        """The path for this one, which comes percent-encoded."""
        segments = [segment for segment in path.strip("/").split("/") if segment]
        return _match(self._root, segments, {})


def _match(node: _Node, segments: list[str], variables: dict[str, str]) -> Match | None:
    if not segments:
        return Match(node.path, variables) if node.path else None
    first, *rest = segments
    value = unquote(first)
    if value in node.static and (found := _match(node.static[value], rest, variables)):
        return found
    for name, child in node.variable.items():
        if found := _match(child, rest, {**variables, name: value}):
            return found
    for name, child in node.greedy.items():
        return Match(child.path, {**variables, name: "/".join(unquote(segment) for segment in segments)})
    return None
