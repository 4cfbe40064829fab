"""What exists, by name: one JSON document on disk, replaced whole and fsynced before the next call to AWS.

The intent to create a resource is on disk before the call that creates it, and its id right after, so that a crash at
any point leaves enough to go on from. The document never holds a secret: ids, tokens, names and digests only.
"""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from awsprov.engine.backups import keep_previous
from awsprov.engine.change_log import ChangeLog
from awsprov.engine.resource import Resource
from awsprov.errors import RefusedError, UsageError
from awsprov.files import write_atomically

SCHEMA = 1


@dataclass
class Record:
    """One resource as it was last written down; `id` is empty while its creation is only intended."""

    type: str
    id: str = ""
    token: str = ""
    needs: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0


@dataclass(frozen=True)
class StackKey:
    """Where a stack lives: state from another home is refused."""

    stack: str
    account: str
    region: str


class State:
    """The records of one stack.

    Arguments:
        path: the JSON document; its directory is made for its owner only.
        home: the stack, account and region that the document must belong to.

    Raises:
        RefusedError: the document belongs to another home, or to a newer awsprov.
        UsageError: the document cannot be read.
    """

    def __init__(self, path: Path, home: StackKey) -> None:
        self.path, self.home = path, home
        self.records: dict[str, Record] = {}
        self.generation = 0
        self._kept = False
        self.paused = False
        self._lock = threading.Lock()
        self._journal = ChangeLog(path, 0, 0)
        if path.exists():
            with _sensible(path):
                self._load(path.read_bytes())

    def _load(self, content: bytes) -> None:
        document = json.loads(content)
        if document["schema"] > SCHEMA:
            raise RefusedError(
                f"{self.path} was written by a newer awsprov (schema {document['schema']}, this one reads {SCHEMA}).",
                remedy="Use that version, or a newer one.",
            )
        found = StackKey(document["stack"], document["account"], document["region"])
        if found != self.home:
            raise RefusedError(
                f"{self.path} belongs to stack {found.stack} in account {found.account}, {found.region}; "
                f"this is stack {self.home.stack} in account {self.home.account}, {self.home.region}.",
                remedy="Use the credentials and the region of that stack, or another --state-dir.",
            )
        self.generation = document["generation"]
        self.paused = document.get("paused", False)
        resources = document["resources"]
        self._journal = ChangeLog(self.path, document.get("journal", 0), len(content))
        self._journal.before.remove()
        for change in self._journal.changes():
            self.generation = change["generation"]
            resources = {**resources, **change["resources"]}
            resources = {name: record for name, record in resources.items() if name not in change["gone"]}
        self.records = {name: Record(**record) for name, record in resources.items()}

    def get(self, resource: Resource) -> Record:
        """What was written down of this resource; an empty record when nothing was."""
        record = self.records.get(resource.name)
        return record if record and record.type == resource.type else Record(resource.type)

    def knows(self, id_: str) -> bool:
        """Whether something of this id was written down."""
        return any(record.id == id_ for record in self.records.values())

    def record_intent(self, resource: Resource) -> str:
        """Write down that this resource is about to be created.

        Returns the idempotency token to create it under: a crash in between repeats the call under the same one. A
        token stands for one creation with one set of arguments (AWS refuses it for others, and for an instance that
        was terminated since), so both, and a generation that moves with each deletion, are part of it.
        """
        inputs, known = resource.recorded_inputs(), self.get(resource)
        pending = known.token if not known.id and known.inputs == inputs else ""
        made_of = [*asdict(self.home).values(), resource.type, resource.name, self.generation, inputs]
        token = pending or hashlib.sha256(json.dumps(made_of, sort_keys=True, default=str).encode()).hexdigest()[:32]
        needs = [need.name for need in resource.needs]
        self._write(resource.name, Record(resource.type, "", token, needs, inputs, time.time()))
        return token

    def record(self, resource: Resource) -> None:
        """Write down the id of a living resource; no write when it is known already."""
        known = self.get(resource)
        needs, inputs = [need.name for need in resource.needs], resource.recorded_inputs()
        if (known.id, known.needs, known.inputs) == (resource.id, needs, inputs):
            return
        at = known.at if known.id == resource.id else time.time()
        self._write(resource.name, Record(resource.type, resource.id, resource.token, needs, inputs, at))

    def record_deletion(self, name: str) -> None:
        """Write down that this resource is gone; nothing to write when it was not known."""
        with self._lock:
            if self.records.pop(name, None) is None:
                return
            self.generation += 1
            self._change(name)

    def compact(self) -> None:
        """Have all of it in the document, for those who read only that."""
        with self._lock:
            if self._journal.length:
                self._save()

    def rotate_token(self, name: str) -> None:
        """Leave this resource's token, and the tokens of this generation, behind."""
        with self._lock:
            self.generation += 1
            self.records[name].token = ""

    def set_paused(self, paused: bool) -> None:
        """Write down whether the stack is paused."""
        with self._lock:
            if self.paused != paused:
                self.paused = paused
                self._save()

    def remove(self) -> None:
        """Take the document away: the stack is no more."""
        with self._lock, suppress(FileNotFoundError):
            self._journal.remove()
            self.path.unlink()

    def _write(self, name: str, record: Record) -> None:
        with self._lock:
            self.records[name] = record
            self._change(name)

    def _change(self, name: str) -> None:
        """Have a record's change on disk: in the journal of a large document, else in the document itself."""
        if self._journal.takes:
            resources = {name: asdict(self.records[name])} if name in self.records else {}
            gone = [] if resources else [name]
            self._journal.append({"generation": self.generation, "resources": resources, "gone": gone})
        else:
            self._save()

    def _save(self) -> None:
        if not self._kept:
            self._kept = True
            keep_previous(self.path)
        number = self._journal.number + 1
        resources = {name: asdict(record) for name, record in self.records.items()}
        document = {"schema": SCHEMA, **asdict(self.home), "generation": self.generation, "journal": number}
        content = json.dumps(document | {"paused": self.paused, "resources": resources}, indent=1).encode()
        write_atomically(self.path, content)
        self._journal = ChangeLog(self.path, number, len(content))
        self._journal.before.remove()


def is_paused(path: Path) -> bool:
    """Whether the document at path says so; asked before anybody knows whose account this is."""
    with _sensible(path):
        return path.exists() and bool(json.loads(path.read_bytes()).get("paused"))


@contextmanager
def _sensible(path: Path) -> Iterator[None]:
    """What breaks in here broke on the document."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"The state file {path} cannot be read.",
            why=f"{type(error).__name__}: {error}",
            remedy="Move it away: the next `awsprov up` finds everything again by its tags.",
        ) from error
