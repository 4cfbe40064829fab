"""The engine: what must be done (`plan`), doing it (`up`, `deploy`), undoing it (`down`). It knows no AWS service."""

import threading
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from awsprov.aws import Aws, error_code, eventually, explain
from awsprov.errors import AwsprovError, InterruptedByUserError, NoStackError, PartialError, RefusedError, TimedOutError
from awsprov.events import Emit, Event, Step, silent
from awsprov.graph import Graph, Walk, dependents, reverse, walk
from awsprov.resource import Differences, Resource, ghost
from awsprov.stack import KINDS, Stack, rank
from awsprov.state import Record, State

# Seconds within which AWS may not yet list what it has just made (its services document no bound; a second or two is
# usual). Only the repetition of an interrupted command ever waits for this.
SETTLED_AFTER = 10.0

# A token that AWS has seen with other arguments, or for an instance that is gone: a new one is due.
_USED_UP = ("IdempotentInstanceTerminated", "IdempotentParameterMismatch")

Action = Literal["create", "change", "replace", "delete", "keep"]


@dataclass(frozen=True)
class Change:
    """What is to be done with one resource, and the arguments that differ."""

    resource: Resource
    action: Action
    differences: Differences = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What `up` would do, in the order of the stack."""

    changes: tuple[Change, ...]

    def of(self, *actions: Action) -> list[Change]:
        """The changes with one of these actions."""
        return [change for change in self.changes if change.action in actions]

    @property
    def empty(self) -> bool:
        """Whether everything is as it should be."""
        return len(self.of("keep")) == len(self.changes)


@dataclass(frozen=True)
class Gone:
    """What `down` found and what it left: deleted, kept on purpose, and remaining against its will."""

    deleted: tuple[Resource, ...]
    kept: tuple[Resource, ...]
    remaining: tuple[Resource, ...]


class Engine:
    """Brings the stack on AWS to what it should be.

    Arguments:
        stack: the resources, in order.
        state: what was written down of them.
        aws: the clients.
        emit: hears of every step.
        workers: how many resources are worked on at once.
        stop: once set, nothing new starts; what runs is finished and written down.
    """

    def __init__(
        self,
        stack: Stack,
        state: State,
        aws: Aws,
        emit: Emit = silent,
        workers: int = 16,
        stop: threading.Event | None = None,
    ) -> None:
        self.stack, self.state, self.aws, self.emit = stack, state, aws, emit
        self.workers, self.stop = workers, stop or threading.Event()

    # ---- plan

    def plan(self, replace: Collection[str] = ()) -> Plan:
        """Look at everything and change nothing.

        Arguments:
            replace: names of resources to be made anew although nothing differs.
        """
        changes: dict[Resource, Change] = {}
        seen = self._walk(self.stack.graph(), lambda r: changes.update({r: self._compare(r, r.name in replace)}))
        _raise_first(seen)
        _raise_stopped(seen, self.stop)
        doomed = self._bound_to({r for r, change in changes.items() if change.action == "replace"})
        for r in doomed:
            if r.id:
                changes[r] = Change(r, "replace", changes[r].differences)
        extra = tuple(Change(orphan, "delete") for orphan in self._orphans())
        return Plan(tuple(changes[r] for r in self.stack) + extra)

    def _compare(self, r: Resource, replace: bool) -> Change:
        self._look(r)
        if not r.id:
            return Change(r, "create")
        differences = self._differences(r)
        if replace or r.fixed & set(differences):
            return Change(r, "replace", differences)
        return Change(r, "change" if differences else "keep", differences)

    def _bound_to(self, replaced: set[Resource]) -> set[Resource]:
        """The replaced ones and all that cannot outlive them."""
        graph = {r: [need for need in r.needs if need in r.bound_to] for r in self.stack}
        return dependents(graph, replaced)

    # ---- up

    def up(self, plan: Plan | None = None, *, allow_data_loss: bool = False) -> Walk[Resource]:
        """Make everything as it should be.

        Arguments:
            plan: what a look has shown; looked at again otherwise.
            allow_data_loss: whether a file system may be replaced or deleted by this.

        Raises:
            RefusedError: data would be lost.
            PartialError: some of it failed; what was done is written down.
        """
        plan = plan or self.plan()
        if plan.empty:
            return self._write_down(plan)
        _guard_data(plan, allow_data_loss)
        self._retire(change.resource for change in plan.of("replace"))
        done = self._walk(self.stack.graph(), self._ensure)
        _raise_partial(done, self.stop)
        self._clear_away([change.resource for change in plan.of("delete")])
        return done

    def _write_down(self, plan: Plan) -> Walk[Resource]:
        """What stands as it should, though the state may not know: it was lost, or old libraries are wanted again."""
        for change in plan.changes:
            self.state.record(change.resource)
        return Walk(done=[change.resource for change in plan.changes])

    def deploy(self) -> Walk[Resource]:
        """Code and libraries only; everything else is taken from the state as it was written down.

        Raises:
            NoStackError: something that the function needs was never made.
            PartialError: some of it failed.
        """
        deployed = [r for r in self.stack if r.deployed]
        for r in self.stack:
            self._remember(r)
        missing = [need.name for r in deployed for need in r.needs if not need.id and not need.deployed]
        if missing:
            raise NoStackError(
                f"The stack {self.aws.stack} is not complete: {', '.join(sorted(set(missing)))} missing.",
                remedy="Run `awsprov up` first.",
            )
        graph = {r: [need for need in r.needs if need in deployed] for r in deployed}
        done = self._walk(graph, self._ensure)
        _raise_partial(done, self.stop)
        return done

    def ensure(self, r: Resource) -> Resource:
        """Bring one resource, whose needs stand, to what it should be; given to `declare`, a serial `up`."""
        self._ensure(r)
        return r

    def _ensure(self, r: Resource) -> None:
        """Recorded, else tagged, else created; written down; then usable; then as configured."""
        self._look(r)
        found = bool(r.id)
        if not found:
            self._say(r, "creating")
            r.id = self._create(r)
        self.state.record(r)  # on disk before anything else can fail
        r.wait(self.aws)
        changes = self._differences(r)
        if r.fixed & set(changes):
            raise RefusedError(f"{r.name} must be replaced.", why=_why(r, changes), remedy="Run `awsprov up` again.")
        if changes:
            if found:
                self._say(r, "changing", ", ".join(changes))
            r.configure(self.aws, changes)
        self._say(r, "unchanged" if found and not changes else "ready", r.id)

    def _create(self, r: Resource) -> str:
        r.token = self.state.intend(r)  # on disk before the call: a crash repeats it under the same token
        try:
            return r.create(self.aws)
        except Exception as error:
            code = error_code(error)
            if code in r.exists:
                return self._look_longer(r, time.time()) or _stranger(r, error)
            if code not in _USED_UP:
                raise
        self.state.renew()
        r.token = self.state.intend(r)
        return r.create(self.aws)

    # ---- down

    def down(self, keep: Callable[[Resource], bool] = lambda _: False) -> Gone:
        """Take everything away and look whether anything is left.

        Arguments:
            keep: says of each resource whether it stays; what a kept one needs stays, too.

        Raises:
            PartialError: some of it could not be deleted; the same command goes on from there.
        """
        # From the top: a child is found through its parent.
        _raise_first(self._walk(self.stack.graph(), lambda r: self._look(r, repeatable=False)))
        graph = self._deletion_graph()
        kept = _with_needs([r for r in graph if r.id and keep(r)])
        living = {r: [n for n in needs if n not in kept] for r, needs in graph.items() if r not in kept}
        found = [r for r in living if r.id]
        undone = self._walk(reverse(living), self._delete)
        _raise_partial(undone, self.stop)
        remaining = self._remaining(kept)
        if not remaining and not kept:
            self.state.remove()
        return Gone(tuple(found), tuple(r for r in kept if r.id), tuple(remaining))

    def _deletion_graph(self) -> dict[Resource, list[Resource]]:
        """The stack's graph with the orphans in it: one goes after all of later kinds, before all of earlier ones."""
        orphans = self._orphans()
        everything = [*self.stack, *orphans]
        graph = {r: list(r.needs) for r in self.stack}
        graph.update({orphan: [r for r in everything if rank(r) < rank(orphan)] for orphan in orphans})
        for r in self.stack:
            graph[r] += [orphan for orphan in orphans if rank(orphan) < rank(r)]
        return graph

    def _delete(self, r: Resource) -> None:
        if not r.id:
            self.state.forget(r.name) if r.name in self.state.records else None
            return
        self._say(r, "deleting", r.id)
        r.delete(self.aws)
        self.state.forget(r.name)
        self._say(r, "deleted", r.id)
        r.id = ""

    def _retire(self, replaced: Iterable[Resource]) -> None:
        """Delete what is to be made anew, dependents first."""
        doomed = set(replaced)
        graph = {r: [need for need in r.needs if need in doomed] for r in doomed}
        _raise_partial(self._walk(reverse(graph), self._delete), self.stop)
        self.aws.forget()  # listings of before still show what is gone

    def _clear_away(self, orphans: list[Resource]) -> None:
        """Delete what the configuration no longer asks for, later kinds first."""
        graph = {o: [other for other in orphans if rank(other) > rank(o)] for o in orphans}
        _raise_partial(self._walk(graph, self._delete), self.stop)

    def _remaining(self, kept: Collection[Resource]) -> list[Resource]:
        """What AWS still lists of this stack, once the last deletions had time to show."""
        kept_ids = {r.id for r in kept}

        def sweep() -> list[Resource]:
            self.aws.forget()
            return [r for r in self.owned() if r.id not in kept_ids]

        with suppress(TimedOutError):
            eventually(lambda: not sweep(), SETTLED_AFTER, "the last deletions to show")
        return sweep()

    # ---- looking

    def look(self) -> None:
        """Find every resource, so that its id is known or empty."""
        _raise_first(self._walk(self.stack.graph(), self._look))

    def owned(self) -> list[Resource]:
        """Everything on AWS that carries this stack's tags, whether declared or not."""
        found: list[Resource] = []

        def visit(kind: type[Resource]) -> None:
            owned = kind.owned(self.aws)
            found.extend(ghost(kind, name, each) for name, ids in owned.items() for each in ids)

        _raise_first(walk(dict.fromkeys(KINDS, ()), visit, self.workers))
        return sorted(found, key=lambda r: (rank(r), r.name, r.id))

    def _look(self, r: Resource, repeatable: bool = True) -> None:
        """Find it; what an interrupted run may have made is waited for, unless a repeated call will give the same."""
        record = self._remember(r)
        r.id = r.find(self.aws)
        unseen = record.at and not r.id and (record.id or not (repeatable and r.repeatable))
        if unseen and time.time() - record.at < SETTLED_AFTER:
            self._say(r, "looking", "for what an interrupted run may have made")
            r.id = self._look_longer(r, record.at)

    def _look_longer(self, r: Resource, since: float) -> str:
        recorded = self.state.recall(r).id

        def probe() -> str:
            self.aws.forget()
            r.id = recorded
            return r.find(self.aws)

        with suppress(TimedOutError):
            return eventually(probe, max(since + SETTLED_AFTER - time.time(), 1.0), r.name, at_most=1.0)
        return ""

    def _orphans(self) -> list[Resource]:
        """What is ours and stands, by AWS's word or our own, but is not declared (any more)."""
        declared = {(r.type, r.name) for r in self.stack}
        declared_ids = {r.id for r in self.stack}
        listed = [r for r in self.owned() if (r.type, r.name) not in declared or r.id not in declared_ids]
        kinds, ids = {kind.__name__: kind for kind in KINDS}, {r.id for r in listed}
        written = [
            ghost(kinds[record.type], name, record.id)
            for name, record in self.state.records.items()
            if record.id and (record.type, name) not in declared and record.id not in ids and record.type in kinds
        ]
        for orphan in (found := listed + written):
            self._listen(orphan)
        return found

    def _remember(self, r: Resource) -> Record:
        """Set what was written down of it, and hear it from now on."""
        record = self.state.recall(r)
        r.id, r.token = record.id, record.token
        self._listen(r)
        return record

    def _listen(self, r: Resource) -> None:
        r.say = lambda detail: self._say(r, "waiting", detail)
        r.show = lambda line: self._say(r, "output", line)

    def _differences(self, r: Resource) -> Differences:
        has, wants = r.read(self.aws), r.wanted(self.aws)
        return {name: (value, wants[name]) for name, value in has.items() if value != wants[name]}

    def _walk(self, graph: Graph[Resource], visit: Callable[[Resource], None]) -> Walk[Resource]:
        return walk(graph, lambda r: self._visit(r, visit), self.workers, self.stop)

    def _visit(self, r: Resource, visit: Callable[[Resource], None]) -> None:
        try:
            visit(r)
        except Exception as error:
            told = explain(error) or error
            self._say(r, "failed", str(told))
            raise told from error

    def _say(self, r: Resource, step: Step, detail: str = "") -> None:
        self.emit(Event(r.name, step, detail))


