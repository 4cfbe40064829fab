"""The JSON documents that `--json` prints, one a line. Only this module writes them."""

import json

SCHEMA_VERSION = 1  # of all documents: fields may be added; none is removed or changes its meaning


def print_json(event: str, **fields: object) -> None:
    """Print a document on stdout and flush it.

    Arguments:
        event: the kind of document, as in `plan`.
        fields: the other fields.
    """
    text = json.dumps({"schema_version": SCHEMA_VERSION, "event": event, **fields})
    print(text.replace("\x7f", "\\u007f"), flush=True)  # the one control character that JSON does not escape
