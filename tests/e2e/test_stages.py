"""A stage for a pull request: created like another one, then used and deleted on another machine by its name alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.e2e.projects import Client, Project, inventory

STACK, STAGE = "stages", ("--stage", "pr-12")


def test_a_stage_of_a_pull_request(
    make_project: Callable[[str], Project], tmp_path: Path, state_dir: Path, client: Client
) -> None:
    project = make_project(STACK)
    assert "--like other" in project.run("plan", *STAGE, exits=2).stderr
    project.edit("other: {}", "other: {network: {nat: none}}\n  prod: {}")
    project.run("up", "--yes", *STAGE, "--like", "other")
    (tmp_path / "local").symlink_to(state_dir / "local")
    elsewhere = replace(project, state_dir=tmp_path)
    assert elsewhere.json("status", *STAGE)["missing"] == []
    (found,) = elsewhere.json("stages")["stages"]
    assert (found["stage"], found["stack"], found["like"]) == ("pr-12", "stages-pr-12", "other")
    assert "pr-12" in elsewhere.run("stages").stdout
    assert "like other" in elsewhere.run("up", "--yes", *STAGE, "--like", "prod", exits=2).stderr
    project.edit("other: {network", "renamed: {network")
    assert "stages-pr-12 (like other)" in elsewhere.run("stages").stderr
    assert "--like renamed" in project.run("status", *STAGE, exits=2).stderr
    assert project.json("up", "--yes", *STAGE, "--like", "renamed")["mutations"] == 0
    assert project.json("status", *STAGE)["missing"] == []
    elsewhere.run("down", "--yes", *STAGE, "--like", "renamed")
    assert inventory(client, "stages-pr-12") == {}
    assert elsewhere.json("stages")["stages"] == []
