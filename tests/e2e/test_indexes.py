"""Libraries of private package indexes, from the requirements to the function, with one local cloud for all cases."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from awsprov.paths import cache_directory
from tests.e2e.projects import LIBRARY, Project, wheel
from tests.unit.packaging.package_index import PackageIndex, serving
from tests.unit.packaging.test_local_packages import write_package

pytestmark = pytest.mark.xdist_group("indexes")

SECRET = "hunter2-index-secret"
ALLOW = ("--allow", "INDEX_USER@127.0.0.1", "--allow", "INDEX_TOKEN@127.0.0.1")


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageIndex]:
    """An index that requires credentials, with the library."""
    wheels = tmp_path_factory.mktemp("private")
    wheel(wheels, "1.0")
    with serving(wheels, f"joe:{SECRET}") as index:
        yield index


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project], private: PackageIndex) -> Project:
    """A project whose library is on the private index only."""
    created = make_project("indexes")
    created.environment |= {"INDEX_USER": "joe", "INDEX_TOKEN": SECRET}
    index = private.url("${INDEX_USER}:${INDEX_TOKEN}")
    requirements(created).write_text(f"--index-url {index}\n{LIBRARY}==1.0\n")
    return created


def requirements(project: Project) -> Path:
    return project.home / "lambda_src" / "requirements.txt"


def test_a_plan_sends_nothing_and_writes_nothing(project: Project, private: PackageIndex) -> None:
    refused = project.run("plan", exits=8)
    assert "awsprov lock " in refused.stderr
    assert " ".join(ALLOW) in refused.stderr
    assert project.run("up", "--yes", exits=8).stderr.count("--allow INDEX_TOKEN@127.0.0.1") == 1
    assert private.asked == []
    assert not (project.state_dir / "indexes.libraries.lock").exists()


def test_the_builder_installs_with_credentials_that_are_written_nowhere(
    project: Project, private: PackageIndex
) -> None:
    shown = project.run("up", "--yes", "-v", *ALLOW)
    assert json.loads(project.run("invoke").stdout)["library"] == "1.0"
    assert any(path.endswith(".whl") for path in private.asked)
    assert SECRET not in shown.stdout + shown.stderr
    files = [path for path in project.state_dir.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


def test_an_up_to_date_lock_needs_no_index(project: Project, private: PackageIndex) -> None:
    private.asked.clear()
    project.run("plan", "--detailed-exitcode")
    project.run("lock", "--check")
    assert private.asked == []


def test_a_stale_lock_is_renewed_and_shown(project: Project, private: PackageIndex) -> None:
    wheel(private.wheels, "2.0")
    requirements(project).write_text(requirements(project).read_text().replace("==1.0", "==2.0"))
    project.run("deploy", "--locked", *ALLOW, exits=8)
    asked = project.run("deploy", *ALLOW, exits=8)  # the question has no answer
    assert f"~ {LIBRARY.replace('_', '-')} 1.0 → 2.0" in asked.stderr
    project.run("deploy", "--yes", *ALLOW)
    assert json.loads(project.run("invoke").stdout)["library"] == "2.0"


def test_a_package_of_the_project_is_built_and_sent_and_again_once_it_changes(project: Project) -> None:
    package = write_package(project.home / "pkg", '[project]\nname = "pkg"\nversion = "1.0"\n')
    requirements(project).write_text("--no-index\n-e ../pkg\n")
    handler = project.home / "lambda_src" / "lambda_function.py"
    handler.write_text("import pkg\n\n\ndef lambda_handler(event, context):\n    return pkg.NUMBER\n")
    project.run("plan")
    built = set(cache_directory().glob("wheels/*"))
    project.run("deploy", "--yes")
    assert len(set(cache_directory().glob("wheels/*")) - built) == 1
    assert json.loads(project.run("invoke").stdout) == 1
    (package / "pkg.py").write_text("NUMBER = 2\n")
    assert "~ pkg 1.0, whose files have changed" in project.run("deploy", exits=8).stderr
    project.run("deploy", "--yes")
    assert json.loads(project.run("invoke").stdout) == 2


def test_an_environment_of_no_packages_is_published(project: Project) -> None:
    requirements(project).write_text('# nothing for the target\npywin32==306 ; sys_platform == "win32"\n')
    (project.home / "lambda_src" / "lambda_function.py").write_text(
        "def lambda_handler(event, context):\n    return 1\n"
    )
    project.run("deploy", "--yes")
    assert json.loads(project.run("invoke").stdout) == 1


def test_down_deletes_everything(project: Project) -> None:
    project.run("down", "--confirm", "indexes")
