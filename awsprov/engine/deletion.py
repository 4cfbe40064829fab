"""Deletion: deletes resources of a stack, and nothing that is not the stack's. It knows no AWS service."""

import threading
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager, nullcontext

from awsprov.aws.client import Aws
from awsprov.engine.discovery import DEFAULT_WORKERS, Discovery, logger
from awsprov.engine.events import Listener, silent
from awsprov.engine.graph import Graph, Walk, reverse, walk
from awsprov.engine.ownership import not_owned, not_owned_error
from awsprov.engine.resource import Resource, stub
from awsprov.engine.results import DownResult, raise_failures, raise_first_error, raise_if_stopped
from awsprov.engine.stack import Stack
from awsprov.engine.state import State


class Deletion(Discovery):
    """Deletes resources of a stack.

    Before anything is deleted or changed, its tags on AWS show whether it is the stack's. `_delete` is the one place
    that deletes.

    Attributes:
        unchecked: resources whose IDs are those in the state, and whose existence was not checked yet.
    """

    def __init__(
        self, stack: Stack, state: State, aws: Aws, emit: Listener = silent, workers: int = DEFAULT_WORKERS
    ) -> None:
        super().__init__(stack, state, aws, emit, workers)
        self.unchecked: set[Resource] = set()
        self._foreign: list[Resource] = []  # left alone, as it is not the stack's
        self._writers: dict[str, threading.Lock] = {}

    def check_owners(self, r: Resource) -> None:
        """Check, before a change, that a resource is the stack's, and what it needs that is known from the state only.

        Raises:
            RefusedError: something is no longer the stack's.
        """
        needs = [need for need in r.needs if need in self.unchecked]
        raise_first_error(walk(dict.fromkeys([*needs, r] if r.id else needs, ()), self.check_owner, self.workers))
        self.unchecked.difference_update(needs)

    def check_owner(self, r: Resource) -> None:
        """Raise a RefusedError when a resource is no longer the stack's."""
        if self.owner(r) == "other":
            raise not_owned_error(r, self.aws)

    def writing(self, r: Resource) -> AbstractContextManager[object]:
        """Return a context in which nothing else changes what the resource is a part of, if that has one writer."""
        key = r.writer_key()
        return self._writers.setdefault(key, threading.Lock()) if key else nullcontext()

    def down(self, keep: Callable[[Resource], bool] = lambda _: False) -> DownResult:
        """Delete everything, and check that nothing remains.

        A resource that cannot be deleted is in the result with its error; the same command continues from there.

        Arguments:
            keep: returns whether a resource is kept; what it needs is kept, too.
        """
        self.drop_foreign_records()
        self.refresh(idempotent_create=False)
        graph = self._deletion_graph()
        kept = _with_needs([r for r in graph if r.id and keep(r)])
        to_delete = {r: [n for n in needs if n not in kept] for r, needs in graph.items() if r not in kept}
        found = tuple(stub(type(r), r.name, r.id) for r in to_delete if r.id)
        walked = self._delete_all(reverse(to_delete))
        raise_if_stopped(walked, self.aws.stop)
        found = tuple(r for r in found if r.id not in {other.id for other in self._foreign})
        if not walked.failed:
            self._delete_recreated(found)
        listed = self._remaining_after(walked, kept)
        remaining = [*listed, *(r for r in walked.failed if r.name not in {other.name for other in listed})]
        if not (remaining or kept):
            self.state.remove()
        return DownResult(found, tuple(self._foreign), tuple(r for r in kept if r.id), tuple(remaining), walked)

    def _remaining_after(self, walked: Walk[Resource], kept: Collection[Resource]) -> list[Resource]:
        """Return what remains; if that cannot be listed, what failed before is the reason."""
        try:
            return self.remaining(kept)
        except Exception:
            raise_failures(walked, self.aws.stop)
            raise

    def _deletion_graph(self) -> dict[Resource, list[Resource]]:
        """Return the stack's graph with orphans: each is deleted after all later kinds and before all earlier ones."""
        orphans = self.orphans()
        rank, everything = self.stack.rank, [*self.stack, *orphans]
        graph = {r: list(r.needs) for r in self.stack}
        graph.update({orphan: [r for r in everything if rank(r) < rank(orphan)] for orphan in orphans})
        for r in self.stack:
            graph[r] += [orphan for orphan in orphans if rank(orphan) < rank(r)]
        return graph

    def _delete_recreated(self, deleted: Iterable[Resource]) -> None:
        """Delete what AWS itself created again under the same name, without tags, while the rest was deleted."""
        for r in deleted:
            if r.may_be_recreated and r.fetch_tags(self.aws) in ({}, []):
                r.delete(self.aws)

    def _delete_all(self, graph: Graph[Resource]) -> Walk[Resource]:
        """Delete the resources of a graph. Their owner is read again, not taken from earlier responses."""
        self.aws.clear_cache()
        return self.walk(graph, self._delete)

    def _delete(self, r: Resource) -> None:
        """Delete a resource if its tags on AWS are the stack's. Its record is deleted in any case."""
        id_ = r.id or self.state.get(r).id
        if id_ and type(r).delete is not Resource.delete:  # else it does not exist, or is a choice or a look-up
            self._delete_if_owned(r, id_)
        self.state.record_deletion(r.name)
        r.id = ""

    def _delete_if_owned(self, r: Resource, id_: str) -> None:
        owner = self.owner(stub(type(r), r.name, id_))
        if owner == "other":
            self._leave(r, id_)
        elif r.id:
            self.report(r, "deleting", r.id)
            if owner == "stack":
                with self.writing(r):
                    r.delete(self.aws)
            logger.info("%s deleted: %s", r.name, r.id)
            self.report(r, "deleted", r.id)

    def _leave(self, r: Resource, id_: str) -> None:
        """Report that a resource is no longer the stack's."""
        logger.warning("%s (%s) is no longer the stack's: left alone", r.name, id_)
        if (r.name, id_) not in {(other.name, other.id) for other in self._foreign}:
            self._foreign.append(stub(type(r), r.name, id_))
        self.report(r, "left", f"{id_} is {not_owned(r, self.aws)}")

    def drop_foreign_records(self) -> None:
        """Delete the records of what is no longer declared, and belongs to somebody else or cannot be deleted."""
        for r in self.undeclared():
            if type(r).delete is Resource.delete:
                self.state.record_deletion(r.name)
            elif self.owner(r) == "other":
                self._leave(r, r.id)
                self.state.record_deletion(r.name)

    def delete_replaced(self, replaced: Iterable[Resource]) -> None:
        """Delete the resources that will be created again, dependents first."""
        old = set(replaced)
        graph = {r: [need for need in r.needs if need in old] for r in old}
        raise_failures(self._delete_all(reverse(graph)), self.aws.stop)
        self.aws.clear_cache()  # cached listings still have them

    def delete_orphans(self, orphans: list[Resource]) -> None:
        """Delete what is no longer declared, later kinds first."""
        graph = {o: [other for other in orphans if self.stack.rank(other) > self.stack.rank(o)] for o in orphans}
        raise_failures(self._delete_all(graph), self.aws.stop)
        self.aws.clear_cache()  # cached listings still have them


def _with_needs(roots: list[Resource]) -> set[Resource]:
    """Return the roots and all that they need, directly or not."""
    found = set(roots)
    for root in roots:
        found |= _with_needs(list(root.needs))
    return found
