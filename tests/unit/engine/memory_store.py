"""Objects in memory with S3's conditional writes, under a clock that a test sets."""

import itertools
from dataclasses import dataclass, field

from awsprov.aws.object_store import ObjectChangedError, StoredObject
from awsprov.errors import AwsprovError


@dataclass
class Clock:
    """A clock that a test moves on."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class MemoryStore:
    """The objects of one stack.

    Attributes:
        clock: S3's; the machines of a test have their own.
        loses_responses: how many of the next writes take effect without a response, and are repeated, as botocore does.
        unreachable: whether calls fail.
        writes: how many puts and deletes took effect.
    """

    clock: Clock = field(default_factory=Clock)
    location: str = "s3://team/awsprov/eu-west-1/prices"
    loses_responses: int = 0
    unreachable: bool = False
    writes: int = 0
    _objects: dict[str, tuple[bytes, str, str, float]] = field(default_factory=dict)
    _etags: "itertools.count[int]" = field(default_factory=itertools.count)

    def get(self, name: str) -> StoredObject | None:
        self._reach()
        if name not in self._objects:
            return None
        body, etag, write, at = self._objects[name]
        return StoredObject(body, etag, write, self.clock() - at)

    def put(self, name: str, body: bytes, *, replaces: str | None, write: str = "") -> str:
        self._reach()
        self._expect(name, replaces)
        etag = f'"{next(self._etags)}"'
        self._objects[name] = (body, etag, write, self.clock())
        self.writes += 1
        if self.loses_responses:
            self.loses_responses -= 1
            return self.put(name, body, replaces=replaces, write=write)
        return etag

    def delete(self, name: str, etag: str) -> None:
        self._reach()
        self._expect(name, etag)
        del self._objects[name]
        self.writes += 1

    def names(self) -> set[str]:
        """Return the names of the objects."""
        return set(self._objects)

    def _expect(self, name: str, etag: str | None) -> None:
        found = self._objects[name][1] if name in self._objects else None
        if found != etag:
            raise ObjectChangedError(name)

    def _reach(self) -> None:
        if self.unreachable:
            raise AwsprovError("S3 cannot be reached.")
