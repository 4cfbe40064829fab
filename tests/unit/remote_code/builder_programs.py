"""The programs of the builder, run here: a home directory, a file system, wheels, and the commands of Amazon Linux."""

import base64
import hashlib
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Collection, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from awsprov.local.ec2 import shims
from awsprov.packaging.file_environment import FileEnvironment
from awsprov.remote_code.builder import tree

FILES = {"tiny/__init__.py": "ANSWER = 42\n", "tiny/deep/__init__.py": "", "tiny/deep/data.txt": "data\n" * 100}


def wheel(
    directory: Path,
    name: str = "tiny",
    version: str = "1.0",
    *,
    extra: int = 0,
    more: Mapping[str, bytes] = MappingProxyType({}),
    programs: Collection[str] = (),
    requires: Collection[str] = (),
) -> None:
    """Write a wheel of pure Python.

    Arguments:
        directory: where.
        name: the package.
        version: its version.
        extra: how many modules more it has.
        more: other files, by name.
        programs: the names of those that are executable.
        requires: what it requires.
    """
    files = {path.replace("tiny", name): text.encode() for path, text in FILES.items()}
    files |= {f"{name}/many/m{n}.py": f"N = {n}\n".encode() for n in range(extra)} | dict(more)
    info = f"{name}-{version}.dist-info"
    needed = "".join(f"Requires-Dist: {each}\n" for each in requires)
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    digests = {path: base64.urlsafe_b64encode(hashlib.sha256(content).digest()) for path, content in files.items()}
    record = [f"{path},sha256={digests[path].decode().rstrip('=')},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = ("\n".join([*record, f"{info}/RECORD,,"]) + "\n").encode()
    with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, content in files.items():
            member = zipfile.ZipInfo(path)
            member.external_attr = (0o100755 if path in programs else 0o100644) << 16
            archive.writestr(member, content)


# Limits what a program can write to (Linux), and the stacks of its threads, which count in full. The address space is
# not limited: it has what glibc reserves for each thread, too.
_LIMITED = 'ulimit -d "$0" && ulimit -s 512 && exec "$@"'


@dataclass
class Builder:
    """Directories for the file system and the builder's home, and the wheels that pip finds.

    Attributes:
        work: the working directory.
        commands: a directory with commands that need no root.
        memory: the bytes that a program may use for itself; None for as many as it wants.
    """

    root: Path
    home: Path
    wheels: Path
    work: Path = field(init=False)
    commands: Path = field(init=False)
    memory: int | None = None

    def __post_init__(self) -> None:
        self.work, self.commands = self.home / ".awsprov", self.home / "bin"
        for directory in (self.root, self.wheels, self.work, self.commands):
            directory.mkdir(parents=True, exist_ok=True)
        for script in resources.files(shims).iterdir():
            if script.name in ("sudo.sh", "unshare.sh", "setpriv.sh", "timeout.sh"):
                command = self.commands / script.name.removesuffix(".sh")
                command.write_text(script.read_text())
                command.chmod(0o755)

    def start(self, program: str, *options: str, **environment: str) -> "subprocess.Popen[str]":
        """Start a program, as a session does."""
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PIP_CONFIG_FILE": os.devnull}
        path = f"{self.commands}{os.pathsep}{os.environ['PATH']}"
        limited = ["sh", "-c", _LIMITED, str(self.memory // 1024)] if self.memory else []
        return subprocess.Popen(
            [*limited, sys.executable, "-m", "awsprov.remote_code.builder", program, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **pip, "PATH": path, **environment},
            start_new_session=True,
        )

    def start_build(self, name: str, requirements: str, *options: str, **environment: str) -> "subprocess.Popen[str]":
        """Start the program that builds."""
        (self.work / "requirements.txt").write_text("".join(map(self.pinned, requirements.splitlines())))
        ours = [f"--work={self.work}", f"--name={name}", f"--requirements={self.work}/requirements.txt"]
        return self.start("build", *ours, *options, **environment)

    def start_publish(self, name: str, builds: str = "builds", **environment: str) -> "subprocess.Popen[str]":
        """Start the program that publishes libraries, or `files`."""
        options = [f"--work={self.work}", f"--root={self.root}", f"--name={name}", f"--builds={builds}"]
        return self.start("publish", *options, **environment)

    def receive(self, files: FileEnvironment) -> tuple[int, str]:
        """Receive files as from awsprov; return the exit status and the output."""
        archive = self.work / "files.tar"
        with files.archive() as content, archive.open("wb") as file:
            shutil.copyfileobj(content, file)
        options = [f"--work={self.work}", f"--name={files.name}", f"--archive={archive}"]
        return ended(self.start("receive", *options))

    def build(
        self, name: str = "abc", requirements: str = "tiny\n", *options: str, **environment: str
    ) -> tuple[int, str]:
        """Build; return the exit status and the output."""
        return ended(self.start_build(name, requirements, *options, **environment))

    def publish(self, name: str = "abc") -> tuple[int, str]:
        """Publish in this process; return the exit status and the output."""
        return self.run("publish", f"--work={self.work}", f"--root={self.root}", f"--name={name}")

    def run(self, program: str, *options: str) -> tuple[int, str]:
        """Run a program in this process; return the exit status and the output."""
        umask = os.umask(0o022)
        try:
            with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as output:
                patch.setattr(sys, "argv", [program, *options])
                status = importlib.import_module(f"awsprov.remote_code.builder.{program}").main()
                return status or 0, output.getvalue()
        finally:
            os.umask(umask)

    def install(self, name: str = "abc", requirements: str = "tiny\n", *options: str) -> Path:
        """Build and publish in processes; return the environment."""
        for status, output in (self.build(name, requirements, *options), ended(self.start_publish(name))):
            assert status == 0, output
        return self.root / "envs" / name

    def fill(self, name: str, files: Mapping[str, bytes], programs: Collection[str] = ()) -> Path:
        """Write a build with these files, without pip; return the directory of the environment that it becomes."""
        site = self.work / "builds" / name / "site"
        for path, content in files.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_bytes(content)
            (site / path).chmod(0o755 if path in programs else 0o644)
        entries = {path: tree.published(entry) for path, entry in tree.describe_all(site, 1).items()}
        found = {"name": name, "python": "3.12.0", "packages": {"tiny": "1.0"}, "files": entries}
        (site.parent / "manifest.json").write_text(json.dumps(found))
        return self.root / "envs" / name

    def handlers(self, code: str, **variables: str) -> str:
        """Write the code of a function; return the option that has it imported."""
        with zipfile.ZipFile(self.work / "code.zip", "w") as archive:
            archive.writestr("app.py", code)
        about = {"code": str(self.work / "code.zip"), "handler": "app.handler", "variables": variables}
        (self.work / "handlers.json").write_text(json.dumps({"app": about}))
        return f"--handlers={self.work}/handlers.json"

    def pinned(self, requirement: str) -> str:
        """Return a line of a lock: the hash is that of the wheel, if there is one."""
        name, _, version = requirement.partition("==")
        found = next(self.wheels.glob(f"{name}-{version or '*'}-*.whl"), None)
        with (found or Path(os.devnull)).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return f"{name}=={version or '1.0'} --hash=sha256:{digest}\n"

    @property
    def published(self) -> list[str]:
        """What a function could find."""
        envs = self.root / "envs"
        return sorted(path.name for path in envs.iterdir() if path.name[0] != ".") if envs.exists() else []

    @property
    def built(self) -> list[str]:
        """The builds on the builder's disk, complete or not."""
        return sorted(path.name for path in (self.work / "builds").iterdir())

    @property
    def leftovers(self) -> list[str]:
        """What an interrupted program would leave."""
        envs = self.root / "envs"
        scratch = [path.name for path in envs.iterdir() if path.name[0] == "."] if envs.exists() else []
        return [
            *scratch,
            *(name for name in self.built if name[0] == "."),
            *(["tmp"] if self.temporary.exists() else []),
        ]

    @property
    def temporary(self) -> Path:
        """The directory for temporary files."""
        return self.work / "tmp"


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Wait for a program; return its exit status and its output."""
    with process:
        output, _ = process.communicate(timeout=1200)
        return process.returncode, output


def manifest(environment: Path) -> Any:
    """Return the manifest of an environment."""
    return json.loads((environment / "manifest.json").read_text())
