"""Project: the documented example, and the state, which is changed under the lock only, and read once it is held."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import awsprov
from awsprov import Project
from awsprov.aws import invocation
from awsprov.aws.client import Aws
from awsprov.cli import run
from awsprov.engine.engine import Engine
from awsprov.engine.events import Event
from awsprov.engine.lock import locked
from awsprov.engine.state import State
from awsprov.errors import AwsprovError, InterruptedByUserError, LockedError, NoStackError, RefusedError, UsageError
from awsprov.packaging import bundle
from awsprov.paths import LOCAL_PYTHON
from awsprov.project.context import StackContext
from awsprov.resources.compute import builder as builder_module
from awsprov.resources.compute.builder import Builder
from tests.unit.fakes import HOME, Net, writable
from tests.unit.moto_cloud import Moto, on_moto

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


@pytest.fixture
def moto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moto]:
    """A project in the current directory, and moto."""
    with on_moto(tmp_path / "moto") as moto:
        aws = moto.aws()
        monkeypatch.setattr(StackContext, "aws", property(lambda _: aws))
        one_thread = lambda p: Engine(p.stack, p.state, p.aws, p.on_event, workers=1)  # noqa: E731 - moto needs it
        monkeypatch.setattr(StackContext, "engine", one_thread)
        monkeypatch.setattr(Aws, "address", lambda _: "203.0.113.7")
        result = invocation.InvocationResult(b'{"mean": 2.0}', "", "", "1", "id")
        started = invocation.InvocationResult(b'{"awsprov": "started"}', "", "", "1", "id")
        monkeypatch.setattr(invocation, "invoke", lambda *_, context=None: started if context else result)
        config = moto.write_config()
        config.write_text(re.sub(r"  second: .*\n|    routes: .*\n", "", config.read_text()))
        monkeypatch.chdir(moto.root)
        yield moto


# ---- the documented example


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_documented_example_runs(moto: Moto, capsys: pytest.CaptureFixture[str]) -> None:
    example = blocks()[0]
    assert "project.up(plan)" in example
    exec(example, {})  # noqa: S102 - it is ours
    out = capsys.readouterr().out
    assert re.search(r"^create vpc$", out, re.MULTILINE)
    assert "{'mean': 2.0}" in out
    assert "resources, missing: []" in out
    assert not (moto.root / ".awsprov" / "demo.json").exists()


def test_the_documented_lock_gives_a_state_and_lets_methods_run(moto: Moto) -> None:
    assert moto
    project = Project()
    project.up()
    exec(blocks()[-1], {"project": project})  # noqa: S102 - it is ours


def test_what_is_public_is_typed_and_documented() -> None:
    assert awsprov.__all__ == ["Project", "__version__"]
    public = [getattr(Project, name) for name in dir(Project) if not name.startswith("_")]
    assert [each for each in public if not each.__doc__] == []
    with pytest.raises(AttributeError, match="Projekt"):
        _ = awsprov.Projekt


def test_listeners_hear_of_each_step(moto: Moto) -> None:
    assert moto
    heard: list[Event] = []
    Project(on_event=heard.append).up()
    assert ("vpc", "ready") in {(event.resource, event.step) for event in heard}


def test_a_second_up_changes_nothing(moto: Moto) -> None:
    assert moto
    Project().up()
    project = Project()
    before = project.aws.mutations
    assert project.up().empty
    assert project.aws.mutations == before


def test_code_that_lambda_refuses_is_reported_before_anything_is_created(
    moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert moto
    monkeypatch.setattr(bundle, "MAX_ZIPPED", 100)
    project = Project()
    with pytest.raises(UsageError, match="too large for Lambda"):
        project.plan()
    with pytest.raises(UsageError, match="too large for Lambda"):
        project.up()
    assert project.aws.mutations == 0


def test_the_local_cloud_needs_its_variables(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    assert moto
    with pytest.raises(UsageError, match="variables of the local cloud") as caught:
        Project(local=True)
    assert "awsprov local env" in caught.value.remedy
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://lambda.us-east-1.amazonaws.com")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "LOCAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv(LOCAL_PYTHON, "3.11")
    with pytest.raises(UsageError, match="not an endpoint on this machine"):
        Project(local=True)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    project = Project(local=True)
    assert project.config.environment.lock.target.python == "3.11"
    assert project.state_path.name == "demo.local.json"


def test_what_does_not_exist_is_an_error_with_the_command_that_creates_it(moto: Moto) -> None:
    assert moto
    for ask in (Project().status, Project().pause, lambda: Project().invoke({}, "predict")):
        with pytest.raises(NoStackError) as caught:
            ask()
        assert "awsprov up" in caught.value.remedy
    moto.write_config()
    with pytest.raises(UsageError, match="several functions"):
        Project().invoke({})


# ---- an interruption


def test_a_builder_whose_host_keys_are_not_known_yet_is_not_kept_for_the_next_command(
    moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(builder: Builder, aws: Aws) -> None:
        raise InterruptedByUserError("Interrupted while waiting for the host key on the builder's console.")

    with monkeypatch.context() as patch:
        patch.setattr(Builder, "wait", interrupt)
        patch.setattr(builder_module, "stored_host_keys", lambda *_: ())
        with pytest.raises(AwsprovError):
            Project().up()
    project = Project()
    assert states(project.aws) == ["terminated"]
    builders = [change for change in project.plan().changes if change.resource.name == "builder"]
    assert [change.action for change in builders] == ["create"]
    project.up()
    assert sorted(states(project.aws)) == ["stopped", "terminated"]


def states(aws: Aws) -> list[str]:
    """The states of the instances."""
    found = aws.ec2.describe_instances()["Reservations"]
    return [instance["State"]["Name"] for each in found for instance in each["Instances"]]


# ---- no write without the lock


WRITES: list[Callable[[State], object]] = [
    lambda state: state.record_intent(Net("other")),
    lambda state: state.record(Net("net", "10.1.0.0/16")),
    lambda state: state.record_deletion("net"),
    lambda state: state.rotate_token("net"),
    lambda state: state.set_paused(paused=True),
    lambda state: state.compact(),
    lambda state: state.remove(),
]


@pytest.mark.parametrize("write", WRITES)
def test_a_state_cannot_be_changed_without_the_lock(tmp_path: Path, write: Callable[[State], object]) -> None:
    path = tmp_path / "demo.json"
    writable(path).record_intent(Net("net"))
    with locked(path) as lock:
        released = State(path, HOME, lock)
    before = path.read_bytes()
    for state in (State(path, HOME), released):
        with pytest.raises(RuntimeError, match="lock"):
            write(state)
    assert path.read_bytes() == before


def test_records_cannot_be_changed_past_the_state(tmp_path: Path) -> None:
    state = writable(tmp_path / "demo.json")
    state.record_intent(Net("net"))
    with pytest.raises(TypeError):
        state.records["net"] = state.records["net"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        state.records["net"].id = "net-1"  # type: ignore[misc]


def test_what_is_written_under_the_lock_is_whole_after_it(moto: Moto) -> None:
    assert moto
    project = Project()
    with project.lock() as state, project.lock() as inner:
        assert inner is state
        state.record_intent(Net("net"))
    assert "net" in Project().state.records
    with pytest.raises(RuntimeError):
        project.state.record_deletion("net")


# ---- two commands at once


class Prompt:
    """A user who runs another command before the answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object], answer: Any = True) -> None:
        self.asked = 0

        def ask(*_: object, **__: object) -> Any:
            self.asked += 1
            meanwhile()
            return answer

        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(click, "confirm", ask)
        monkeypatch.setattr(click, "prompt", ask)


