"""Stages that config.yaml does not have: modelled on one that it has, as the state or the tags on AWS record."""

from pathlib import Path

import pytest

from awsprov.cli.stages import _stage, _unknown
from awsprov.config.loader import load
from awsprov.engine.lock import StackLock
from awsprov.engine.state import State
from awsprov.engine.state_file import StackKey, recorded_like
from awsprov.errors import UsageError
from awsprov.operations.stages import TaggedStack, tagged_like, tagged_stacks
from awsprov.paths import StackLocation
from awsprov.project.stages import load_stage
from tests.unit.conftest import PLAIN, Project
from tests.unit.fakes import Disk
from tests.unit.moto_cloud import on_moto

STAGES = "stages: {test: {region: eu-west-1}, prod: {}}\n"


@pytest.fixture(name="config")
def config_with_stages(project: Project) -> Path:
    return project.write(PLAIN + STAGES)


def test_a_new_stage_has_the_values_of_the_one_that_it_is_like(config: Path) -> None:
    found = load(config, "pr-12", like="test")
    assert (found.stack, found.region, found.like) == ("demo-pr-12", "eu-west-1", "test")


@pytest.mark.parametrize(
    ("stage", "like", "message"),
    [
        ("pr-12", "", "has no stage 'pr-12'"),
        ("pr-12", "tset", "has no stage 'tset'"),
        ("prod", "test", "--like is for other stages"),
        ("PR_12", "test", "is not a stage name"),
        ("p" * 25, "test", "is not a stage name"),
        ("", "test", "--like needs --stage"),
    ],
)
def test_a_stage_that_cannot_be_is_an_error(config: Path, stage: str, like: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        load(config, stage, like=like)
    if stage == "pr-12" and not like:
        assert "awsprov up --stage pr-12 --like test" in error.value.remedy


def test_without_any_stage_the_remedy_is_a_section_that_loads(project: Project) -> None:
    with pytest.raises(UsageError, match="has no stage 'prod'") as error:
        load(project.write(PLAIN), "prod")
    section = error.value.remedy.split("`")[1]
    assert load(project.write(f"{PLAIN}{section}\n"), "prod").stack == "demo-prod"
    with pytest.raises(UsageError) as error:
        load(project.write(PLAIN), "Prod_1")
    assert not error.value.remedy


def test_an_error_in_the_values_names_their_line(project: Project) -> None:
    config = project.write(f"{PLAIN}stages:\n  test:\n    network: {{zones: 9}}\n")
    with pytest.raises(UsageError) as error:
        load(config, "pr-12", like="test")
    line = len(PLAIN.splitlines()) + 3
    assert f"config.yaml:{line}:" in error.value.why


def recorded(location: StackLocation, like: str) -> None:
    """Record a stage in the state."""
    path, disk = location.state_file("demo"), Disk("disk")
    state = State(path, StackKey(f"demo-{location.stage}", "123456789012", "eu-west-1"), StackLock())
    state.like, disk.id = like, "id"
    state.record(disk)
    assert recorded_like(path) == like
    assert State(path, state.key).like == like


def test_later_commands_need_the_stage_alone(config: Path) -> None:
    location = StackLocation(config, "pr-12")
    recorded(location, "test")
    assert load_stage(location).like == "test"
    location.like = "prod"
    with pytest.raises(UsageError, match="was created like test"):
        load_stage(location)
    location.like = "test"
    assert load_stage(location).like == "test"


@pytest.mark.parametrize("by_tags", [False, True], ids=["state", "tags"])
def test_a_renamed_stage_is_given_by_its_new_name(project: Project, by_tags: bool) -> None:
    config = project.write(f"{PLAIN}stages: {{staging: {{region: eu-west-1}}}}\n")
    location = StackLocation(config, "pr-12")
    if not by_tags:
        recorded(location, "test")
    look_up = (lambda *_: "test") if by_tags else (lambda *_: "")
    with pytest.raises(UsageError, match="was created like test, which") as error:
        load_stage(location, look_up)
    assert "`awsprov up --stage pr-12 --like staging`" in error.value.remedy
    location.like = "staging"
    assert load_stage(location, look_up).region == "eu-west-1"
    location.like = "other"
    with pytest.raises(UsageError, match="has no stage 'other'"):
        load_stage(location, look_up)


def test_a_removed_stage_is_added_again_when_there_is_no_other(project: Project) -> None:
    location = StackLocation(project.write(PLAIN), "pr-12")
    recorded(location, "test")
    with pytest.raises(UsageError, match="no longer has") as error:
        load_stage(location)
    project.write(PLAIN + error.value.remedy.split("`")[1] + "\n")
    assert load_stage(location).like == "test"


def test_another_name_is_recorded_by_the_next_change_of_the_stack(config: Path) -> None:
    location = StackLocation(config, "pr-12")
    recorded(location, "test")
    path = location.state_file("demo")
    key = StackKey("demo-pr-12", "123456789012", "eu-west-1")
    State(path, key, StackLock()).set_like("staging")
    assert recorded_like(path) == "staging"
    absent = path.with_name("absent.json")
    State(absent, key, StackLock()).set_like("staging")
    assert not absent.exists()


def test_without_a_state_the_tags_are_read_and_only_then(config: Path) -> None:
    looked: list[str] = []

    def look_up(stack: str, _: object) -> str:
        looked.append(stack)
        return "test"

    assert load_stage(StackLocation(config, "pr-12"), look_up).like == "test"
    assert looked == ["demo-pr-12"]
    with pytest.raises(UsageError, match="was created like test"):
        load_stage(StackLocation(config, "pr-12", like="prod"), look_up)
    looked.clear()
    for location in (StackLocation(config), StackLocation(config, "test")):
        load_stage(location, look_up)
    assert looked == []


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 1, "like": "te'])
def test_a_state_that_cannot_be_read_leaves_it_to_the_tags(config: Path, content: str) -> None:
    location = StackLocation(config, "pr-12")
    path = location.state_file("demo")
    path.parent.mkdir()
    path.write_text(content)
    assert load_stage(location, lambda *_: "test").like == "test"  # so that `recover` can rename the file
    location.like = "prod"
    assert load_stage(location).like == "prod"


def test_stacks_are_found_by_their_tags(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        aws = moto.aws()
        assert tagged_stacks(aws) == []
        aws.like = "test"
        moto.engine().up()
        assert tagged_like(moto.aws()) == "test"
        (found,) = tagged_stacks(moto.aws())
        assert (found.name, found.like) == ("demo", "test")
        assert found.created is not None
        assert moto.engine().plan().empty


@pytest.mark.parametrize(
    ("name", "like", "stage"),
    [
        ("demo", "", ""),
        ("demo-test", "", "test"),
        ("demo-pr-12", "test", "pr-12"),
        ("demo-pr-12", "", None),
        ("demo-pr-12", "other", None),
        ("demos", "", None),
        ("other-test", "", None),
    ],
)
def test_stacks_of_other_projects_are_not_listed(config: Path, name: str, like: str, stage: str | None) -> None:
    assert _stage(TaggedStack(name, like, None), load(config)) == stage


def test_stacks_whose_stage_may_have_been_renamed_are_named_with_the_way_to_select_them(config: Path) -> None:
    names = {"demo": "", "demo-test": "", "demos": "", "demo-pr-12": "other", "demo-old": "", "demo-pr-13": "test"}
    stacks = [TaggedStack(name, like, None) for name, like in names.items()]
    sentence = _unknown(stacks, load(config))
    assert "demo-pr-12 (like other), demo-old." in sentence
    assert "`other: {}`" in sentence
    assert _unknown(stacks[:3], load(config)) == ""
