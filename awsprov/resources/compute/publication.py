"""Publication: the base class of what the builder publishes on the file system, libraries and files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.resources.compute.build import Build
from awsprov.resources.compute.builder_mount import BuilderMount
from awsprov.resources.compute.builder_session import FOR_WRITING, WORK, BuilderSession, open_session


@dataclass(eq=False, repr=False)
class Publication(Resource):
    """A published environment.

    Its id is its name on the file system. It is published once a tag on the file system says so; from then on neither
    an SSH session nor a builder is needed.

    Arguments:
        build: the build of the libraries, which has the builder.
        builder_mount: how the builder mounts the file system.
    """

    build: Build
    builder_mount: BuilderMount

    area = "libraries"
    replace_triggered_by = frozenset({"build"})
    deployed = True
    typical_seconds = 15.0

    @contextmanager
    def session(self, aws: Aws, *, writing: bool = False, last: bool = True) -> Iterator[BuilderSession]:
        """Open a session with the builder, with the file system mounted.

        Arguments:
            aws: the clients.
            writing: whether the file system can be written to.
            last: whether no other session follows at once, so that the idle policy is applied.

        Raises:
            NoStackError: there is no builder.
        """
        with open_session(self, self.build.builder, self.build.python, aws, last=last) as session:
            self.builder_mount.mount(session, aws, self.on_wait, writing=writing)
            yield session
            self.builder_mount.unmount(session, writing=writing)

    def publish(self, session: BuilderSession, name: str, *options: str) -> str:
        """Copy an environment to the file system; return the facts for its tag, which begin with the time.

        Arguments:
            session: a session in which the file system can be written to.
            name: the environment's name.
            options: more options of the program.
        """
        self.on_wait("publishing")
        own = [f"--work=~/{WORK}", f"--root={FOR_WRITING}", f"--name={name}"]
        result = session.run_program("publish", *own, *options)
        session.check(result, "publish the environment")
        return f"at={datetime.now(UTC).isoformat(timespec='seconds')} {result.last[-1]}"
