"""Reads policies in responses of AWS, which are strings of JSON."""

import json
from typing import Any


def policy_document(text: str) -> dict[str, Any]:
    """Return a policy; empty if the text is not a JSON object: it differs from the wanted one, and is written again."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
