"""The lock: exact versions and hashes of all libraries, resolved once for the function's own Python and platform.

uv resolves: unlike pip's `--platform`, it judges environment markers for the target and not for the machine it runs on.
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

from awsprov.errors import AwsprovError
from awsprov.files import write_atomically
from awsprov.packaging.requirements import lines, options, read

State = Literal["missing", "stale", "fresh"]
Pins = dict[str, str]  # name of a package: its version

GLIBC = "manylinux_2_28"  # Amazon Linux 2023, below Lambda's Python 3.12 and later, has glibc 2.34
_MARK = "# awsprov lock "
_NO_WHEEL = re.compile(r"Wheels are required for `([^`]+)`")
_NETWORK = re.compile(r"(?i)failed to fetch|error sending request|timed out|dns error|certificate")


@dataclass(frozen=True)
class Lock:
    """What the libraries are resolved from and for, and the file with the answer.

    Arguments:
        requirements: a requirements.txt.
        path: the lock file. It names no index, and holds hashes of every file of a version, for whatever platform.
        python: the Python that will import them, as in `3.12`.
        platform: that of the function as uv calls it; empty for this machine's own.
    """

    requirements: Path
    path: Path
    python: str
    platform: str = ""

    @property
    def target(self) -> str:
        """For whom, in words."""
        return f"Python {self.python} on {self.platform.partition('-')[0] or 'this machine'}"

    @property
    def fingerprint(self) -> str:
        """A hash of what is resolved; comments and blank lines do not count."""
        wanted = [self.python, self.platform, *(line for _, line in lines(read(self.requirements)))]
        return hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:16]

    @property
    def state(self) -> State:
        """Whether the file is there, and of these requirements."""
        if not self.path.is_file():
            return "missing"
        return "fresh" if self._text().startswith(f"{_MARK}{self.fingerprint}\n") else "stale"

    @property
    def pinned(self) -> list[str]:
        """Each package with its version and hashes, as pip reads them; nothing when there is no lock."""
        return [" ".join(line.split()) for _, line in lines(self._text())] if self.path.is_file() else []

    @property
    def pins(self) -> Pins:
        """Name and version of each package."""
        found = [Requirement(line.split(" --hash", 1)[0]) for line in self.pinned]
        return {canonicalize_name(each.name): next(iter(each.specifier)).version for each in found}

    @property
    def installable(self) -> str:
        """What pip installs: the lock, with the options of the requirements for where to find its packages."""
        return "\n".join([*options(read(self.requirements)), *self.pinned]) + "\n"

    def resolve(self, *, upgrade: bool = False) -> None:
        """Resolve, and write the file; versions that it pins already stay where they can.

        Arguments:
            upgrade: whether to take the newest versions instead.

        Raises:
            AwsprovError: there is no answer, or no wheel; nothing was written.
        """
        with tempfile.TemporaryDirectory(prefix="awsprov-lock-") as scratch:
            draft = Path(scratch, "lock")
            if self.path.is_file() and not upgrade:
                draft.write_text(self._text())
            self._uv(draft)
            self.write("\n".join(_as_wanted(draft.read_text(), _hashes(read(self.requirements)))))

    def write(self, pinned: str) -> None:
        """Put what was resolved into the file, whole."""
        told = f"# Made by `awsprov lock` from {self.requirements.name} for {self.target}."
        write_atomically(self.path, f"{_MARK}{self.fingerprint}\n{told}\n{pinned.strip()}\n".encode())
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

    def _unresolved(self, said: str) -> AwsprovError:
        why = "\n".join(line for line in said.strip().splitlines() if line and not line.startswith("warning:"))
        if found := _NO_WHEEL.search(said):
            remedy = f"Ask for a version of {found[1]} that has a wheel, or for another package: nothing is compiled."
        elif _NETWORK.search(said):
            remedy = "Check the way to the package index, then run the same command again."
        else:
            remedy = f"Correct {self.requirements}."
        return AwsprovError(
            f"{self.requirements.name} cannot be resolved for {self.target}. Nothing was changed.",
            why=why,
            remedy=remedy,
        )


def differences(was: Pins, now: Pins) -> list[str]:
    """What differs between two sets of packages, a line each: `+ new 1.0`, `- old 1.0`, `~ other 1.0 → 2.0`."""
    added = [f"+ {name} {now[name]}" for name in now if name not in was]
    removed = [f"- {name} {was[name]}" for name in was if name not in now]
    changed = [f"~ {name} {was[name]} → {now[name]}" for name in now if name in was and was[name] != now[name]]
    return sorted([*added, *removed, *changed], key=lambda line: line[2:])


def _hashes(text: str) -> dict[str, set[str]]:
    """The hashes that the person gave, by package: only these files will do."""
    found = (line.split() for _, line in lines(text) if "--hash=" in line)
    return {_name(words[0]): {word for word in words if word.startswith("--hash=")} for words in found}


def _as_wanted(resolved: str, given: dict[str, set[str]]) -> list[str]:
    """The resolved packages, a paragraph each, with those hashes alone that were given, where some were.

    Raises:
        AwsprovError: the index has none of the files that were asked for.
    """
    pinned: list[str] = []
    for _, line in lines(resolved):
        pin, *hashes = line.split()
        allowed = given.get(_name(pin))
        kept = [each for each in hashes if allowed is None or each in allowed]
        if not kept:
            raise AwsprovError(
                f"{pin}: no file of the package index has a hash that the requirements give.",
                why="Somebody published other files under this version, or the hashes are of another one.",
                remedy="Nothing was changed. Compare the hashes with those that the package's authors publish.",
            )
        pinned.append(" \\\n    ".join([pin, *kept]))
    return pinned


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)
