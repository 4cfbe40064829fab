"""Installs wheels with pip, by hash, into a directory."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from . import tree
from .workspace import PIP_FAILED, report

KILLED = 137  # the exit status when pip was killed: a shell's for signal 9
_HASH = " --hash=sha256:"
_PIP = (sys.executable, "-m", "pip")
_OPTIONS = ("--no-deps", "--require-hashes", "--only-binary=:all:", "--no-input", "--disable-pip-version-check",
            "--progress-bar=off")  # fmt: skip


def wheel_of(line: str) -> "tuple[str, str]":
    """Return the normalized name of a package and the SHA-256 of its wheel, from a line of pip's requirements."""
    what, _, digest = line.partition(_HASH)
    name, separator, _ = re.split(r"( @ |==|$)", what, maxsplit=1)
    return normalized(name if separator else PurePosixPath(what).name.partition("-")[0]), digest.strip()


def normalized(name: str) -> str:
    """Return the normalized name of a package (PyPA specifications, "Names and normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


def install(target: Path, requirements: Path, lines: Iterable[str], variables: Mapping[str, str]) -> int:
    """Install wheels only, by hash, without bytecode. Return the exit status.

    Arguments:
        target: the directory for the packages, which is created.
        requirements: the requirements file, which is written.
        lines: its lines.
        variables: the variables in them; output has their names in place of their values.
    """
    target.mkdir(tree.DIRECTORY)
    requirements.write_text("".join(f"{line}\n" for line in lines))
    if not requirements.read_text().strip():
        return 0
    options = [*_OPTIONS, "--no-compile", "--root-user-action=ignore"]
    command = [*_PIP, "install", *options, f"--target={target}", f"--requirement={requirements}"]
    process = subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process:
        for line in process.stdout or ():
            report(_without_values(line.rstrip("\n"), variables))
    _forget_urls(target)
    status = process.returncode
    return KILLED if status < 0 else PIP_FAILED if status else 0


def download_command(directory: Path, requirements: Path, index: str) -> "list[str]":
    """Return the command that downloads wheels, by hash, from an index into a directory, and prints errors only."""
    options = [*_OPTIONS, "--quiet", "--retries=1", "--timeout=10", f"--index-url={index}"]
    return [*_PIP, "download", *options, f"--dest={directory}", f"--requirement={requirements}"]


def _without_values(line: str, variables: Mapping[str, str]) -> str:
    """Return a line of output with the names of variables in place of their values."""
    for name, value in variables.items():
        line = line.replace(value, f"${{{name}}}")
    return line


def _forget_urls(target: Path) -> None:
    """Delete pip's records of the URLs that packages are from: they may contain a variable's value."""
    for file in target.glob("*.dist-info/direct_url.json"):
        file.unlink()
        record = file.with_name("RECORD")
        lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(f"{file.parent.name}/{file.name},")]
        record.write_text("".join(kept), encoding="utf-8")
