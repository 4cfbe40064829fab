"""The libraries on the file system: an immutable environment, named by the hash of its contents."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Values
from awsprov.packaging.environment import Environment
from awsprov.resources.compute.builder_session import FOR_READING, FOR_WRITING
from awsprov.resources.compute.publication import Publication


@dataclass(eq=False, repr=False)
class Libraries(Publication):
    """The published environment that the functions import from: that of the build."""

    virtual = True

    @property
    def environment(self) -> Environment:
        """What is published."""
        return self.build.environment

    def recorded_inputs(self) -> Values:
        """Return the arguments with the packages, for plans to compare."""
        environment = self.environment
        return {"build": environment.name, "packages": environment.lock.pins}

    def find(self, aws: Aws) -> str:
        """Return its name if, by the file system's tags, it is published; a record here may be of another one."""
        return self.build.find(aws)

    def create(self, aws: Aws) -> str:
        """Copy it to the file system and record that it is published."""
        with self.session(aws, writing=True) as session:
            facts = self.publish(session, self.environment.name)
        self.build.file_system.publish(aws, self.environment.name, facts)
        return self.environment.name

    def prune(self, aws: Aws, to_delete: Collection[str], kept: Collection[str]) -> None:
        """Delete environments, and what an interrupted deletion or installation left.

        Arguments:
            aws: the clients.
            to_delete: the names of the environments to delete. Their tags are removed first.
            kept: the names of the environments to keep, published or not.
        """
        self.build.file_system.unpublish(aws, to_delete)
        with self.session(aws, writing=True) as session:
            session.document("prune", f"--root={FOR_WRITING}", "--delete", *to_delete, "--kept", *kept)

    def contents(self, aws: Aws, names: Collection[str]) -> dict[str, dict[str, str]]:
        """Return what the manifests of environments list: versions by package; of files, hashes by name."""
        with self.session(aws) as session:
            found: dict[str, dict[str, str]] = session.document("manifests", f"--root={FOR_READING}", *names)
        return found

    def import_times(self, aws: Aws, environment: str, modules: Collection[str]) -> dict[str, Any]:
        """Import modules on the builder.

        Returns:
            `packages` with package, version, milliseconds and bytes of each; `parts` of a cold start, with what and
            milliseconds of CPU time of each; and `failed`, the error of each module that failed.
        """
        with self.session(aws) as session:
            options = [f"--root={FOR_READING}", "--name", environment, *modules]
            found: dict[str, Any] = session.document("import_times", *options)
        return found

    def verify(self, aws: Aws, digests: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Compare environments with their manifests; return for each the number of files and what differs.

        Arguments:
            aws: the clients.
            digests: the SHA-256 of each environment's manifest, by the environment's name; empty if unknown.
        """
        with self.session(aws) as session:
            return {
                name: session.document("verify", f"--root={FOR_READING}", f"--name={name}", f"--manifest={digest}")
                for name, digest in digests.items()
            }

    def wait(self, aws: Aws) -> None:
        """Apply the idle policy to a builder that was created although the environment is published already."""
        if self.build.builder and self.build.builder.started_here:
            self.build.builder.apply_idle_policy(aws)
