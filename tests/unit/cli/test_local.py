"""The local cloud on the command line: its Python, secrets in it, and what is checked before it is started."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from awsprov import local
from awsprov.cli import local_secret
from awsprov.config.loader import load
from awsprov.errors import UsageError
from awsprov.local.credentials import RootKey
from awsprov.local.running_cloud import CloudError, CloudRecord, RunningCloud
from awsprov.paths import LOCAL_PYTHON
from tests.unit.cli.conftest import CONFIG, Call


def cloud_in(directory: Path) -> RunningCloud:
    """A local cloud that seems to run."""
    record = CloudRecord(
        pid=1, port=80, endpoint="http://127.0.0.1:80", pace=0.0, consistency=0.0, versions={}, started=0.0
    )
    return RunningCloud(**vars(record), directory=directory, key=RootKey("key", "secret"))


@pytest.mark.parametrize(
    ("config", "python"),
    [
        (CONFIG, "3.12"),
        (
            CONFIG.replace("{requirements: requirements.txt}", "{requirements: requirements.txt, python: '3.13'}"),
            "3.13",
        ),
        ("name: demo\n", "3.12"),
        ("- not a mapping\n", "3.12"),
        (None, "3.12"),
    ],
)
def test_env_names_the_python_of_the_configuration(
    awsprov: Call, project: Path, monkeypatch: pytest.MonkeyPatch, config: str | None, python: str
) -> None:
    running = cloud_in(project)
    monkeypatch.setattr(local, "find", lambda _: running)
    monkeypatch.setattr(RunningCloud, "resolve_python", lambda _, version: version)
    if config is None:
        (project / "config.yaml").unlink()
    else:
        (project / "config.yaml").write_text(config)
    result = awsprov("local", "env", "--json")
    assert result.code == 0
    assert json.loads(result.out)["variables"][LOCAL_PYTHON] == python


@pytest.mark.parametrize("python", ["3.13", "3.14"])
def test_every_command_reports_a_substituted_python(
    awsprov: Call, project: Path, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    choice = {"path": sys.executable, "version": "3.11.7", "exact": False}
    (project / "interpreters.json").write_text(json.dumps({"3.13": choice, "3.14": {**choice, "exact": True}}))
    running = cloud_in(project)
    monkeypatch.setattr(local, "find", lambda _: running)
    text = CONFIG.replace("{requirements: requirements.txt}", f"{{requirements: requirements.txt, python: '{python}'}}")
    (project / "config.yaml").write_text(text)
    result = awsprov("graph", "--local")
    assert result.code == 0, result.err
    assert (f"Python 3.11.7 ({sys.executable}) stands in for Python 3.13." in result.err) == (python == "3.13")
    assert "stands in for Python 3.14" not in result.err


@pytest.mark.parametrize(
    ("reference", "typed", "expected"),
    [
        ("ssm:/demo/token", "hunter2\n", (0, "Stored ssm:/demo/token in the local cloud.")),
        ("ssm:/demo/token", "\n", (2, "empty")),
        ("ssm:/demo/other", "hunter2\n", (2, "They have secretsmanager:demo/key, ssm:/demo/token.")),
    ],
)
def test_a_secret_of_the_configuration_is_stored_from_stdin(
    awsprov: Call, stored: list[tuple[str, ...]], reference: str, typed: str, expected: tuple[int, str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(typed))
        result = awsprov("local", "secret", reference)
    shown = result.out + result.err
    assert (result.code, expected[1] in shown) == (expected[0], True)
    assert stored == ([("us-east-1", reference, "hunter2")] if result.code == 0 else [])
    assert "hunter2" not in shown


def test_the_user_is_prompted_for_all_missing_secrets(
    awsprov: Call, stored: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = awsprov("local", "secret")
    assert refused.code == 2
    assert "ssm:/demo/token < FILE`" in refused.err
    monkeypatch.setattr(local_secret, "can_ask", lambda: True)
    monkeypatch.setattr(local_secret, "prompt_secret", lambda _: "")
    assert "Missing: secretsmanager:demo/key, ssm:/demo/token." in awsprov("local", "secret").out
    monkeypatch.setattr(local_secret, "prompt_secret", lambda question: f"value of {question.split()[2]}")
    result = awsprov("local", "secret")
    assert (result.code, "has all secrets" in result.out) == (0, True)
    assert [each[1:] for each in stored] == [
        ("secretsmanager:demo/key", "value of secretsmanager:demo/key"),
        ("ssm:/demo/token", "value of ssm:/demo/token"),
    ]


@pytest.fixture
def stored(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What is stored in the local cloud, for a project with a secret."""
    found: list[tuple[str, ...]] = []
    running = cloud_in(project)
    monkeypatch.setattr(local, "find", lambda _: running)
    monkeypatch.setattr(RunningCloud, "store_secret", lambda _, *words: found.append(words))
    monkeypatch.setattr(RunningCloud, "has_secret", lambda _, *words: words in {each[:2] for each in found})
    secrets = "secrets: {TOKEN: 'ssm:/demo/token', KEY: 'secretsmanager:demo/key'}"
    text = CONFIG.replace("{source: src,", f"{{source: src, {secrets},")
    (project / "config.yaml").write_text(text)
    return found


SEVERAL = CONFIG.replace(
    "routes: [POST /predict]}", "routes: [POST /predict]}, train: {source: src, handler: app.handler}"
)


@pytest.mark.parametrize(
    "command",
    [
        "rollback",
        "libs why",
        "invoke",
        "policy --prove",
        "policy --prove --requests r.jsonl",
        "egress --requests r.jsonl",
    ],
)
def test_a_function_is_asked_for_before_the_local_cloud_is_started(awsprov: Call, project: Path, command: str) -> None:
    (project / "config.yaml").write_text(SEVERAL)
    result = awsprov(*command.split(), "--local")
    assert result.code == 2
    assert "There are several functions." in result.err
    assert "Starting" not in result.err
    assert not (project / ".awsprov" / "local").exists()


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (", routes: [POST /predict]", "", "No function has routes."),
        ("train: {", "train: {routes: [POST /train], ", "Several functions have routes."),
    ],
)
def test_a_request_over_http_needs_one_function_with_routes(
    awsprov: Call, project: Path, old: str, new: str, what: str
) -> None:
    (project / "config.yaml").write_text(SEVERAL.replace(old, new))
    result = awsprov("invoke", "--http", "--local")
    assert (result.code, "Starting" in result.err) == (2, False)
    assert what in result.err


def test_the_only_function_with_routes_gets_requests_over_http(project: Path) -> None:
    (project / "config.yaml").write_text(SEVERAL)
    config = load(project / "config.yaml")
    assert config.routed_function() == "predict"
    assert config.routed_function("train") == "train"  # whose missing route is reported later
    with pytest.raises(UsageError, match="no function 'other'"):
        config.routed_function("other")


def test_a_full_disk_is_reported_with_the_space_that_must_be_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=199 * 1024**2))
    with pytest.raises(CloudError, match="Only 199 MB are free") as refused:
        local.start(tmp_path)
    assert refused.value.hint.startswith("Delete files until 200 MB are free")
