"""From options to an engine: configuration, clients, state and lock."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import FrameType

import click

from awsprov.aws.client import Aws
from awsprov.cli.options import Settings
from awsprov.config.loader import load
from awsprov.config.models import Config
from awsprov.engine.engine import Engine
from awsprov.engine.events import Listener, silent
from awsprov.engine.lock import locked
from awsprov.engine.stack import Stack
from awsprov.engine.state import StackKey, State, is_paused
from awsprov.errors import RefusedError, UsageError
from awsprov.resources.network.vpc import Vpc
from awsprov.resources.storage.file_system import FileSystem
from awsprov.stack.declaration import declare_stack


@dataclass
class Session:
    """Everything that a command needs, made when it is first needed.

    Arguments:
        compares: whether the command compares what there is with what is wanted; only then its own address is asked.
    """

    settings: Settings
    config: Config
    compares: bool = False

    @cached_property
    def aws(self) -> Aws:
        """The clients; with `--local`, of the cloud on this machine."""
        profile = None if self.settings.local else self.settings.profile or self.config.profile
        aws = Aws(self.config.stack, self.config.region, profile)
        if self.compares:
            aws.warm_up()
        return aws

    @property
    def state_path(self) -> Path:
        """Where the stack is written down."""
        return self.settings.state_file(self.config.name)

    @property
    def installation_log(self) -> Path:
        """Where the output of the last installation of libraries is kept."""
        return self.state_path.with_suffix(".installation.jsonl")

    @property
    def event_log(self) -> Path:
        """Where it is kept what runs of awsprov did to the stack."""
        return self.state_path.with_suffix(".events.jsonl")

    @property
    def is_local(self) -> bool:
        """Whether an endpoint stands in for AWS, where only the libraries take long."""
        return bool(self.aws.endpoint)

    @cached_property
    def state(self) -> State:
        """What was written down."""
        return State(self.state_path, StackKey(self.config.stack, self.aws.account, self.aws.region))

    @cached_property
    def stack(self) -> Stack:
        """What is wanted."""
        given = str(self.config.builder.ssh_from)
        if given == "auto" and self.compares:
            _ = self.aws.caller  # who has no credentials is told that first
            given = f"{self.aws.address()}/32"
        stack = declare_stack(self.config, given, built=self.built)
        if self.config.paused:
            stack.of(Vpc)[0].note = f"The stack is paused; {self.settings.again('resume')} brings the ways out back."
        return stack

    @cached_property
    def built(self) -> bool:
        """Whether the builder has done its work and is not kept. Who compares asks AWS; others believe the state."""
        if self.config.builder.is_permanent:
            return False
        name = self.config.environment.name
        return name in _published(self.aws) if self.compares else self.state.has_id(name)

    def declare_anew(self) -> None:
        """Forget what was wanted: something has changed on which it depends."""
        for known in ("stack", "built"):
            vars(self).pop(known, None)

    def engine(self, emit: Listener = silent) -> Engine:
        """An engine for them."""
        return Engine(self.stack, self.state, self.aws, emit)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Nobody else works on this stack meanwhile."""
        with locked(self.state_path):
            yield


def _published(aws: Aws) -> Collection[str]:
    """The environments that stand on the stack's file system, if there is one."""
    file_system = FileSystem("file-system")
    file_system.id = file_system.find(aws)
    return file_system.environments(aws)


def open_session(settings: Settings, *, compares: bool = False) -> Session:
    """Read the configuration, and start the local cloud when it is asked for.

    Raises:
        UsageError: the configuration is wrong; nothing was started and nothing called.
    """
    config = load(settings.config, settings.stage, settings.home)
    if settings.region:
        config = config.model_copy(update={"region": settings.region})
    if settings.local:
        config = config.model_copy(update={"local_python": _use_local(config, settings)})
    session = Session(settings, config, compares)
    session.config = config.model_copy(update={"paused": is_paused(session.state_path)})
    return session


def _use_local(config: Config, settings: Settings) -> str:
    """Have the cloud on this machine: an endpoint and keys in the environment. Returns which Python plays there."""
    from awsprov import local  # noqa: PLC0415 - only for `--local`

    where = config.state_dir / "local"
    running = local.find(where)
    if running is None:
        say(settings, "Starting a cloud on this machine …")
        running = local.start(where)
        for notice in running.notices:
            say(settings, f"  {notice}")
    os.environ.update(running.environment())
    os.environ.pop("AWS_PROFILE", None)
    return running.resolve_python(config.libraries.python)


def say(settings: Settings, text: str) -> None:
    """A word to the person, on stderr."""
    if not (settings.quiet or settings.json):
        click.echo(text, err=True)


def confirm(settings: Settings, question: str) -> None:
    """Ask whether to go ahead, unless --yes says so.

    Raises:
        RefusedError: the answer is no, or nobody is there to be asked.
    """
    if settings.yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError("Nobody is there to be asked.", why="stdin is no terminal.", remedy="Add --yes to go ahead.")
    if not click.confirm(question, err=True):
        raise RefusedError("Not confirmed; nothing was changed.")


@contextmanager
def interruptible(stop: threading.Event, note: Callable[[str], None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM once: nothing new starts, what runs is finished and written down. Twice: at once.

    Arguments:
        stop: what is set the first time.
        note: tells the person so.
    """

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()
        note("Stopping: what runs is finished and written down. Ctrl-C again to leave at once.")

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def chosen(config: Config, function: str | None) -> str:
    """The function that is meant: the named one, or the only one.

    Raises:
        UsageError: there is no such function, or there are several.
    """
    known = list(config.functions)
    if function is None and len(known) == 1:
        return known[0]
    if function not in known:
        what = f"There is no function {function!r}." if function else "There are several functions."
        raise UsageError(what, why=f"Functions: {', '.join(known)}.", remedy="Name one of them.")
    return function
