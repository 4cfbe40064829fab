"""The context of all operations on a stack: its configuration, clients, declared resources and recorded state."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Self

from awsprov.aws.client import Aws
from awsprov.aws.local_endpoint import LocalEndpoint
from awsprov.aws.object_store import ObjectStore
from awsprov.config.models import Config
from awsprov.engine.engine import Engine
from awsprov.engine.events import Listener, silent
from awsprov.engine.lease import LeaseTimes
from awsprov.engine.lock import Holder
from awsprov.engine.plan import Plan
from awsprov.engine.resource import Resource
from awsprov.engine.sharing import SharedState
from awsprov.engine.stack import Stack
from awsprov.engine.state import State
from awsprov.engine.state_file import recorded_pause
from awsprov.errors import NoStackError
from awsprov.packaging.index_access import IndexAccess, parse_allowance
from awsprov.paths import StackLocation
from awsprov.project.recorded_stages import other_stages, stages_note
from awsprov.project.recorded_state import RecordedState
from awsprov.project.stages import load_stage, look_up_on
from awsprov.resources.compute.build import Build
from awsprov.resources.network.existing import ExistingVpc
from awsprov.resources.network.vpc import Vpc
from awsprov.resources.storage.existing import ExistingFileSystem
from awsprov.resources.storage.file_system import FileSystem
from awsprov.stack.declaration import declare_stack


class StackContext:
    """The configuration, the clients, the declared resources and the recorded state of one stack.

    Its arguments and errors are those of `Project`, which documents them.
    """

    def __init__(
        self,
        config: str | Path = "config.yaml",
        *,
        stage: str = "",
        local: bool = False,
        profile: str | None = None,
        region: str | None = None,
        state_dir: str | Path | None = None,
        allow: Collection[str] = (),
        on_event: Listener = silent,
        lease: LeaseTimes | None = None,
        like: str = "",
    ) -> None:
        location = StackLocation(Path(config), stage, Path(state_dir) if state_dir else None, local, like)
        endpoint = LocalEndpoint.from_environment() if local else None
        loaded = load_stage(location, look_up_on(endpoint, profile, region), files=True, region=region)
        self._open(
            loaded, location, endpoint, profile=profile, region=region, allow=allow, on_event=on_event, lease=lease
        )

    @classmethod
    def from_config(
        cls,
        config: Config,
        location: StackLocation,
        local: LocalEndpoint | None,
        *,
        profile: str | None = None,
        region: str | None = None,
        allow: Collection[str] = (),
    ) -> Self:
        """Return the project of a configuration that was loaded from `location.config`, for that stage.

        Arguments:
            local: the local cloud; None for AWS.
        """
        project = cls.__new__(cls)
        project._open(config, location, local, profile=profile, region=region, allow=allow)
        return project

    def _open(
        self,
        loaded: Config,
        location: StackLocation,
        local: LocalEndpoint | None,
        *,
        profile: str | None,
        region: str | None,
        allow: Collection[str],
        on_event: Listener = silent,
        lease: LeaseTimes | None = None,
    ) -> None:
        self.location, self._local, self._lease_times = location, local, lease or LeaseTimes()
        self.state_path = location.state_file(loaded.name)
        changed = {**recorded_pause(self.state_path), "region": region or loaded.region}
        python = {"local_python": local.python} if local else {}
        self.config: Config = loaded.model_copy(update=changed | python)
        self.index_access = IndexAccess(frozenset(map(parse_allowance, allow)))
        self.on_event = on_event
        self._profile = None if local else profile or loaded.profile
        self._plan: Plan | None = None  # the last one, while nothing is known to have changed since
        self._comparing = False

    @property
    def detach_others(self) -> bool:
        """Whether what others attached to the stack's roles is removed."""
        return self.config.detach_others

    @detach_others.setter
    def detach_others(self, wanted: bool) -> None:
        self.config = self.config.model_copy(update={"detach_others": wanted})
        self.redeclare()

    @cached_property
    def aws(self) -> Aws:
        """The clients of the account and region."""
        config = self.config
        where = (config.stack, config.region, self._profile, self._local)
        aws = Aws(*where, role_path=config.roles.path, own_tags=config.tags)
        aws.like = config.like
        return aws

    @property
    def where(self) -> str:
        """The region; or the endpoint, when that is not AWS's own."""
        return self.aws.endpoint or self.config.region

    @property
    def event_log(self) -> Path:
        """The file with what earlier runs did to the stack."""
        return self.state_path.with_suffix(".events.jsonl")

    @property
    def installation_log(self) -> Path:
        """The file with the output of the last installation of libraries."""
        return self.state_path.with_suffix(".installation.jsonl")

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is not AWS's own: there only the libraries take long."""
        return bool(self.aws.endpoint)

    @property
    def state(self) -> State:
        """The recorded state, as it was last read; read-only, unless the lock is held."""
        state = self._recorded.last_read
        if state is None:
            state = self._recorded.read()
            self._apply_pause(state)
        return state

    @cached_property
    def _recorded(self) -> RecordedState:
        return RecordedState(self.state_path, self.aws, self.shared)

    @cached_property
    def shared(self) -> SharedState | None:
        """The shared lock and state; None without `shared` in the configuration."""
        location = self.config.shared_location
        return SharedState(ObjectStore(self.aws, location), self.state_path, self._lease_times) if location else None

    def _apply_pause(self, state: State) -> None:
        """Declare the stack again if it is paused now, or is no longer."""
        if state.pause != {"paused": self.config.paused, "keeps_addresses": self.config.keeps_addresses}:
            self._forget(state.pause)

    @cached_property
    def stack(self) -> Stack:
        """The resources that the configuration declares."""
        ssh_from = str(self.config.builder.ssh_from)
        if ssh_from == "auto" and self._comparing:
            _ = self.aws.caller  # missing credentials are reported before a missing network
            ssh_from = f"{self.aws.address()}/32"
        stack = declare_stack(self.config, ssh_from, built=self.built)
        for build in stack.of(Build):
            build.index_access = self.index_access
        if self.config.paused:
            vpcs: list[Resource] = [*stack.of(Vpc), *stack.of(ExistingVpc)]
            vpcs[0].note = "The stack is paused. `awsprov resume` creates what `awsprov pause` deleted."
        return stack

    @property
    def resumed_stack(self) -> Stack:
        """The resources that the stack has when it is not paused; their ids are unknown."""
        config = self.config.model_copy(update={"paused": False})
        return declare_stack(config, str(config.builder.ssh_from), built=self.built)

    @cached_property
    def built(self) -> bool:
        """Whether libraries and files are published, and the builder is not kept.

        A plan asks AWS, others read the state.
        """
        if self.config.builder.is_permanent:
            return False
        if self._comparing:
            return self.environments <= {*_published(self.aws, self.config)}
        return all(self.state.has_id(name) for name in self.environments)

    @property
    def environments(self) -> set[str]:
        """The names of the configured environments: of the libraries, and of files."""
        files = self.config.file_environment
        return {self.config.environment.name, *([files.name] if files else [])}

    def engine(self) -> Engine:
        """Return an engine for the stack."""
        state = self.state  # first: the declared stack depends on whether it is paused
        return Engine(self.stack, state, self.aws, self.on_event)

    def compare(self) -> None:
        """Declare the stack with what only a comparison needs, and a call returns: this machine's address."""
        self.aws.warm_up()
        if not self._comparing:
            self._comparing = True
            self.redeclare()

    def redeclare(self) -> None:
        """Declare the stack again when it is next needed: something that it depends on has changed."""
        self._plan = None
        for name in ("stack", "built"):
            vars(self).pop(name, None)

    def reload(self) -> None:
        """Read the state again when it is next needed, and forget what AWS answered."""
        self._recorded.forget()
        self._forget(recorded_pause(self.state_path))

    def _forget(self, pause: dict[str, bool]) -> None:
        self.config = self.config.model_copy(update=pause)
        self.redeclare()
        self.aws.clear_cache()

    # ---- the lock

    @contextmanager
    def lock(self) -> Iterator[State]:
        """Hold the stack's lock, and read the state under it: the only way to a state that can be changed.

        May be nested. What was declared or planned from an older reading of the state is dropped.

        Raises:
            LockedError: another process holds the lock.
        """
        before = self._recorded.last_read
        if before is not None and before.writable:
            yield before
            return
        with self._recorded.locked() as state:
            self._apply_pause(state)
            if before and not state.same_as(before):
                self._forget(state.pause)
            try:
                yield state
            finally:
                self._plan = None

    @property
    def holder(self) -> Holder | None:
        """The other process that is changing the stack, if there is one."""
        return self._recorded.holder

    def refuse_when_locked(self) -> None:
        """Raise a LockedError when another process is changing the stack: before the user is asked, not after."""
        self._recorded.refuse_when_locked()

    def require_stack(self) -> None:
        """Raise a NoStackError when nothing of the stack is recorded."""
        if not any(record.id for record in self.state.records.values()):
            raise self.no_stack()

    def no_stack(self) -> NoStackError:
        """Return the error for a stack that does not exist; it names the stages that do."""
        what, others = f"Stack {self.config.stack} does not exist.", other_stages(self.config, self.location)
        if not others:
            return NoStackError(what, remedy="`awsprov up` creates it.")
        return NoStackError(
            what, why=stages_note(others), remedy="Add the option of one of them; `awsprov stages` lists all."
        )


def _published(aws: Aws, config: Config) -> Collection[str]:
    """The stack's environments on its file system, if there is one."""
    existing = config.file_system
    file_system = ExistingFileSystem("existing-file-system", existing) if existing else FileSystem("file-system")
    file_system.id = file_system.find(aws)
    return file_system.environments(aws)
