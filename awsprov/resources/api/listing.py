"""Lists of API Gateway, in pages of the largest size: it allows few calls a second, and lists 25 items by default."""

from typing import Any

_PAGE_SIZE = 500  # the most (API Gateway API reference, GetRestApis)


def list_items(client: Any, method: str, **parameters: Any) -> list[Any]:
    """Return all items of a list.

    Arguments:
        client: of REST or of HTTP APIs.
        method: its method that lists them.
        parameters: those of the method.
    """
    pages = client.get_paginator(method).paginate(**parameters, PaginationConfig={"PageSize": _PAGE_SIZE})
    return [item for page in pages for item in page.get("items") or page.get("Items", [])]
