"""The build of the libraries on the builder's own disk, while the file system's mount targets are being created."""

import json
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource, Values
from awsprov.errors import AwsprovError
from awsprov.packaging.bundle import Bundle
from awsprov.packaging.environment import Environment
from awsprov.packaging.file_environment import FileEnvironment
from awsprov.packaging.index_access import IndexAccess
from awsprov.remote_code.builder.receive import CHANGED
from awsprov.remote_code.builder.workspace import BUILD_FAILED, FILE_BUILDS, MANIFEST, PIP_FAILED
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.builder_mount import BuilderMount
from awsprov.resources.compute.builder_session import FOR_READING, FOR_WRITING, WORK, BuilderSession, open_session
from awsprov.resources.compute.library_input import pip_remedy, send_requirements
from awsprov.resources.storage.library_file_system import LibraryFileSystem, values_of
from awsprov.ssh.client import CommandResult


@dataclass(frozen=True)
class ProfiledFunction:
    """A function whose import is observed on the builder, for the start pack.

    Arguments:
        bundle: its code.
        handler: a module and a function in it, as `module.function`.
        variables: its variables from config.yaml, with placeholders for secrets.
    """

    bundle: Bundle
    handler: str
    variables: Mapping[str, str] = field(repr=False)


@dataclass(eq=False, repr=False)
class Build(Resource):
    """The environment on the builder's disk. Once it is published, it is no longer needed.

    Until then it is built again by each run, which takes a moment if the builder still has it: whether it has cannot be
    known without a session, and another builder has another disk.

    Arguments:
        builder: the instance that builds; None if the environment is published and the builder is not kept.
        file_system: the file system, whose tags say whether the environment is published.
        environment: what is built.
        python: the functions' Python version, as `3.12`.
        profiled: the functions, by name, whose imports determine the start pack; none for no pack. They do not change
            the environment's name: new code works with the existing pack, only slower.
        files: the files that these functions may read when they are imported; None for none. They do not change the
            environment's name either.
        wheels_from: how the builder mounts the file system to copy wheels that another one built; None if the lock file
            has nothing to build. Only then does the build wait for a mount target.
    """

    builder: Builder | None
    file_system: LibraryFileSystem
    _: KW_ONLY
    environment: Environment
    python: str
    profiled: Mapping[str, ProfiledFunction] = field(default_factory=dict)
    files: FileEnvironment | None = None
    wheels_from: BuilderMount | None = None

    area = "libraries"
    virtual = True
    replace_triggered_by = frozenset({"file_system"})
    deployed = True
    typical_seconds = 60.0
    index_access = IndexAccess()  # set by a command that may send something to package indexes

    def recorded_inputs(self) -> Values:
        """Return the arguments without files' paths and variables."""
        return {"environment": self.environment.name, "python": self.python, "profiled": sorted(self.profiled)}

    def find(self, aws: Aws) -> str:
        """Return the environment's name if it is published; a build that is not is no resource that can be found."""
        name = self.environment.name
        return name if name in self.file_system.environments(aws) else ""

    def create(self, aws: Aws) -> str:
        """Build it, and keep the builder running for the one that publishes it."""
        self.file_system.check_tags(aws, self.environment.name)
        with open_session(self, self.builder, self.python, aws, last=False) as session:
            self._build(session, aws)
        return self.environment.name

    def _build(self, session: BuilderSession, aws: Aws) -> None:
        self._install_packages(session)
        published = self._published(session, aws)
        self.on_wait("building")
        options = [f"--work=~/{WORK}", f"--name={self.environment.name}"]
        options += send_requirements(session.shell, self.environment.lock, WORK, self.index_access, self.on_wait)
        options += self._send_handlers(session)
        packages = ["--packages", *self.environment.system_packages]
        result = session.run_program("build", *options, *packages, *published, "--unmount", FOR_WRITING, FOR_READING)
        session.check_resources(result)
        if result.status == BUILD_FAILED:
            raise _build_error(result)
        if result.status == PIP_FAILED:
            raise self._pip_error(result)
        session.check(result, "build the libraries")

    def _published(self, session: BuilderSession, aws: Aws) -> list[str]:
        """Return the options that say what was published: the build takes unchanged packages from such a build.

        If packages are built, the file system is mounted for reading, for wheels that another builder built. The build
        copies them and unmounts it before it runs anything that is not its own.
        """
        facts = self.file_system.environments(aws)
        newest = sorted(facts, key=lambda name: facts[name], reverse=True)  # facts begin with the date
        values = {name: values_of(facts[name]) for name in newest}
        manifests = [f"{n}={found['manifest']}" for n, found in values.items() if {"packages", "manifest"} <= {*found}]
        if not (self.wheels_from and manifests):
            return ["--manifests", *manifests]
        self.wheels_from.mount(session, aws, self.on_wait)
        return [f"--root={FOR_READING}", "--manifests", *manifests]

    def _install_packages(self, session: BuilderSession) -> None:
        """Install the system packages of the configuration; for source distributions Python's headers, too."""
        sources = self.environment.lock.sources
        packages = [*self.environment.system_packages, *([f"python{self.python}-devel"] if sources else [])]
        if packages:
            self.on_wait(f"installing {', '.join(packages)}")
            session.install(packages)

    def _send_handlers(self, session: BuilderSession) -> list[str]:
        """Send the code that the start pack is made for, with its files; return the options for the build."""
        if not self.profiled:
            return []
        handlers = {}
        for name, function in self.profiled.items():
            code = f"{WORK}/code-{name}.zip"
            session.shell.put(function.bundle.content, code)
            handlers[name] = {
                "code": code,
                "handler": function.handler,
                "variables": dict(function.variables),
            }
        session.shell.put(json.dumps(handlers).encode(), f"{WORK}/handlers.json")
        files = [f"--files={self.files.name}"] if self.files else []
        if self.files:
            send_files(session, self.files, self.on_wait)
        return [f"--handlers=~/{WORK}/handlers.json", *files]

    def _pip_error(self, result: CommandResult) -> AwsprovError:
        lock = self.environment.lock
        return AwsprovError(
            f"pip could not install {lock.path.name}. Nothing was published, and the live function is unchanged.",
            why="\n".join(result.last[-10:]),
            remedy=pip_remedy(result.last, lock.requirements.name),
        )


