"""The wildcards of IAM policies and of API Gateway's CORS origins."""

import functools
import re


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Return whether the whole text matches the pattern: `*` stands for any text, `?` for one character."""
    return _compiled(pattern, ignore_case).fullmatch(text) is not None


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> "re.Pattern[str]":
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
