"""A cloud of its own with one project on it, which stands or does not, as the next trial needs it."""

import itertools
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from awsprov import local
from awsprov.cli.options import Settings
from awsprov.cli.session import open_session
from awsprov.engine.plan import Plan
from tests.e2e.caller import Caller
from tests.e2e.projects import LIBRARY, ONE_OF_EACH, Client, Project, clients, inventory, lay_out, wheel
from tests.sweep.points import DEPLOYS, Point

STACK = "sweep"
OUR_EXITS = (1, 3, 4, 9)  # failure, permission, partial, timed out: each with a clear error
PAUSED = ("addresses", "nats")  # what `pause` deletes
PATIENCE = 240  # seconds for one command


@dataclass
class Lab:
    """One cloud, one project.

    Attributes:
        running: the cloud, once it was needed.
        stands: whether the stack does.
        paused: whether it is paused.
        told: what the trial's report says besides.
        sound: whether the last trial left what it should have left; if not, nobody knows what is on the cloud.
    """

    directory: Path
    runtimes: Path
    pace: float
    consistency: float
    project: Project = field(init=False)
    running: local.RunningCloud | None = field(default=None, init=False)
    stands: bool = field(default=False, init=False)
    paused: bool = field(default=False, init=False)
    told: list[tuple[str, object]] = field(default_factory=list, init=False)
    sound: bool = field(default=True, init=False)
    _count: "itertools.count[int]" = field(default_factory=lambda: itertools.count(3), init=False)

    @property
    def cloud(self) -> local.RunningCloud:
        """The cloud; a new one with a new project after a trial that failed."""
        if self.running is None:
            home = self.directory / str(next(self._count))
            where = home / "state" / "local"
            where.mkdir(parents=True)
            (where / "runtimes").symlink_to(self.runtimes)
            self.running = local.start(where, pace=self.pace, consistency=self.consistency)
            self.project = lay_out(home / "project", STACK, home / "state")
            self.stands = self.paused = False
            self.project.edit("timeout: 10", "timeout: 25")  # a cold start beside a deploy, on a busy machine
        return self.running

    @cached_property
    def client(self) -> Client:
        """Makes boto3 clients of the cloud, each once."""
        return cache(clients(self.cloud))

    def plan(self) -> Plan:
        """What `awsprov plan` shows, without a process for it."""
        settings = Settings(config=self.project.config, state_dir=self.project.state_dir, local=True)
        return open_session(settings, compares=True).engine().plan()

    @property
    def state(self) -> Path:
        """The state file."""
        return self.project.state_dir / f"{STACK}.local.json"

    def close(self) -> None:
        """End the cloud: nobody knows what is on it."""
        if self.running:
            local.stop(self.running.directory)
        self.running = None
        self.__dict__.pop("client", None)

    # ---- before a trial

    def ready(self, command: str) -> tuple[str, ...]:
        """Have what the command starts from, and something to do for it; returns its words."""
        assert self.cloud
        if self.stands is not (command != "up"):
            self.project.run("down" if self.stands else "up", "--yes")
            self.stands, self.paused = not self.stands, False
        if self.stands and self.paused is not (command == "resume"):
            self.project.run("resume" if self.paused else "pause", "--yes")
            self.paused = not self.paused
        if command == "code":
            self.change_code()
        if command == "libraries":
            self.change_libraries()
        return ("deploy",) if command in DEPLOYS else (command, "--yes")

    def change_code(self) -> None:
        """A handler that was never deployed."""
        handler = self.project.home / "lambda_src" / "lambda_function.py"
        handler.write_text(f"{handler.read_text()}# {next(self._count)}\n")

    def change_libraries(self, parts: int = 0) -> None:
        """Requirements that were never installed; with many parts it takes a while."""
        version = f"{next(self._count)}.0"
        wheel(self.project.home / "wheels", version, parts)
        wanted = f"--find-links {self.project.home / 'wheels'}\n{LIBRARY}=={version}\n"
        (self.project.home / "lambda_src" / "requirements.txt").write_text(wanted)
        self.project.run("lock")

    # ---- during it

    @contextmanager
    def answering(self, command: str) -> Iterator[None]:
        """Have a client call what is live while a deploy dies and is repeated.

        Every call must be answered, by the version that was live before or, once it answered, by the one that is live
        after; and each version from its own environment.
        """
        if command not in DEPLOYS:
            yield
            return
        before = self.live()
        with Caller(self.cloud.endpoint, STACK) as caller:
            yield
        assert caller.failures == [], caller.failures[:3]  # pytest rewrites no asserts in here
        assert caller.versions == list(dict.fromkeys([before, self.live()]))
        self.told.append(("answers", len(caller.answers)))
        environments = {version: self.imports_from(version) for version in caller.versions}
        assert [a for a in caller.answers if f"/{environments[a['version']]}/" not in a["from"]] == []

    def live(self) -> str:
        """The version that everybody calls."""
        return str(self.client("lambda").get_alias(FunctionName=f"{STACK}-answer", Name="live")["FunctionVersion"])

    def imports_from(self, version: str) -> str:
        """The name of the environment that a version imports from."""
        found = self.client("lambda").get_function_configuration(FunctionName=f"{STACK}-answer", Qualifier=version)
        return Path(found["Environment"]["Variables"]["PYTHONPATH"]).name

    def arm(self, points: Sequence[Point], pid: int = 0) -> None:
        """Set faults; they count calls from now on."""
        self.cloud.admin_request("DELETE", "faults")
        for point in points:
            fault: dict[str, Any] = {"kind": point.kind, "operation": point.operation, "at": point.occurrence}
            self.cloud.admin_request("POST", "faults", pid=pid, **fault)

    def fired(self) -> list[bool]:
        """Which of the faults that are set have hit their call."""
        return [fault["times"] <= 0 for fault in self.cloud.admin_request("GET", "faults")["faults"]]

    def killed(self, words: Sequence[str], point: Point) -> bool:
        """Run a command whose process group is killed at a point; whether it came to that."""
        ended = self.project.begin(*words, first=lambda pid: self.arm([point], pid)).end(PATIENCE)
        (hit,) = self.fired()
        self.cloud.admin_request("DELETE", "faults")
        assert ended.returncode == (-signal.SIGKILL if hit else 0), ended
        return hit

    def killed_when(self, words: Sequence[str], said: str) -> None:
        """Run a command that is killed once it says this."""
        process = self.project.start(*words, "--json")
        assert process.stdout
        heard = next((line for line in process.stdout if said in line), "")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert heard, f"nobody said {said!r}"

    def environments(self) -> list[str]:
        """What lies in the libraries' directory of the file system, whole or not."""
        return [path.name for path in (self.cloud.directory / "efs").glob("fs-*/**/envs/*")]

    def mortal(self, words: Sequence[str], write: int) -> "subprocess.Popen[str]":
        """Start a command that is killed at a write of its state."""
        return self.project.start(*words, module=("tests.sweep.mortal", str(write)))

    def suffers(self, words: Sequence[str], points: Sequence[Point]) -> set[Point]:
        """Run a command under faults; returns the points that were hit.

        It may fail, but only with a clear error and an exit code of ours; then the next run must succeed.
        """
        self.arm(points)  # first: a warm command is soon at its first call
        ended = self.project.begin(*words).end(PATIENCE)
        hit = {point for point, fired in zip(points, self.fired(), strict=True) if fired}
        self.cloud.admin_request("DELETE", "faults")
        if ended.returncode:
            assert ended.returncode in OUR_EXITS, ended
            assert clear(ended.stderr), ended
            self.project.run(*words)
        return hit

    # ---- after it

    def finish(self, command: str) -> None:
        """Run the command again; it must succeed. `deploy` knows the stack from its state alone, and says so."""
        if command in DEPLOYS and not self.state.exists():
            assert "awsprov up" in self.project.run("deploy", exits=6).stderr
            command = "up"
        words = ("deploy",) if command in DEPLOYS else (command, "--yes")
        self.project.run(*words)

    def check(self, command: str) -> None:
        """Exactly one of each, as it should be; after `down`, nothing."""
        self.stands, self.paused = command != "down", command == "pause"
        held = inventory(self.client, STACK)
        if not self.stands:
            assert held == {}
            assert not self.state.exists()
            self.sound = True
            return
        held.pop("interfaces", None)
        expected = {kind: n for kind, n in ONE_OF_EACH.items() if not (self.paused and kind in PAUSED)}
        assert {kind: len(ids) for kind, ids in held.items()} == expected, held
        found = self.plan()
        assert found.empty, found.of("create", "change", "replace", "delete")
        self.sound = True


def clear(stderr: str) -> bool:
    """Whether an error is one for people: what happened and what to do, and no bug of ours."""
    bug = any(sign in stderr for sign in ("Traceback", "awsprov has a bug", "The traceback is in"))
    return not bug and "What to do:" in stderr
