"""Path routing of API Gateway: finds the most specific path of an API for the path of a request."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass
class _PathNode:
    """A segment of the paths, with the segments that may follow it."""

    path: str = ""  # the path that ends here, if there is one
    static: dict[str, "_PathNode"] = field(default_factory=dict)
    variable: "dict[str, _PathNode]" = field(default_factory=dict)
    greedy: "dict[str, _PathNode]" = field(default_factory=dict)

    def child(self, segment: str) -> "_PathNode":
        if segment.startswith("{") and segment.endswith("+}"):
            return self.greedy.setdefault(segment[1:-2], _PathNode())
        if segment.startswith("{") and segment.endswith("}"):
            return self.variable.setdefault(segment[1:-1], _PathNode())
        return self.static.setdefault(segment, _PathNode())


@dataclass(frozen=True)
class PathMatch:
    """A path of an API that matches a request, and the values of its variables."""

    path: str
    variables: dict[str, str]


class PathRouter:
    """Matches requests with the paths of an API, such as `/pets/{id}` and `/files/{proxy+}`."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._root = _PathNode()
        for path in paths:
            node = self._root
            for segment in path.strip("/").split("/") if path.strip("/") else []:
                node = node.child(segment)
            node.path = path

    def match(self, path: str) -> PathMatch | None:
        """Return the most specific match for a percent-encoded path, or None.

        A constant segment is more specific than a variable, and a variable more than a greedy one.
        """
        segments = [segment for segment in path.strip("/").split("/") if segment]
        return _match(self._root, segments, {})


def _match(node: _PathNode, segments: list[str], variables: dict[str, str]) -> PathMatch | None:
    if not segments:
        return PathMatch(node.path, variables) if node.path else None
    first, *rest = segments
    value = unquote(first)
    if value in node.static and (found := _match(node.static[value], rest, variables)):
        return found
    for name, child in node.variable.items():
        if found := _match(child, rest, {**variables, name: value}):
            return found
    for name, child in node.greedy.items():
        return PathMatch(child.path, {**variables, name: "/".join(unquote(segment) for segment in segments)})
    return None
