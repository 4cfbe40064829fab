"""init: what it writes can be loaded, and nothing is ever overwritten."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from awsprov.config.loader import load
from awsprov.config.route import Route
from tests.unit.cli.conftest import Call

# ---- init


def test_init_writes_a_configuration_that_loads(awsprov: Call, tmp_path: Path) -> None:
    result = awsprov("init", "--name", "prices", "--region", "eu-west-1", "--yes")
    assert (result.code, result.out) == (0, "")
    config = load(tmp_path / "config.yaml")
    assert (config.name, config.region, list(config.functions)) == ("prices", "eu-west-1", ["prices"])
    assert config.functions["prices"].routes == [Route("POST", "/prices")]
    assert "awsprov up --local" in result.err


def test_init_prints_nothing_with_quiet(awsprov: Call, tmp_path: Path) -> None:
    result = awsprov("init", "--quiet")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert (tmp_path / "config.yaml").is_file()


@pytest.mark.parametrize(
    ("directory", "name"), [("2 My Präisi Model!", "my-praisi-model"), ("iris-v2", "iris-v2"), ("2026", "model")]
)
def test_init_names_the_stack_after_the_directory(
    awsprov: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, directory: str, name: str
) -> None:
    home = tmp_path / directory
    home.mkdir()
    monkeypatch.chdir(home)
    assert awsprov("init").code == 0
    assert load(home / "config.yaml").name == name


def test_init_overwrites_nothing(awsprov: Call, tmp_path: Path) -> None:
    (tmp_path / "lambda_src").mkdir()
    (tmp_path / "lambda_src" / "requirements.txt").write_text("scipy\n")
    assert awsprov("init").code == 0
    assert (tmp_path / "lambda_src" / "requirements.txt").read_text() == "scipy\n"
    before = (tmp_path / "config.yaml").read_bytes()
    result = awsprov("init", "--name", "other")
    assert result.code == 8
    assert "exists; it was not overwritten" in result.err
    assert (tmp_path / "config.yaml").read_bytes() == before


@pytest.mark.parametrize("name", ["Prices", "1st", "a_b", "a" * 25, "a: {b: c}"])
def test_init_takes_no_name_that_cannot_be_one(awsprov: Call, tmp_path: Path, name: str) -> None:
    assert awsprov("init", "--name", name).code == 2
    assert not (tmp_path / "config.yaml").exists()


@pytest.mark.parametrize("region", ["clear; awsprov init", "eu-west", "", "EU-WEST-1", "eu-west-1: {}"])
def test_init_takes_no_region_that_cannot_be_one(awsprov: Call, tmp_path: Path, region: str) -> None:
    result = awsprov("init", "--region", region or " ")
    assert result.code == 2
    assert "is not an AWS region" in result.err
    assert not (tmp_path / "config.yaml").exists()


def test_the_first_handler_runs(awsprov: Call, tmp_path: Path) -> None:
    awsprov("init", "--yes")
    (tmp_path / "numpy.py").write_text("__version__ = '2.0'\ndef mean(numbers): return sum(numbers) / len(numbers)\n")
    code = "import lambda_function as f; print(f.lambda_handler({'body': '{\"numbers\": [1, 3]}'}, None)['body'])"
    path = f"{tmp_path}:{tmp_path / 'lambda_src'}"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"PYTHONPATH": path}, timeout=60
    )
    assert json.loads(ran.stdout)["mean"] == 2.0


HANDLER = "def handler(event, context): ...\n"


def write(directory: Path, **files: str) -> None:
    """Write Python modules to a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / f"{name}.py").write_text(text)


def tree(directory: Path) -> set[str]:
    """Return the paths of all files in a directory."""
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("options", [[], ["--source", "src"]])
def test_init_names_the_only_handler_and_writes_none_beside_it(
    awsprov: Call, tmp_path: Path, options: list[str]
) -> None:
    write(tmp_path / "src", app=HANDLER)
    (tmp_path / "requirements.txt").touch()
    result = awsprov("init", "--name", "prices", *options)
    assert result.code == 0
    assert "config.yaml names the handler in src/app.py, and requirements.txt." in result.err
    config = load(tmp_path / "config.yaml")
    assert (config.functions["prices"].source, config.functions["prices"].handler) == (tmp_path / "src", "app.handler")
    assert config.libraries.requirements == tmp_path / "requirements.txt"
    assert tree(tmp_path) == {"config.yaml", "requirements.txt", "src/app.py"}


def test_init_writes_an_empty_file_of_libraries_for_a_handler_without_one(awsprov: Call, tmp_path: Path) -> None:
    write(tmp_path, app=HANDLER)
    assert awsprov("init").code == 0
    assert tree(tmp_path) == {"config.yaml", "requirements.txt", "app.py"}
    assert (tmp_path / "requirements.txt").read_text().startswith("# The libraries")
    assert load(tmp_path / "config.yaml").libraries.requirements == tmp_path / "requirements.txt"