def _build_error(result: CommandResult) -> AwsprovError:
    return AwsprovError(
        "A package of `libraries.build` could not be built. Nothing was published, and the live function is unchanged.",
        why="\n".join(result.last[-10:]),
        remedy="Add the packages of Amazon Linux that have its compiler and headers to `builder.packages`, "
        "for example `builder: {packages: [gcc, libpq-devel]}`. `awsprov logs --builder` shows the whole output.",
    )


def send_files(session: BuilderSession, files: FileEnvironment, on_wait: Callable[[str], None]) -> None:
    """Send files to the builder's disk, unless they are there.

    Arguments:
        session: a session with the builder.
        files: the files.
        on_wait: is called with what is being sent.

    Raises:
        AwsprovError: the files have changed since their name was computed.
    """
    if session.run(f'test -e "$HOME/{WORK}/{FILE_BUILDS}/{files.name}/{MANIFEST}"').status == 0:
        return
    on_wait(f"sending {files.directory.name}")
    with files.archive() as archive:
        session.shell.send(archive, f"{WORK}/files.tar")
    result = session.run_program("receive", f"--work=~/{WORK}", f"--name={files.name}", f"--archive=~/{WORK}/files.tar")
    if result.status == CHANGED:
        raise AwsprovError(
            f"Files in {files.directory} changed while they were sent. Nothing was published.",
            remedy="Run the same command again when they are complete.",
        )
    session.check(result, "receive the files")
