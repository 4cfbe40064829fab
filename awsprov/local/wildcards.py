"""The wildcards of IAM policies and of API Gateway's CORS origins."""

import re


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Return whether the whole text matches the pattern: `*` stands for any text, `?` for one character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL | (re.IGNORECASE if ignore_case else 0)) is not None
