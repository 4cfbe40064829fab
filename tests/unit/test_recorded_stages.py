"""A command without --stage names the stages that have a stack, and creates another one only if that is confirmed."""

from pathlib import Path

import pytest

from awsprov.cli import up
from awsprov.cli.settings import Settings
from awsprov.config.loader import load
from awsprov.engine.plan import Plan
from awsprov.engine.record import Record
from awsprov.errors import RefusedError
from awsprov.paths import StackLocation
from awsprov.project.project import Project as Operations
from awsprov.project.recorded_stages import RecordedStage, other_stages, stages_note
from tests.unit.conftest import PLAIN, Project
from tests.unit.fakes import write_state

STAGES = f"{PLAIN}stages: {{test: {{}}, prod: {{}}, later: {{}}}}\n"


def record(project: Project, stack: str, *ids: str, like: str = "") -> None:
    """Write the state file of a stack."""
    records = {f"r{n}": Record("Vpc", each) for n, each in enumerate(ids)}
    write_state(project.root / ".awsprov" / f"{stack}.json", records, like=like)


@pytest.fixture
def settings(project: Project, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(project.root)
    project.write(STAGES)
    record(project, "demo-test", "vpc-1", "")
    record(project, "demo-prod", "vpc-2", "i-2")
    record(project, "demo-later", "")  # deleted
    return Settings()


def test_stages_with_resources_are_found_in_their_state_files(project: Project, settings: Settings) -> None:
    found = other_stages(load(project.config), settings)
    assert found == [RecordedStage("test", 1), RecordedStage("prod", 2)]
    assert stages_note(found) == "Other stacks of this configuration: test (--stage test), prod (--stage prod)."
    assert stages_note([]) == ""


def test_a_stage_sees_the_stack_without_one(project: Project, settings: Settings) -> None:
    record(project, "demo", "vpc-3")
    (settings.home / "demo-prod.json").write_text("{broken")
    location = StackLocation(project.config, "test")
    assert other_stages(load(project.config, "test"), location) == [RecordedStage("", 1)]


def test_a_stack_that_does_not_exist_leads_to_the_stages(project: Project, settings: Settings) -> None:
    error = Operations(project.config).no_stack()
    assert error.what == "Stack demo does not exist."
    assert "test (--stage test), prod (--stage prod)" in error.why
    assert "up" not in error.remedy  # which would create a third stack


def test_a_stage_that_was_created_like_another_one_is_one_of_them(project: Project, settings: Settings) -> None:
    record(project, "demo-pr-12", "vpc-4", like="test")
    record(project, "demo-shop", "vpc-5")  # another project whose name begins in the same way
    assert RecordedStage("pr-12", 1) in other_stages(load(project.config), settings)
    assert "shop" not in stages_note(other_stages(load(project.config), settings))


@pytest.mark.parametrize(
    ("sources", "refused"), [({}, True), ({"stage": "--stage"}, False)], ids=["forgotten", "given"]
)
def test_up_creates_no_third_stack_unless_that_is_requested(
    project: Project, settings: Settings, sources: dict[str, str], refused: bool
) -> None:
    settings.sources = sources
    operations = Operations(project.config)
    if not refused:
        up._refuse_forgotten_stage(settings, operations, Plan(()))
        return
    with pytest.raises(RefusedError) as caught:
        up._refuse_forgotten_stage(settings, operations, Plan(()))
    assert "another stack, demo" in caught.value.what
    assert "--stage test" in caught.value.remedy


def test_without_other_stages_there_is_no_question(project: Project, settings: Settings) -> None:
    for file in Path(settings.home).glob("*.json"):
        file.unlink()
    up._refuse_forgotten_stage(settings, Operations(project.config), Plan(()))
    assert "`awsprov up` creates it." in Operations(project.config).no_stack().remedy
