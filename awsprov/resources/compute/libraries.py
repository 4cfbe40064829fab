"""The libraries on the file system: an immutable environment, named by the hash of what it is made of."""

import json
import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from packaging.utils import canonicalize_name

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource, Values
from awsprov.errors import AwsprovError
from awsprov.packaging.bundle import Bundle
from awsprov.packaging.environment import FILES, Environment
from awsprov.packaging.lockfile import Pins
from awsprov.remote_code.builder.install import PIP_FAILED
from awsprov.resources.compute.builder import Builder, no_builder
from awsprov.resources.storage.file_system import AccessPoint, FileSystem, MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy
from awsprov.ssh.client import CommandResult, Shell

MOUNT = "/mnt/efs"  # where functions see the file system
_WORK = ".awsprov"  # the builder's own directory, under its home
_NETWORK = re.compile(r"(?i)connection|timed? ?out|resolve|unreachable|proxy|certificate")


@dataclass(frozen=True)
class Profiled:
    """A function whose import is watched on the builder, for the start pack.

    Arguments:
        bundle: its code.
        handler: as in `module.function`.
        variables: its plain variables; nothing that is secret.
    """

    bundle: Bundle
    handler: str
    variables: Mapping[str, str] = field(repr=False)


@dataclass(eq=False, repr=False)
class Libraries(Resource):
    """The environment that the functions import from.

    Its id is its name on the file system. Once it is published, which a tag on the file system tells, neither a session
    nor a builder is needed any more.

    Arguments:
        builder: who installs; none once they are published, when it is not kept.
        access_point: the access point that the builder writes through.
        target: the mount target in the builder's zone.
        policy: what lets the builder mount.
        environment: what is to be installed.
        python: the function's Python, as in `3.12`, under which it is installed.
        profiled: the functions, by name, whose reads at a start make the start pack; none: no pack. They are no part
            of the environment's name: a pack is only faster, and new code goes on with the one there is.
    """

    builder: Builder | None
    file_system: FileSystem
    access_point: AccessPoint
    target: MountTarget
    policy: FileSystemPolicy
    environment: Environment
    python: str
    profiled: Mapping[str, Profiled] = field(default_factory=dict)

    area = "libraries"
    virtual = True
    replace_triggered_by = frozenset({"file_system"})
    deployed = True
    typical_seconds = 60.0

    def recorded_inputs(self) -> Values:
        """With the packages and not the places of files, so that a plan can tell which ones differ; no variables."""
        environment = {"environment": self.environment.name, "packages": self.environment.lock.pins}
        return {**self.inputs, **environment, "profiled": sorted(self.profiled)}

    @property
    def path(self) -> str:
        """Where a function finds it."""
        return f"{MOUNT}/envs/{self.id}" if self.id else ""

    @property
    def variables(self) -> dict[str, str]:
        """By which a function finds what is in it."""
        files = {"AWSPROV_FILES": f"{self.path}/{FILES}"} if self.environment.files else {}
        return {"PYTHONPATH": self.path, **files}

    def find(self, aws: Aws) -> str:
        """By the tag on the file system alone: what was recorded went with a file system that was made anew."""
        name = self.environment.name
        return name if name in self.file_system.environments(aws) else ""

    def create(self, aws: Aws) -> str:
        """Install and publish."""
        with self.session(aws) as shell:
            published = self._install(shell)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.file_system.publish(aws, self.environment.name, f"at={now} {published}")
        return self.environment.name

    @contextmanager
    def session(self, aws: Aws) -> Iterator[Shell]:
        """A session with the builder, the file system mounted. At its end the builder goes to rest, come what may.

        Raises:
            NoStackError: there is no builder.
        """
        builder = self.builder
        if builder is None:
            raise no_builder()
        builder.on_wait = self.on_wait  # it is here that one waits for it
        builder.start(aws)
        try:
            with builder.shell(aws) as shell:
                self.on_wait("mounting the file system")
                self.mount(shell, aws)
                yield shell
        finally:
            builder.rest(aws)

    def prune(self, aws: Aws, to_delete: Collection[str], kept: Collection[str]) -> None:
        """Take environments away, the word that they are there first; and what an earlier removal may have left.

        Arguments:
            to_delete: the names of those that are published.
            kept: the names of those that stay, published or not.
        """
        self.file_system.withdraw(aws, to_delete)
        with self.session(aws) as shell:
            self._run(shell, "prune.py", "--delete", *to_delete, "--kept", *kept)

    def packages(self, aws: Aws, names: Collection[str]) -> dict[str, Pins]:
        """Name and version of each package in environments, as their manifests have them."""
        with self.session(aws) as shell:
            told = self._run(shell, "manifests.py", *names)
        found: dict[str, Pins] = json.loads(told)
        return {name: {canonicalize_name(each): pins[each] for each in pins} for name, pins in found.items()}

    def import_times(self, aws: Aws, environment: str, modules: Collection[str]) -> list[dict[str, Any]]:
        """What importing modules costs, on the builder: package, version, milliseconds, bytes."""
        with self.session(aws) as shell:
            told = self._run(shell, "import_times.py", "--name", environment, *modules)
        found: list[dict[str, Any]] = json.loads(told)
        return found

    def _run(self, shell: Shell, script: str, *arguments: str) -> str:
        """Run one of our scripts on the builder; returns its last line."""
        ran = shell.run(self._script(shell, script, *arguments), self.on_output)
        self._check(ran, f"run {script}")
        return ran.last[-1] if ran.last else ""

    def _script(self, shell: Shell, script: str, *arguments: str) -> str:
        """Send one of our scripts; returns the line that runs it there."""
        self._put(shell, script)
        return f'{shlex.join([f"python{self.python}", f"{_WORK}/{script}", *arguments])} --root "$HOME/efs"'

    def _put(self, shell: Shell, script: str) -> None:
        shell.put(files("awsprov.remote_code").joinpath("builder", script).read_bytes(), f"{_WORK}/{script}")

    def mount(self, shell: Shell, aws: Aws) -> None:
        """Have the file system at `~/efs` on the builder, and the tools that it takes. A stop of the builder undoes it.

        Raises:
            AwsprovError: the builder could not; carries its last lines.
        """
        python = f"python{self.python}"
        if shell.run('mountpoint -q "$HOME/efs"').status:
            self._do(shell, f"sudo dnf install -y -q amazon-efs-utils {python} {python}-pip", "prepare the builder")
            self._do(shell, self._mounting(aws), "mount the file system")

    def _install(self, shell: Shell) -> str:
        """Install; returns what the builder says of the environment."""
        self.on_wait("installing")
        shell.put(self.environment.lock.installable.encode(), f"{_WORK}/requirements.txt")
        words = [f"--name={self.environment.name}", f"--requirements={_WORK}/requirements.txt"]
        words += [*self._send_files(shell), *self._send_handlers(shell)]
        self._put(shell, "slim.py")
        ran = shell.run(self._script(shell, "install.py", *words), self.on_output)
        if ran.status == PIP_FAILED:
            raise self._not_installed(ran)
        self._check(ran, "publish the environment")
        return ran.last[-1]

    def _send_files(self, shell: Shell) -> list[str]:
        if not self.environment.files:
            return []
        self.on_wait(f"sending {self.environment.files.name}")
        with self.environment.archive() as archive:
            shell.send(archive, f"{_WORK}/files.tar")
        return [f"--files={_WORK}/files.tar"]

    def _send_handlers(self, shell: Shell) -> list[str]:
        """Send what the start pack is made with."""
        if not self.profiled:
            return []
        self._put(shell, "start_pack.py")
        handlers = {}
        for name, each in self.profiled.items():
            code = f"{_WORK}/code-{name}.zip"
            shell.put(each.bundle.content, code)
            handlers[name] = {"code": code, "handler": each.handler, "variables": dict(each.variables)}
        shell.put(json.dumps(handlers).encode(), f"{_WORK}/handlers.json")
        return [f"--handlers={_WORK}/handlers.json"]

    def _mounting(self, aws: Aws) -> str:
        """Over TLS, as the builder's role, through its access point, by address: the DNS name may lag by 90 s."""
        options = f"tls,iam,accesspoint={self.access_point.id},mounttargetip={self.target.address(aws)}"
        mount = shlex.join(["sudo", "mount", "-t", "efs", "-o", options, f"{self.file_system.id}:/"])
        return f'mkdir -p "$HOME/efs" "$HOME/{_WORK}" && {mount} "$HOME/efs"'

    def _do(self, shell: Shell, command: str, purpose: str) -> None:
        self._check(shell.run(command, self.on_output), purpose)

    def _check(self, ran: CommandResult, purpose: str) -> None:
        if ran.status:
            raise AwsprovError(
                f"The builder could not {purpose}.",
                why="\n".join([*ran.last[-10:], f"(exit status {ran.status})"]),
                remedy="`awsprov ssh` opens a session with it; `awsprov up --replace builder` makes a new one.",
            )

    def _not_installed(self, ran: CommandResult) -> AwsprovError:
        lock = self.environment.lock
        network = any(_NETWORK.search(line) for line in ran.last)
        remedy = "Check the builder's way to the package index" if network else f"Correct {lock.requirements}"
        return AwsprovError(
            f"pip could not install {lock.path.name}. Nothing was published; the live function is untouched.",
            why="\n".join(ran.last[-10:]),
            remedy=f"{remedy}, then run the same command again.",
        )

    def wait(self, aws: Aws) -> None:
        """A builder that was made although its libraries stood already goes to rest, too."""
        if self.builder and self.builder.started_here:
            self.builder.rest(aws)
