"""Resource: the base class of everything that is provisioned. Its arguments are the edges of the graph.

A resource that needs another's id takes that resource as an argument; there is no dependency list. Each method can be
called again at any time. Only the engine sets `id`, `token`, `on_wait` and `on_output`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from awsprov.errors import AwsprovError

if TYPE_CHECKING:
    from awsprov.aws.client import Aws

Values = dict[str, Any]
Differences = Mapping[str, tuple[Any, Any]]  # by argument: the value on AWS, the declared value
Owned = dict[str, list[str]]  # by name in the stack: the ids, oldest first
Tags = list[Any] | dict[str, str]  # in any of AWS's forms

AREAS = ("network", "storage", "identity", "compute", "libraries", "serving")  # in the order of their display
_NO_INPUT = {"name", "after"}


def _ignore(_: str) -> None:
    """Ignore a message: no engine is attached."""


@dataclass(eq=False, repr=False)
class Resource:
    """One thing that is provisioned.

    Arguments:
        name: its name in the stack, and in the tag `awsprov:name`.
        after: resources that must exist before it, although it does not need their ids.

    Attributes:
        id: its id on AWS; empty while it does not exist.
        token: the idempotency token of its creation.
        on_wait: is called with what it waits for, for people.
        on_output: is called with each line that remote work prints.
        own_tags: the keys of the tags that config.yaml gives it.
        note: what people should know of it although nothing is to be done; set by a comparison.
        added: what was added to it earlier beside its arguments, by what it is; see `additions`.
        area: the part of the stack that it belongs to, one of AREAS.
        immutable: the values of `read` that cannot be changed in place; a difference there means a replacement.
        replace_triggered_by: arguments whose replacement replaces it, too; by default those in `immutable`.
        deployed: whether `awsprov deploy` updates it: code and libraries.
        typical_seconds: how long its creation typically takes on AWS.
        idempotent_create: whether a repeated creating call returns the same resource or an error, by its token or its
            unique name. Otherwise, when a response is lost, the resource is searched by its tags before the call is
            repeated.
        already_exists_codes: the error codes by which the creating call says that the resource exists.
        conflict_key: the key of config.yaml with another value of which it would be another resource.
        one_writer: the argument of which AWS changes one part at a time, such as the API of a route. Its parts are
            created, updated and deleted one after the other.
        may_be_recreated: whether others may create it again after its deletion, so that it is deleted again at the end.
        virtual: whether nothing on AWS has its id: a choice, a look-up, a part of another resource.
        stateful: whether its deletion destroys data.
        forward_references: arguments that may be created after it, as it refers to them by an ARN that is known before.
        pausable: whether `awsprov pause` and `resume` delete and create it: NAT, and the routes to it.
    """

    name: str
    id: str = field(default="", init=False)
    token: str = field(default="", init=False)
    on_wait: Callable[[str], None] = field(default_factory=lambda: _ignore, init=False)
    on_output: Callable[[str], None] = field(default_factory=lambda: _ignore, init=False)
    note: str = field(default="", init=False)
    own_tags: tuple[str, ...] = field(default=(), init=False)
    added: Mapping[str, list[str]] = field(default_factory=dict, init=False)
    after: "tuple[Resource, ...]" = field(default=(), kw_only=True)

    area: ClassVar[str] = ""
    immutable: ClassVar[frozenset[str]] = frozenset()
    replace_triggered_by: ClassVar[frozenset[str]] = frozenset()
    deployed: ClassVar[bool] = False
    typical_seconds: ClassVar[float] = 1.0
    idempotent_create: ClassVar[bool] = True
    already_exists_codes: ClassVar[tuple[str, ...]] = ()
    conflict_key: ClassVar[str] = "name"
    one_writer: ClassVar[str] = ""
    may_be_recreated: ClassVar[bool] = False
    virtual: ClassVar[bool] = False
    stateful: ClassVar[bool] = False
    forward_references: ClassVar[frozenset[str]] = frozenset()
    pausable: ClassVar[bool] = False

    def __repr__(self) -> str:
        return f"<{self.type} {self.name} {self.id or '-'}>"

    @property
    def type(self) -> str:
        """The name of its class, as in the state file."""
        return type(self).__name__

    @property
    def needs(self) -> "tuple[Resource, ...]":
        """The resources among its arguments, in their order, each once; none for a stub, which has no arguments."""
        names = [f.name for f in fields(self) if f.init and f.name not in self.forward_references]
        return tuple(dict.fromkeys(_resources([getattr(self, name, None) for name in names])))

    @property
    def replacement_triggers(self) -> "set[Resource]":
        """The resources whose replacement replaces it, too."""
        return {
            r for name in self.replace_triggered_by or self.immutable for r in _resources(getattr(self, name, None))
        }

    @property
    def inputs(self) -> Values:
        """Its arguments, with the ids of resources."""
        left_out = _NO_INPUT | self.forward_references  # which have no id yet when it is created
        return {f.name: plain(getattr(self, f.name)) for f in fields(self) if f.init and f.name not in left_out}

    def recorded_inputs(self) -> Values:
        """Return the arguments that can be written to disk."""
        return self.inputs

    def additions(self) -> dict[str, list[str]]:
        """Return what is added to it where others may add more, sorted, by what it is, such as `tags`.

        It is recorded, so that what is no longer declared is removed, and what others added is not.
        """
        return {"tags": sorted(self.own_tags)} if self.own_tags and self.is_taggable() else {}

    @classmethod
    def is_taggable(cls) -> bool:
        """Return whether its tags can be changed."""
        return cls.tag is not Resource.tag

    def tags(self, aws: "Aws") -> dict[str, str]:
        """Return the tags that it has."""
        found = aws.cached(f"tags of {self!r}", lambda: self.fetch_tags(aws)) or {}
        return found if isinstance(found, dict) else {tag["Key"]: tag["Value"] for tag in found}

    def tag(self, aws: "Aws", tags: Mapping[str, str]) -> None:
        """Set tags; others that it has stay."""
        raise NotImplementedError(f"AWS cannot tag a {self.type}")

    def untag(self, aws: "Aws", keys: list[str]) -> None:
        """Remove tags, given their keys."""
        raise NotImplementedError(f"AWS cannot tag a {self.type}")

    @classmethod
    def owned(cls, aws: "Aws") -> Owned:
        """Return the existing resources of this type with this stack's tags, by name; none for parts of another one."""
        return {}

    def find(self, aws: "Aws") -> str:
        """Return its id if it exists: the recorded one, else the one found by tags; empty otherwise."""
        ids = self.owned(aws).get(self.name, [])
        return self.id if self.id in ids else next(iter(ids), "")

    def fetch_tags(self, aws: "Aws") -> Tags | None:
        """Return the tags of what AWS has under its id, read from AWS now; None if it does not exist."""
        raise NotImplementedError(f"{self.type} has no tags: it must be in the table of kinds that AWS cannot tag")

    def parent_id(self, aws: "Aws") -> str:
        """Return the id of what it is a part of, by which a kind without tags is owned; empty if it is missing."""
        return re.split("[/:]", self.id)[0]

    def writer_key(self) -> str:
        """Return the id of what has one writer; empty if others may be changed at the same time. A stub has its id."""
        of = getattr(self, self.one_writer, self) if self.one_writer else None
        return re.split("[/:]", of.id)[0] if of else ""

    def takes_place_of(self, orphan: "Resource") -> bool:
        """Return whether AWS refuses to create it while something exists that is no longer declared."""
        return False

    def create(self, aws: "Aws") -> str:
        """Create it, and return its id as soon as AWS returns it."""
        raise NotImplementedError

    def missing_error(self, aws: "Aws") -> AwsprovError | None:
        """Return the error of a plan without it, if it is missing and cannot be created; None otherwise."""
        return None

    def wait(self, aws: "Aws") -> None:
        """Wait until others can use it."""

    def read(self, aws: "Aws") -> Values:
        """Return the values of its arguments on AWS, without those that AWS does not return."""
        return {}

    def wanted(self, aws: "Aws") -> Values:
        """Return the declared values of its arguments, in the form of `read`."""
        return self.inputs

    def configure(self, aws: "Aws", changes: Differences) -> None:
        """Update the arguments in `changes`, and only those, to their declared values."""
        raise NotImplementedError(f"{self.type} cannot change {', '.join(changes)}")

    def delete(self, aws: "Aws") -> None:
        """Delete it, and return when it no longer exists; succeed if it is missing. Uses its id and name only."""


