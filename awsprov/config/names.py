"""Names of stacks and functions in config.yaml that are made from other names."""

import re

LONGEST = 24  # characters


def fit_name(text: str) -> str:
    """Return a string as a name in config.yaml; empty if nothing is left."""
    return re.sub(r"[^a-z0-9-]+", "-", text.lower()).lstrip("-0123456789")[:LONGEST].rstrip("-")
