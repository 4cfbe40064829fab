"""Endpoints with parameters in their paths."""

import pytest

from awsprov.errors import UsageError
from awsprov.operations.endpoints import Endpoint, fill_path


def endpoint(path: str) -> Endpoint:
    return Endpoint("GET", path, "f", f"https://api.example.com/prod{path}")


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
def test_values_replace_path_parameters(path: str, values: dict[str, str], url: str) -> None:
    assert fill_path(endpoint(path), values).url == f"https://api.example.com/prod{url}"


@pytest.mark.parametrize(
    ("path", "values", "remedy"),
    [
        ("/items/{id}", {}, "--path id=VALUE"),
        ("/items/{id}", {"ID": "7"}, "--path id=VALUE"),
        ("/items/{id}", {"id": "7", "more": "8"}, "--path id=VALUE"),
        ("/items", {"id": "7"}, "no --path"),
    ],
)
def test_missing_and_unknown_values_are_an_error(path: str, values: dict[str, str], remedy: str) -> None:
    with pytest.raises(UsageError) as raised:
        fill_path(endpoint(path), values)
    assert remedy in raised.value.remedy
