"""A local cloud with one project, whose stack exists or not, as the next trial needs it."""

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
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.engine.plan import Plan
from tests.e2e.caller import Caller
from tests.e2e.projects import LIBRARY, ONE_OF_EACH, Client, Project, clients, inventory, lay_out, wheel
from tests.sweep.points import DEPLOYS, Point

STACK = "sweep"
EXIT_CODES = (1, 3, 4, 9)  # with which a command may fail: failure, permission, partial failure, timeout
UNCHANGED = "unchanged"  # a package of which each environment after the first change of libraries has the same version
PAUSED = ("addresses", "nats")  # what `pause` deletes
BUCKET = "team-state"
SHARED = f"shared: s3://{BUCKET}/sweep\n"
PATIENCE = 240  # seconds for one command


@dataclass
class Lab:
    """A cloud and a project that trials share.

    Attributes:
        running: the cloud, once it is started.
        exists: whether the stack exists.
        paused: whether the stack is paused.
        properties: user properties of the running test's report.
        shared: whether state and lock are shared with other machines, through a bucket in the cloud.
        passed: whether the last trial passed; otherwise the contents of the cloud are unknown.
    """

    directory: Path
    runtimes: Path
    pace: float
    consistency: float
    project: Project = field(init=False)
    running: local.RunningCloud | None = field(default=None, init=False)
    exists: bool = field(default=False, init=False)
    paused: bool = field(default=False, init=False)
    shared: bool = field(default=False, init=False)
    properties: list[tuple[str, object]] = field(default_factory=list, init=False)
    passed: bool = field(default=True, init=False)
    _count: "itertools.count[int]" = field(default_factory=lambda: itertools.count(3), init=False)

    @property
    def cloud(self) -> local.RunningCloud:
        """The running cloud; after a failed trial a new one, with a new project."""
        if self.running is None:
            home = self.directory / str(next(self._count))
            where = home / "state" / "local"
            where.mkdir(parents=True)
            (where / "runtimes").symlink_to(self.runtimes)
            self.running = local.start(where, pace=self.pace, consistency=self.consistency)
            self.project = lay_out(home / "project", STACK, home / "state")
            self.exists = self.paused = False
            self.project.edit("timeout: 10", "timeout: 25")  # for a cold start during a deploy on a busy machine
        return self.running

    @cached_property
    def client(self) -> Client:
        """Create boto3 clients of the cloud, each once."""
        return cache(clients(self.cloud))

    def plan(self) -> Plan:
        """Return the plan of `awsprov plan`, without a process for it."""
        settings = Settings(config=self.project.config, state_dir=self.project.state_dir, local=True)
        return open_project(settings).plan()

    @property
    def state(self) -> Path:
        """The state file."""
        return self.project.state_dir / f"{STACK}.local.json"

    def close(self) -> None:
        """Stop the cloud."""
        if self.running:
            local.stop(self.running.directory)
        self.running = None
        self.__dict__.pop("client", None)

    # ---- before a trial

    def ready(self, command: str) -> tuple[str, ...]:
        """Bring the stack to where the command starts, with something to do for it. Return the command's arguments."""
        assert self.cloud
        if self.exists is not (command != "up"):
            self.project.run("down" if self.exists else "up", "--yes")
            self.exists, self.paused = not self.exists, False
        if self.exists and self.paused is not (command == "resume"):
            self.project.run("resume" if self.paused else "pause", "--yes")
            self.paused = not self.paused
        if command == "code":
            self.change_code()
        if command == "libraries":
            self.change_libraries()
        return ("deploy",) if command in DEPLOYS else (command, "--yes")

    def change_code(self) -> None:
        """Change the handler."""
        handler = self.project.home / "lambda_src" / "lambda_function.py"
        handler.write_text(f"{handler.read_text()}# {next(self._count)}\n")

    def change_libraries(self, parts: int = 0) -> None:
        """Require a new version of the library, and always the same of another one.

        With many parts the library's installation takes longer.
        """
        version = f"{next(self._count)}.0"
        wheel(self.project.home / "wheels", version, parts)
        if not list((self.project.home / "wheels").glob(f"{UNCHANGED}-*")):  # a new one would have another hash
            wheel(self.project.home / "wheels", "1.0", name=UNCHANGED)
        wanted = f"--find-links {self.project.home / 'wheels'}\n{LIBRARY}=={version}\n{UNCHANGED}==1.0\n"
        (self.project.home / "lambda_src" / "requirements.txt").write_text(wanted)
        self.project.run("lock")

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Share state and lock meanwhile. The copy of a stack that exists is up to date."""
        assert self.cloud
        self.client("s3").create_bucket(Bucket=BUCKET)
        self.project.edit("region: us-east-1\n", f"region: us-east-1\n{SHARED}")
        self.shared = True
        if self.exists:
            self.project.run("up", "--yes")
        try:
            yield
        finally:
            self.project.edit(SHARED, "")
            self.shared = False

    # ---- during it

    def move(self) -> None:
        """Continue on another machine: with an empty state directory, and without the lock of the killed process."""
        for path in (self.state, self.state.with_suffix(".shared")):
            path.unlink(missing_ok=True)
        self.project.run("unlock", "--yes")

    @contextmanager
    def answering(self, command: str) -> Iterator[None]:
        """Call the live version while a deploy is killed and repeated.

        Every call must be answered: by the version that was live before or, once it answered, by the one that is live
        after; and each version must import from its own environment.
        """
        if command not in DEPLOYS:
            yield
            return
        before = self.live()
        with Caller(self.cloud.endpoint, (self.cloud.key.access_key, self.cloud.key.secret_key), STACK) as caller:
            yield
        assert caller.failures == [], caller.failures[:3]  # pytest rewrites no asserts in here
        assert caller.versions == list(dict.fromkeys([before, self.live()]))
        self.properties.append(("answers", len(caller.responses)))
        environments = {version: self.imports_from(version) for version in caller.versions}
        assert [a for a in caller.responses if f"/{environments[a['version']]}/" not in a["from"]] == []

    def live(self) -> str:
        """Return the version of the alias `live`."""
        return str(self.client("lambda").get_alias(FunctionName=f"{STACK}-answer", Name="live")["FunctionVersion"])

    def imports_from(self, version: str) -> str:
        """Return the name of the environment that a version imports from."""
        found = self.client("lambda").get_function_configuration(FunctionName=f"{STACK}-answer", Qualifier=version)
        return Path(found["Environment"]["Variables"]["PYTHONPATH"]).name

    def arm(self, points: Sequence[Point], pid: int = 0) -> None:
        """Set faults, which count calls from now on."""
        self.cloud.admin_request("DELETE", "faults")
        for point in points:
            fault: dict[str, Any] = {"kind": point.kind, "operation": point.operation, "at": point.occurrence}
            self.cloud.admin_request("POST", "faults", pid=pid, agent="awsprov/", **fault)  # `Caller` calls, too

    def fired(self) -> list[bool]:
        """Return for each fault whether it hit its call."""
        return [fault["times"] <= 0 for fault in self.cloud.admin_request("GET", "faults")["faults"]]

    def killed(self, words: Sequence[str], point: Point) -> bool:
        """Run a command whose process group is killed at a point. Return whether it reached the point."""
        ended = self.project.begin(*words, first=lambda pid: self.arm([point], pid)).end(PATIENCE)
        (hit,) = self.fired()
        self.cloud.admin_request("DELETE", "faults")
        assert ended.returncode == (-signal.SIGKILL if hit else 0), ended
        return hit

    def kill_at_output(self, words: Sequence[str], text: str) -> None:
        """Run a command and kill it when it prints this text."""
        process = self.project.start(*words, "--json")
        assert process.stdout
        found = any(text in line for line in process.stdout)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert found, f"{text!r} was not printed"

    def environments(self) -> list[str]:
        """Return the names in the environments' directory of the file system, complete or not."""
        return [path.name for path in (self.cloud.directory / "efs").glob("fs-*/**/envs/*")]

    def kill_at_write(self, words: Sequence[str], write: int) -> "subprocess.Popen[str]":
        """Start a command that is killed at the n-th write of its state."""
        return self.project.start(*words, module=("tests.sweep.kill_at_write", str(write)))

    def run_with_faults(self, words: Sequence[str], points: Sequence[Point]) -> set[Point]:
        """Run a command with faults. Return the points that were hit.

        It may fail, but only with a clear error and an expected exit code; then the next run must succeed.
        """
        self.arm(points)  # before the start: the first call comes at once
        ended = self.project.begin(*words).end(PATIENCE)
        hit = {point for point, fired in zip(points, self.fired(), strict=True) if fired}
        self.cloud.admin_request("DELETE", "faults")
        if ended.returncode:
            assert ended.returncode in EXIT_CODES, ended
            assert clear(ended.stderr), ended
            self.project.run(*words)
        return hit

    # ---- after it

    def finish(self, command: str) -> None:
        """Run the command again; it must succeed. Without a state, `deploy` must refer to `up`, which is then run."""
        if command in DEPLOYS and not (self.state.exists() or self.shared):
            assert "awsprov up" in self.project.run("deploy", exits=6).stderr
            command = "up"
        words = ("deploy",) if command in DEPLOYS else (command, "--yes")
        self.project.run(*words)

    def check(self, command: str) -> None:
        """Check that exactly one of each resource exists, as configured; after `down`, none."""
        self.exists, self.paused = command != "down", command == "pause"
        held = inventory(self.client, STACK)
        if not self.exists:
            assert held == {}
            assert not self.state.exists()
            self.passed = True
            return
        held.pop("interfaces", None)
        expected = {kind: n for kind, n in ONE_OF_EACH.items() if not (self.paused and kind in PAUSED)}
        assert {kind: len(ids) for kind, ids in held.items()} == expected, held
        found = self.plan()
        assert found.empty, found.of("create", "change", "replace", "delete")
        self.passed = True


def clear(stderr: str) -> bool:
    """Return whether an error says what to do, and is no bug of awsprov."""
    bug = any(sign in stderr for sign in ("Traceback", "awsprov has a bug", "The traceback is in"))
    return not bug and "What to do:" in stderr
