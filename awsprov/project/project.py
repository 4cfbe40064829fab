"""The operations on a stack: what `awsprov plan`, `up`, `down` and the others do, without a terminal."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from awsprov.aws import invocation
from awsprov.engine.lock import locked
from awsprov.engine.plan import Plan
from awsprov.engine.plan_file import differing
from awsprov.engine.resource import Resource
from awsprov.engine.results import DownResult
from awsprov.engine.state import State
from awsprov.errors import AwsprovError, NoStackError, RefusedError, UsageError
from awsprov.project.library_locking import LibraryLocking
from awsprov.project.status import Status, stack_status
from awsprov.project.uploads import check_new_code
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.builder_errors import no_builder
from awsprov.resources.compute.libraries import Libraries
from awsprov.resources.compute.published_files import PublishedFiles
from awsprov.resources.function.alias import LIVE, Alias
from awsprov.resources.function.function import Function
from awsprov.resources.function.versions import Version
from awsprov.resources.network.route_tables import ADDRESSES_KEPT, NOT_PAUSED, RouteTable, tagged_pause
from awsprov.resources.storage.file_system import FileSystem


class Project(LibraryLocking):
    """A config.yaml and its stack.

    Arguments:
        config: the path of config.yaml.
        stage: one of the stages in it.
        local: whether to use the local cloud of the variables that `awsprov local env` prints, and nothing else.
        profile: a profile of the AWS CLI, in place of the configuration's.
        region: an AWS region, in place of the configuration's.
        state_dir: where state and keys are kept; by default `.awsprov` beside config.yaml.
        allow: the variables that may be sent to a package index, each as `NAME@HOST`.
        on_event: called with each step of each resource, from several threads; an exception in it ends the step.
        lease: how long the shared lock lasts, with `shared` in the configuration.
        like: for a new stage that is not in the configuration: the one whose values it takes.

    Raises:
        UsageError: the configuration is wrong, or the local cloud's variables are not set. No call was made to AWS.
    """

    def plan(self, replace: Collection[str] = ()) -> Plan:
        """Compare the stack with the configuration, and change nothing.

        Arguments:
            replace: names of resources to replace although nothing differs.

        Raises:
            RefusedError: resolving the libraries needs a variable, which only `lock`, `up` and `deploy` may send.
            UsageError: the code of a new function cannot be uploaded.
        """
        self.resolve_libraries(read_only=True)
        self.compare()  # creates clients while the account is asked for, which the state needs
        self._check_network()
        self.aws.clear_cache()
        self._plan = self.engine().plan(replace)
        check_new_code(self._plan)
        if self._plan.first and self.config.network.subnets:
            from awsprov.doctor import check_existing  # for a stack's first plan only

            check_existing(self.aws, self.config, self.stack)
        return self._plan

    def _check_network(self) -> None:
        """Refuse to move a stack to another kind of network: a file system has mount targets in one VPC at a time."""
        other = "vpc" if self.config.network.subnets else "existing-vpc"
        if other in self.state.records:
            raise RefusedError(
                "The stack cannot move between a network of its own and an existing one.",
                why="Its file system has mount targets in one VPC, and its functions use them.",
                remedy="Undo the change of `network.subnets`; or `awsprov down`, and then `awsprov up`.",
            )

    def current(self, plan: Plan) -> Plan:
        """Return a plan that still holds: this one, or a new one with the same changes when the state has changed.

        Raises:
            RefusedError: the stack has changed since the plan was made.
        """
        if plan is self._plan:
            return plan
        again = self.plan(plan.forced)
        if names := differing(plan, again):
            raise RefusedError(
                "The stack has changed since the plan was made; nothing was done.",
                why=f"Changed: {', '.join(names)}.",
                remedy="Run the same command again, and read the new plan.",
            )
        return again

    def up(self, plan: Plan | None = None, *, allow_data_loss: bool = False) -> Plan:
        """Create or update everything in the configuration. Return the plan that was carried out.

        Arguments:
            plan: a plan to carry out exactly; without one, whatever is needed is done.
            allow_data_loss: whether a file system may be replaced or deleted.

        Raises:
            RefusedError: data would be lost, or the stack has changed since the plan was made.
            PartialError: some of it failed. Call it again to continue from there.
        """
        with self.lock():
            if plan is not None:
                self.aws.clear_cache()  # the answers that the plan was made from may be out of date
            self.resolve_libraries(build=True)
            found = self.plan() if plan is None else self.current(plan)
            self.check_account(found)
            self.write_lock()
            self.apply(found, allow_data_loss=allow_data_loss)
            if self.builder_is_done():
                self.apply(self.plan())
        return found

    def check_account(self, plan: Plan) -> None:
        """Before anything is created: check that the libraries can be installed; for a new stack quotas and names, too.

        Raises:
            AwsprovError: the creation would fail half-way.
            RefusedError: a package index needs a variable that is not allowed.
        """
        if any(isinstance(change.resource, Libraries) for change in plan.of("create", "replace", "change")):
            self.config.environment.lock.check_access(self.index_access)
        if plan.first:
            from awsprov.doctor import raise_failures, run_checks  # for a stack's first plan only

            raise_failures(run_checks(self.aws, self.config, self.stack, only_failing=True))

    def apply(self, plan: Plan, *, allow_data_loss: bool = False) -> None:
        """Carry out a plan that was made under the lock, or that `current` returned there."""
        with self._idle_builder():
            self.engine().up(plan, allow_data_loss=allow_data_loss)
        self._plan = None

    @contextmanager
    def _idle_builder(self) -> Iterator[None]:
        """Apply `builder.when_idle` at the end, if a failure elsewhere kept the libraries from being published."""
        failed = True
        try:
            yield
            failed = False
        finally:
            for builder in self.stack.of(Builder):
                if builder.started_here and builder.id:
                    builder.apply_idle_policy(self.aws)
                if failed and builder.terminated_here:  # else EC2 could return it for the token of the next one
                    self.state.record_deletion(builder.name)

    def builder_is_done(self) -> bool:
        """Return whether the libraries have just been published: the next plan deletes the builder then."""
        if self.config.builder.is_permanent or self.built:
            return False
        self.redeclare()
        self.aws.clear_cache()
        return True

    def deploy(self) -> dict[str, str]:
        """Update code and libraries, and nothing else. Return the new ids of libraries, versions and aliases by name.

        Raises:
            NoStackError: the stack is not complete.
            PartialError: some of it failed. Call it again to continue from there.
        """
        self.resolve_libraries(build=True)
        if not self.state.has_id(self.config.environment.name):
            self.config.environment.lock.check_access(self.index_access)
        with self.lock() as state:
            self.write_lock()
            if not (self.config.builder.is_permanent or self.built or "builder" in state.records):
                raise no_builder()
            self.aws.clear_cache()
            with self._idle_builder():
                done = self.engine().deploy().done
        return {r.name: r.id for r in done if isinstance(r, Alias | Version | Libraries | PublishedFiles)}

    def down(self, *, keep_data: bool = False, keep_network: bool = False, check: bool = True) -> DownResult:
        """Delete the stack, and check that nothing is left.

        Arguments:
            keep_data: whether the file system stays; the next `up` finds it again.
            keep_network: whether VPC, subnets, gateways and security groups stay.
            check: whether to raise when something remains.

        Raises:
            PartialError: something remains. Call it again to continue from there.
        """
        with self.lock():
            self.aws.clear_cache()
            result = self.engine().down(
                lambda r: (keep_data and isinstance(r, FileSystem)) or (keep_network and r.area == "network")
            )
        if check:
            result.check()
        return result

    def pause(self, *, keep_address: bool = False) -> None:
        """Delete the NAT gateways, or the NAT instance, and stop the builder; file system, functions and API stay.

        Arguments:
            keep_address: keep the gateways' public addresses, which AWS continues to bill.
        """
        with self.lock():
            self.set_paused(True, keep_address)
            self.apply_pause()

    def resume(self) -> None:
        """Create the NAT of a paused stack again; with new public addresses, unless those were kept."""
        with self.lock():
            self.set_paused(False)
            self.apply_pause()

    def set_paused(self, paused: bool, keep_address: bool = False) -> None:
        """Record what is wanted before anything is done: after a crash, the same command finishes the work.

        If the stack is already paused, its addresses are kept if they were before.

        Raises:
            NoStackError: nothing of the stack is recorded.
        """
        with self.lock() as state:
            self.require_stack()
            state.set_paused(paused, state.keeps_addresses if state.paused else keep_address)
            self._forget(state.pause)

    def apply_pause(self) -> None:
        """Delete or create NAT gateways or instance, stop or start the builder, as `set_paused` has recorded."""
        with self.lock():
            self.engine().apply_pause()
            for builder in self.stack.of(Builder):
                if builder.id.startswith("i-") and self.config.paused:
                    builder.stop(self.aws)
                elif builder.id.startswith("i-") and builder.when_idle == "keep":
                    builder.start(self.aws)

    def recover(self) -> list[Resource]:
        """Find the stack's resources by their tags on AWS, and record them, and whether the stack is paused.

        A state file that cannot be read is kept, with `.bad` at the end of its name.

        Returns:
            The resources that were found.
        """
        with locked(self.state_path):
            self._set_aside_broken_state()
        with self.lock() as state:
            lost = not state.records
            self.aws.clear_cache()
            if lost:
                state.renew_tokens()
            self.engine().recover()
            if lost:
                self._recover_pause(state)
        return self.stack.present

    def _recover_pause(self, state: State) -> None:
        """Record that the stack is paused, if its tags say so: it is declared without NAT then."""
        pause = tagged_pause(self.aws, self.stack.of(RouteTable))
        if pause != NOT_PAUSED:
            state.set_paused(True, pause == ADDRESSES_KEPT)
            self._forget(state.pause)
            self.engine().recover()

    def _set_aside_broken_state(self) -> None:
        """Rename the state file if it cannot be read."""
        try:
            _ = self.state
        except UsageError:
            with suppress(FileNotFoundError):  # the shared state is the broken one
                self.state_path.rename(f"{self.state_path}.bad")

    def status(self) -> Status:
        """Return the stack's existing resources, the health of its functions, and their URLs, as AWS reports them.

        Raises:
            NoStackError: nothing exists.
        """
        self.aws.clear_cache()
        self.engine().refresh()
        if not self.stack.present:
            raise self.no_stack()
        return stack_status(self.stack, self.aws, self.config)

    def invoke(self, payload: Any = None, function: str | None = None, *, qualifier: str = LIVE) -> Any:
        """Call a function through Lambda, and return its result.

        Arguments:
            payload: the event; anything that JSON can hold.
            function: the function's name in the configuration; not needed when there is only one.
            qualifier: a version or an alias.

        Raises:
            AwsprovError: the function failed; `why` holds its last log lines.
        """
        name = self.config.function_name(function)
        reply = invocation.invoke(self.aws, self.function_id(name), qualifier, json.dumps(payload).encode())
        if reply.error:
            raise AwsprovError(
                f"{name} failed: {reply.failure}",
                why=reply.log,
                remedy=f"`awsprov logs {name} --errors` shows all lines about failures.",
            )
        return invocation.parse_json(reply.payload)

    def function(self, name: str) -> Function:
        """Return a function of the configuration as a resource, given its name there."""
        return next(each for each in self.stack.of(Function) if each.name == name)

    def function_id(self, function: str) -> str:
        """Return a function's name on AWS.

        Raises:
            NoStackError: it does not exist there.
        """
        self.aws.clear_cache()
        found = self.function(function).find(self.aws)
        if not found:
            raise NoStackError(f"Function {function} does not exist.", remedy="`awsprov up` creates it.")
        return found
