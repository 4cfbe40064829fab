"""The handlers that a project has already are found."""

from pathlib import Path

import pytest

from awsprov.packaging.handler_search import handlers_in, handlers_of_project

HANDLER = "def handler(event, context): ...\n"


def write(directory: Path, **files: str) -> None:
    """Write files below a directory; `__` in a name stands for a slash, and modules get their suffix."""
    for name, text in files.items():
        path = directory / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(directory: Path) -> list[tuple[str, str]]:
    """Return the sources and names of the handlers of a project."""
    return [(each.source.relative_to(directory).as_posix(), each.name) for each in handlers_of_project(directory)]


@pytest.mark.parametrize(
    "code",
    [
        "def f(event, context): ...",
        "def f(event: dict, context: object = None) -> dict: ...",
        "def f(\n    event,\n    context,\n): ...",
        "def f(event, /, context): ...",
        "@trace\ndef f(event, context): ...",
        "import numpy\ndef handler(e, _): ...",
        "def lambda_handler(e, _): ...",
        "handler = Mangum(app)",
        "lambda_handler=adapters.Mangum(app, lifespan='off')",
        "handler: Handler = make_handler(app)",
        "def handler(event, context): ...\nhandler = trace(handler)",
    ],
)
def test_what_lambda_can_call_with_event_and_context_is_a_handler(tmp_path: Path, code: str) -> None:
    write(tmp_path, app=f"{code}\n")
    assert len(found(tmp_path)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "def f(a, b): ...",
        "def f(event): ...",
        "def handler(event): ...",
        "def f(event, context, extra): ...",
        "class A:\n    def handler(event, context): ...",
        "async def handler(event, context): ...",  # Lambda does not await it
        "def handler(event, context):",
        "text = '''\ndef handler(event, context): ...\n'''",
        "def handler(event, context): ...\n\0",
        "adapter = Mangum(app)",
        "handler = 'app.run'",
        "handler: Handler",
        "if debug:\n    handler = Mangum(app)",
        "handler = logging.StreamHandler()",  # of log records
        "handler: Handler = RotatingFileHandler('log')",
    ],
)
def test_nothing_else_is_a_handler(tmp_path: Path, code: str) -> None:
    write(tmp_path, app=f"{code}\n")
    assert found(tmp_path) == []


@pytest.mark.parametrize("source", [".", "src", "lambda_src", "hello_world", "services/rank"])
def test_the_directory_of_the_only_handler_is_the_source(tmp_path: Path, source: str) -> None:
    write(tmp_path / source, app=HANDLER, model="def load(): ...\n")
    assert found(tmp_path) == [(source, "app.handler")]


def test_a_package_is_imported_from_the_directory_that_it_is_in(tmp_path: Path) -> None:
    write(tmp_path / "src", prices__api__app=HANDLER)
    for package in ("prices", "prices/api"):
        (tmp_path / "src" / package / "__init__.py").touch()
    assert found(tmp_path) == [("src", "prices.api.app.handler")]


@pytest.mark.parametrize(
    "directory", [".venv/lib", "venv", "env/lib", "tests", "a/test/b", "node_modules/x", "build/lib", ".aws-sam/x"]
)
def test_environments_tests_and_copies_are_not_searched(tmp_path: Path, directory: str) -> None:
    write(tmp_path / directory, app=HANDLER)
    (tmp_path / "env").mkdir(exist_ok=True)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert found(tmp_path) == []


@pytest.mark.parametrize("file", ["test_app", "my.app", "my app"])
def test_modules_of_tests_and_those_that_cannot_be_imported_are_left_out(tmp_path: Path, file: str) -> None:
    write(tmp_path, **{file: HANDLER})
    assert found(tmp_path) == []


def test_the_usual_directories_come_before_others(tmp_path: Path) -> None:
    write(tmp_path, scripts__job=HANDLER, src__app=HANDLER)
    assert found(tmp_path) == [("src", "app.handler")]
    write(tmp_path, lambda_src__app=HANDLER)
    assert found(tmp_path) == [("src", "app.handler"), ("lambda_src", "app.handler")]


def test_below_a_given_source_is_searched_only_if_it_has_no_handler(tmp_path: Path) -> None:
    write(tmp_path, api__app=HANDLER)
    assert [(each.source, each.name) for each in handlers_in(tmp_path)] == [(tmp_path, "api.app.handler")]
    write(tmp_path, app=HANDLER)
    assert [each.name for each in handlers_in(tmp_path)] == ["app.handler"]