@pytest.mark.parametrize("directory", ["my: code", "on", "1", "#x", "{a}", "'", "größe"])
def test_init_writes_the_name_of_any_directory(awsprov: Call, tmp_path: Path, directory: str) -> None:
    write(tmp_path / directory, app=HANDLER)
    assert awsprov("init", "--name", "prices").code == 0
    assert load(tmp_path / "config.yaml").functions["prices"].source == tmp_path / directory


@pytest.mark.parametrize("made", ["Mangum(app)", "apig_wsgi.make_lambda_handler(app)"])
def test_init_sends_all_paths_to_a_web_application(awsprov: Call, tmp_path: Path, made: str) -> None:
    (tmp_path / "main.py").write_text(f"handler = {made}\n")
    assert awsprov("init", "--name", "web").code == 0
    routes = load(tmp_path / "config.yaml").functions["web"].routes
    assert routes == [Route("ANY", "/"), Route("ANY", "/{proxy+}")]


def test_init_gives_another_handler_that_a_call_makes_one_route(awsprov: Call, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("handler = trace(predict)\n")
    assert awsprov("init", "--name", "web").code == 0
    assert load(tmp_path / "config.yaml").functions["web"].routes == [Route("POST", "/web")]


@pytest.mark.parametrize("options", [[], ["--quiet"], ["--json"]])
def test_init_says_which_other_handlers_the_directory_has(awsprov: Call, tmp_path: Path, options: list[str]) -> None:
    write(tmp_path / "src", app=HANDLER, job=HANDLER)
    result = awsprov("init", "--name", "prices", *options)
    assert result.code == 0
    assert "There are more handlers in src: job.handler. To choose another one, change `handler:`" in result.err
    assert "handler: app.handler      # or job.handler" in (tmp_path / "config.yaml").read_text()
    assert load(tmp_path / "config.yaml").functions["prices"].handler == "app.handler"


def test_init_lets_the_user_choose_one_of_several_directories(awsprov: Call, tmp_path: Path) -> None:
    write(tmp_path / "rank", app=HANDLER)
    write(tmp_path / "to score", app=HANDLER)
    before = tree(tmp_path)
    result = awsprov("init", "--name", "prices")
    assert result.code == 2
    assert "rank has app.handler; to score has app.handler" in result.err
    assert "`--source rank` or `--source 'to score'`" in result.err
    assert tree(tmp_path) == before
    assert awsprov("init", "--name", "prices", "--source", "to score").code == 0
    assert load(tmp_path / "config.yaml").functions["prices"].source == tmp_path / "to score"


def test_init_writes_nothing_beside_a_handler_outside_of_the_project(
    awsprov: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "code", app=HANDLER)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    result = awsprov("init", "--source", "../code")
    assert result.code == 0
    assert "outside of the directory of config.yaml" in result.err
    assert tree(tmp_path) == {"code/app.py", "project/config.yaml"}


def test_init_from_terraform_writes_what_loads_and_says_what_is_left(awsprov: Call, tmp_path: Path) -> None:
    infra = tmp_path / "infra"
    infra.mkdir()
    (infra / "main.tf").write_text(
        """variable "db_password" {}
        resource "aws_lambda_function" "rank" {
          memory_size = 512
          filename    = "code.zip"
          environment { variables = { PASSWORD = var.db_password } }
        }
        resource "aws_s3_bucket" "b" {}
        """
    )
    (infra / "terraform.tfvars").write_text('db_password = "hunter2"\n')
    (infra / "code").mkdir()
    (infra / "code" / "lambda_function.py").write_text("def lambda_handler(event, context): ...\n")
    refused = awsprov("init", "--from-terraform", "infra", "--yes")
    assert refused.code == 2
    assert "filename = code.zip" in refused.err
    assert "`--source infra/code`" in refused.err
    assert not (tmp_path / "config.yaml").exists()
    result = awsprov("init", "--from-terraform", "infra", "--name", "prices", "--yes", "--source", "infra/code")
    assert (result.code, result.out) == (0, "")
    config = load(tmp_path / "config.yaml")
    assert config.functions["rank"].memory == 512
    assert config.functions["rank"].secrets == {"PASSWORD": "ssm:/prices/password"}
    assert not (tmp_path / "lambda_src").exists()  # no first handler beside the one of Terraform
    assert "Note: aws_s3_bucket.b in main.tf" in result.err
    assert "--name /prices/password" in result.err
    assert "hunter2" not in result.err + (tmp_path / "config.yaml").read_text()
