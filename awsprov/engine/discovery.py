"""What a stack looks like on AWS: found by record, tags or name, compared with what is wanted. Changes nothing."""

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial

from awsprov.aws.client import Aws
from awsprov.aws.errors import explain
from awsprov.engine.events import Event, Listener, Step, silent
from awsprov.engine.graph import Graph, Walk, walk
from awsprov.engine.resource import Differences, Resource, stub
from awsprov.engine.results import raise_first_error
from awsprov.engine.stack import Stack
from awsprov.engine.state import Record, State
from awsprov.errors import TimedOutError

# Seconds within which AWS may not yet list what it has just made (its services document no bound; a second or two is
# usual). Only the repetition of an interrupted command ever waits for this.
SETTLED_AFTER = 10.0
_PREFETCH_WORKERS = 64  # questions at once: they wait for AWS, and for one another's answers


class Discovery:
    """Looks at a stack.

    Arguments:
        stack: the resources, in order.
        state: what was written down of them.
        aws: the clients.
        emit: hears of every step.
        workers: how many resources are worked on at once.

    Once `aws.stop` is set, nothing new starts and nothing is waited for; what runs is finished and written down.
    """

    def __init__(
        self,
        stack: Stack,
        state: State,
        aws: Aws,
        emit: Listener = silent,
        workers: int = 16,
    ) -> None:
        self.stack, self.state, self.aws, self.emit = stack, state, aws, emit
        self.workers = workers

    def refresh(self, idempotent_create: bool = True) -> None:
        """Find every resource, from the top: its id is known or empty then. A child is found through its parent."""
        self.prefetch()
        raise_first_error(self.walk(self.stack.graph(), lambda r: self.refresh_one(r, idempotent_create)))

    def prefetch(self, *, values: bool = False) -> None:
        """Ask side by side what a walk asks one thing after the other, as far as the state tells whom to ask about.

        The answers are remembered. What fails here is asked again by who needs it, and fails there.

        Arguments:
            values: whether the values of what stands will be asked for, too.
        """
        for r in self.stack:
            self.restore(r)
        questions: list[Callable[[Aws], object]] = [kind.owned for kind in self.stack.kinds]
        questions += [partial(_prefetch_one, r, values) for r in self.stack if r.id]
        walk(dict.fromkeys(questions, ()), self._ask, _PREFETCH_WORKERS, self.aws.stop)

    def _ask(self, question: Callable[[Aws], object]) -> None:
        question(self.aws)

    def owned(self) -> list[Resource]:
        """Everything on AWS that carries this stack's tags, whether declared or not."""
        found: list[Resource] = []

        def visit(kind: type[Resource]) -> None:
            owned = kind.owned(self.aws)
            found.extend(stub(kind, name, each) for name, ids in owned.items() for each in ids)

        raise_first_error(walk(dict.fromkeys(self.stack.kinds, ()), visit, self.workers))
        return sorted(found, key=lambda r: (self.stack.rank(r), r.name, r.id))

    def refresh_one(self, r: Resource, idempotent_create: bool = True) -> None:
        """Find it; what an interrupted run may have made is waited for, unless a repeated call will give the same."""
        record = self.restore(r)
        r.id = r.find(self.aws)
        unseen = (
            record.at and not r.id and not r.virtual and (record.id or not (idempotent_create and r.idempotent_create))
        )
        if unseen and time.time() - record.at < SETTLED_AFTER:
            self.report(r, "looking", "for what an interrupted run may have made")
            r.id = self.wait_until_listed(r, record.at)

    def wait_until_listed(self, r: Resource, since: float) -> str:
        """Its id, looked for until AWS must show what was made then (seconds since the epoch); empty after that."""
        recorded = self.state.get(r).id

        def probe() -> str:
            self.aws.clear_cache()
            r.id = recorded
            return r.find(self.aws)

        with suppress(TimedOutError):
            return self.aws.wait_until(probe, max(since + SETTLED_AFTER - time.time(), 1.0), r.name, maximum_delay=1.0)
        return ""

    def remaining(self, kept: Collection[Resource]) -> list[Resource]:
        """What AWS still lists of this stack, once deletions, and what a crash may have left, had time to show."""
        kept_ids = {r.id for r in kept}
        intended = [record.at for record in self.state.records.values() if not record.id]
        settled = max(intended, default=0.0) + SETTLED_AFTER

        left: list[Resource] = []

        def sweep() -> bool:
            self.aws.clear_cache()
            left[:] = [r for r in self.owned() if r.id not in kept_ids]
            return not left and time.time() > settled

        with suppress(TimedOutError):
            self.aws.wait_until(sweep, SETTLED_AFTER, "all to show")
        return left

    def orphans(self) -> list[Resource]:
        """What is ours and stands, by AWS's word or our own, but is not declared (any more)."""
        declared = {(r.type, r.name) for r in self.stack}
        declared_ids = {r.id for r in self.stack}
        listed = [r for r in self.owned() if (r.type, r.name) not in declared or r.id not in declared_ids]
        kinds, ids = {kind.__name__: kind for kind in self.stack.kinds}, {r.id for r in listed}
        written = [
            stub(kinds[record.type], name, record.id)
            for name, record in self.state.records.items()
            if record.id and (record.type, name) not in declared and record.id not in ids and record.type in kinds
        ]
        for orphan in (found := listed + written):
            self._attach(orphan)
        return found

    def restore(self, r: Resource) -> Record:
        """Set what was written down of it, and hear it from now on."""
        record = self.state.get(r)
        r.id, r.token = record.id, record.token
        self._attach(r)
        return record

    def _attach(self, r: Resource) -> None:
        """Pass on what it says."""
        r.on_wait = lambda detail: self.report(r, "waiting", detail)
        r.on_output = lambda line: self.report(r, "output", line)

    def differences(self, r: Resource) -> Differences:
        """The arguments that AWS has otherwise than they are wanted."""
        has, wants = r.read(self.aws), r.wanted(self.aws)
        return {name: (value, wants[name]) for name, value in has.items() if value != wants[name]}

    def walk(self, graph: Graph[Resource], visit: Callable[[Resource], None]) -> Walk[Resource]:
        """Visit all in the order of their needs; errors come in our words, and are told as events."""
        result = walk(graph, lambda r: self._visit(r, visit), self.workers, self.aws.stop, lambda r: r.typical_seconds)
        self.state.compact()
        return result

    def _visit(self, r: Resource, visit: Callable[[Resource], None]) -> None:
        try:
            visit(r)
        except Exception as error:
            told = explain(error) or error
            self.report(r, "failed", str(told))
            raise told from error

    def report(self, r: Resource, step: Step, detail: str = "") -> None:
        """Listener an event."""
        self.emit(Event(r.name, step, detail))


def _prefetch_one(r: Resource, values: bool, aws: Aws) -> None:
    """Find a resource where it was recorded; read it, and work out what is wanted while others wait for AWS."""
    if r.find(aws) == r.id and values:
        r.read(aws)
        r.wanted(aws)
