"""The libraries on the file system: an immutable environment, named by the hash of what it is made of."""

import hashlib
import re
import shlex
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from awsprov.aws import Aws
from awsprov.errors import AwsprovError
from awsprov.remote import Ran, Shell
from awsprov.requirements import lines, read
from awsprov.resource import Resource
from awsprov.resources.compute import Builder
from awsprov.resources.install import PIP_FAILED
from awsprov.resources.mounting import FileSystemPolicy
from awsprov.resources.storage import AccessPoint, FileSystem, MountTarget

LAYOUT = "1"  # changes when the same requirements would be laid out in another way
MOUNT = "/mnt/efs"  # where functions see the file system
_WORK = ".awsprov"  # the builder's own directory, under its home
_NETWORK = re.compile(r"(?i)connection|timed? ?out|resolve|unreachable|proxy|certificate")


def environment(requirements: Path, python: str, architecture: str) -> str:
    """The name of an environment: a hash of its requirements, Python, architecture and layout.

    Comments and blank lines do not count.
    """
    made_of = [LAYOUT, python, architecture, *(line for _, line in lines(read(requirements)))]
    return hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:16]


@dataclass(eq=False, repr=False)
class Libraries(Resource):
    """The environment that the functions import from.

    Its id is its name on the file system. Once it is published, which a tag on the file system tells, neither a session
    nor a builder is needed any more.

    Arguments:
        door: the access point that the builder writes through.
        target: the mount target in the builder's zone.
        policy: what lets the builder mount.
        requirements: a requirements.txt.
        python: the function's Python, as in `3.12`.
        architecture: the function's, `x86_64` or `arm64`.
    """

    builder: Builder
    file_system: FileSystem
    door: AccessPoint
    target: MountTarget
    policy: FileSystemPolicy
    requirements: Path
    python: str
    architecture: str

    area = "libraries"
    intangible = True
    bound = frozenset({"file_system"})
    deployed = True
    usually = 60.0

    @property
    def environment(self) -> str:
        """The name of the environment that is wanted."""
        return environment(self.requirements, self.python, self.architecture)

    @property
    def path(self) -> str:
        """Where a function finds it."""
        return f"{MOUNT}/envs/{self.id}" if self.id else ""

    def find(self, aws: Aws) -> str:
        """By the tag on the file system alone: what was recorded went with a file system that was made anew."""
        return self.environment if self.environment in self.file_system.environments(aws) else ""

    def create(self, aws: Aws) -> str:
        """Install and publish. The builder goes to rest before it is told, so that a crash never leaves it running."""
        self.builder.say = self.say  # it is here that one waits for it
        self.builder.start(aws)
        try:
            with self.builder.shell(aws) as shell:
                self._install(shell, aws)
        finally:
            self.builder.rest(aws)
        self.file_system.publish(aws, self.environment)
        return self.environment

    def mount(self, shell: Shell, aws: Aws) -> None:
        """Have the file system at `~/efs` on the builder, and the tools that it takes. A stop of the builder undoes it.

        Raises:
            AwsprovError: the builder could not; carries its last lines.
        """
        python = f"python{self.python}"
        if shell.run('mountpoint -q "$HOME/efs"').status:
            self._do(shell, f"sudo dnf install -y -q amazon-efs-utils {python} {python}-pip", "prepare the builder")
            self._do(shell, self._mounting(aws), "mount the file system")

    def _install(self, shell: Shell, aws: Aws) -> None:
        self.say("mounting the file system")
        self.mount(shell, aws)
        self.say("installing")
        shell.put(files("awsprov.resources").joinpath("install.py").read_bytes(), f"{_WORK}/install.py")
        shell.put(read(self.requirements).encode(), f"{_WORK}/requirements.txt")
        command = [
            f"python{self.python}",
            f"{_WORK}/install.py",
            "--name",
            self.environment,
            "--requirements",
            f"{_WORK}/requirements.txt",
        ]
        ran = shell.run(f'{shlex.join(command)} --root "$HOME/efs"', self.show)
        if ran.status == PIP_FAILED:
            raise self._not_installed(ran)
        self._check(ran, "publish the environment")

    def _mounting(self, aws: Aws) -> str:
        """Over TLS, as the builder's role, through its access point, by address: the DNS name may lag by 90 s."""
        options = f"tls,iam,accesspoint={self.door.id},mounttargetip={self.target.address(aws)}"
        mount = shlex.join(["sudo", "mount", "-t", "efs", "-o", options, f"{self.file_system.id}:/"])
        return f'mkdir -p "$HOME/efs" "$HOME/{_WORK}" && {mount} "$HOME/efs"'

    def _do(self, shell: Shell, command: str, purpose: str) -> None:
        self._check(shell.run(command, self.show), purpose)

    def _check(self, ran: Ran, purpose: str) -> None:
        if ran.status:
            raise AwsprovError(
                f"The builder could not {purpose}.",
                why="\n".join([*ran.last[-10:], f"(exit status {ran.status})"]),
                remedy="`awsprov ssh` opens a session with it; `awsprov up --replace builder` makes a new one.",
            )

    def _not_installed(self, ran: Ran) -> AwsprovError:
        network = any(_NETWORK.search(line) for line in ran.last)
        remedy = "Check the builder's way to the package index" if network else f"Correct {self.requirements}"
        return AwsprovError(
            f"pip could not install {self.requirements.name}. Nothing was published; the live function is untouched.",
            why="\n".join(ran.last[-10:]),
            remedy=f"{remedy}, then run the same command again.",
        )

    def wait(self, aws: Aws) -> None:
        """A builder that was made although its libraries stood already goes to rest, too."""
        if self.builder.woken:
            self.builder.rest(aws)