def _with_needs(roots: list[Resource]) -> set[Resource]:
    """The roots and all that they need, directly or not."""
    found = set(roots)
    for root in roots:
        found |= _with_needs(list(root.needs))
    return found


def _why(r: Resource, changes: Differences) -> str:
    return "; ".join(f"{name}: {has!r} → {wants!r}" for name, (has, wants) in changes.items() if name in r.fixed)


def _stranger(r: Resource, error: Exception) -> str:
    raise RefusedError(
        f"{r.name}: something of that name exists already, and it does not carry this stack's tags.",
        why=str(error),
        remedy="Choose another `name:` in config.yaml, or remove what is there.",
    ) from error


def _guard_data(plan: Plan, allowed: bool) -> None:
    lost = [change.resource.name for change in plan.of("replace", "delete") if change.resource.keeps_data]
    if lost and not allowed:
        raise RefusedError(
            f"This would destroy data: {', '.join(lost)}.",
            why="A file system cannot be changed in this way; it would be deleted and made anew, empty.",
            remedy="Take the change back, or run `awsprov up --allow-data-loss`.",
        )


def _raise_first(seen: Walk[Any]) -> None:
    for error in seen.failed.values():
        raise error


def _raise_partial(done: Walk[Resource], stop: threading.Event) -> None:
    if done.failed:
        first = next(iter(done.failed.values()))
        names = ", ".join(r.name for r in done.failed)
        raise PartialError(
            f"{names} failed; {len(done.done)} done, {len(done.skipped)} not started.",
            why="\n".join(_told(r, error) for r, error in done.failed.items()),
            remedy=getattr(first, "remedy", "") or "Run the same command again: it goes on from here.",
            request_id=getattr(first, "request_id", ""),
        ) from first
    _raise_stopped(done, stop)


def _raise_stopped(done: Walk[Resource], stop: threading.Event) -> None:
    if stop.is_set() and done.skipped:
        raise InterruptedByUserError(
            f"Stopped: {len(done.done)} done, {len(done.skipped)} not started.",
            remedy="Run the same command again: it goes on from here.",
        )


def _told(r: Resource, error: Exception) -> str:
    why = f" ({error.why})" if isinstance(error, AwsprovError) and error.why else ""
    return f"{r.name}: {error}{why}"
