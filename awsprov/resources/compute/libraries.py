"""The libraries on the file system: an immutable environment, named by the hash of its contents."""

import json
import shlex
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from packaging.utils import canonicalize_name

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource, Values
from awsprov.errors import AwsprovError
from awsprov.packaging.bundle import Bundle
from awsprov.packaging.environment import ENVIRONMENTS, Environment
from awsprov.packaging.index_access import IndexAccess
from awsprov.packaging.lockfile import Pins
from awsprov.remote_code.builder.install import PIP_FAILED
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.builder_errors import no_builder
from awsprov.resources.compute.library_input import pip_remedy, send_requirements
from awsprov.resources.storage.file_system import AccessPoint, FileSystem, MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy
from awsprov.ssh.client import CommandResult, Shell

_MOUNT_LAG = 300.0  # seconds; policies of EFS take "several minutes" to take effect (EFS user guide)
_DENIED = "access denied by server"  # of mount.nfs4
_WORK = ".awsprov"  # the working directory on the builder, under its home


@dataclass(frozen=True)
class ProfiledFunction:
    """A function whose import is observed on the builder, for the start pack.

    Arguments:
        bundle: its code.
        handler: a module and a function in it, as `module.function`.
        variables: its variables from config.yaml, without secrets.
    """

    bundle: Bundle
    handler: str
    variables: Mapping[str, str] = field(repr=False)


