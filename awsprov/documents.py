"""JSON documents of awsprov's own, which something else may have changed: they are valid as a whole, or not read."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from awsprov.files import read_limited

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Document = TypeVar("Document")


def parse_document(content: bytes, kind: type[Document]) -> Document:
    """Return a document.

    Arguments:
        content: its JSON text.
        kind: its type, such as a dataclass. Each value must have the type of its field: `"1"` is no number.

    Raises:
        ValueError: the text is not JSON; or a value is missing, or has another type.
    """
    from pydantic import ValidationError  # not for the shell's completion

    try:
        document: Document = _adapter(kind).validate_json(content, strict=True)  # type: ignore[arg-type]  # it is hashable
        return document
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from None


def read_document(path: Path, kind: type[Document], limit: int) -> Document:
    """Return the document in a file.

    Arguments:
        path: the file.
        kind: as for `parse_document`.
        limit: the largest size of the file, in bytes.

    Raises:
        OSError: as for `read_limited`.
        ValueError: as for `parse_document`.
    """
    return parse_document(read_limited(path, limit), kind)


@cache  # it takes milliseconds
def _adapter(kind: Any) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
