"""The JSON documents that `--json` prints, one a line. Only this module writes them."""

import json
from typing import Any, NoReturn

SCHEMA_VERSION = 1  # of all documents: fields may be added; none is removed or changes its meaning


def print_json(event: str, **fields: object) -> None:
    """Print a document on stdout and flush it.

    Arguments:
        event: the kind of document, as in `plan`.
        fields: the other fields.
    """
    text = json.dumps({"schema_version": SCHEMA_VERSION, "event": event, **fields})
    print(text.replace("\x7f", "\\u007f"), flush=True)  # the one control character that JSON does not escape


def json_or_text(text: str) -> Any:
    """Return the value of a JSON text, or the text itself if it is none or has NaN, which JSON lacks."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):  # also thousands of nested brackets
        return text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
