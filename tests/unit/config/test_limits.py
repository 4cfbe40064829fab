"""What AWS would refuse is an error, or a warning where the documentation does not say, before anything is created."""

import json

import pytest

from awsprov.cli.plan_view import warnings
from awsprov.config.contradictions import variables_size
from awsprov.config.loader import load
from awsprov.errors import UsageError
from awsprov.packaging.environment import ENVIRONMENTS
from awsprov.resources.function.function import Function
from awsprov.stack.declaration import declare_stack
from tests.unit.conftest import PLAIN, Project

OPTIONS = [
    "",
    "api: {cors_origin: 'https://example.com'}\n",
    "libraries: {requirements: requirements.txt, files: src}\n",
    "libraries: {requirements: requirements.txt, start_pack: false}\n",
]


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("secrets", ["", "    secrets: {KEY: ssm:/a/b}\n"])
def test_the_size_of_variables_is_that_of_what_is_sent(project: Project, option: str, secrets: str) -> None:
    text = PLAIN.replace("INFO", '"ñ\\"\\\\"').replace("    routes", f"{secrets}    routes")
    if option.startswith("libraries"):
        text = text.replace("libraries:\n  requirements: requirements.txt\n", "")
    config = load(project.write(text + option))
    stack = declare_stack(config, "")
    (function,) = stack.of(Function)
    sent = {**function.variables, **function.path_variables, "PYTHONPATH": f"{ENVIRONMENTS}/0123456789abcdef"}
    measured = len(json.dumps(sent, separators=(",", ":"), ensure_ascii=False).encode())
    assert measured == variables_size(config, "predict")


@pytest.mark.parametrize("letter", ["x", "ñ"])
def test_variables_fit_up_to_the_last_byte(project: Project, letter: str) -> None:
    config = load(project.write(PLAIN))
    room = (4096 - variables_size(config, "predict")) // len(letter.encode())
    env_file = project.root / ".env"
    text = PLAIN.replace("    routes", "    env_file: .env\n    routes")
    more = len(',"KEY":""')
    env_file.write_text(f"KEY={letter * (room - more)}\n")
    load(project.write(text))
    env_file.write_text(f"KEY={letter * room}\n")
    with pytest.raises(UsageError) as caught:
        load(project.config)
    assert "bytes as JSON, with awsprov's own; Lambda allows 4096" in caught.value.why
    assert letter * 9 not in caught.value.why  # no value is printed


def test_memory_that_aws_may_refuse_is_a_warning(project: Project) -> None:
    config = load(project.write(PLAIN.replace("    routes", "    memory: 10240\n    routes")))
    assert warnings(config) == []
    config = load(project.write(PLAIN.replace("    routes", "    memory: 10241\n    routes")))
    (warning,) = warnings(config)
    assert "`functions.predict.memory` is 10241 MB" in warning


@pytest.mark.parametrize(
    ("network", "secrets", "warned"),
    [
        ("{nat: none}", "secrets: {KEY: ssm:/a/b}", True),
        ("{nat: none, endpoints: [s3]}", "secrets: {KEY: ssm:/a/b}", True),
        ("{nat: none}", "secrets: {KEY: ssm:/a/b}\n    secrets_at: deploy", False),
        ("{nat: none}", "memory: 512", False),
        ("{nat: single}", "secrets: {KEY: ssm:/a/b}", False),
        ("{subnets: [subnet-1a2b3c4d, subnet-2a2b3c4d]}", "secrets: {KEY: ssm:/a/b}", False),
    ],
)
def test_secrets_that_a_function_cannot_reach_are_a_warning(
    project: Project, network: str, secrets: str, warned: bool
) -> None:
    text = PLAIN.replace("    routes", f"    {secrets}\n    routes")
    config = load(project.write(f"{text}network: {network}\n"))
    assert ["predict reads its secrets" in each for each in warnings(config)] == [True] * warned
