"""Sessions with the builder, in which awsprov's own programs run on it (`awsprov.remote_code.builder`)."""

import io
import json
import re
import shlex
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.errors import AwsprovError
from awsprov.resources.compute.builder import DISK, Builder
from awsprov.resources.compute.builder_errors import no_builder
from awsprov.ssh.client import CommandResult, Shell

WORK = ".awsprov"  # the working directory on the builder, under its home
# Where the builder mounts the file system: to publish and delete, and to read.
FOR_WRITING, FOR_READING = f"~/{WORK}/efs", "~/efs"
_PROGRAMS = f"{WORK}/builder.zip"
_SHOWN = 10  # lines of output in an error
_NO_SPACE = re.compile(r"(?i)no space left on device|disk quota exceeded")
_NO_MEMORY = re.compile(r"MemoryError|Cannot allocate memory|died with <Signals.SIGKILL|was terminated abruptly")
_KILLED = (137, -1)  # exit statuses of what was killed: of the shell, and of an SSH channel without a status
_HAS_PROGRAMS = (
    "command -v {python} >/dev/null && command -v pip{version} >/dev/null && command -v mount.efs >/dev/null"
)


class BuilderSession:
    """An SSH session with a builder that has the functions' Python and awsprov's programs.

    Arguments:
        shell: the session.
        builder: the builder.
        python: the functions' Python version, as `3.12`.
        report_to: the resource that reports what the programs print.
    """

    def __init__(self, shell: Shell, builder: Builder, python: str, report_to: Resource) -> None:
        self.shell, self._builder, self._python, self._on_output = shell, builder, python, report_to.on_output

    def prepare(self) -> None:
        """Install what the programs need, unless it is there, and send the programs."""
        python = f"python{self._python}"
        packages = f"amazon-efs-utils {python} {python}-pip"
        present = _HAS_PROGRAMS.format(python=python, version=self._python)
        install = f"({present}) || sudo dnf install -y -q {packages}"
        self.check(self.run(f'mkdir -p "$HOME/{WORK}" && {{ {install}; }}'), "prepare itself")
        self.shell.put(programs(), _PROGRAMS)

    def install(self, packages: list[str]) -> None:
        """Install packages of Amazon Linux, unless they are installed.

        Raises:
            AwsprovError: one does not exist, or the repository cannot be reached.
        """
        words = shlex.join(packages)
        result = self.run(f"rpm -q --quiet {words} 2>/dev/null || sudo dnf install -y -q {words}")
        if result.status:
            raise AwsprovError(
                f"The builder could not install {', '.join(packages)}.",
                why=_why(result),
                remedy="Correct `builder.packages` in config.yaml: the names are those of Amazon Linux 2023.",
            )

    def run(self, command: str) -> CommandResult:
        """Run a command of the shell."""
        return self.shell.run(command, self._on_output)

    def run_program(self, program: str, *options: str) -> CommandResult:
        """Run one of awsprov's programs. Options may begin with `~/`, for the home directory."""
        words = [f"python{self._python}", _PROGRAMS, program, *options]
        return self.run(" ".join(map(_quoted, words)))

    def document(self, program: str, *options: str) -> Any:
        """Run one of awsprov's programs; return the JSON document in its last line, None if it prints none.

        Raises:
            AwsprovError: it failed.
        """
        result = self.run_program(program, *options)
        self.check(result, f"run {program}")
        return json.loads(result.last[-1]) if result.last and result.last[-1][:1] in ("{", "[") else None

    def check(self, result: CommandResult, purpose: str) -> None:
        """Raise an AwsprovError if a command failed: the builder could not do what was its purpose."""
        self.check_resources(result)
        if result.status:
            raise AwsprovError(f"The builder could not {purpose}.", why=_why(result), remedy=_LOOK)

    def check_resources(self, result: CommandResult) -> None:
        """Raise an AwsprovError if a command failed for lack of disk or memory."""
        if not result.status:
            return
        if any(_NO_SPACE.search(line) for line in result.last):
            raise AwsprovError("The builder's disk is full.", why=_why(result), remedy=_FULL)
        if result.status in _KILLED or any(_NO_MEMORY.search(line) for line in result.last):
            what = "A program on the builder was killed, probably for lack of memory."
            raise AwsprovError(what, why=_why(result), remedy=_SMALL.format(type=self._builder.instance_type))


def _why(result: CommandResult) -> str:
    return "\n".join([*result.last[-_SHOWN:], f"(exit status {result.status})"])


_FULL = (
    f"It has {DISK} GB; an environment needs about three times its size while it is built. "
    "`awsprov up --replace builder` creates a builder with an empty disk. If that is too small, remove large packages."
)
_SMALL = "Set `builder.instance_type` in config.yaml to a type with more memory than {type}, then run `awsprov up`."
_LOOK = "`awsprov ssh` opens a session with it; `awsprov up --replace builder` creates a new one."


@contextmanager
def open_session(
    resource: Resource, builder: Builder | None, python: str, aws: Aws, *, last: bool
) -> Iterator[BuilderSession]:
    """Start the builder if it is stopped, and open a session with it.

    Arguments:
        resource: whose work it is: progress and output are reported as this resource's.
        builder: the builder, if there is one.
        python: the functions' Python version, as `3.12`.
        aws: the clients.
        last: whether no other session follows at once, so that the idle policy is applied; after an error it always is.

    Raises:
        NoStackError: there is no builder.
    """
    if builder is None:
        raise no_builder()
    builder.on_wait = resource.on_wait
    builder.start(aws)
    try:
        with builder.shell(aws) as shell:
            session = BuilderSession(shell, builder, python, resource)
            session.prepare()
            yield session
    except BaseException:
        builder.apply_idle_policy(aws)
        raise
    if last:
        builder.apply_idle_policy(aws)


def programs() -> bytes:
    """Return a zip of the programs, which Python can run."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("__main__.py", "from builder.__main__ import main\n\nif __name__ == '__main__':\n    main()\n")
        for module in sorted(files("awsprov.remote_code.builder").iterdir(), key=lambda each: each.name):
            if module.name.endswith((".py", ".txt")):
                archive.writestr(f"builder/{module.name}", module.read_bytes())
    return content.getvalue()


def _quoted(word: str) -> str:
    """Return a word for the shell, in which a `~/` after `=` or at the beginning is the home directory."""
    option, home, path = word.partition("~/")
    return f'{shlex.quote(option) if option else ""}"$HOME"/{shlex.quote(path)}' if home else shlex.quote(word)
