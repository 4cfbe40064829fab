"""The engine: what must be done (`plan`), doing it (`up`, `deploy`), undoing it (`down`). It knows no AWS service."""

import time
from collections.abc import Collection
from contextlib import nullcontext

from awsprov.aws.errors import ClientError, error_code
from awsprov.aws.retries import is_transient
from awsprov.engine.deletion import Deletion
from awsprov.engine.discovery import TAGS, logger
from awsprov.engine.graph import Walk, dependents
from awsprov.engine.plan import Change, Plan, guard_data
from awsprov.engine.resource import Differences, Resource
from awsprov.engine.results import name_conflict, raise_failures, raise_first_error, raise_if_stopped
from awsprov.errors import LostResponseError, NoStackError, RefusedError

# The token was used with other arguments, or for an instance that was terminated: a new token is needed.
_TOKEN_USED = ("IdempotentInstanceTerminated", "IdempotentParameterMismatch")


class Engine(Deletion):
    """Brings a stack on AWS to its declared state, or deletes it."""

    # ---- plan

    def plan(self, replace: Collection[str] = ()) -> Plan:
        """Compare everything and change nothing.

        Arguments:
            replace: names of resources to replace although nothing differs.

        Raises:
            UsageError: something that must already exist is missing; the error names all that is.
        """
        self.prefetch(values=True)
        changes: dict[Resource, Change] = {}
        walked = self.walk(self.stack.graph(), lambda r: changes.update({r: self._compare(r, r.name in replace)}))
        raise_first_error(walked)
        raise_if_stopped(walked, self.aws.stop)
        replaced = {r for r, change in changes.items() if change.action == "replace"}
        for r, because in self._cascading_replacements(replaced).items():
            if r.id and changes[r].action != "replace":
                logger.info("%s: replace, because %s is replaced", r.name, because)
                changes[r] = Change(r, "replace", changes[r].differences, because)
        missing = {(r.type, r.name) for r in self.stack if not r.id}  # one that is listed by now is not an orphan
        deletions = tuple(Change(o, "delete") for o in self.orphans() if (o.type, o.name) not in missing)
        return Plan(tuple(changes[r] for r in self.stack) + deletions)

    def _compare(self, r: Resource, replace: bool) -> Change:
        self.refresh_one(r)
        if not r.id and (error := r.missing_error(self.aws)):
            raise error
        differences = self.differences(r) if r.id else {}
        if not r.id:
            change = Change(r, "create")
        elif replace or r.immutable & set(differences):
            change = Change(r, "replace", differences)
        else:
            change = Change(r, "change" if differences else "keep", differences)
        logger.debug("%s: %s %s", r.name, change.action, ", ".join(differences))
        return change

    def _cascading_replacements(self, replaced: set[Resource]) -> dict[Resource, str]:
        """Return what must be replaced together with these, each with the name of the resource that triggers it."""
        graph = {r: [need for need in r.needs if need in r.replacement_triggers] for r in self.stack}
        affected = dependents(graph, replaced)
        return {r: next(need.name for need in graph[r] if need in affected) for r in affected - replaced}

    # ---- up

    def up(self, plan: Plan | None = None, *, allow_data_loss: bool = False) -> Walk[Resource]:
        """Bring everything to its declared state.

        Arguments:
            plan: the plan to apply; by default a new one.
            allow_data_loss: whether a file system may be replaced or deleted.

        Raises:
            RefusedError: data would be lost.
            PartialError: resources failed; the state is saved.
        """
        plan = plan or self.plan()
        self.drop_foreign_records()
        if plan.empty:
            return self._record_all(plan)
        guard_data(plan, allow_data_loss)
        self.delete_replaced(change.resource for change in plan.of("replace"))
        orphans = [change.resource for change in plan.of("delete")]
        in_the_way = [o for o in orphans if any(change.resource.takes_place_of(o) for change in plan.of("create"))]
        if in_the_way:
            self.delete_orphans(in_the_way)
        done = self.walk(self.stack.graph(), self._ensure)
        raise_failures(done, self.aws.stop)
        self.delete_orphans([orphan for orphan in orphans if orphan not in in_the_way])
        return done

    def _record_all(self, plan: Plan) -> Walk[Resource]:
        """Record what exists: the state may have been lost, or older libraries are declared again."""
        for change in plan.changes:
            self.state.record(change.resource)
        return Walk(done=[change.resource for change in plan.changes])

    def recover(self) -> None:
        """Find all resources and record them."""
        self.refresh()
        for r in self.stack:
            if r.id:
                self.state.record(r)

    def deploy(self) -> Walk[Resource]:
        """Update code and libraries only; all other resources are taken from the state.

        Raises:
            NoStackError: a resource that they need was never created.
            PartialError: resources failed.
        """
        return self._apply_subset([r for r in self.stack if r.deployed])

    def apply_pause(self) -> None:
        """Create or delete the pausable resources, as the stack declares them, paused or not.

        Raises:
            NoStackError: a resource that they need was never created.
            PartialError: resources failed.
        """
        self._apply_subset([r for r in self.stack if r.pausable])
        self.drop_foreign_records()
        self.delete_orphans([orphan for orphan in self.orphans() if orphan.pausable])

    def _apply_subset(self, chosen: list[Resource]) -> Walk[Resource]:
        """Bring some resources to their declared state; the others are taken from the state."""
        for r in self.stack:
            self.restore(r)
        missing = [need.name for r in chosen for need in r.needs if not need.id and need not in chosen]
        if missing:
            raise NoStackError(
                f"The stack {self.aws.stack} is not complete: {', '.join(sorted(set(missing)))} missing.",
                remedy="Run `awsprov up` first. If the stack exists and only the state is lost: `awsprov recover`.",
            )
        self.unchecked = {r for r in self.stack if r not in chosen}
        graph = {r: [need for need in r.needs if need in chosen] for r in chosen}
        done = self.walk(graph, self._ensure)
        raise_failures(done, self.aws.stop)
        return done

    def _ensure(self, r: Resource) -> None:
        """Find it by record or tags, or create it; record it; wait until it is usable; update what differs."""
        self.refresh_one(r)
        found = bool(r.id)
        if not found:
            self.check_owners(r)
            self.report(r, "creating")
            r.id = self._create(r)
            logger.info("%s created: %s", r.name, r.id)
        self.state.record(r, changing=True)  # on disk before anything else can fail
        r.wait(self.aws)
        changes = self.differences(r)
        if r.immutable & set(changes):
            raise RefusedError(f"{r.name} must be replaced.", why=_why(r, changes), remedy="Run `awsprov up` again.")
        if changes:
            if found:
                self.check_owners(r)
                self.report(r, "changing", ", ".join(changes))
            self._configure(r, changes)
            logger.info("%s updated: %s", r.name, ", ".join(changes))
        self.state.record(r)
        self.report(r, "unchanged" if found and not changes else "ready", r.id)

    def _create(self, r: Resource) -> str:
        r.token = self.state.record_intent(r)  # on disk before the call: after a crash it is repeated with this token
        try:
            return self._send(r)
        except LostResponseError:
            return self.wait_until_listed(r, time.time()) or self._send(r)
        except Exception as error:
            code = error_code(error)
            if code in r.already_exists_codes and not is_transient(error):
                if id_ := self.wait_until_listed(r, time.time()):
                    return id_
                if type(r) not in self.stack.untaggable:  # a part that is not listed does not exist
                    raise name_conflict(r, error) from error
            if code not in _TOKEN_USED:
                raise
        logger.info("%s: the token was used before, create with a new one", r.name)
        self.state.rotate_token(r.name)
        r.token = self.state.record_intent(r)
        return self._send(r)

    def _send(self, r: Resource) -> str:
        """Create it; a call that would create a second one is not repeated by botocore when its response is lost."""
        with self.writing(r), nullcontext() if r.idempotent_create else self.aws.without_retries():
            return r.create(self.aws)

    def _configure(self, r: Resource, changes: Differences) -> None:
        """Make the changes. An error counts only if nothing changed: a call whose response is lost is repeated."""
        while changes:
            try:
                with self.writing(r):
                    self._change(r, changes)
            except ClientError:
                self.aws.clear_cache()
                left = self.differences(r)
                if left == changes:
                    raise
                changes = left
            else:
                return

    def _change(self, r: Resource, changes: Differences) -> None:
        if TAGS in changes:
            has, wants = changes[TAGS]
            # Removed before others are added: IAM ignores the case of keys, and 50 tags are the limit.
            if removed := sorted(set(has) - set(wants)):
                r.untag(self.aws, removed)
            if added := {key: value for key, value in wants.items() if has.get(key) != value}:
                r.tag(self.aws, added)
        if others := {name: values for name, values in changes.items() if name != TAGS}:
            r.configure(self.aws, others)


def _why(r: Resource, changes: Differences) -> str:
    return "; ".join(f"{name}: {has!r} → {wants!r}" for name, (has, wants) in changes.items() if name in r.immutable)
