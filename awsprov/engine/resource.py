"""Resource: one thing that is provisioned, with its verbs. Its arguments are the edges of the graph.

A resource that needs another's id takes that resource as an argument; nobody writes a dependency list. Each verb may be
called again at any time. Only the engine assigns `id`, `token`, `say` and `show`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from awsprov.aws.client import Aws

Values = dict[str, Any]
Differences = Mapping[str, tuple[Any, Any]]  # name of the argument: what AWS has, what is wanted
Owned = dict[str, list[str]]  # name in the stack: the ids that carry it, oldest first

AREAS = ("network", "storage", "identity", "compute", "libraries", "serving")  # as they are shown
_NO_INPUT = {"name", "after"}


def _unheard(_: str) -> None:
    """Where words go while no engine listens."""


@dataclass(eq=False, repr=False)
class Resource:
    """One thing that is provisioned.

    Arguments:
        name: its name in the stack, and in the tag `awsprov:name`.
        after: resources that must stand before it although it does not need their ids.

    Attributes:
        id: what AWS calls it; empty while it does not exist.
        token: the idempotency token that its creation goes by.
        say: tells the person who waits what is waited for.
        show: passes on a line that remote work printed.
        remark: what a person should know of it although nothing is to be done; known once it was compared.
        area: the part of the stack that it belongs to, one of AREAS.
        fixed: what of the values that `read` gives AWS cannot change in place; a difference there means a replacement.
        bound: arguments whose resources it cannot outlive; those in `immutable`, when it does not say otherwise.
        deployed: whether `awsprov deploy` looks at it: code and libraries.
        usually: seconds that its creation typically takes on AWS.
        repeatable: whether a repeated creating call gives the same thing or an error, by its token or unique name.
            Where it does not, a lost answer must be looked for by tags before the call is repeated.
        exists: error codes by which the creating call says that the thing is there already.
        comes_back: whether somebody may make it again after its deletion, so that it is deleted once more at the end.
        intangible: whether AWS holds nothing under its id: a choice, a look-up, a part of something else.
        keeps_data: whether deleting it destroys what cannot be made again.
        rests: whether `awsprov pause` and `resume` look at it: ways out that cost by the hour, and the routes to them.
    """

    name: str
    id: str = field(default="", init=False)
    token: str = field(default="", init=False)
    on_wait: Callable[[str], None] = field(default_factory=lambda: _unheard, init=False)
    on_output: Callable[[str], None] = field(default_factory=lambda: _unheard, init=False)
    note: str = field(default="", init=False)
    after: "tuple[Resource, ...]" = field(default=(), kw_only=True)

    area: ClassVar[str] = ""
    immutable: ClassVar[frozenset[str]] = frozenset()
    replace_triggered_by: ClassVar[frozenset[str]] = frozenset()
    deployed: ClassVar[bool] = False
    typical_seconds: ClassVar[float] = 1.0
    idempotent_create: ClassVar[bool] = True
    already_exists_codes: ClassVar[tuple[str, ...]] = ()
    may_be_recreated: ClassVar[bool] = False
    virtual: ClassVar[bool] = False
    stateful: ClassVar[bool] = False
    pausable: ClassVar[bool] = False

    def __repr__(self) -> str:
        return f"<{self.type} {self.name} {self.id or '-'}>"

    @property
    def type(self) -> str:
        """The name of its class, as it stands in the state file."""
        return type(self).__name__

    @property
    def needs(self) -> "tuple[Resource, ...]":
        """The resources among its arguments, in their order, each once. A ghost has none: it knows no arguments."""
        return tuple(dict.fromkeys(_resources([getattr(self, f.name, None) for f in fields(self) if f.init])))

    @property
    def replacement_triggers(self) -> "set[Resource]":
        """The resources that it cannot outlive: when one of them is replaced, so is this."""
        return {
            r for name in self.replace_triggered_by or self.immutable for r in _resources(getattr(self, name, None))
        }

    @property
    def inputs(self) -> Values:
        """Its arguments, with ids in the place of resources."""
        return {f.name: plain(getattr(self, f.name)) for f in fields(self) if f.init and f.name not in _NO_INPUT}

    def recorded_inputs(self) -> Values:
        """The arguments that may be written to disk."""
        return self.inputs

    @classmethod
    def owned(cls, aws: "Aws") -> Owned:
        """All living things of this type with this stack's tags, by name; none for parts that go with their parent."""
        return {}

    def find(self, aws: "Aws") -> str:
        """The living id: the recorded one, else the one found by tags, else empty."""
        ids = self.owned(aws).get(self.name, [])
        return self.id if self.id in ids else next(iter(ids), "")

    def create(self, aws: "Aws") -> str:
        """Make it; returns its id as soon as AWS gives it."""
        raise NotImplementedError

    def wait(self, aws: "Aws") -> None:
        """Return when others may use it."""

    def read(self, aws: "Aws") -> Values:
        """The arguments as AWS has them now; those that AWS does not tell are left out."""
        return {}

    def wanted(self, aws: "Aws") -> Values:
        """The arguments as they should be, in the form that `read` gives."""
        return self.inputs

    def configure(self, aws: "Aws", changes: Differences) -> None:
        """Make the arguments in `changes`, and only those, as they should be."""
        raise NotImplementedError(f"{self.type} cannot change {', '.join(changes)}")

    def delete(self, aws: "Aws") -> None:
        """Take it away and return when it is gone. Uses its id and name only; gone already is success."""


def by_name(aws: "Aws", tagged: Iterable[tuple[Any, str]]) -> Owned:
    """The ids of what is this stack's, by the name in its tags, in the order given.

    Arguments:
        aws: knows the stack.
        tagged: tags, in any of AWS's forms or none, each with the id of what carries them.
    """
    owned: Owned = {}
    for tags, id_ in tagged:
        if name := aws.tagged_name(tags):
            owned.setdefault(name, []).append(id_)
    return owned


def stub(kind: type[Resource], name: str, id: str) -> Resource:  # noqa: A002 - AWS's and our word for it
    """A resource of which only name and id are known: enough to delete it."""
    resource = kind.__new__(kind)
    resource.name, resource.id, resource.token, resource.after = name, id, "", ()
    resource.on_wait, resource.on_output, resource.note = _unheard, _unheard, ""
    return resource


def plain(value: Any) -> Any:
    """A value as JSON knows it: resources become their ids, tuples lists, dataclasses dictionaries."""
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
