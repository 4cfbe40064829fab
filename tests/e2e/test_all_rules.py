"""The life of larger stacks on a local cloud with delays and eventual consistency: all rules of AWS apply."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from awsprov import local
from tests.e2e.projects import Project, clients, cloud, inventory, lay_out

pytestmark = pytest.mark.xdist_group("all-rules")

FUNCTIONS = """
  second: {source: lambda_src, handler: lambda_function.lambda_handler, timeout: 10, routes: [GET /second, ANY /any]}
  third: {source: lambda_src, handler: lambda_function.lambda_handler, timeout: 10, routes: ["POST /answer/{id}"]}
stages:"""


@pytest.fixture(scope="module")
def slow_state_dir(tmp_path_factory: pytest.TempPathFactory, kept_runtimes: Path) -> Iterator[Path]:
    """A state directory whose local cloud is fifty times as fast as AWS, and as inconsistent."""
    directory = tmp_path_factory.mktemp("slow")
    with cloud(directory / "local", kept_runtimes, pace=0.02, consistency=20):
        yield directory


@pytest.mark.parametrize("api", ["auth: iam, cors_origin: '*'", "type: http, cors_origin: '*'"], ids=["rest", "http"])
def test_a_stack_with_several_functions_and_routes_lives_under_all_rules(
    tmp_path: Path, slow_state_dir: Path, api: str
) -> None:
    name = "http" if "http," in api else "rest"
    project = lay_out(tmp_path, name, slow_state_dir)
    project.timeout = 500
    project.edit("\nstages:", FUNCTIONS)
    network = "network: {endpoints: [s3, dynamodb]}\n" if name == "http" else ""
    project.config.write_text(f"{project.config.read_text()}api: {{{api}}}\n{network}")
    project.run("up", "--yes")
    assert not project.json("plan")["changes"]
    assert "No changes" in project.run("up", "--yes").stderr
    deploy_elsewhere(project)
    project.run("rollback", "--function", "answer", "--yes")
    project.run("pause", "--yes")
    project.run("resume", "--yes")
    project.run("down", "--yes")
    running = local.find(slow_state_dir / "local")
    assert running
    assert inventory(clients(running), name) == {}


def deploy_elsewhere(project: Project) -> None:
    """Deploy other libraries as CI does: from a machine that has neither the state nor the host key."""
    for file in (
        project.state_dir / f"{project.name}.local.json",
        project.state_dir / "keys" / f"{project.name}.known_hosts",
    ):
        file.unlink()
    requirements = project.home / "lambda_src" / "requirements.txt"
    requirements.write_text(requirements.read_text().replace("==1.0", "==2.0"))
    project.run("recover")
    project.run("lock")
    project.run("deploy", "--yes")
