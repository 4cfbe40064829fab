"""The tutorial: write its files, run its commands, and compare their output with the page."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
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


class Reader:
    """A reader who types the commands of the page, in a shell that keeps its directory."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.here, self.environment = home, environment

    def type(self, command: str) -> str:
        """Run a command and return its output."""
        script = f"{command}\nresult=$?; pwd > {self.environment['WHERE']}; exit $result"
        ran = subprocess.run(
            ["bash", "-c", script], cwd=self.here, env=self.environment, timeout=200, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert ran.returncode == 0, f"{command} exited with {ran.returncode}:\n{ran.stdout}"
        self.here = Path(Path(self.environment["WHERE"]).read_text().strip())
        return ran.stdout


@pytest.fixture(name="reader")
def start_reader(tmp_path: Path, state_dir: Path) -> Iterator[Reader]:
    """Return a reader with a local cloud; delete the stack at the end, also after a failure."""
    tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": tools, "AWSPROV_STATE_DIR": str(state_dir), "WHERE": str(tmp_path / "where")}
    reader = Reader(tmp_path, environment)
    yield reader
    if (state_dir / "prices.local.json").exists():
        reader.type("awsprov down --local --yes")


@pytest.mark.timeout(900)  # about thirty commands
def test_the_tutorial_does_what_it_says(reader: Reader) -> None:
    page = list(steps(PAGE.read_text(encoding="utf-8")))
    assert len(page) > 20
    for step in page:
        follow(reader, step)


def follow(reader: Reader, step: Step) -> None:
    """Write a step's file, or run its command and compare the output with the page."""
    if step.file:
        (reader.here / step.file).write_text(step.text, encoding="utf-8")
        return
    printed = reader.type(step.text)
    if not re.fullmatch(pattern(step.prints), plain(printed)):
        pytest.fail(f"{PAGE.name}:{step.line}: $ {step.text}\n{printed}is not\n{step.prints}", pytrace=False)


def test_output_is_compared_with_the_page() -> None:
    shown = "…\nDone: 34 resources, 187 AWS calls (56 of them changes), 44.7 s.\n"
    assert re.fullmatch(pattern(shown), plain("a\nb\nDone: 34 resources, 9 AWS calls (8 of them changes), 1.2 s.\n"))
    assert not re.fullmatch(pattern(shown), plain("a\nDone: 33 resources, 9 AWS calls (8 of them changes), 1.2 s.\n"))
    assert not re.fullmatch(pattern('{"median": 2.0}\n'), plain('{"median": 3.0}\n'))
