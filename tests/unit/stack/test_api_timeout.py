"""A plan notes routes whose function may run for longer than the API waits."""

import pytest

from awsprov.config.loader import load
from awsprov.stack.declaration import declare_stack
from tests.unit.conftest import PLAIN, Project


@pytest.mark.parametrize(
    ("kind", "timeout", "noted"), [("rest", 29, False), ("rest", 30, True), ("http", 30, False), ("http", 31, True)]
)
def test_a_route_to_a_function_that_runs_longer_than_the_api_waits_has_a_note(
    project: Project, kind: str, timeout: int, noted: bool
) -> None:
    project.write(f"{PLAIN}    timeout: {timeout}\napi: {{type: {kind}}}\n")
    stack = declare_stack(load(project.config), "203.0.113.7/32")
    notes = [r.note for r in stack if r.note]
    assert bool(notes) is noted
    assert all("POST /predict" in note and "`functions.predict.timeout`" in note for note in notes)


def test_an_api_that_waits_longer_has_no_note(project: Project) -> None:
    def notes(timeout: int) -> list[str]:
        project.write(f"{PLAIN}    timeout: {timeout}\napi: {{timeout: 120}}\n")
        return [r.note for r in declare_stack(load(project.config), "203.0.113.7/32") if r.note]

    assert notes(120) == []
    (note,) = notes(121)
    assert "the API waits for 120 s" in note
    assert "set `api.timeout`" in note


def test_a_function_with_several_routes_has_one_note(project: Project) -> None:
    project.write(PLAIN.replace("POST /predict", "POST /predict, GET /predict") + "    timeout: 90\n")
    (note,) = [r.note for r in declare_stack(load(project.config), "203.0.113.7/32") if r.note]
    assert note.startswith("POST /predict, GET /predict: predict may run for 90 s")
