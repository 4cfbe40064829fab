"""A small project on a local cloud of its own, its commands, and the calls that the cloud recorded of each."""

import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from awsprov import local
from awsprov.config.loader import load
from awsprov.engine.stack import Stack
from awsprov.stack.declaration import declare_stack
from tests.e2e.projects import Project, lay_out

_READS = ("Describe", "Get", "List", "Head", "Search", "Lookup", "Filter", "Simulate")
_ALWAYS = 10**9
INTERFACES = "Lambda network interface, last function deleted"
_TIMEOUT = 1200.0  # seconds for a command
_ROOT = Path(__file__).parents[1]
_RUNTIMES = _ROOT / ".pytest_cache" / "d" / "lambda-runtimes"  # installed once, for the tests too
_EVENT = re.compile(r" *([\d.]+)s  (\S.*?) +(creating|deleting|waiting|ready|deleted)\b *(.*)")


class Span(NamedTuple):
    """One call: its name as in `ec2:CreateVpc`, and its start and end in seconds of the cloud's clock."""

    name: str
    start: float
    end: float

    @property
    def is_mutating(self) -> bool:
        """Whether it may change something."""
        return not self.name.partition(":")[2].startswith(_READS)


class Event(NamedTuple):
    """A line of progress: the second, the resource, the step and its details."""

    second: float
    resource: str
    step: str
    details: str


@dataclass
class Run:
    """A command that has ended.

    Arguments:
        seconds: its wall time.
        spans: its calls.
        output: what it printed on stderr.
    """

    seconds: float
    spans: list[Span]
    output: str

    @property
    def mutating_calls(self) -> int:
        """The number of calls that may change something."""
        return sum(span.is_mutating for span in self.spans)

    @property
    def events(self) -> list[Event]:
        """The progress that it printed."""
        return [event for line in self.output.splitlines() if (event := event_in(line))]


@dataclass
class LocalProject:
    """A project and the local cloud that its stack is created in."""

    project: Project
    cloud: local.RunningCloud

    def run(self, *command: str, module: Sequence[str] = ("awsprov",)) -> Run:
        """Run a command until it ends.

        Arguments:
            command: its arguments.
            module: the Python module that runs it, with arguments of its own.

        Raises:
            RuntimeError: it failed; carries its output.
        """
        self.cloud.admin_request("DELETE", "calls")
        start = time.monotonic()
        process = self.project.start(*command, module=module)
        _, output = process.communicate(timeout=_TIMEOUT)
        if process.returncode:
            raise RuntimeError(f"{command} exited with {process.returncode}: {output}")
        seconds = time.monotonic() - start
        return Run(seconds, [Span(*span) for span in self.cloud.admin_request("GET", "spans")["spans"]], output)

    def set_latency(self, seconds: float) -> None:
        """Make every call take longer from now on, by so many seconds; 0 for none."""
        self.cloud.admin_request("DELETE", "faults")
        if seconds:
            self.cloud.admin_request("POST", "faults", kind="slow", seconds=seconds, times=_ALWAYS)

    def durations(self) -> dict[str, float]:
        """Return the durations of the local cloud in seconds, as on AWS, but Lambda releases its interfaces at once."""
        return {**self.cloud.admin_request("GET", "durations"), INTERFACES: 0.0}

    def set_durations(self, durations: Mapping[str, float], pace: float = 1.0) -> None:
        """Set durations of the local cloud, multiplied by the pace.

        Entries that stay in lists keep their durations: Terraform waits for such entries.
        """
        scaled = {name: seconds * pace for name, seconds in durations.items() if "removed from lists" not in name}
        self.cloud.admin_request("POST", "durations", **scaled)

    def stack(self) -> Stack:
        """Return the stack that the configuration declares; SSH is allowed from an address of documentation."""
        return declare_stack(load(self.project.config), "203.0.113.7/32")

    def beside(self, name: str) -> "LocalProject":
        """Return another project of this kind, whose stack is created in the same local cloud."""
        return LocalProject(lay_out(self.project.home.with_name(name), name, self.project.state_dir), self.cloud)


@contextmanager
def local_project(pace: float = 0.0, name: str = "bench") -> Iterator[LocalProject]:
    """Yield a small project on a new local cloud. Its only library is an empty one, which is built here."""
    with tempfile.TemporaryDirectory() as directory:
        state = Path(directory) / "state"
        (state / "local").mkdir(parents=True)
        _RUNTIMES.mkdir(parents=True, exist_ok=True)
        (state / "local" / "runtimes").symlink_to(_RUNTIMES)
        try:
            cloud = local.start(state / "local", pace=pace)
            yield LocalProject(lay_out(Path(directory) / "project", name, state), cloud)
        finally:
            local.stop(state / "local")


def event_in(line: str) -> Event | None:
    """Return the event that a line of output shows; None if it shows none."""
    found = _EVENT.match(line)
    return Event(float(found[1]), found[2], found[3], found[4]) if found else None


def seconds_by_resource(events: list[Event]) -> dict[str, float]:
    """Return how long each resource was created or deleted."""
    started = {event.resource: event.second for event in events if event.step in ("creating", "deleting")}
    ended = {event.resource: event.second for event in events if event.step in ("ready", "deleted")}
    return {name: ended[name] - second for name, second in started.items() if name in ended}


def sequential_round_trips(spans: list[Span]) -> int:
    """Return the length of the longest sequence of calls in which each one started after the previous one ended."""
    count, end = 0, 0.0
    for span in sorted(spans, key=lambda span: span.end):
        if span.start >= end:
            count, end = count + 1, span.end
    return count
