"""No text in a configuration file, however invalid, leads to a traceback, a call, or a file."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from awsprov.cli import run

GOOD = """\
name: demo
region: us-east-1
network: {cidr: 10.0.0.0/16, zones: 2, nat: single}
builder: {instance_type: t3.small, ssh_from: 203.0.113.7/32}
libraries: {requirements: requirements.txt, python: "3.12"}
functions:
  predict:
    source: src
    handler: app.handler
    variables: {LEVEL: INFO}
    secrets: {KEY_A: "ssm:/a"}
    routes: [POST /predict]
    smoke: {request: {a: 1}, expect: {status: 200, contains: x}}
api: {type: rest, auth: iam, throttle: {rate: 1, burst: 1}}
stages: {prod: {network: {zones: 3}}}
"""
WORDS = [
    "null", "~", "[]", "{}", "1", "-1", "1e999", ".inf", ".nan", "0x10", "1:30", "2020-01-01", "2020-13-45", "true",
    '""', "'", '"', "&a", "*a", "!!python/object:os.system", "!x", "|", ">", "-", "?", ": ", "#", "\t", "\x00",
    "\ufeff", "\u202e", "\x1b[2J", "é", "../../../etc/passwd", "/dev/zero", "10.0.0.0/33", "::/0", "9" * 400,
    "a" * 300, "[" * 40, "{a: " * 30, "<<: {a: 1}", "---", "...", "%YAML 9.9", "y" * 3, "=",
]  # fmt: skip


def mutated(chosen: list[tuple[int, int, str]]) -> str:
    """The valid configuration with parts of it replaced."""
    text = GOOD
    for at, length, word in chosen:
        text = text[:at] + word + text[at + length :]
    return text


pieces = st.one_of(st.sampled_from(WORDS), st.text(max_size=20))
edits = st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 30), pieces), min_size=1, max_size=4)
broken = edits.map(mutated)
anything = st.one_of(broken.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=300))


@pytest.fixture
def project(tmp_path: Path, offline: None) -> Path:
    """A directory without credentials, and a network that may not be used."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "requirements.txt").write_text("numpy\n")
    return tmp_path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=anything)
def test_an_invalid_configuration_is_reported_and_nothing_else_happens(
    project: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    file = project / "config.yaml"
    file.write_bytes(content)
    before = files(project)
    code = run(["--config", str(file), "policy", "--account", "123456789012"])
    result = capsys.readouterr()
    assert code in (0, 2), result.err
    assert "Traceback" not in result.err
    assert "awsprov has a bug" not in result.err
    assert "\x1b[2J" not in result.err
    assert code == 0 or "What to do:" in result.err
    assert files(project) == before


def files(project: Path) -> list[Path]:
    """Everything in the directory but the debug log that each command leaves."""
    return sorted(path for path in project.rglob("*") if ".awsprov" not in path.relative_to(project).parts)


def test_the_good_one_is_good(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "config.yaml"
    file.write_text(GOOD)
    assert run(["--config", str(file), "policy", "--account", "123456789012"]) == 0
    assert '"Statement"' in capsys.readouterr().out
