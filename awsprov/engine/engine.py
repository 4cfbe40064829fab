"""The engine: what must be done (`plan`), doing it (`up`, `deploy`), undoing it (`down`). It knows no AWS service."""

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import nullcontext

from awsprov.aws.errors import ClientError, error_code
from awsprov.engine.discovery import Discovery
from awsprov.engine.graph import Walk, dependents, reverse
from awsprov.engine.plan import Change, Plan, guard_data
from awsprov.engine.resource import Differences, Resource, stub
from awsprov.engine.results import DownResult, name_conflict, raise_failures, raise_first_error, raise_if_stopped
from awsprov.errors import LostAnswerError, NoStackError, RefusedError

# A token that AWS has seen with other arguments, or for an instance that is gone: a new one is due.
_USED_UP = ("IdempotentInstanceTerminated", "IdempotentParameterMismatch")


class Engine(Discovery):
    """Brings a stack on AWS to what it should be, or to nothing."""

    # ---- plan

    def plan(self, replace: Collection[str] = ()) -> Plan:
        """Look at everything and change nothing.

        Arguments:
            replace: names of resources to be made anew although nothing differs.
        """
        self.prefetch(values=True)
        changes: dict[Resource, Change] = {}
        seen = self.walk(self.stack.graph(), lambda r: changes.update({r: self._compare(r, r.name in replace)}))
        raise_first_error(seen)
        raise_if_stopped(seen, self.aws.stop)
        for r, because in self._cascading_replacements(
            {r for r, change in changes.items() if change.action == "replace"}
        ).items():
            if r.id and changes[r].action != "replace":
                changes[r] = Change(r, "replace", changes[r].differences, because)
        unseen = {(r.type, r.name) for r in self.stack if not r.id}  # listed since we looked: theirs, not an orphan
        extra = tuple(Change(o, "delete") for o in self.orphans() if (o.type, o.name) not in unseen)
        return Plan(tuple(changes[r] for r in self.stack) + extra)

    def _compare(self, r: Resource, replace: bool) -> Change:
        self.refresh_one(r)
        if not r.id:
            return Change(r, "create")
        differences = self.differences(r)
        if replace or r.immutable & set(differences):
            return Change(r, "replace", differences)
        return Change(r, "change" if differences else "keep", differences)

    def _cascading_replacements(self, replaced: set[Resource]) -> dict[Resource, str]:
        """Return what must be replaced together with these, each with the name of the resource that triggers it."""
        graph = {r: [need for need in r.needs if need in r.replacement_triggers] for r in self.stack}
        affected = dependents(graph, replaced)
        return {r: next(need.name for need in graph[r] if need in affected) for r in affected - replaced}

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
        guard_data(plan, allow_data_loss)
        self._delete_replaced(change.resource for change in plan.of("replace"))
        done = self.walk(self.stack.graph(), self._ensure)
        raise_failures(done, self.aws.stop)
        self._delete_orphans([change.resource for change in plan.of("delete")])
        return done

    def _write_down(self, plan: Plan) -> Walk[Resource]:
        """What stands as it should, though the state may not know: it was lost, or old libraries are wanted again."""
        for change in plan.changes:
            self.state.record(change.resource)
        return Walk(done=[change.resource for change in plan.changes])

    def recover(self) -> None:
        """Find everything, and write it down."""
        self.refresh()
        for r in self.stack:
            if r.id:
                self.state.record(r)

    def deploy(self) -> Walk[Resource]:
        """Code and libraries only; everything else is taken from the state as it was written down.

        Raises:
            NoStackError: something that the function needs was never made.
            PartialError: some of it failed.
        """
        return self._apply_subset([r for r in self.stack if r.deployed])

    def apply_pause(self) -> None:
        """Ways out and their routes only: as the stack declares them, paused or not; what it does not declare, goes."""
        self._apply_subset([r for r in self.stack if r.pausable])
        self._delete_orphans([orphan for orphan in self.orphans() if orphan.pausable])

    def _apply_subset(self, chosen: list[Resource]) -> Walk[Resource]:
        """Bring some resources to what they should be; of the others, what was written down is believed."""
        for r in self.stack:
            self.restore(r)
        missing = [need.name for r in chosen for need in r.needs if not need.id and need not in chosen]
        if missing:
            raise NoStackError(
                f"The stack {self.aws.stack} is not complete: {', '.join(sorted(set(missing)))} missing.",
                remedy="Run `awsprov up` first; if it stands, and only the state file is missing, `awsprov recover`.",
            )
        graph = {r: [need for need in r.needs if need in chosen] for r in chosen}
        done = self.walk(graph, self._ensure)
        raise_failures(done, self.aws.stop)
        return done

    def ensure(self, r: Resource) -> Resource:
        """Bring one resource, whose needs stand, to what it should be; given to `declare`, a serial `up`."""
        self._ensure(r)
        return r

    def _ensure(self, r: Resource) -> None:
        """Recorded, else tagged, else created; written down; then usable; then as configured."""
        self.refresh_one(r)
        found = bool(r.id)
        if not found:
            self.report(r, "creating")
            r.id = self._create(r)
        self.state.record(r)  # on disk before anything else can fail
        r.wait(self.aws)
        changes = self.differences(r)
        if r.immutable & set(changes):
            raise RefusedError(f"{r.name} must be replaced.", why=_why(r, changes), remedy="Run `awsprov up` again.")
        if changes:
            if found:
                self.report(r, "changing", ", ".join(changes))
            self._configure(r, changes)
        self.report(r, "unchanged" if found and not changes else "ready", r.id)

    def _create(self, r: Resource) -> str:
        r.token = self.state.record_intent(r)  # on disk before the call: a crash repeats it under the same token
        try:
            return self._send(r)
        except LostAnswerError:
            return self.wait_until_listed(r, time.time()) or self._send(r)
        except Exception as error:
            code = error_code(error)
            if code in r.already_exists_codes:
                if id_ := self.wait_until_listed(r, time.time()):
                    return id_
                raise name_conflict(r, error) from error
            if code not in _USED_UP:
                raise
        self.state.rotate_token(r.name)
        r.token = self.state.record_intent(r)
        return self._send(r)

    def _send(self, r: Resource) -> str:
        """Its creating call; one that would make a second thing is not repeated by botocore when its answer is lost."""
        with nullcontext() if r.idempotent_create else self.aws.without_retries():
            return r.create(self.aws)

    def _configure(self, r: Resource, changes: Differences) -> None:
        """Make the changes. A refusal is none where AWS has what is wanted: a call whose answer is lost is repeated."""
        while changes:
            try:
                r.configure(self.aws, changes)
            except ClientError:
                self.aws.clear_cache()
                left = self.differences(r)
                if left == changes:
                    raise
                changes = left
            else:
                return

    # ---- down

    def down(self, keep: Callable[[Resource], bool] = lambda _: False) -> DownResult:
        """Take everything away and look whether anything is left.

        Arguments:
            keep: says of each resource whether it stays; what a kept one needs stays, too.

        What could not be deleted is told by the answer, with the reason; the same command goes on from there.
        """
        self.refresh(idempotent_create=False)
        graph = self._deletion_graph()
        kept = _with_needs([r for r in graph if r.id and keep(r)])
        living = {r: [n for n in needs if n not in kept] for r, needs in graph.items() if r not in kept}
        found = tuple(stub(type(r), r.name, r.id) for r in living if r.id)
        undone = self.walk(reverse(living), self._delete)
        raise_if_stopped(undone, self.aws.stop)
        for r in found:
            if r.may_be_recreated and not undone.failed:
                r.delete(self.aws)
        listed = self.remaining(kept)
        remaining = [*listed, *(r for r in undone.failed if r.name not in {other.name for other in listed})]
        if not (remaining or kept):
            self.state.remove()
        return DownResult(found, tuple(r for r in kept if r.id), tuple(remaining), undone)

    def _deletion_graph(self) -> dict[Resource, list[Resource]]:
        """The stack's graph with the orphans in it: one goes after all of later kinds, before all of earlier ones."""
        orphans = self.orphans()
        rank, everything = self.stack.rank, [*self.stack, *orphans]
        graph = {r: list(r.needs) for r in self.stack}
        graph.update({orphan: [r for r in everything if rank(r) < rank(orphan)] for orphan in orphans})
        for r in self.stack:
            graph[r] += [orphan for orphan in orphans if rank(orphan) < rank(r)]
        return graph

    def _delete(self, r: Resource) -> None:
        if not r.id or type(r).delete is Resource.delete:  # a choice or a look-up: there is nothing to take away
            self.state.record_deletion(r.name)
            r.id = ""
            return
        self.report(r, "deleting", r.id)
        r.delete(self.aws)
        self.state.record_deletion(r.name)
        self.report(r, "deleted", r.id)
        r.id = ""

    def _delete_replaced(self, replaced: Iterable[Resource]) -> None:
        """Delete the resources that will be created again, dependents first."""
        old = set(replaced)
        graph = {r: [need for need in r.needs if need in old] for r in old}
        raise_failures(self.walk(reverse(graph), self._delete), self.aws.stop)
        self.aws.clear_cache()  # listings of before still show what is gone

    def _delete_orphans(self, orphans: list[Resource]) -> None:
        """Delete what the configuration no longer asks for, later kinds first."""
        graph = {o: [other for other in orphans if self.stack.rank(other) > self.stack.rank(o)] for o in orphans}
        raise_failures(self.walk(graph, self._delete), self.aws.stop)


def _with_needs(roots: list[Resource]) -> set[Resource]:
    """The roots and all that they need, directly or not."""
    found = set(roots)
    for root in roots:
        found |= _with_needs(list(root.needs))
    return found


def _why(r: Resource, changes: Differences) -> str:
    return "; ".join(f"{name}: {has!r} → {wants!r}" for name, (has, wants) in changes.items() if name in r.immutable)
