"""Each error of config.yaml says in plain words which value is wrong, what is allowed, and how that is written."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from awsprov.config.allowed_values import Value
from awsprov.config.examples import EXAMPLES
from awsprov.config.json_schema import keys
from awsprov.config.loader import load
from awsprov.config.yaml_document import Keys
from awsprov.errors import UsageError
from tests.unit.config.test_mistakes import problems
from tests.unit.conftest import PLAIN, Project

# Words of pydantic's own messages, and of Python's types.
FOREIGN = re.compile(
    r"[Ii]nput|should be (a valid|greater|less)|[Ff]ield required|valid (string|integer|number|list|dictionary|boolean|"
    r"IPv4)|pattern '|literal|unable to parse|model_type|\bNone\b|\bdict\b|\bstr\b|\bint\b|\{'|instance of|"
    r"Extra inputs|function-|\[key\]|ValidationError"
)
WRONG: list[Any] = ["1GB", 3.12, -1, True, [1], [[]], {"a": 1}, None, "", 10**9, "12:30", {"a": {"b": []}}]
# Values that these keys take as they are.
ANYTHING = {"functions.NAME.smoke.request"}


def every_key() -> list[str]:
    return [name for name, _ in keys() if name != "stages.NAME"]


def placed(path: str, value: Any) -> str:
    """The configuration with a value at a key."""
    document = yaml.safe_load(PLAIN)
    section, *rest = [document], *path.replace("NAME", "predict").split(".")
    here: Any = section[0]
    for name in rest[:-1]:
        here = here.setdefault(name, {})
    here[rest[-1]] = value
    return yaml.safe_dump(document, sort_keys=False)


def errors(message: str) -> Iterator[str]:
    """The errors of a message, without the lines of the file."""
    return (line for line in message.splitlines() if not line.startswith("    "))


def answers(project: Project, path: str) -> Iterator[str]:
    """The error for each wrong value at a key; a value that the key takes has none."""
    for value in WRONG:
        try:
            load(project.write(placed(path, value)))
        except UsageError as error:
            yield error.why


@pytest.mark.parametrize("path", every_key())
def test_no_wrong_value_is_answered_in_the_words_of_a_library(project: Project, path: str) -> None:
    for answer in answers(project, path):
        for line in errors(answer):
            assert not FOREIGN.search(line), line
            assert re.match(r"[\w./-]+:\d+:\d+: ", line), line


@pytest.mark.parametrize("path", sorted(set(every_key()) - ANYTHING))
def test_a_value_of_a_wrong_type_gets_what_is_allowed_and_an_example(project: Project, path: str) -> None:
    value = Value(tuple(path.replace("NAME", "predict").split(".")))
    found = problems(project, placed(path, [[{"a": []}]]))
    assert value.path == path
    assert f"`{value.dotted}" in found
    assert value.allowed in found or "it should be" in found or re.search(r"`[\w.]+` ", found)
    assert value.example


@pytest.mark.parametrize("path", EXAMPLES)
def test_examples_are_of_keys_that_exist(path: str) -> None:
    keys_of: Keys = tuple(path.split("."))
    assert Value(keys_of).path == path


KINDS = [  # in PLAIN: old text, new text, error
    ("requirements.txt", "requirements.txt\n  python: 3.12",
     'config.yaml:5:11: `libraries.python` is `3.12`; it must be one of "3.12", "3.13" or "3.14", in quotes, '
     'as in `python: "3.12"`'),
    ("routes:", "memory: 1GB\n    routes:",
     "config.yaml:10:13: `functions.predict.memory` is `1GB`; it must be a whole number from 128 to 32768, "
     "as in `memory: 1024`"),
    ("[POST /predict]", "POST /predict",
     "config.yaml:10:13: `functions.predict.routes` is `POST /predict`; it must be a list; each is a method and a "
     "path, as in `routes: [POST /predict, 'GET /items/{id}']`"),
    ("name: demo", "name: My_Stack",
     "config.yaml:1:7: `name` is `My_Stack`; it must be up to 24 lowercase letters, digits and hyphens, beginning with "
     "a letter, as in `name: prices`"),
    ("  predict:", "  Predict:",
     "config.yaml:6:3: `Predict` in `functions` must be up to 24 lowercase letters, digits and hyphens, beginning with "
     "a letter"),
    ("libraries:", "builder: {ssh_from: home}\nlibraries:",
     "config.yaml:3:21: `builder.ssh_from` is `home`; it must be `auto` or a range of IPv4 addresses, written as its "
     "first address and its length, as in `ssh_from: auto`"),
    ("libraries:", "network: {egress_ports: [443, ssh]}\nlibraries:",
     "config.yaml:3:31: `network.egress_ports.1` is `ssh`; it must be a whole number from 1 to 65535, "
     "as in `egress_ports: [443]`"),
    ("libraries:", "api: http\nlibraries:",
     "config.yaml:3:6: `api` is `http`; it must be a section with keys such as type, auth, cors_origin, payload, "
     "timeout, throttle, log_days, metrics"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), KINDS)
def test_the_common_mistakes(project: Project, old: str, new: str, message: str) -> None:
    assert next(errors(problems(project, PLAIN.replace(old, new, 1)))) == message


def test_a_union_is_one_error(project: Project) -> None:
    found = problems(project, PLAIN.replace("libraries:", "builder: {ssh_from: [1]}\nlibraries:"))
    assert len(list(errors(found))) == 1


def test_a_syntax_error_of_the_handler_is_one_of_its_file(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("awsprov.config.handler.is_own", lambda _: True)  # whether 3.12 is here or not
    (project.root / "src" / "app.py").write_text("import os\n\ndef handler(event, context):\n    return (1\n")
    with pytest.raises(UsageError) as caught:
        load(project.write(PLAIN))
    assert caught.value.why == "src/app.py:4:12: not valid Python 3.12: '(' was never closed\n    return (1"
    assert caught.value.what == f"A file that {project.config} names has one error."
    assert not caught.value.reference


def test_a_requirement_that_cannot_be_read_is_one_of_its_file(project: Project) -> None:
    (project.root / "requirements.txt").write_text("numpy\n-e .\npandas==\n")
    with pytest.raises(UsageError) as caught:
        load(project.write(PLAIN))
    lines = list(errors(caught.value.why))
    assert [line.split(" ")[0] for line in lines] == ["requirements.txt:2:", "requirements.txt:3:"]
    assert caught.value.what == f"A file that {project.config} names has 2 errors."


def test_a_handler_that_does_not_exist_suggests_the_nearest(project: Project) -> None:
    (project.root / "src" / "app.py").write_text("import os\nMODEL = 1\ndef lambda_handler(event, context): ...\n")
    found = problems(project, PLAIN.replace("app.handler", "app.lamda_handler"))
    assert "app.py has no 'lamda_handler'; did you mean `lambda_handler`?" in found


def test_errors_of_all_kinds_are_reported_together(project: Project) -> None:
    """Keys, types, values, files, other files, and contradictions, which need values that are valid."""
    (project.root / "requirements.txt").write_text("-e .\n")
    text = """\
