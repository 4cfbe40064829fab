"""The findings of a conversion: notes on what it cannot convert, and the names of secrets."""

import re
from dataclasses import dataclass, field
from typing import Any

from awsprov.terraform.resource import ParsedResource
from awsprov.terraform.values import Sensitive, Unknown, is_sensitive

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass
class Findings:
    """Notes and secrets, each once, in the order in which they were found.

    Attributes:
        stack: the stack's name, with which the names of the secrets begin.
    """

    stack: str
    notes: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def note(self, place: Any, text: str) -> None:
        """Add a note about a resource."""
        note = _CONTROL.sub(" ", f"{place}: {text}")
        self.notes += [] if note in self.notes else [note]

    def secret(self, name: str) -> str:
        """Add the secret of a variable, and return its reference."""
        parameter = f"/{self.stack}/{name.lower().replace('_', '-')}"
        self.secrets += [] if parameter in self.secrets else [parameter]
        return f"ssm:{parameter}"

    def plain(self, place: ParsedResource, name: str, value: Any = None) -> Any:
        """Return a plain value; None, and a note, if it is not known.

        Arguments:
            value: the value; default: that of the argument of this name.
        """
        value = place.get(name) if value is None else value
        if value is None or (isinstance(value, str | int | float) and not isinstance(value, Sensitive)):
            return value
        if is_sensitive(value):
            reason = "comes from a sensitive variable"
        else:
            reason = value.reason if isinstance(value, Unknown) else "is not a plain value"
        self.note(place, f"`{name}` {reason}; config.yaml has awsprov's default")
        return None

    def text(self, place: ParsedResource, name: str, value: Any = None) -> str:
        """Return a plain value as text; empty if it is not known."""
        found = self.plain(place, name, value)
        return "" if found is None else str(found)

    def number(self, place: ParsedResource, name: str, value: Any = None) -> int | None:
        """Return a whole number; None if it is not known."""
        found = self.plain(place, name, value)
        return None if found is None else int(found)
