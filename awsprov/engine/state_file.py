"""The state file as a JSON document: which stack it belongs to, and what is read of it without a check of that."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from awsprov.documents import parse_document, read_document
from awsprov.engine.record import Record
from awsprov.errors import RefusedError, UsageError

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


@dataclass(frozen=True)
class _Head:
    """What a document of any version has."""

    schema: int
    stack: str
    account: str
    region: str


@dataclass(frozen=True)
class StateDocument(_Head):
    """The content of a state file.

    Arguments:
        schema: the version of its form.
        stack, account, region: as in `StackKey`.
        generation: how many resources no longer exist, or a larger number.
        resources: the records, by the names of their resources.
        journal: the number of its journal.
        paused, keeps_addresses: whether the stack is paused, and whether it keeps its addresses.
        like: the stage of config.yaml that the stack's stage is like, if that is not one of them.
    """

    generation: int
    resources: dict[str, Record]
    journal: int = 0
    paused: bool = False
    keeps_addresses: bool = False
    like: str = ""

    @property
    def pause(self) -> dict[str, bool]:
        """Whether the stack is paused, and whether it keeps its addresses."""
        return {"paused": self.paused, "keeps_addresses": self.keeps_addresses}


@dataclass(frozen=True)
class StateChange:
    """A line of a state file's journal.

    Arguments:
        generation: as in `StateDocument`.
        resources: the records that were written.
        deleted: the names of the resources whose records were deleted.
    """

    generation: int
    resources: dict[str, Record] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)


def parse_state(content: bytes, path: Path, key: StackKey) -> StateDocument:
    """Return the document of a stack.

    Arguments:
        content: its JSON text.
        path: where it is from, for messages.
        key: the stack that it must belong to.

    Raises:
        ValueError: it is not a state.
        RefusedError: it belongs to another stack, or was written by a newer awsprov.
    """
    head = parse_document(content, _Head)
    if head.schema > SCHEMA:
        raise RefusedError(
            f"{path} was written by a newer awsprov (schema {head.schema}, this one reads {SCHEMA}).",
            remedy="Use that version, or a newer one.",
        )
    found = StackKey(head.stack, head.account, head.region)
    if found != key:
        raise RefusedError(
            f"{path} belongs to {found}; this is {key}.",
            remedy=f"Use the credentials of that stack and `--region {found.region}`, or another --state-dir.",
        )
    return parse_document(content, StateDocument)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise a UsageError for any error of reading the document."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The state file {path} cannot be read.",
            why=f"{type(error).__name__}: {error}",
            remedy="`awsprov recover` renames it, and writes a new one from the tags of the resources.",
        ) from error


def recorded(path: Path) -> StateDocument | None:
    """Return the document at a path, without the changes in its journal; None if there is none, or if it is not valid.

    For what is needed before `State` raises the error; `awsprov recover` must get there.
    """
    with suppress(OSError, ValueError):
        return read_document(path, StateDocument, MAX_SIZE)
    return None


def recorded_pause(path: Path) -> dict[str, bool]:
    """Return `State.pause` of the state at a path; of a document that cannot be read, that it is not paused."""
    document = recorded(path)
    return document.pause if document else {"paused": False, "keeps_addresses": False}


def recorded_like(path: Path) -> str:
    """Return `State.like` of the state at a path; empty if there is none, or if it cannot be read."""
    document = recorded(path)
    return document.like if document else ""
