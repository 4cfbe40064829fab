"""A project on a cloud of its own on this machine, and what that cloud has heard: how often, when, and in what rows."""

import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from awsprov import local
from tests.e2e.projects import Project, lay_out

_READS = ("Describe", "Get", "List", "Head", "Search", "Lookup", "Filter", "Simulate")
_ALWAYS = 10**9
_PATIENCE = 1200.0  # seconds for a command


class Span(NamedTuple):
    """One call: its name as in `ec2:CreateVpc`, and when it began and ended, in the cloud's seconds."""

    name: str
    began: float
    ended: float

    @property
    def changes(self) -> bool:
        """Whether it is no mere question."""
        return not self.name.partition(":")[2].startswith(_READS)


@dataclass
class Run:
    """A command that ran: its seconds, the processor's seconds of it, its calls, and what it printed on stderr."""

    seconds: float
    processor: float
    spans: list[Span]
    output: str

    @property
    def changing(self) -> int:
        """How many calls change something."""
        return sum(span.changes for span in self.spans)


@dataclass
class Bench:
    """A project, and the cloud that it is on."""

    project: Project
    cloud: local.RunningCloud

    def run(self, *command: str, module: Sequence[str] = ("awsprov",)) -> Run:
        """Run a command to its end.

        Arguments:
            command: its words.
            module: what runs it, with arguments of its own.
        """
        self.cloud.admin_request("DELETE", "calls")
        before, began = _spent(), time.monotonic()
        process = self.project.start(*command, module=module)
        _, output = process.communicate(timeout=_PATIENCE)
        if process.returncode:
            raise RuntimeError(f"{command} exited with {process.returncode}: {output}")
        took, spent = time.monotonic() - began, _spent() - before
        return Run(took, spent, [Span(*span) for span in self.cloud.admin_request("GET", "spans")["spans"]], output)

    def latency(self, seconds: float) -> None:
        """Have every call take so much longer from now on."""
        self.cloud.admin_request("DELETE", "faults")
        self.cloud.admin_request("POST", "faults", kind="slow", seconds=seconds, times=_ALWAYS)


@contextmanager
def bench(pace: float = 0.0, name: str = "bench") -> Iterator[Bench]:
    """A small project whose only library is a stub, on a cloud of its own."""
    # A pip that still makes the Lambda runtime is killed a moment after the cloud, and may write until then.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        state = Path(directory) / "state"
        (state / "local").mkdir(parents=True)
        try:
            cloud = local.start(state / "local", pace=pace)
            yield Bench(lay_out(Path(directory) / "project", name, state), cloud)
        finally:
            local.stop(state / "local")


def depth(spans: list[Span]) -> int:
    """The longest row of calls of which each began after the one before it had ended."""
    count, ended = 0, 0.0
    for span in sorted(spans, key=lambda span: span.ended):
        if span.began >= ended:
            count, ended = count + 1, span.ended
    return count


def _spent() -> float:
    """The processor's seconds that ended children took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