def record_another() -> None:
    """Another command, which creates a resource and records it."""
    net = Net("net")
    with Project().lock() as state:
        net.token = state.record_intent(net)
        net.id = "net-1"
        state.record(net)


@pytest.fixture
def existing(moto: Moto) -> Moto:
    Project().up()
    return moto


def test_pause_loses_nothing_that_was_recorded_while_it_asked(
    existing: Moto, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prompt = Prompt(monkeypatch, record_another)
    assert run(["pause"]) == 0, capsys.readouterr().err
    assert prompt.asked == 1
    document = json.loads((existing.root / ".awsprov" / "demo.json").read_bytes())
    assert document["paused"] is True
    assert document["resources"]["net"]["id"] == "net-1"


@pytest.mark.parametrize(("options", "answer"), [([], "demo"), (["--keep-data"], True)])
def test_down_deletes_nothing_when_the_stack_changed_while_it_asked(
    existing: Moto, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], answer: Any
) -> None:
    before = set(Project().state.records)
    prompt = Prompt(monkeypatch, record_another, answer)
    assert run(["down", *options]) == RefusedError.exit_code
    assert prompt.asked == 1
    assert "net" in capsys.readouterr().err
    assert set(Project().state.records) == {*before, "net"}
    assert existing


def test_down_deletes_what_was_confirmed(
    existing: Moto, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Prompt(monkeypatch, lambda: None, "demo")
    assert run(["down"]) == 0, capsys.readouterr().err
    assert not (existing.root / ".awsprov" / "demo.json").exists()


def test_up_makes_no_other_changes_than_those_that_were_confirmed(
    moto: Moto, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prompt = Prompt(monkeypatch, lambda: Project().up())
    assert run(["up"]) == RefusedError.exit_code
    assert prompt.asked == 1
    assert "changed since the plan was made" in capsys.readouterr().err
    assert Project().plan().empty
    assert moto


def test_a_plan_is_carried_out_once_the_state_changed_in_another_way(existing: Moto) -> None:
    (existing.root / "src" / "app.py").write_text("def handler(event, context): return 1\n")
    project = Project()
    plan = project.plan()
    assert not plan.empty
    with Project().lock() as state:
        state.set_paused(paused=False)
        state.rotate_token("vpc")
        state.record_intent(Net("net"))
        state.record_deletion("net")
    assert project.up(plan).of("change")
    assert Project().plan().empty


def test_a_plan_of_before_another_run_is_refused(existing: Moto) -> None:
    (existing.root / "src" / "app.py").write_text("def handler(event, context): return 1\n")
    project = Project()
    plan = project.plan()
    Project().up()
    with pytest.raises(RefusedError, match="changed since the plan was made"):
        project.up(plan)


# ---- who is at work


def test_commands_that_change_the_stack_do_not_ask_while_another_works_on_it(
    existing: Moto, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prompt = Prompt(monkeypatch, lambda: None, "demo")
    note = existing.root / ".awsprov" / "demo.holder"
    with Project().lock():
        note.write_text(json.dumps({**json.loads(note.read_bytes()), "pid": 1}))
        for command in (["up", "--replace", "predict-log-group"], ["down"], ["pause"]):
            assert run(command) == LockedError.exit_code
        with pytest.raises(LockedError):
            Project().deploy()
    assert prompt.asked == 0
    assert "process 1" in capsys.readouterr().err


def test_commands_that_read_report_who_holds_the_lock(
    existing: Moto, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("awsprov.cli.status._reachable", lambda _: True)  # moto has no address
    note = existing.root / ".awsprov" / "demo.holder"
    with Project().lock():
        note.write_text(json.dumps({**json.loads(note.read_bytes()), "pid": 1, "command": "awsprov up"}))
        for command in ("status", "plan"):
            assert run([command]) == 0
            assert re.search(r"`awsprov up` is running \(process 1 since \d\d:\d\d:\d\d\)", capsys.readouterr().err)
            assert run([command, "--json"]) == 0
            assert json.loads(capsys.readouterr().out)["holder"]["pid"] == 1
    note.unlink()  # it names another process, so that this one leaves it
    assert run(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["holder"] is None
