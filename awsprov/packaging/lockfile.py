"""The lock file: exact versions and hashes of all libraries, resolved for the function's Python and platform.

uv resolves them: unlike pip's `--platform`, it evaluates environment markers for the target platform.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from awsprov.errors import AwsprovError, RefusedError
from awsprov.files import write_atomically
from awsprov.packaging.requirements import lines, options, read

State = Literal["missing", "stale", "fresh"]
Pins = dict[str, str]  # package name: version

GLIBC = "manylinux_2_28"  # Amazon Linux 2023, below Lambda's Python 3.12 and later, has glibc 2.34
_MARK = "# awsprov lock "
_NO_WHEEL = re.compile(r"Wheels are required for `([^`]+)`")
_NETWORK = re.compile(r"(?i)failed to fetch|error sending request|timed out|dns error|certificate")


@dataclass(frozen=True)
class Lock:
    """A lock file, and what it is resolved from.

    Arguments:
        requirements: the requirements.txt.
        path: the lock file. It has the hashes of all files of a version, for any platform, and no index URL.
        python: the Python version, as in `3.12`.
        platform: uv's name of the function's platform; empty for this machine.
    """

    requirements: Path
    path: Path
    python: str
    platform: str = ""

    @property
    def target(self) -> str:
        """The target, as text for messages."""
        return f"Python {self.python} on {self.platform.partition('-')[0] or 'this machine'}"

    @property
    def fingerprint(self) -> str:
        """A hash of the requirements, Python and platform, without comments and blank lines."""
        inputs = [self.python, self.platform, *(line for _, line in lines(read(self.requirements)))]
        return hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:16]

    @property
    def state(self) -> State:
        """Whether the lock file exists and matches the requirements."""
        if not self.path.is_file():
            return "missing"
        return "fresh" if self._text().startswith(f"{_MARK}{self.fingerprint}\n") else "stale"

    def needs_resolving(self, command: str, *, relock: bool = False) -> bool:
        """Return whether the lock file has to be resolved before its libraries can be installed.

        Arguments:
            command: the command that resolves it, for the error.
            relock: whether a stale lock file is resolved again.

        Raises:
            RefusedError: the lock file is stale, and `relock` is false.
        """
        if self.state == "stale" and not relock:
            raise RefusedError(
                f"{self.path.name} is stale.",
                why=f"It was made from other requirements than those in {self.requirements}, or not for {self.target}.",
                remedy=f"Run `{command}` and look at what changes; or the same command with --relock.",
            )
        return self.state != "fresh" or relock

    @property
    def pinned(self) -> list[str]:
        """Each package with version and hashes in pip's format; empty without a lock file."""
        return [" ".join(line.split()) for _, line in lines(self._text())] if self.path.is_file() else []

    @property
    def pins(self) -> Pins:
        """The version of each package, by name."""
        found = [Requirement(line.split(" --hash", 1)[0]) for line in self.pinned]
        return {canonicalize_name(each.name): next(iter(each.specifier)).version for each in found}

    @property
    def installable(self) -> str:
        """The input for pip: the locked packages, with the index options of the requirements."""
        return "\n".join([*options(read(self.requirements)), *self.pinned]) + "\n"

    def resolve(self, *, upgrade: bool = False) -> None:
        """Resolve the requirements and write the lock file. Versions that are locked already are kept if possible.

        Arguments:
            upgrade: use the newest versions instead.

        Raises:
            AwsprovError: the requirements cannot be resolved, or a package has no wheel; nothing was written.
        """
        with tempfile.TemporaryDirectory(prefix="awsprov-lock-") as scratch:
            draft = Path(scratch, "lock")
            if self.path.is_file() and not upgrade:
                draft.write_text(self._text())
            self._uv(draft)
            self.write("\n".join(_with_given_hashes(draft.read_text(), _hashes(read(self.requirements)))))

    def write(self, pinned: str) -> None:
        """Write the lock file atomically."""
        comment = f"# Made by `awsprov lock` from {self.requirements.name} for {self.target}."
        write_atomically(self.path, f"{_MARK}{self.fingerprint}\n{comment}\n{pinned.strip()}\n".encode())
        self.path.chmod(0o644)

    def _text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def _uv(self, draft: Path) -> None:
        from uv import find_uv_bin  # noqa: PLC0415 - only to resolve

        command = [find_uv_bin(), "pip", "compile", str(self.requirements), f"--output-file={draft}"]
        command += [f"--python={sys.executable}", "--no-python-downloads", f"--python-version={self.python}"]
        command += [f"--python-platform={self.platform}"] if self.platform else []
        command += ["--only-binary=:all:", "--generate-hashes", "--no-header", "--no-annotate", "--color=never"]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise self._unresolved(ran.stderr)

    def _unresolved(self, output: str) -> AwsprovError:
        why = "\n".join(line for line in output.strip().splitlines() if line and not line.startswith("warning:"))
        if found := _NO_WHEEL.search(output):
            remedy = f"Require a version of {found[1]} that has a wheel, or another package: awsprov compiles nothing."
        elif _NETWORK.search(output):
            remedy = "Check the connection to the package index, then run the same command again."
        else:
            remedy = f"Correct {self.requirements}."
        return AwsprovError(
            f"{self.requirements.name} cannot be resolved for {self.target}. Nothing was changed.",
            why=why,
            remedy=remedy,
        )


def differences(old: Pins, new: Pins) -> list[str]:
    """Return the differences of two sets of packages, one a line: `+ new 1.0`, `- old 1.0`, `~ other 1.0 → 2.0`."""
    added = [f"+ {name} {new[name]}" for name in new if name not in old]
    removed = [f"- {name} {old[name]}" for name in old if name not in new]
    changed = [f"~ {name} {old[name]} → {new[name]}" for name in new if name in old and old[name] != new[name]]
    return sorted([*added, *removed, *changed], key=lambda line: line[2:])


def _hashes(text: str) -> dict[str, set[str]]:
    """Return the hashes in the requirements, by package: only these files may be installed."""
    found = (line.split() for _, line in lines(text) if "--hash=" in line)
    return {_name(words[0]): {word for word in words if word.startswith("--hash=")} for words in found}


def _with_given_hashes(resolved: str, given: dict[str, set[str]]) -> list[str]:
    """Return the resolved packages, one a paragraph; if hashes were given for a package, only with those.

    Raises:
        AwsprovError: no file on the index has one of the given hashes.
    """
    pinned: list[str] = []
    for _, line in lines(resolved):
        pin, *hashes = line.split()
        allowed = given.get(_name(pin))
        kept = [each for each in hashes if allowed is None or each in allowed]
        if not kept:
            raise AwsprovError(
                f"{pin}: no file on the package index has one of the hashes in the requirements.",
                why="The files of this version have changed, or the hashes are of another version.",
                remedy="Nothing was changed. Compare the hashes with those on the package index.",
            )
        pinned.append(" \\\n    ".join([pin, *kept]))
    return pinned


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)
