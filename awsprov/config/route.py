"""The routes of `functions.NAME.routes` in config.yaml."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from awsprov.config.fields import Pattern

_SEGMENT = r"(?:[A-Za-z0-9._~-]+|\{[A-Za-z0-9_]+\+?\})"  # plain, a parameter `{id}`, or the greedy `{proxy+}`
_ROUTE = re.compile(rf"(ANY|GET|POST|PUT|PATCH|DELETE|HEAD) (/|(?:/{_SEGMENT})+)")


@dataclass(frozen=True)
class Route:
    """A method and a path of the API, written as `POST /similarity` in config.yaml."""

    method: str
    path: str

    @classmethod
    def parse(cls, text: Any) -> "Route":
        """Return the route that a string describes.

        Raises:
            ValueError: it is not a method and a path.
        """
        if isinstance(text, str) and _ROUTE.fullmatch(text):
            return cls(*text.split(" "))
        meant = _corrected_route(text) if isinstance(text, str) else ""
        if meant:
            raise ValueError(
                f"should be a method in capitals and a path without a slash at its end; did you mean `{meant}`?"
            )
        raise ValueError("should be a method and a path, as in `POST /similarity` or `GET /items/{id}`")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _corrected_route(text: str) -> str:
    """Return the route that a string was probably meant to be; empty if that is not clear."""
    method, _, path = text.strip().partition(" ")
    corrected = f"{method.upper()} /{path.strip().strip('/')}"
    return corrected if _ROUTE.fullmatch(corrected) else ""


RouteText = Annotated[
    Route,
    BeforeValidator(Route.parse),
    PlainSerializer(str),
    WithJsonSchema({"type": "string"}),
    Pattern("a method and a path"),
]
