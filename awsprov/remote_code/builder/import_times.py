"""Imports modules; prints time and size of each package, the time of each part of a cold start, and what could not be
imported, as JSON on one line.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
import zlib
from collections import Counter
from importlib import resources
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, BinaryIO

from . import compression, pip_install
from .workspace import INDEX, PACK

UNPACK = "decompress the start pack, beside the import"

_TIME = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)")  # self time in microseconds, module


def main() -> None:
    """Print the import times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="the directory where the file system is mounted")
    parser.add_argument("--name", required=True, help="the environment's hash")
    parser.add_argument("modules", nargs="*", help="the modules to import, in this order")
    arguments = parser.parse_args()
    site = Path(arguments.root) / "envs" / arguments.name
    found = list(distributions(path=[str(site)]))
    _import(site, arguments.modules)  # the first import also reads from EFS, which is not measured
    output, failed, parts = _import(site, arguments.modules)
    times, requirers = _times(output, _owners(found)), _requirers(found)
    packages = [{**_cost(each, times, site), "required_by": requirers[_normalized(each.name)]} for each in found]
    print(json.dumps({"packages": packages, "parts": _parts(parts, site), "failed": failed}))


def _requirers(found: list[Distribution]) -> dict[str, list[str]]:
    """Return the packages that require each one, by its normalized name; those of extras are not known to be needed."""
    requirers: dict[str, list[str]] = {_normalized(each.name): [] for each in found}
    for each in found:
        for required in {_normalized(line) for line in each.requires or [] if "extra ==" not in line}:
            requirers.setdefault(required, []).append(each.name)
    return requirers


def _normalized(requirement: str) -> str:
    """Return the normalized name that a requirement begins with."""
    return pip_install.normalized(re.match(r"[\w.-]*", requirement)[0])  # type: ignore[index]  # it matches anything


def _parts(imports: dict[str, float], site: Path) -> list[dict[str, Any]]:
    """Return the parts of a cold start with their CPU time in milliseconds, the longest first."""
    seconds = {**imports, **({UNPACK: _decompression(site)} if (site / PACK).exists() else {})}
    return [{"what": what, "ms": seconds[what] * 1000} for what in sorted(seconds, key=lambda what: -seconds[what])]


def _decompression(site: Path) -> float:
    """Return the CPU seconds that the decompression of the start pack takes."""
    seconds, index = 0.0, json.loads((site / INDEX).read_text())
    with (site / PACK).open("rb") as pack:
        extension = zlib.decompress(_read(pack, *index["extension"])) if "extension" in index else b""
        decompress = compression.decompressor(index.get("compression", compression.ZLIB), extension)
        for offset, length, _ in index["blocks"]:
            block = _read(pack, offset, length)
            began = time.process_time()
            decompress(block)
            seconds += time.process_time() - began
    return seconds


def _read(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def _owners(found: list[Distribution]) -> dict[str, str]:
    """Return the package of each module, by the first two parts of the module's name and by the first part."""
    owners: dict[str, str] = {}
    for each in found:
        for file in each.files or []:
            if file.suffix in (".py", ".so"):
                names = [part.split(".")[0] for part in file.parts[:2]]
                for module in (".".join(names), names[0]):
                    owners.setdefault(module, each.metadata["Name"])
    return owners


def _times(output: str, owners: dict[str, str]) -> Counter[str]:
    """Return the import time of each package in microseconds, from the output of `-X importtime`."""
    times: Counter[str] = Counter()
    for own, module in _TIME.findall(output):
        package = owners.get(".".join(module.split(".")[:2])) or owners.get(module.split(".")[0])
        times[package or ""] += int(own)
    return times


def _import(site: Path, modules: list[str]) -> "tuple[str, dict[str, str], dict[str, float]]":
    """Import modules in another process.

    Returns:
        The output of `-X importtime`, the error of each module that failed, and the CPU seconds of each part.
    """
    source = resources.files(__package__ or "").joinpath("timed_import.py").read_text(encoding="utf-8")
    command = [sys.executable, "-X", "importtime", "-c", source, *modules]
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    last = done.stdout.splitlines()[-1:]  # after what the modules print
    if done.returncode or not last:
        return done.stderr, {", ".join(modules): f"exit status {done.returncode}"}, {}
    found = json.loads(last[0])
    return done.stderr, found["failed"], found["parts"]


def _cost(package: Distribution, times: Counter[str], site: Path) -> dict[str, object]:
    size = sum((site / file).stat().st_size for file in package.files or [] if (site / file).is_file())
    name = package.metadata["Name"]
    return {"package": name, "version": package.version, "ms": times[name] / 1000, "bytes": size}