name: Demo
nmae: demo
region: us-east-1
region: us-east-2
libraries: {requirements: requirements.txt, files: nowhere}
network: {zones: many}
functions:
  predict:
    source: src
    handler: app.handlr
    memory: 1GB
    routes: [POST /predict]
  other:
    source: src
    handler: app.handler
    errors: {400: [ValueError]}
    routes: [POST /predict]
    tiemout: 3
"""
    found = problems(project, text)
    for message in (
        "`name` is `Demo`", "unknown key `nmae`", "duplicate key `region`", "requirements.txt:1: ",
        "`libraries.files`: there is no directory", "`network.zones` is `many`", "has no 'handlr'", "`1GB`",
        "unknown key `tiemout`", "`POST /predict` already invokes `predict`", "`errors` needs `payload: body`",
    ):  # fmt: skip
        assert message in found
    assert len(list(errors(found))) == 11


@pytest.mark.parametrize(
    ("written", "meant"),
    [("POST /predict/", "POST /predict"), ("post /predict", "POST /predict"), ("GET items", "GET /items")],
)
def test_a_route_that_is_nearly_right_is_corrected(project: Project, written: str, meant: str) -> None:
    assert f"did you mean `{meant}`?" in problems(project, PLAIN.replace("POST /predict", written))


def test_a_file_in_the_place_of_a_handler_is_named_as_such(project: Project) -> None:
    why = problems(project, PLAIN.replace("app.handler", "app.py"))
    assert "`functions.predict.handler` is `app.py`; it should be a module and a function in it, not a file" in why
    assert "as in `app.lambda_handler`" in why


@pytest.mark.parametrize("key", ["name", "libraries", "functions", "handler"])
def test_a_misspelled_key_is_one_error(project: Project, key: str) -> None:
    why = problems(project, PLAIN.replace(f"{key}:", f"{key}s:", 1))
    assert len(list(errors(why))) == 1
    assert f"unknown key `{key}s`; did you mean `{key}`?" in why


@pytest.mark.parametrize("digits", ["9" * 5000, f"0x{'f' * 5000}"])
def test_a_number_with_too_many_digits_is_one_error(project: Project, digits: str) -> None:
    (found,) = errors(problems(project, PLAIN.replace("source: src", f"source: src\n    memory: {digits}")))
    assert found == "config.yaml:8:13: not a plain value: a number with too many digits"


def test_an_empty_handler_file_is_said_to_define_nothing(project: Project) -> None:
    (project.root / "src" / "app.py").write_text("")
    assert "`functions.predict.handler`: app.py has no 'handler'; it defines nothing" in problems(project, PLAIN)
