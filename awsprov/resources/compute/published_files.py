"""The user's files on the file system, such as a trained model: an environment of their own, named by its contents."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.engine.resource import Values
from awsprov.packaging.file_environment import FileEnvironment
from awsprov.remote_code.builder.workspace import FILE_BUILDS
from awsprov.resources.compute.build import send_files
from awsprov.resources.compute.builder_session import FOR_WRITING, BuilderSession
from awsprov.resources.compute.publication import Publication

_LONGEST = 256  # characters of a tag's value (EFS API reference, Tag)
_ALLOWED = re.compile(r"[\w./=+@-]+")  # in a tag, without the characters that separate names here


@dataclass(eq=False, repr=False)
class PublishedFiles(Publication):
    """The published environment of files, which the functions find through the variable AWSPROV_FILES.

    It does not depend on the libraries, and they do not depend on it: a new model installs nothing. It uses the builder
    after the build of the libraries, which may have received the files for the handlers' imports already.

    Arguments:
        contents: what is published.
    """

    contents: FileEnvironment

    virtual = True

    def recorded_inputs(self) -> Values:
        """Return the arguments with the files, for plans to compare."""
        return {"build": self.build.id, "contents": self.contents.name, "files": self.contents.contents}

    def find(self, aws: Aws) -> str:
        """Return its name if, by the file system's tags, it is published."""
        name = self.contents.name
        return name if name in self.build.file_system.environments(aws) else ""

    def create(self, aws: Aws) -> str:
        """Send the files, copy them to the file system, and record that they are published."""
        system, name = self.build.file_system, self.contents.name
        system.check_tags(aws, name)
        before = _newest(system.environments(aws))
        last = bool(self.build.find(aws))  # otherwise the libraries are published next
        with self.session(aws, writing=True, last=last) as session:
            send_files(session, self.contents, self.on_wait)
            facts = self.publish(session, name, f"--builds={FILE_BUILDS}")
            changed = self._changed(session, before)
        system.publish(aws, name, _with_changes(facts, before, changed))
        return name

    def _changed(self, session: BuilderSession, before: str) -> list[str]:
        """Return the names of the files that differ from those of another environment."""
        if not before:
            return []
        has, wants = session.document("manifests", f"--root={FOR_WRITING}", before)[before], self.contents.contents
        return [name for name in sorted({*has, *wants}) if has.get(name) != wants.get(name)]


def _newest(environments: Mapping[str, str]) -> str:
    """Return the name of the newest environment of files; empty if there is none."""
    dates = {name: facts for name, facts in environments.items() if "kind=files" in facts.split()}
    return max(dates, key=lambda name: dates[name], default="")  # facts begin with the date


def _with_changes(facts: str, before: str, changed: Collection[str]) -> str:
    """Return the facts of a tag with as many names of changed files as fit, and the number of all."""
    if not before:
        return facts
    text = f"{facts} from={before} changed={len(changed)}"
    for name in changed:
        if _ALLOWED.fullmatch(name) and len(text) + 1 + len(name) <= _LONGEST:
            text += f":{name}"
    return text
