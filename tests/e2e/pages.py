"""Pages of the documentation whose files are written and whose commands are run, to compare their output."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
DIFFERS = (  # parts that differ between runs
    (r" --state-dir \S+", ""),
    (r"\d+\.\d+ s\b", "0.0 s"),
    (r"\d+ AWS calls \(\d+", "0 AWS calls (0"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:0"),
    (r"execute-api/\w+", "execute-api/id"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-01-01 00:00"),
    (r"\d\d:\d\d:\d\d\.\d{3}", "00:00:00.000"),
    (r"code \S{8}", "code 00000000"),
    (r"\b[0-9a-f]{8}([0-9a-f]{8})?\b", "00000000"),
    (r"\d+\.\d+\.\d+\b", "0.0.0"),
)


@dataclass(frozen=True)
class Step:
    """A file to write, or a command to run and its expected output."""

    line: int
    file: str
    text: str
    prints: str = ""


def steps(page: str) -> Iterator[Step]:
    """Yield the steps of a page, in order."""
    for block in FENCE.finditer(page):
        kind, file, text = block.groups(default="")
        line = page.count("\n", 0, block.start()) + 2
        if file:
            yield Step(line, file, text)
        elif kind == "console":
            for each in re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
                yield Step(line + text.count("\n", 0, each.start()), "", each[1], each[2])


def plain(text: str) -> str:
    """Replace the parts of a text that differ between runs."""
    for pattern, same in DIFFERS:
        text = re.sub(pattern, same, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def pattern(prints: str) -> str:
    """Return a pattern for the output on the page: a line `…` matches any lines, `…` within a line any text."""
    lines = (re.escape(line).replace("…", ".*") + "\n" for line in plain(prints).splitlines())
    return "".join(line if line != ".*\n" else r"(?:.*\n)*?" for line in lines)


@dataclass
class Reader:
    """A reader who types the commands of a page, in a shell that keeps its directory and its variables.

    Arguments:
        here: the directory in which the reader is.
        environment: the variables of the shell.
        shell: a file for what the shell keeps.
    """

    here: Path
    environment: dict[str, str]
    shell: Path

    def read(self, page: Path) -> None:
        """Write the files of a page and run its commands, in order. Compare their output with the page."""
        found = list(steps(page.read_text(encoding="utf-8")))
        assert len(found) > 20
        for step in found:
            if step.file:
                (self.here / step.file).write_text(step.text, encoding="utf-8")
                continue
            printed = self.type(step.text)
            if not re.fullmatch(pattern(step.prints), plain(printed)):
                where = f"{page.name}:{step.line}: $ {step.text}"
                pytest.fail(f"{where}\n{printed}is not\n{step.prints}", pytrace=False)

    def type(self, command: str) -> str:
        """Run a command and return its output."""
        self.shell.touch()
        keep = f'{{ export -p; echo "cd $(printf %q "$PWD")"; }} > {self.shell}'
        ran = subprocess.run(
            ["bash", "-c", f". {self.shell}\n{command}\nresult=$?; {keep}; exit $result"],
            cwd=self.here, env=self.environment, timeout=200, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert ran.returncode == 0, f"{command} exited with {ran.returncode}:\n{ran.stdout}"
        self.here = Path(self.shell.read_text().rpartition("\ncd ")[2].strip())
        return ran.stdout


def environment() -> dict[str, str]:
    """Return the variables of a shell in which `awsprov` is a command."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
