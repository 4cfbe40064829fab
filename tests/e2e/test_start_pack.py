"""A function imports its libraries from the start pack on local disk; from EFS with `start_pack: false`."""

import json
from collections.abc import Callable

import pytest

from tests.e2e.projects import LIBRARY, Client, Project, wheel

pytestmark = pytest.mark.xdist_group("start-pack")


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A deployed stack."""
    created = make_project("packed")
    created.run("up", "--yes")
    return created


def imported_from(project: Project) -> str:
    return str(json.loads(project.run("invoke").stdout)["from"])


def variables(client: Client) -> dict[str, str]:
    found = client("lambda").get_function_configuration(FunctionName="packed-answer")["Environment"]["Variables"]
    return dict(found)


def test_libraries_come_from_local_disk(project: Project, client: Client) -> None:
    environment = variables(client)["PYTHONPATH"].rpartition("/")[2]
    assert imported_from(project).endswith(f"/awsprov/{environment}/{LIBRARY}/__init__.py")


def test_new_code_uses_the_existing_pack(project: Project) -> None:
    handler = project.home / "lambda_src" / "lambda_function.py"
    handler.write_text(handler.read_text().replace("import json\n", "import json\nimport decimal\n"))
    assert "start pack" not in project.run("deploy", "-v").stderr
    assert "/awsprov/" in imported_from(project)


def test_with_the_switch_off_they_are_imported_from_the_mount(project: Project, client: Client) -> None:
    project.edit('python: "3.12"', 'python: "3.12", start_pack: false')
    project.run("deploy")
    assert "AWSPROV_START_PACK" not in variables(client)
    assert "/envs/" in imported_from(project)


def test_an_environment_made_without_a_pack_serves_as_it_is(project: Project) -> None:
    requirements = project.home / "lambda_src" / "requirements.txt"
    requirements.write_text(requirements.read_text().replace("1.0", "2.0"))
    assert "start pack" not in project.run("up", "--yes", "-v").stderr
    project.edit(", start_pack: false", "")
    project.run("deploy")
    assert "/envs/" in imported_from(project)
    assert "no start pack, importing from" in project.run("logs").stdout


ATTACK = """
import glob, os, pathlib

def overwrite(directory):
    for path in glob.glob(f"{directory}/envs/*/**/*.py", recursive=True):
        os.chmod(path, 0o666)
        pathlib.Path(path).write_text("evil")

site = pathlib.Path(os.environ["PYTHONPATH"])
if "awsprov-placeholder" == os.environ.get("SECRET"):  # on the builder
    for home in site.parents:
        overwrite(home / "efs")
        overwrite(home / ".awsprov" / "efs")
import %s
def lambda_handler(event, context):
    return {"secret": os.environ["SECRET"]}
"""


def test_a_handler_that_is_imported_for_the_start_pack_changes_nothing(project: Project, client: Client) -> None:
    """Neither what it is built into nor what another function's versions use; and it gets no secret."""
    client("ssm").put_parameter(Name="/packed/secret", Value="hunter2", Type="SecureString")
    (project.home / "lambda_src" / "lambda_function.py").write_text(ATTACK % LIBRARY)
    project.edit("variables: {LEVEL: low}", "variables: {LEVEL: low}\n    secrets: {SECRET: 'ssm:/packed/secret'}")
    requirements = project.home / "lambda_src" / "requirements.txt"
    wheel(project.home / "wheels", "3.0")
    requirements.write_text(requirements.read_text().replace("2.0", "3.0"))  # a new environment
    project.edit("stages:", "builder: {when_idle: keep}\nstages:")
    project.run("ssh", "--", "ls", "efs/envs")  # it stays mounted, as the builder stays up
    assert "start pack: answer reads" in project.run("up", "--yes", "-v").stderr
    names = [each["name"] for each in project.json("libs", "list")["environments"]]
    assert len(names) == 3
    verified = project.json("libs", "verify", *names)["environments"]
    assert {name: verified[name]["differences"] for name in names} == {name: [] for name in names}
    assert json.loads(project.run("invoke").stdout) == {"secret": "hunter2"}
