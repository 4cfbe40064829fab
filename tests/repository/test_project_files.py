"""Files of a public project: workflows that run what exists, and lists that agree with one another."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
YAML = sorted([*ROOT.glob(".github/**/*.yml"), ROOT / ".pre-commit-config.yaml"])
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
PAGES = ["README.md", "README.es.md", "CONTRIBUTING.md", "RELEASING.md", ".github/PULL_REQUEST_TEMPLATE.md", ".ci/run"]


def steps(path: Path) -> Iterator[dict[str, Any]]:
    """The steps of all jobs of a workflow."""
    for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
        yield from job["steps"]


def targets() -> set[str]:
    """The targets of the Makefile."""
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_yaml_files_are_valid(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_run_make_targets_and_scripts_that_exist(path: Path) -> None:
    commands = "\n".join(step["run"] for step in steps(path) if "run" in step)
    assert set(re.findall(r"^make (\S+)", commands, re.MULTILINE)) <= targets()
    assert all((ROOT / script).exists() for script in re.findall(r"^(\.ci/\S+)", commands, re.MULTILINE))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_workflows_may_only_read(path: Path) -> None:
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in steps(path) if "uses" in step)
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}


def test_the_workflows_of_pages_pin_actions() -> None:
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    used = re.findall(r"^\s*- uses: (\S+)", pages, re.MULTILINE)
    assert used
    assert all(re.search(r"@[0-9a-f]{40}$", action) for action in used)


@pytest.mark.parametrize("name", PAGES)
def test_pages_name_make_targets_that_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert set(re.findall(r"^make ([a-z]+)", text, re.MULTILINE)) <= targets()
    assert set(re.findall(r"`make ([a-z]+)`", text)) <= targets()


def test_every_supported_python_is_tested() -> None:
    listed = [each.rpartition(" ")[2] for each in PROJECT["project"]["classifiers"] if re.search(r":: 3\.\d+$", each)]
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == listed
    assert PROJECT["project"]["requires-python"] == f">={listed[0]}"


def test_the_design_page_shows_the_layers_that_are_checked() -> None:
    shown = DESIGN.partition("From top to bottom:\n\n```\n")[2].partition("```")[0].splitlines()
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    checked = [re.sub(r"[()]", "", layer).split(" : ") for layer in layers if layer != "__main__"]
    assert [line.split(", ") for line in shown] == checked


def test_the_design_page_describes_every_package() -> None:
    described = DESIGN.partition("## Packages")[2].partition("```\n\n")[0]
    packages = {path.parent.name for path in (ROOT / "awsprov").glob("*/__init__.py")}
    assert packages <= set(re.findall(r"(\w+)/", described))


def test_generated_files_are_marked_and_exist() -> None:
    lines = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    generated = [line.split()[0] for line in lines if "linguist-generated" in line]
    assert len(generated) > 3
    assert all(list(ROOT.glob(pattern)) for pattern in generated)
