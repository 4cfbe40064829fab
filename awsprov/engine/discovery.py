"""Discovery: finds the resources of a stack on AWS and compares them with the declared ones. Changes nothing."""

import logging
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial

from awsprov.aws.client import Aws
from awsprov.aws.errors import explain
from awsprov.engine.events import Event, Listener, Step, silent
from awsprov.engine.graph import Graph, Walk, walk
from awsprov.engine.ownership import Owner, owner
from awsprov.engine.record import Record
from awsprov.engine.resource import Differences, Resource, stub
from awsprov.engine.results import raise_first_error
from awsprov.engine.stack import Stack
from awsprov.engine.state import State
from awsprov.errors import AwsprovError, InterruptedByUserError, TimedOutError

logger = logging.getLogger("awsprov.engine")

# Seconds within which AWS may not yet list what was just created (its services document no bound; one or two seconds
# are usual). Only the repetition of an interrupted command ever waits for this.
SETTLED_AFTER = 10.0
DEFAULT_WORKERS = 16
TAGS = "tags"  # the name of the difference between the tags of config.yaml and those of a resource
_PREFETCH_WORKERS = 64  # calls at once: they wait for AWS, and for each other's results


class Discovery:
    """Finds and compares the resources of a stack.

    Once `aws.stop` is set, nothing new starts and all waits end; what runs is finished and recorded.

    Arguments:
        stack: the declared resources, in order.
        state: what is recorded of them.
        aws: the clients.
        emit: is called with every event.
        workers: how many resources are worked on at once.
    """

    def __init__(
        self,
        stack: Stack,
        state: State,
        aws: Aws,
        emit: Listener = silent,
        workers: int = DEFAULT_WORKERS,
    ) -> None:
        self.stack, self.state, self.aws, self.emit = stack, state, aws, emit
        self.workers = workers

    def refresh(self, idempotent_create: bool = True) -> None:
        """Set the id of every resource, parents first: a child is found through its parent. Empty if it is missing.

        Arguments:
            idempotent_create: see `refresh_one`.
        """
        self.prefetch()
        raise_first_error(self.walk(self.stack.graph(), lambda r: self.refresh_one(r, idempotent_create)))

    def prefetch(self, *, values: bool = False) -> None:
        """Make the calls of a walk in parallel, as far as the state has the ids they need.

        The results are cached. A call that fails here is made again by the walk, and fails there.

        Arguments:
            values: whether the walk will read the values of the resources, too.
        """
        for r in self.stack:
            self.restore(r)
        calls: list[Callable[[Aws], object]] = [kind.owned for kind in self.stack.kinds]
        calls += [partial(_prefetch_one, r, values) for r in self.stack if r.id]
        walk(dict.fromkeys(calls, ()), self._call, _PREFETCH_WORKERS, self.aws.stop)

    def _call(self, call: Callable[[Aws], object]) -> None:
        call(self.aws)

    def owned(self) -> list[Resource]:
        """Return everything on AWS that carries this stack's tags, whether declared or not, in order of creation."""
        found: list[Resource] = []

        def visit(kind: type[Resource]) -> None:
            owned = kind.owned(self.aws)
            found.extend(stub(kind, name, each) for name, ids in owned.items() for each in ids)

        raise_first_error(walk(dict.fromkeys(self.stack.kinds, ()), visit, self.workers))
        return sorted(found, key=lambda r: (self.stack.rank(r), r.name, r.id))

    def refresh_one(self, r: Resource, idempotent_create: bool = True) -> None:
        """Set the id of one resource; wait for what an interrupted run may have created and AWS does not list yet.

        Arguments:
            r: the resource.
            idempotent_create: whether it will be created if it is missing. Then there is no need to wait for one whose
                creation can be repeated.
        """
        record = self.restore(r)
        r.id = r.find(self.aws)
        repeatable = idempotent_create and r.idempotent_create
        may_exist = record.at and not r.id and not r.virtual and (record.id or not repeatable)
        if may_exist and _seconds_until_listed(record.at):
            self.report(r, "looking", "for what an interrupted run may have created")
            r.id = self.wait_until_listed(r, record.at)
        _log_found(r, record)

    def wait_until_listed(self, r: Resource, since: float) -> str:
        """Return the id of a resource once AWS lists it; empty when AWS must have listed it by now.

        Arguments:
            r: the resource.
            since: when it may have been created, in seconds since the epoch.
        """
        recorded = self.state.get(r).id

        def probe() -> str:
            self.aws.clear_cache()
            r.id = recorded
            return r.find(self.aws)

        with suppress(TimedOutError):
            return self.aws.wait_until(probe, max(_seconds_until_listed(since), 1.0), r.name, maximum_delay=1.0)
        return ""

    def remaining(self, kept: Collection[Resource]) -> list[Resource]:
        """Return what AWS still lists of this stack, once it had time to list the effect of all calls.

        Arguments:
            kept: resources that were kept on purpose.
        """
        kept_ids = {r.id for r in kept}
        intended = [record.at for record in self.state.records.values() if not record.id]
        settled = time.monotonic() + _seconds_until_listed(max(intended, default=0.0))
        left: list[Resource] = []

        def sweep() -> bool:
            self.aws.clear_cache()
            left[:] = [r for r in self.owned() if r.id not in kept_ids]
            return not left and time.monotonic() > settled

        with suppress(TimedOutError):
            self.aws.wait_until(sweep, SETTLED_AFTER, "all deletions to be listed")
        return left

    def orphans(self) -> list[Resource]:
        """Return what exists, by its tags or by the state, but is no longer declared.

        What is in the state and belongs to somebody else is not returned, nor are choices and look-ups, which cannot be
        deleted.
        """
        declared = {(r.type, r.name) for r in self.stack}
        declared_ids = {r.id for r in self.stack}
        listed = [r for r in self.owned() if (r.type, r.name) not in declared or r.id not in declared_ids]
        known = {(r.type, r.id) for r in listed}
        recorded = [r for r in self.undeclared() if type(r).delete is not Resource.delete]
        recorded = [r for r in recorded if (r.type, r.id) not in known and self.owner(r) != "other"]
        for orphan in (found := listed + recorded):
            logger.info("%s %s (%s) is not declared", orphan.type, orphan.name, orphan.id)
            self._attach(orphan)
        return found

    def undeclared(self) -> list[Resource]:
        """Return what is in the state but no longer declared, whether it exists or not."""
        declared = {(r.type, r.name) for r in self.stack}
        kinds = {kind.__name__: kind for kind in self.stack.kinds}
        return [
            stub(kinds[record.type], name, record.id)
            for name, record in self.state.records.items()
            if record.id and (record.type, name) not in declared and record.type in kinds
        ]

    def owner(self, r: Resource) -> Owner:
        """Return the current owner of what AWS has under a resource's ID."""
        if r.virtual and type(r) not in self.stack.untaggable:
            return "stack"  # nothing on AWS has its id
        return owner(r, self.aws, self.stack.untaggable)

    def restore(self, r: Resource) -> Record:
        """Set the recorded id and token of a resource, and emit what it reports from now on."""
        record = self.state.get(r)
        r.id, r.token, r.added, r.own_tags = record.id, record.token, record.added, tuple(self.aws.own_tags)
        self._attach(r)
        return record

    def _attach(self, r: Resource) -> None:
        """Emit what a resource waits for, and what remote work prints."""
        r.on_wait = lambda detail: self.report(r, "waiting", detail)
        r.on_output = lambda line: self.report(r, "output", line)

    def differences(self, r: Resource) -> Differences:
        """Return the arguments whose values on AWS differ from the declared ones."""
        actual, wanted = r.read(self.aws), r.wanted(self.aws)
        differing = {name: (value, wanted[name]) for name, value in actual.items() if value != wanted[name]}
        return {**differing, **self._tag_differences(r)}

    def _tag_differences(self, r: Resource) -> Differences:
        """Return `tags` if those of config.yaml differ, or one that it had earlier is still there."""
        declared = dict(self.aws.own_tags)
        keys = {*declared, *r.added.get("tags", [])}
        if not (keys and r.is_taggable()) or type(r) in self.stack.untaggable:
            return {}
        has = {key: value for key, value in r.tags(self.aws).items() if key in keys}
        return {} if has == declared else {TAGS: (has, declared)}

    def walk(self, graph: Graph[Resource], visit: Callable[[Resource], None]) -> Walk[Resource]:
        """Visit all resources in the order of their needs; emit an event for each that fails."""
        result = walk(graph, lambda r: self._visit(r, visit), self.workers, self.aws.stop, lambda r: r.typical_seconds)
        for r in result.skipped:
            logger.info("%s skipped", r.name)
        return result

    def _visit(self, r: Resource, visit: Callable[[Resource], None]) -> None:
        threading.current_thread().name = r.name  # for the debug log: whose calls these are
        try:
            visit(r)
        except Exception as error:
            described = explain(error) or error
            _log_failure(r, described)
            self.report(r, "stopped" if isinstance(described, InterruptedByUserError) else "failed", str(described))
            raise described from error

    def report(self, r: Resource, step: Step, detail: str = "") -> None:
        """Emit an event of a resource."""
        self.emit(Event(r.name, step, detail))


def _prefetch_one(r: Resource, values: bool, aws: Aws) -> None:
    if r.find(aws) == r.id and values:
        r.read(aws)
        r.wanted(aws)


def _seconds_until_listed(at: float) -> float:
    """Return how long AWS may still not list what was created at a time. A time in the future counts as now.

    The clock may have been set back since, and another machine may have a wrong one.
    """
    now = time.time()
    return max(0.0, min(at, now) + SETTLED_AFTER - now)


def _log_found(r: Resource, record: Record) -> None:
    if r.id:
        logger.debug("%s found by %s: %s", r.name, "record" if r.id == record.id else "tags or name", r.id)
    else:
        logger.debug("%s not found%s", r.name, f", recorded as {record.id}" if record.id else "")


def _log_failure(r: Resource, error: Exception) -> None:
    """Log an error without its message, which can contain values."""
    if isinstance(error, AwsprovError) and error.aws_code:
        about = f"{error.operation} {error.aws_code}, request id {error.request_id or '-'}"
    else:
        about = type(error).__name__
    logger.error("%s failed: %s", r.name, about)
