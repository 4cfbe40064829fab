"""Routes with variables in their paths."""

import pytest

from awsprov.errors import UsageError
from awsprov.operations.endpoints import Route, filled


def route(path: str) -> Route:
    return Route("GET", path, "f", f"https://api.example.com/prod{path}")


@pytest.mark.parametrize(
    ("path", "values", "url"),
    [
        ("/items", {}, "/items"),
        ("/items/{id}", {"id": "7"}, "/items/7"),
        ("/items/{id}", {"id": "a b/c?"}, "/items/a%20b%2Fc%3F"),
        ("/a/{x}/b/{y}", {"y": "2", "x": "1"}, "/a/1/b/2"),
        ("/files/{path+}", {"path": "a/b c"}, "/files/a/b%20c"),
    ],
)
def test_values_stand_where_their_names_stood(path: str, values: dict[str, str], url: str) -> None:
    assert filled(route(path), values).url == f"https://api.example.com/prod{url}"


@pytest.mark.parametrize(
    ("path", "values", "told"),
    [
        ("/items/{id}", {}, "--path id=VALUE"),
        ("/items/{id}", {"ID": "7"}, "--path id=VALUE"),
        ("/items/{id}", {"id": "7", "more": "8"}, "--path id=VALUE"),
        ("/items", {"id": "7"}, "no --path"),
    ],
)
def test_missing_and_surplus_values_are_told(path: str, values: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError) as raised:
        filled(route(path), values)
    assert told in raised.value.remedy
