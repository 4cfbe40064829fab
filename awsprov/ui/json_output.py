"""The JSON documents that `--json` prints, one a line. Only this module writes them."""

import json

SCHEMA_VERSION = 1  # of all documents: fields may be added; none is removed or changes its meaning


def print_json(event: str, **fields: object) -> None:
    """Print a document on stdout and flush it.

    Arguments:
        event: the kind of document, as in `plan`.
        fields: the other fields.
    """
    print(json.dumps({"schema_version": SCHEMA_VERSION, "event": event, **fields}), flush=True)
