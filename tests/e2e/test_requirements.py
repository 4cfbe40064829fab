"""The libraries that awsprov is for: locked, installed, imported, and each one used in a function."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.projects import Project

pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]

FUNCTION = Path(__file__).with_name("everyday")
ANSWERS = {
    "numpy": 6.0,
    "pandas": {"a": 5, "b": 2},
    "scikit-learn": [5.0, 3],
    "requests": "list",
    "openai": "small",
    "pdfminer.six": "from a page",
    "mysql-connector-python": "InterfaceError",
    "psycopg2-binary": [{"dbname": "books"}, "OperationalError"],
}


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A deployed stack. The first import of all that may take longer than a small function's request."""
    created = make_project("real")
    created.timeout = 1800
    created.edit("memory: 256", "memory: 1024")
    created.edit("timeout: 10", "timeout: 120")
    shutil.rmtree(created.home / "lambda_src")
    shutil.copytree(FUNCTION, created.home / "lambda_src")
    created.run("up", "--yes")
    return created


def answer(project: Project) -> Any:
    return json.loads(project.run("invoke").stdout)


def test_each_library_does_something_out_of_the_start_pack(project: Project) -> None:
    response = answer(project)
    assert response["answers"] == ANSWERS
    packed = f"/awsprov/{project.state()['resources']['libraries']['id']}/"
    assert [place for place in response["from"] if packed not in place] == []


def test_the_versions_are_those_of_the_lock(project: Project) -> None:
    pins = project.json("lock")["packages"]
    assert answer(project)["versions"] == {name: pins[name.replace(".", "-")] for name in ANSWERS}


def test_without_the_start_pack_it_is_the_same(project: Project) -> None:
    project.edit('python: "3.12"}', 'python: "3.12", start_pack: false}')
    assert project.json("deploy")["changed"] is True
    response = answer(project)
    assert response["answers"] == ANSWERS
    assert [place for place in response["from"] if "/envs/" not in place] == []


def test_the_import_time_of_each_is_shown(project: Project) -> None:
    costs = {cost["package"]: cost for cost in project.json("libs", "why")["packages"]}
    assert set(ANSWERS) <= {name.replace("-six", ".six") for name in costs}
    assert costs["scipy"]["bytes"] > 50e6
