"""Values of Terraform expressions: known ones as Python values, those that only a run knows, and sensitive ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

MAX_LENGTH = 64 * 1024  # characters of a string; references to references multiply
MAX_ITEMS = 2000  # values in a list or map, at all depths
MAX_BITS = 256  # of a whole number
_PLACEHOLDER = re.compile(r"<\?(.*?)\?>")


class Sensitive(str):
    """A string that must not be written anywhere: it comes from a sensitive variable, or one named like a secret."""

    __slots__ = ()


@dataclass(frozen=True)
class Unknown:
    """A value that only Terraform knows, when it runs.

    Arguments:
        reason: why it is not known, as the end of a sentence that begins with its name.
        references: the addresses of the resources that it depends on.
        expression: its own name, such as `data.aws_region.here.name`; empty for a computed one.
        sensitive: whether it comes from a sensitive variable.
        text: for a string, what is known of it, with `<?ADDRESSES?>` for each unknown part.
    """

    reason: str
    references: frozenset[str] = frozenset()
    expression: str = ""
    sensitive: bool = False
    text: str = ""

    def part(self, step: str) -> "Unknown":
        """Return an attribute or element of it; `step` is `.name` or `[0]`."""
        return replace(self, expression=f"{self.expression}{step}" if self.expression else "")


def unknowns(value: Any) -> Iterator[Unknown]:
    """Yield the unknown values in a value."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from unknowns(each)
    elif isinstance(value, list):
        for each in value:
            yield from unknowns(each)


def has_unknown(*values: Any) -> bool:
    """Return whether one of the values is unknown, or has an unknown value in it."""
    return next(unknowns(list(values)), None) is not None


def combine(*values: Any, reason: str = "") -> Unknown:
    """Return the unknown value of a computation with unknown operands."""
    found = [each for value in values for each in unknowns(value)]
    references = frozenset(reference for each in found for reference in each.references)
    first = next((each.reason for each in found), "is computed")
    return Unknown(reason or first, references, sensitive=any(map(is_sensitive, values)))


def guess(value: Any) -> Any:
    """Return a value in which each unknown part is a string: what is known of it, or `<?ADDRESSES?>`.

    The addresses are quoted, so that a string with them can be read as JSON or YAML.
    """
    if isinstance(value, dict):
        return {key: guess(each) for key, each in value.items()}
    if isinstance(value, list):
        return list(map(guess, value))
    if isinstance(value, Unknown):
        return value.text or f"<?{quote(' '.join(sorted(value.references)))}?>"
    return value


def with_references(text: Any) -> Any:
    """Return a string that `guess` made as an unknown value with its references; any other value as it is."""
    found = _PLACEHOLDER.findall(text) if isinstance(text, str) else []
    if not found:
        return text
    references = frozenset(address for each in found for address in unquote(each).split(" ") if address)
    return Unknown("depends on " + ", ".join(sorted(references)), references, text=text)


def is_sensitive(value: Any) -> bool:
    """Return whether any text in a value is sensitive."""
    if isinstance(value, dict):
        return any(is_sensitive(each) for each in (*value, *value.values()))
    if isinstance(value, list):
        return any(map(is_sensitive, value))
    return isinstance(value, Sensitive) or (isinstance(value, Unknown) and value.sensitive)


def mark(value: Any) -> Any:
    """Return a value with all its texts and numbers sensitive."""
    if isinstance(value, dict):
        return {key: mark(each) for key, each in value.items()}
    if isinstance(value, list):
        return list(map(mark, value))
    if isinstance(value, Unknown):
        return replace(value, sensitive=True)
    return value if value is None or isinstance(value, bool) else Sensitive(text_of(value))


def text_of(value: Any) -> str:
    """Return a plain value as Terraform writes it into a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def bounded(value: Any) -> Any:
    """Return a value, or an unknown one if it is too large to continue with."""
    if isinstance(value, str):
        too_large = len(value) > MAX_LENGTH
    elif isinstance(value, int):
        too_large = value.bit_length() > MAX_BITS
    else:
        too_large = isinstance(value, list | dict) and _leaves(value, MAX_ITEMS) > MAX_ITEMS
    return Unknown("is too large") if too_large else value


def _leaves(value: Any, limit: int) -> int:
    """Return how many values there are in a list or map, at all depths; counting ends above the limit."""
    if not isinstance(value, list | dict):
        return 1
    count = 1
    for each in value.values() if isinstance(value, dict) else value:
        if count > limit:
            break
        count += _leaves(each, limit - count)
    return count