@dataclass(eq=False, repr=False)
class Libraries(Resource):
    """The environment that the functions import from.

    Its id is its name on the file system. It is published once a tag on the file system says so; from then on neither
    an SSH session nor a builder is needed.

    Arguments:
        builder: the instance that installs it; None if it is published and the builder is not kept.
        file_system: the file system.
        access_point: the access point that the builder mounts.
        mount_target: the mount target in the builder's zone.
        policy: the file system policy that allows the builder to mount.
        environment: what is installed.
        python: the functions' Python version, as `3.12`.
        profiled: the functions, by name, whose imports determine the start pack; none for no pack. They do not change
            the environment's name: new code works with the existing pack, only slower.
    """

    builder: Builder | None
    file_system: FileSystem
    access_point: AccessPoint
    _: KW_ONLY
    mount_target: MountTarget
    policy: FileSystemPolicy
    environment: Environment
    python: str
    profiled: Mapping[str, ProfiledFunction] = field(default_factory=dict)

    area = "libraries"
    virtual = True
    replace_triggered_by = frozenset({"file_system"})
    deployed = True
    typical_seconds = 60.0
    index_access = IndexAccess()  # set by a command that may send something to package indexes

    def recorded_inputs(self) -> Values:
        """Return the arguments with the packages, for plans to compare, and without files' paths and variables."""
        environment = {"environment": self.environment.name, "packages": self.environment.lock.pins}
        return {**self.inputs, **environment, "profiled": sorted(self.profiled)}

    @property
    def path(self) -> str:
        """The directory of the environment in a function."""
        return f"{ENVIRONMENTS}/{self.id}" if self.id else ""

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables through which a function finds it."""
        return self.environment.variables(self.path)

    def find(self, aws: Aws) -> str:
        """Return its name if the file system's tags say that it is published; a record here may be of another one."""
        name = self.environment.name
        return name if name in self.file_system.environments(aws) else ""

    def create(self, aws: Aws) -> str:
        """Install it and record that it is published."""
        self.file_system.check_tags(aws, self.environment.name)
        with self.session(aws) as shell:
            published = self._install(shell)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.file_system.publish(aws, self.environment.name, f"at={now} {published}")
        return self.environment.name

    @contextmanager
    def session(self, aws: Aws) -> Iterator[Shell]:
        """Start the builder and open an SSH session, with the file system mounted; at the end apply the idle policy.

        Raises:
            NoStackError: there is no builder.
        """
        builder = self.builder
        if builder is None:
            raise no_builder()
        builder.on_wait = self.on_wait  # its progress is shown as this resource's
        builder.start(aws)
        try:
            with builder.shell(aws) as shell:
                self.on_wait("mounting the file system")
                self.mount(shell, aws)
                yield shell
        finally:
            builder.apply_idle_policy(aws)

    def prune(self, aws: Aws, to_delete: Collection[str], kept: Collection[str]) -> None:
        """Delete environments, and what an interrupted deletion or installation left.

        Arguments:
            aws: the clients.
            to_delete: the names of the environments to delete. Their tags are removed first.
            kept: the names of the environments to keep, published or not.
        """
        self.file_system.unpublish(aws, to_delete)
        with self.session(aws) as shell:
            self._run(shell, "prune.py", "--delete", *to_delete, "--kept", *kept)

    def packages(self, aws: Aws, names: Collection[str]) -> dict[str, Pins]:
        """Return the version of each package, by name, in each of some environments, as their manifests say."""
        with self.session(aws) as shell:
            output = self._run(shell, "manifests.py", *names)
        found: dict[str, Pins] = json.loads(output)
        return {name: {canonicalize_name(each): pins[each] for each in pins} for name, pins in found.items()}

    def import_times(self, aws: Aws, environment: str, modules: Collection[str]) -> list[dict[str, Any]]:
        """Import modules on the builder; return package, version, milliseconds and bytes of each package."""
        with self.session(aws) as shell:
            output = self._run(shell, "import_times.py", "--name", environment, *modules)
        found: list[dict[str, Any]] = json.loads(output)
        return found

    def _run(self, shell: Shell, script: str, *arguments: str) -> str:
        """Run a script of `remote_code/builder` on the builder; return its last line."""
        result = shell.run(self._script(shell, script, *arguments), self.on_output)
        self._check(result, f"run {script}")
        return result.last[-1] if result.last else ""

    def _script(self, shell: Shell, script: str, *arguments: str) -> str:
        """Send a script of `remote_code/builder`; return the command that runs it."""
        self._put(shell, script)
        return f'{shlex.join([f"python{self.python}", f"{_WORK}/{script}", *arguments])} --root "$HOME/efs"'

    def _put(self, shell: Shell, script: str) -> None:
        shell.put(files("awsprov.remote_code").joinpath("builder", script).read_bytes(), f"{_WORK}/{script}")

    def mount(self, shell: Shell, aws: Aws) -> None:
        """Mount the file system at `~/efs` on the builder if it is not mounted, which it is not after a stop.

        Raises:
            AwsprovError: a command failed; carries its last lines.
        """
        python = f"python{self.python}"
        if shell.run('mountpoint -q "$HOME/efs"').status:
            self._do(shell, f"sudo dnf install -y -q amazon-efs-utils {python} {python}-pip", "prepare the builder")
            command = self._mount_command(aws)
            denied = "EFS to accept the builder's role"
            result = aws.wait_until(lambda: self._try_mount(shell, command), _MOUNT_LAG, denied, maximum_delay=10)
            self._check(result, "mount the file system")

    def _try_mount(self, shell: Shell, command: str) -> CommandResult | None:
        """Return the result of the mount; None while EFS does not accept the builder's role."""
        result = shell.run(command, self.on_output)
        return None if result.status and any(_DENIED in line for line in result.last) else result

    def _install(self, shell: Shell) -> str:
        """Install the environment; return the facts about it, as `bytes=123`."""
        self.on_wait("installing")
        options = [f"--name={self.environment.name}"]
        options += send_requirements(shell, self.environment.lock, _WORK, self.index_access, self.on_wait)
        options += [*self._send_files(shell), *self._send_handlers(shell)]
        self._put(shell, "slim.py")
        result = shell.run(self._script(shell, "install.py", *options), self.on_output)
        if result.status == PIP_FAILED:
            raise self._pip_error(result)
        self._check(result, "publish the environment")
        return result.last[-1]

    def _send_files(self, shell: Shell) -> list[str]:
        if not self.environment.files:
            return []
        self.on_wait(f"sending {self.environment.files.name}")
        with self.environment.archive() as archive:
            shell.send(archive, f"{_WORK}/files.tar")
        return [f"--files={_WORK}/files.tar"]

    def _send_handlers(self, shell: Shell) -> list[str]:
        """Send the code that the start pack is made for; return the option for install.py."""
        if not self.profiled:
            return []
        self._put(shell, "start_pack.py")
        handlers = {}
        for name, function in self.profiled.items():
            code = f"{_WORK}/code-{name}.zip"
            shell.put(function.bundle.content, code)
            handlers[name] = {"code": code, "handler": function.handler, "variables": dict(function.variables)}
        shell.put(json.dumps(handlers).encode(), f"{_WORK}/handlers.json")
        return [f"--handlers={_WORK}/handlers.json"]

    def _mount_command(self, aws: Aws) -> str:
        """Return the command that mounts with TLS and IAM, by address: the DNS name is not resolved at first."""
        options = f"tls,iam,accesspoint={self.access_point.id},mounttargetip={self.mount_target.address(aws)}"
        mount = shlex.join(["sudo", "mount", "-t", "efs", "-o", options, f"{self.file_system.id}:/"])
        return f'mkdir -p "$HOME/efs" "$HOME/{_WORK}" && {mount} "$HOME/efs"'

    def _do(self, shell: Shell, command: str, purpose: str) -> None:
        self._check(shell.run(command, self.on_output), purpose)

    def _check(self, result: CommandResult, purpose: str) -> None:
        if result.status:
            raise AwsprovError(
                f"The builder could not {purpose}.",
                why="\n".join([*result.last[-10:], f"(exit status {result.status})"]),
                remedy="`awsprov ssh` opens a session with it; `awsprov up --replace builder` creates a new one.",
            )

    def _pip_error(self, result: CommandResult) -> AwsprovError:
        lock = self.environment.lock
        return AwsprovError(
            f"pip could not install {lock.path.name}. Nothing was published, and the live function is unchanged.",
            why="\n".join(result.last[-10:]),
            remedy=pip_remedy(result.last, lock.requirements.name),
        )

    def wait(self, aws: Aws) -> None:
        """Apply the idle policy to a builder that was created although the environment is published already."""
        if self.builder and self.builder.started_here:
            self.builder.apply_idle_policy(aws)
