"""Runs on the builder: imports modules from an environment and prints what each package costs, as JSON on one line."""

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from importlib.metadata import Distribution, distributions
from pathlib import Path

_TIME = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)")  # microseconds of its own, the module


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="where the file system is mounted")
    parser.add_argument("--name", required=True, help="the environment")
    parser.add_argument("modules", nargs="*", help="what to import, in this order")
    arguments = parser.parse_args()
    site = Path(arguments.root) / "envs" / arguments.name
    found = list(distributions(path=[str(site)]))
    times = _times(site, arguments.modules, _owners(found))
    print(json.dumps([_cost(each, times, site) for each in found]))


def _owners(found: list[Distribution]) -> dict[str, str]:
    """The package that each module comes from, by the module's first two names, and by its first."""
    owners: dict[str, str] = {}
    for each in found:
        for file in each.files or []:
            if file.suffix in (".py", ".so"):
                names = [part.split(".")[0] for part in file.parts[:2]]
                for module in (".".join(names), names[0]):
                    owners.setdefault(module, each.metadata["Name"])
    return owners


def _times(site: Path, modules: list[str], owners: dict[str, str]) -> Counter[str]:
    """Microseconds by package. One module that fails does not hide the others."""
    times: Counter[str] = Counter()
    _import(site, modules)  # what the disk costs the first time is another matter
    for own, module in _TIME.findall(_import(site, modules)):
        package = owners.get(".".join(module.split(".")[:2])) or owners.get(module.split(".")[0])
        times[package or ""] += int(own)
    return times


def _import(site: Path, modules: list[str]) -> str:
    """What Python says of the time that each import took."""
    program = "import contextlib, sys\nfor name in sys.argv[1:]:\n"
    program += "    with contextlib.suppress(Exception): __import__(name)  # importlib.import_module is not timed"
    command = [sys.executable, "-X", "importtime", "-c", program, *modules]
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=False).stderr


def _cost(each: Distribution, times: Counter[str], site: Path) -> dict[str, object]:
    size = sum((site / file).stat().st_size for file in each.files or [] if (site / file).is_file())
    name = each.metadata["Name"]
    return {"package": name, "version": each.version, "ms": times[name] / 1000, "bytes": size}


if __name__ == "__main__":
    main()
