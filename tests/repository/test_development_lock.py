"""The lock of the development dependencies: names, versions and hashes, and nothing about where they come from."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / ".ci" / "requirements.txt").read_text()
PIN = re.compile(r"([a-z0-9-]+)==([^ ;]+)(?: ; [^\\\n]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)")


def test_it_holds_names_versions_and_hashes_only() -> None:
    _, _, body = LOCK.partition("\n")
    assert PIN.sub("", body) == ""
    assert "://" not in LOCK


def test_it_satisfies_pyproject_toml() -> None:
    pinned = {name: version for name, version, _ in PIN.findall(LOCK)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    groups += [group for name, group in project["dependency-groups"].items() if name != "fuzz"]  # not everywhere
    lines = [line for group in groups for line in group if isinstance(line, str)]
    for requirement in map(Requirement, lines):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement
