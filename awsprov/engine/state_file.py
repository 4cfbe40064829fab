"""The state file as a JSON document: which stack it belongs to, and what is read of it without a check of that."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awsprov.errors import RefusedError, UsageError
from awsprov.files import UNREADABLE, read_limited

SCHEMA = 1
MAX_SIZE = 64 * 1024 * 1024  # bytes; a resource takes about 500


@dataclass(frozen=True)
class StackKey:
    """The stack that a state belongs to; the state of another one is refused."""

    stack: str
    account: str
    region: str

    def __str__(self) -> str:
        return f"stack {self.stack} in account {self.account}, {self.region}"


def read_state_file(path: Path) -> dict[str, Any]:
    """Return the document at a path; empty if there is none.

    Raises:
        UsageError: it cannot be read.
    """
    with readable(path):
        return parse_state(read_limited(path, MAX_SIZE)) if path.exists() else {}


def parse_state(content: bytes) -> dict[str, Any]:
    """Return the document of a file's content.

    Raises:
        TypeError, ValueError: it is no JSON object.
    """
    document = json.loads(content)
    if not isinstance(document, dict):
        raise TypeError("no JSON object")
    return document


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise a UsageError for any error of reading the document."""
    try:
        yield
    except UNREADABLE as error:
        raise UsageError(
            f"The state file {path} cannot be read.",
            why=f"{type(error).__name__}: {error}",
            remedy="`awsprov recover` renames it, and writes a new one from the tags of the resources.",
        ) from error


def check_key(document: dict[str, Any], path: Path, key: StackKey) -> None:
    """Check that a document belongs to a stack.

    Raises:
        RefusedError: it belongs to another one, or was written by a newer awsprov.
    """
    if document["schema"] > SCHEMA:
        raise RefusedError(
            f"{path} was written by a newer awsprov (schema {document['schema']}, this one reads {SCHEMA}).",
            remedy="Use that version, or a newer one.",
        )
    found = StackKey(document["stack"], document["account"], document["region"])
    if found != key:
        raise RefusedError(
            f"{path} belongs to {found}; this is {key}.",
            remedy=f"Use the credentials of that stack and `--region {found.region}`, or another --state-dir.",
        )


def pause_in(document: dict[str, Any]) -> dict[str, bool]:
    """Return whether a document's stack is paused, and whether it keeps its addresses."""
    return {name: bool(document.get(name)) for name in ("paused", "keeps_addresses")}


def recorded_pause(path: Path) -> dict[str, bool]:
    """Return `State.pause` of the state at a path.

    A document that cannot be read pauses nothing: `State` raises the error.
    """
    with suppress(UsageError):
        return pause_in(read_state_file(path))
    return pause_in({})


def recorded_like(path: Path) -> str:
    """Return `State.like` of the state at a path; empty if there is none.

    Of a document that cannot be read it is empty, too: `State` raises the error, and `awsprov recover` must get there.
    """
    with suppress(UsageError):
        return str(read_state_file(path).get("like", ""))
    return ""
