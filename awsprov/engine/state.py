"""The state of a stack: a record of each resource, in a JSON document on disk.

The intent to create a resource is on disk (fsync) before the call that creates it, and its id right after, so that the
next run can continue after a crash at any point. The document holds ids, tokens, names and digests, never a secret.
"""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType

from awsprov.documents import parse_document
from awsprov.engine.backups import rotate_backups
from awsprov.engine.journal import Journal
from awsprov.engine.lock import StackLock
from awsprov.engine.record import Record
from awsprov.engine.resource import Resource
from awsprov.engine.state_file import (
    MAX_SIZE,
    SCHEMA,
    StackKey,
    StateChange,
    StateDocument,
    parse_state,
    readable,
)
from awsprov.files import read_limited, write_atomically

# Seconds after its creation within which AWS must list a resource. Until then only its token can tell that it exists.
_LISTED_WITHIN = 60.0


class State:
    """The records of one stack, by the names of its resources; read-only without the stack's lock.

    Arguments:
        path: the JSON document; missing directories are created for their owner only.
        key: the stack that the document must belong to.
        lock: the stack's lock, taken before the document is read; without it, every method that writes raises.
        content: the document, if it is not the one on disk; empty if there is none.

    Attributes:
        like: the stage of config.yaml that the stack's stage is like, if that is not one of them.
        on_change: called after each change on disk, but not for an intent.

    Raises:
        RefusedError: the document belongs to another stack, or was written by a newer awsprov.
        UsageError: the document cannot be read.
    """

    def __init__(self, path: Path, key: StackKey, lock: StackLock | None = None, content: bytes | None = None) -> None:
        self.path, self.key, self.lock = path, key, lock
        self.on_change: Callable[[], None] = lambda: None
        self._records: dict[str, Record] = {}
        self.generation = 0
        self.paused = self.keeps_addresses = False
        self.like = ""
        self._backed_up = False
        self._mutex = threading.Lock()
        self._journal = Journal(path, 0, 0)
        with readable(path):
            if content is None and path.exists():
                self._load(read_limited(path, MAX_SIZE))
            elif content:
                self._load(content, journal=False)

    @property
    def records(self) -> Mapping[str, Record]:
        """The records by resource name."""
        return MappingProxyType(self._records)

    @property
    def writable(self) -> bool:
        """Whether the stack's lock is held."""
        return self.lock is not None and self.lock.held

    def same_as(self, other: "State") -> bool:
        """Return whether another reading of the document found the same."""
        ours, theirs = ((state._records, state.generation, state.pause) for state in (self, other))
        return ours == theirs

    @property
    def pause(self) -> dict[str, bool]:
        """Whether the stack is paused, and whether it keeps its addresses, as in the document."""
        return {"paused": self.paused, "keeps_addresses": self.keeps_addresses}

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change the state, one thread at a time.

        Raises:
            RuntimeError: the stack's lock is not held, and another process may write at the same time.
        """
        if not self.writable:
            raise RuntimeError(f"{self.path} can be changed only while the stack's lock is held")
        with self._mutex:
            yield

    def _load(self, content: bytes, *, journal: bool = True) -> None:
        document = parse_state(content, self.path, self.key)
        self.paused, self.keeps_addresses, self.like = document.paused, document.keeps_addresses, document.like
        self.generation, self._records = document.generation, document.resources
        self._journal = Journal(self.path, document.journal, len(content))
        if self.writable:
            self._journal.previous.remove()
        for line in self._journal.lines() if journal else ():
            change = parse_document(line, StateChange)
            self.generation = change.generation
            self._records.update(change.resources)
            for name in change.deleted:
                self._records.pop(name, None)

    def get(self, resource: Resource) -> Record:
        """Return the record of a resource; an empty one when there is none."""
        record = self.records.get(resource.name)
        return record if record and record.type == resource.type else Record(resource.type)

    def has_id(self, id_: str) -> bool:
        """Return whether a resource of this id is recorded."""
        return any(record.id == id_ for record in self.records.values())

    def record_intent(self, resource: Resource) -> str:
        """Record that a resource is about to be created, and return the idempotency token for that.

        After a crash the call is repeated with the same token. AWS refuses a token for other arguments, and returns
        what was created with it even if that failed or was deleted since: it is derived from the arguments and from a
        generation that increases with each resource that no longer exists.
        """
        inputs, known = resource.recorded_inputs(), self.get(resource)
        if known.id and time.time() - known.at > _LISTED_WITHIN:  # it does not exist any more
            with self._changing():
                self.generation += 1
        pending = known.token if not known.id and known.inputs == inputs else ""
        parts = [*asdict(self.key).values(), resource.type, resource.name, self.generation, inputs]
        token = pending or hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]
        needs = [need.name for need in resource.needs]
        added = resource.additions()
        self._put(resource.name, Record(resource.type, "", token, needs, inputs, time.time(), added))
        return token

    def record(self, resource: Resource, *, changing: bool = False) -> None:
        """Record the id of an existing resource; writes nothing when the record is the same.

        Arguments:
            resource: the resource.
            changing: whether what was added to it earlier may still be there.
        """
        known, added = self.get(resource), resource.additions()
        if changing and known.id == resource.id:
            added = {key: sorted({*known.added.get(key, []), *added.get(key, [])}) for key in {*known.added, *added}}
        needs, inputs = [need.name for need in resource.needs], resource.recorded_inputs()
        if (known.id, known.needs, known.inputs, known.added) == (resource.id, needs, inputs, added):
            return
        at = known.at if known.id == resource.id else time.time()
        self._put(resource.name, Record(resource.type, resource.id, resource.token, needs, inputs, at, added))
        self.on_change()

    def record_deletion(self, name: str) -> None:
        """Delete the record of a resource; writes nothing when there is none."""
        with self._changing():
            if self._records.pop(name, None) is None:
                return
            self.generation += 1
            self._write_change(name)
        self.on_change()

    def compact(self) -> None:
        """Write the document as a whole if it has a journal, for programs that read only the document."""
        with self._changing():
            if self._journal.length:
                self._write()

    def rotate_token(self, name: str) -> None:
        """Have the next intent to create this resource use a new token."""
        with self._changing():
            self.generation += 1
            self._records[name] = replace(self._records[name], token="")

    def renew_tokens(self) -> None:
        """Have later intents use other tokens than a lost document, whose generation is not known.

        With a token that was used before, EC2 returns the NAT gateway of that call, which may have been deleted.
        """
        with self._changing():
            self.generation = int(time.time())

    def set_paused(self, paused: bool, keeps_addresses: bool = False) -> None:
        """Record whether the stack is paused, and whether it keeps its addresses."""
        with self._changing():
            before, self.paused, self.keeps_addresses = self.pause, paused, paused and keeps_addresses
            if self.pause != before:
                self._write()
        self.on_change()

    def set_like(self, like: str) -> None:
        """Record the stage that the stack's stage is like; a stack without a document gets it with its first record."""
        with self._changing():
            before, self.like = self.like, like
            if like != before and self.path.exists():
                self._write()
        self.on_change()

    def remove(self) -> None:
        """Delete the document: the stack no longer exists."""
        with self._changing(), suppress(FileNotFoundError):
            self._journal.remove()
            self._journal = Journal(self.path, 0, 0)
            self.path.unlink()
        self.on_change()

    def _put(self, name: str, record: Record) -> None:
        with self._changing():
            self._records[name] = record
            self._write_change(name)

    def _write_change(self, name: str) -> None:
        """Write the change of a record to disk: to the journal of a large document, else to the document itself."""
        if self._journal.accepts_changes:
            resources = {name: self.records[name]} if name in self.records else {}
            change = StateChange(self.generation, resources, [] if resources else [name])
            self._journal.append(json.dumps(asdict(change)).encode())
        else:
            self._write()

    @property
    def content(self) -> bytes:
        """The whole document, with the changes in its journal; empty if there is none on disk."""
        with self._mutex:
            return self._content(0) if self.path.exists() else b""

    def _content(self, journal: int) -> bytes:
        document = StateDocument(
            SCHEMA,
            **asdict(self.key),
            generation=self.generation,
            resources=self._records,
            journal=journal,
            paused=self.paused,
            keeps_addresses=self.keeps_addresses,
            like=self.like,
        )
        return json.dumps(asdict(document), indent=1).encode()

    def _write(self) -> None:
        if not self._backed_up:
            self._backed_up = True
            rotate_backups(self.path)
        number = self._journal.number + 1
        Journal(self.path, number, 0).remove()  # of a document that a backup replaced, or that could not be read
        content = self._content(number)
        write_atomically(self.path, content)
        self._journal = Journal(self.path, number, len(content))
        self._journal.previous.remove()
