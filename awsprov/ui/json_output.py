"""What `--json` prints: documents for programs, a line each. The one place that writes them."""

import json

SCHEMA_VERSION = 1  # of all documents: a field may come to them, none goes or changes its meaning


def print_json(event: str, **fields: object) -> None:
    """Print a document on stdout, at once.

    Arguments:
        event: what it tells of, as in `plan`.
        fields: what it tells.
    """
    print(json.dumps({"schema_version": SCHEMA_VERSION, "event": event, **fields}), flush=True)
