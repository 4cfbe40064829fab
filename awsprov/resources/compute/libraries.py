"""The libraries on the file system: an immutable environment, named by the hash of its contents."""

import json
import shlex
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from typing import Any

from packaging.utils import canonicalize_name

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource, Values
from awsprov.packaging.environment import ENVIRONMENTS, Environment
from awsprov.packaging.lockfile import Pins
from awsprov.resources.compute.build import FOR_READING, FOR_WRITING, Build
from awsprov.resources.compute.builder_session import WORK, BuilderSession, open_session
from awsprov.resources.storage.file_system import AccessPoint, MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy
from awsprov.ssh.client import CommandResult

_MOUNT_LAG = 300.0  # seconds; policies of EFS take "several minutes" to take effect (EFS user guide)
_DENIED = "access denied by server"  # of mount.nfs4


def variables_of(environment: Environment) -> dict[str, str]:
    """Return the environment variables through which a function finds an environment, published or not."""
    name = environment.name
    return environment.variables(f"{ENVIRONMENTS}/{name}" if name else "")


@dataclass(eq=False, repr=False)
class Libraries(Resource):
    """The published environment that the functions import from.

    Its id is its name on the file system. It is published once a tag on the file system says so; from then on neither
    an SSH session nor a builder is needed.

    Arguments:
        build: the build that is published.
        access_point: the access point that the builder mounts.
        mount_target: the mount target in the builder's zone.
        policy: the file system policy that allows the builder to mount.
    """

    build: Build
    access_point: AccessPoint
    _: KW_ONLY
    mount_target: MountTarget
    policy: FileSystemPolicy

    area = "libraries"
    virtual = True
    replace_triggered_by = frozenset({"build"})
    deployed = True
    typical_seconds = 15.0

    @property
    def environment(self) -> Environment:
        """What is published."""
        return self.build.environment

    def recorded_inputs(self) -> Values:
        """Return the arguments with the packages, for plans to compare."""
        environment = self.environment
        return {**self.inputs, "build": environment.name, "packages": environment.lock.pins}

    def find(self, aws: Aws) -> str:
        """Return its name if the file system's tags say that it is published; a record here may be of another one."""
        return self.build.find(aws)

    def create(self, aws: Aws) -> str:
        """Copy it to the file system and record that it is published."""
        with self.session(aws, writing=True) as session:
            self.on_wait("publishing")
            options = [f"--work=~/{WORK}", f"--root={FOR_WRITING}", f"--name={self.environment.name}"]
            result = session.run_program("publish", *options)
            session.check(result, "publish the environment")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.build.file_system.publish(aws, self.environment.name, f"at={now} {result.last[-1]}")
        return self.environment.name

    @contextmanager
    def session(self, aws: Aws, *, writing: bool = False) -> Iterator[BuilderSession]:
        """Open a session with the builder, with the file system mounted; at the end apply the idle policy.

        Arguments:
            aws: the clients.
            writing: whether the file system can be written to.

        Raises:
            NoStackError: there is no builder.
        """
        with open_session(self, self.build.builder, self.build.python, aws, last=True) as session:
            self.mount(session, aws, writing=writing)
            yield session
            session.run(f"sudo umount {_at_home(writing)}")

    def mount(self, session: BuilderSession, aws: Aws, *, writing: bool = False) -> None:
        """Mount the file system on the builder if it is not mounted, which it is not after a stop.

        It is mounted with TLS and IAM, by address: the DNS name is not resolved at first. Other users of the builder
        cannot pass through the home directory.

        Raises:
            AwsprovError: a command failed; carries its last lines.
        """
        self.on_wait("mounting the file system")
        point, address = _at_home(writing), self.mount_target.address(aws)
        options = f"tls,iam,accesspoint={self.access_point.id},mounttargetip={address}{'' if writing else ',ro'}"
        mount = shlex.join(["sudo", "mount", "-t", "efs", "-o", options, f"{self.build.file_system.id}:/"])
        prepare = f'chmod 700 "$HOME" && mkdir -p {point}'
        command = f"mountpoint -q {point} || {{ {prepare} && {mount} {point}; }}"
        denied = "EFS to accept the builder's role"
        (result,) = aws.wait_until(lambda: _try_mount(session, command), _MOUNT_LAG, denied, maximum_delay=10)
        session.check(result, "mount the file system")

    def prune(self, aws: Aws, to_delete: Collection[str], kept: Collection[str]) -> None:
        """Delete environments, and what an interrupted deletion or installation left.

        Arguments:
            aws: the clients.
            to_delete: the names of the environments to delete. Their tags are removed first.
            kept: the names of the environments to keep, published or not.
        """
        self.build.file_system.unpublish(aws, to_delete)
        with self.session(aws, writing=True) as session:
            self._run(session, "prune", f"--root={FOR_WRITING}", "--delete", *to_delete, "--kept", *kept)

    def packages(self, aws: Aws, names: Collection[str]) -> dict[str, Pins]:
        """Return the version of each package, by name, in each of some environments, as their manifests say."""
        with self.session(aws) as session:
            found: dict[str, Pins] = self._run(session, "manifests", f"--root={FOR_READING}", *names)
        return {name: {canonicalize_name(each): pins[each] for each in pins} for name, pins in found.items()}

    def import_times(self, aws: Aws, environment: str, modules: Collection[str]) -> list[dict[str, Any]]:
        """Import modules on the builder; return package, version, milliseconds and bytes of each package."""
        with self.session(aws) as session:
            options = [f"--root={FOR_READING}", "--name", environment, *modules]
            found: list[dict[str, Any]] = self._run(session, "import_times", *options)
        return found

    def verify(self, aws: Aws, digests: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Compare environments with their manifests; return for each the number of files and what differs.

        Arguments:
            aws: the clients.
            digests: the SHA-256 of each environment's manifest, by the environment's name; empty if unknown.
        """
        with self.session(aws) as session:
            return {
                name: self._run(session, "verify", f"--root={FOR_READING}", f"--name={name}", f"--manifest={digest}")
                for name, digest in digests.items()
            }

    def _run(self, session: BuilderSession, program: str, *options: str) -> Any:
        """Run a program on the builder; return the document in its last line, if it prints one."""
        result = session.run_program(program, *options)
        session.check(result, f"run {program}")
        return json.loads(result.last[-1]) if result.last and result.last[-1][:1] in ("{", "[") else None

    def wait(self, aws: Aws) -> None:
        """Apply the idle policy to a builder that was created although the environment is published already."""
        if self.build.builder and self.build.builder.started_here:
            self.build.builder.apply_idle_policy(aws)


def _try_mount(session: BuilderSession, command: str) -> tuple[CommandResult, ...]:
    """Return the result of the mount; nothing while EFS does not accept the builder's role."""
    result = session.run(command)
    return () if result.status and any(_DENIED in line for line in result.last) else (result,)


def _at_home(writing: bool) -> str:
    """Return the mount point, for the shell."""
    point = FOR_WRITING if writing else FOR_READING
    return f'"$HOME/{point.removeprefix("~/")}"'
