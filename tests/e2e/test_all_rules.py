"""The life of larger stacks on a local cloud with delays and eventual consistency: all rules of AWS apply."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from awsprov import local
from tests.e2e.projects import Project, clients, cloud, inventory, lay_out

pytestmark = pytest.mark.xdist_group("all-rules")

CONFIG = """
  second: {source: lambda_src, handler: lambda_function.lambda_handler, timeout: 10, routes: [GET /second, ANY /any]}
  third: {source: lambda_src, handler: lambda_function.lambda_handler, timeout: 10, routes: ["POST /answer/{id}"]}
stages:
  rest: {api: {auth: iam, cors_origin: '*'}}
  http: {api: {type: http, cors_origin: '*'}, network: {endpoints: [s3, dynamodb]}}
"""
STAGES = ("rest", "http")


@pytest.fixture(scope="module")
def slow_state_dir(tmp_path_factory: pytest.TempPathFactory, kept_runtimes: Path) -> Iterator[Path]:
    """A state directory whose local cloud is fifty times as fast as AWS, and as inconsistent."""
    directory = tmp_path_factory.mktemp("slow")
    with cloud(directory / "local", kept_runtimes, pace=0.02, consistency=20):
        yield directory


def test_two_stages_with_several_functions_and_routes_live_under_all_rules(
    tmp_path: Path, slow_state_dir: Path
) -> None:
    project = lay_out(tmp_path, "rules", slow_state_dir)
    project.timeout = 500
    project.edit("\nstages:\n  other: {}\n", CONFIG)
    for stage in STAGES:
        project.run("up", "--yes", "--stage", stage)
    for stage in STAGES:
        check_unchanged(project, stage)
    requirements = project.home / "lambda_src" / "requirements.txt"
    requirements.write_text(requirements.read_text().replace("==1.0", "==2.0"))
    for stage in STAGES:
        deploy_elsewhere(project, stage)
        project.run("rollback", "--function", "answer", "--yes", "--stage", stage)
        project.run("pause", "--yes", "--stage", stage)
        project.run("resume", "--yes", "--stage", stage)
    running = local.find(slow_state_dir / "local")
    assert running
    for stage, remaining in zip(STAGES, ([f"rules-{STAGES[1]}"], []), strict=True):
        project.run("down", "--yes", "--stage", stage)
        assert inventory(clients(running), f"rules-{stage}") == {}
        assert [each["stack"] for each in project.json("stages")["stages"]] == remaining


def check_unchanged(project: Project, stage: str) -> None:
    """Check that the stack of a stage is complete, and that `up` does not change it."""
    assert not project.json("plan", "--stage", stage)["changes"]
    assert project.json("up", "--yes", "--stage", stage)["mutations"] == 0


def deploy_elsewhere(project: Project, stage: str) -> None:
    """Deploy as CI does: from a machine that has neither the state nor the host key."""
    stack = f"{project.name}-{stage}"
    for file in (
        project.state_dir / f"{stack}.local.json",
        project.state_dir / "keys" / f"{stack}.known_hosts",
    ):
        file.unlink()
    for command in (("recover",), ("lock",), ("deploy", "--yes")):
        project.run(*command, "--stage", stage)
