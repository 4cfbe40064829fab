"""CONTRIBUTING's example "Adding a resource", applied to a copy of the package, whose tests then run."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough  # half a minute: it runs other tests in a copy of the repository
ROOT = Path(__file__).parents[2]
STEP = re.compile(r"`((?:awsprov|tests)/[\w/]+\.py)`|^```(python|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TESTS = [
    "tests/unit/resources/test_secrets_endpoint.py",
    "tests/unit/resources/test_ownership.py",
    "tests/unit/resources/test_lifecycle.py::test_a_stack_is_created_found_unchanged_and_deleted_beside_resources_of_others[rest]",
    "tests/unit/iam/test_permissions.py",
    "tests/unit/terraform/test_export.py",
    "tests/unit/cloudformation/test_export.py",
    "tests/repository/test_architecture.py",
]
ABOUT = (
    "every_operation or nothing_is_granted or VpcEndpoint or route_table or beside_resources or kind or declared_stack"
    " or bound or fifth or SecretsEndpoint"
)


def steps() -> Iterator[tuple[str, str, str]]:
    """File, kind and text of each code block in the section; a block belongs to the file that was named last."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## Adding a resource\n")[2].partition("\n## ")[0]
    file = ""
    for named, kind, block in STEP.findall(section):
        file = named or file
        if kind:
            yield file, kind, block


def insert(file: Path, diff: str) -> None:
    """Insert the `+` lines of a diff below the one line that it shows of the file."""
    anchor, *added = diff.splitlines()
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines.count(anchor[1:]) == 1, f"{file.name} has {lines.count(anchor[1:])} lines {anchor[1:]!r}"
    place = lines.index(anchor[1:]) + 1
    assert all(line.startswith("+") for line in added)
    lines[place:place] = [line[1:] for line in added]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with the example applied."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("awsprov", "tests", "docs", "pyproject.toml", "config.yaml", "lambda_src"):
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, copy / name, ignore=ignored) if source.is_dir() else shutil.copy(source, copy / name)
    for file, kind, block in steps():
        if kind == "diff":
            insert(copy / file, block)
        else:
            assert not (copy / file).exists()
            (copy / file).write_text(block, encoding="utf-8")
    return copy


def run(copy: Path, *command: str) -> None:
    """Run a Python module in the copy."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", *command], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_example_has_a_class_a_kind_a_declaration_permissions_and_a_test() -> None:
    assert [(file, kind) for file, kind, _ in steps()] == [
        ("awsprov/resources/network/secrets_endpoint.py", "python"),
        ("awsprov/stack/declaration.py", "diff"),
        ("awsprov/stack/declaration.py", "diff"),
        ("awsprov/stack/network.py", "diff"),
        ("awsprov/stack/network.py", "diff"),
        ("awsprov/iam/permissions.py", "diff"),
        ("tests/unit/resources/test_secrets_endpoint.py", "python"),
        ("tests/unit/resources/foreign_resources.py", "diff"),
        ("tests/unit/resources/foreign_resources.py", "diff"),
        ("tests/unit/resources/foreign_resources.py", "diff"),
        *[("awsprov/terraform/rows/network.py", "diff")] * 3,
        *[("awsprov/cloudformation/rows/network.py", "diff")] * 3,
    ]


def test_the_example_is_created_found_changed_and_deleted_and_has_its_permissions(copy: Path) -> None:
    run(copy, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *TESTS, "-k", ABOUT)


def test_the_example_is_well_formed(copy: Path) -> None:
    changed = sorted({file for file, _, _ in steps()})
    run(copy, "ruff", "check", *changed)
    run(copy, "ruff", "format", "--check", *changed)