def by_name(aws: "Aws", tagged: Iterable[tuple[Any, str]]) -> Owned:
    """Return the ids of this stack's resources, by the name in their tags, in the given order.

    Arguments:
        aws: the clients, with the name of the stack.
        tagged: tags, in any of AWS's forms or None, each with the id of the resource that carries them.
    """
    owned: Owned = {}
    for tags, id_ in tagged:
        if name := aws.tagged_name(tags):
            owned.setdefault(name, []).append(id_)
    return owned


def stub(kind: type[Resource], name: str, id: str) -> Resource:  # noqa: A002 - the word of AWS and of `Resource`
    """Return a resource of which only name and id are known, which is enough to delete it."""
    resource = kind.__new__(kind)
    resource.name, resource.id, resource.token, resource.after = name, id, "", ()
    resource.on_wait, resource.on_output, resource.note, resource.added = _ignore, _ignore, "", {}
    resource.own_tags = ()
    return resource


def distinct_notes(resources: Iterable[Resource]) -> list[str]:
    """Return the notes of resources; one that several have, once."""
    return list(dict.fromkeys(resource.note for resource in resources if resource.note))


def plain(value: Any) -> Any:
    """Return a value for JSON: resources become their ids, tuples lists, dataclasses dictionaries."""
    if isinstance(value, Resource):
        return value.id
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    return str(value) if isinstance(value, Path) else value


def _resources(value: Any) -> Iterator[Resource]:
    if isinstance(value, Resource):
        yield value
    elif isinstance(value, Mapping):
        yield from _resources(list(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _resources(item)
    elif is_dataclass(value):
        yield from _resources([getattr(value, f.name) for f in fields(value)])
