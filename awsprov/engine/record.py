"""The record of a resource in the state of a stack."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Record:
    """The record of one resource.

    Arguments:
        type: the name of its class.
        id: its id; empty while its creation is only intended.
        token: the idempotency token that it was created with.
        needs: the names of the resources that it needs.
        inputs: its arguments.
        added: what was added to it beside its arguments, and is removed again when it is no longer declared: by what it
            is, such as `policies`.
        at: when it was created, or was about to be, in seconds since the epoch.
    """

    type: str
    id: str = ""
    token: str = ""
    needs: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0
    added: dict[str, list[str]] = field(default_factory=dict)


def read_record(values: dict[str, Any]) -> Record:
    """Return the record that a JSON document holds.

    Raises:
        TypeError: a value is missing, unknown or of another type.
    """
    record = Record(**values)
    texts = [record.type, record.id, record.token, *record.needs]
    types_match = (
        isinstance(record.needs, list) and isinstance(record.inputs, dict) and isinstance(record.at, int | float)
    ) and _are_lists_of_texts(record.added)
    if not (types_match and all(isinstance(text, str) for text in texts)):
        raise TypeError("a record has a value of another type")
    return record


def _are_lists_of_texts(added: Any) -> bool:
    lists = list(added.values()) if isinstance(added, dict) else [None]
    return all(isinstance(each, list) and all(isinstance(text, str) for text in each) for each in lists)
