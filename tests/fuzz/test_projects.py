"""Every file of a project, which may come from others: it is read, or one error says what is wrong with it."""

import dataclasses
import json
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from awsprov.config.env_file import read_env_file
from awsprov.config.loader import load
from awsprov.errors import AwsprovError
from awsprov.packaging.import_analysis import imported_modules
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.lockfile import Lock
from awsprov.packaging.project_files import READERS, read_project_file
from awsprov.packaging.requirements import read_requirements
from awsprov.terraform.converter import convert
from awsprov.terraform.reader import read_terraform
from tests.fuzz.budget import fuzz, mutated, mutated_json
from tests.fuzz.files import TEXT_WORDS, a_file
from tests.unit.config.test_fuzz import GOOD as GOOD_CONFIG
from tests.unit.config.test_fuzz import WORDS as YAML_WORDS
from tests.unit.fakes import locked
from tests.unit.terraform.test_trees import EVERYTHING, resource


@fuzz(mutated(GOOD_CONFIG.encode(), [word.encode("utf-8", "surrogatepass") for word in YAML_WORDS]))
def test_config_yaml(content: bytes) -> None:
    with a_file("config.yaml", content) as path, suppress(AwsprovError):
        (path.parent / "src").mkdir()
        (path.parent / "src" / "app.py").write_text("def handler(event, context): ...\n")
        (path.parent / "requirements.txt").write_text("numpy\n")
        assert load(path).name


ENV = b'# comment\nA=1\nexport B="two\\nlines"\nC=\'x\'\nD=a b # c\nE=${A}\n\nF="open\n'


@fuzz(mutated(ENV, TEXT_WORDS))
def test_an_env_file(content: bytes) -> None:
    with a_file("x.env", content) as path, suppress(ValueError):
        assert all(isinstance(value, str) for value in read_env_file(path).values())


REQUIREMENTS = b"""\
numpy>=2,<3 ; python_version >= "3.11"  # why
scikit-learn[extra] == 1.7.* \\
  --hash=sha256:0000
--index-url https://example.com/simple
--extra-index-url https://${USER}:x@example.com/simple
-c constraints.txt
-r requirements.txt
pkg @ https://example.com/pkg-1.0-py3-none-any.whl
"""


@fuzz(mutated(REQUIREMENTS, TEXT_WORDS))
def test_requirements_txt(content: bytes) -> None:
    with a_file("requirements.txt", content) as path, suppress(AwsprovError):
        assert read_requirements(path, path.parent).inputs is not None


PYPROJECT = {
    "project": {"name": "x", "version": "1", "dependencies": ["numpy>=2", "own"], "dynamic": ["readme"]},
    "tool": {
        "uv": {
            "index": [{"name": "own", "url": "https://example.com/simple", "explicit": True, "default": False}],
            "sources": {"own": {"index": "own"}}, "prerelease": "allow", "constraint-dependencies": ["numpy<3"],
        },
        "poetry": {"dependencies": {"python": "^3.12", "numpy": {"version": "^2", "extras": ["x"]}}},
    },
}  # fmt: skip
HASHES = [{"hash": "sha256:00", "url": "https://example.com/x.whl", "hashes": {"sha256": "00"}}]
PACKAGE = {
    "name": "numpy", "version": "2.0", "source": {"registry": "https://pypi.org/simple", "type": "legacy", "url": "https://x"},
    "wheels": HASHES, "files": HASHES, "sdist": HASHES[0], "resolution-markers": ["python_version > '3'"],
    "marker": "os_name == 'posix'", "index": "https://pypi.org/simple",
}  # fmt: skip
LOCAL = {"name": "own", "source": {"type": "directory", "url": ".", "editable": "."}, "directory": {"path": "."}}
LOCK = {"package": [PACKAGE, LOCAL], "packages": [PACKAGE, LOCAL]}
PIPFILE = {
    "_meta": {"sources": [{"name": "pypi", "url": "https://pypi.org/simple"}]},
    "default": {"numpy": {"version": "==2.0", "hashes": ["sha256:00"], "index": "pypi", "markers": "os_name == 'nt'"},
                "own": {"path": "."}},
}  # fmt: skip


@fuzz(st.tuples(st.sampled_from(sorted(READERS)), mutated_json(PYPROJECT), mutated_json(LOCK), mutated_json(PIPFILE)))
def test_the_project_files_of_other_tools(content: tuple[str, bytes, bytes, bytes]) -> None:
    name, pyproject, lock, pipfile = content
    with a_file("pyproject.toml", as_toml(pyproject)) as path:
        if name != "pyproject.toml":
            path.with_name(name).write_bytes(pipfile if name == "Pipfile.lock" else as_toml(lock))
        found = read_project_file(path.with_name(name))
        assert "\n".join([*found.inputs, *found.problems]) is not None


def as_toml(content: bytes) -> bytes:
    """Return a JSON object as TOML; what is none stays as it is."""
    try:
        return "\n".join(f"{json.dumps(key)} = {_toml_value(v)}" for key, v in json.loads(content).items()).encode()
    except (ValueError, AttributeError, RecursionError):
        return content


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {_toml_value(value[key])}' for key in value)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml_value, value))}]"
    return json.dumps(value).lower() if isinstance(value, float) else json.dumps(value)


@fuzz(mutated("\n".join([*locked("one", "1.0").lines, *locked("two", "2.0").lines, ""]).encode(), TEXT_WORDS))
def test_a_lock_file(content: bytes) -> None:
    with a_file("requirements.lock", content) as path:
        path.with_name("requirements.txt").write_text("one\n")
        lock = Lock(path.with_name("requirements.txt"), path, InstallTarget("3.12"))
        head = lock.text_of([]).encode()
        path.write_bytes(head + content)
        read = dataclasses.replace(lock)
        assert read.state in ("missing", "stale", "fresh")
        assert (read.state == "fresh") >= bool(read.pins) or read.problem == ""
        assert isinstance(read.urls, list)


TERRAFORM = b"""\
variable "name" { default = "x" }
locals { a = "${var.name}-b" }
provider "aws" { region = "eu-west-1" }
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
data "archive_file" "z" { source_dir = "src" }
resource "aws_lambda_function" "f" {
  function_name = local.a
  handler = "app.handler"
  runtime = "python3.12"
  memory_size = 512
  timeout = 10
  environment { variables = { A = "b", PASSWORD = var.name } }
}
resource "aws_api_gateway_resource" "r" { path_part = "x" }
"""
TERRAFORM_WORDS = [*b'{ } " = ${ var.x [ ] null 1 <<E #'.split(), b"\n", b"(" * 500]


@fuzz(mutated(TERRAFORM, TERRAFORM_WORDS))
def test_terraform(content: bytes) -> None:
    with a_file("main.tf", content) as path, suppress(AwsprovError):
        assert convert(read_terraform(path.parent), "demo", "us-east-1", path.parent).text


OPENAPI = {
    "openapi": "3.0.1",
    "paths": {
        "/rank/{id}": {
            "parameters": [{"name": "id", "in": "path"}],
            "post": {
                "security": [{"key": []}],
                "x-amazon-apigateway-integration": {
                    "type": "aws_proxy", "uri": "arn:aws:lambda:::f/invocations", "httpMethod": "POST",
                },
            },
        }
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}},
    "x-amazon-apigateway-cors": {"allowOrigins": ["*"]},
}  # fmt: skip
API = resource("aws_api_gateway_rest_api.open", {"id": "x", "name": "x", "body": json.dumps(OPENAPI)})
SHOWN = {"format_version": "1.0", "values": {"root_module": {"resources": [*EVERYTHING, API]}}}


@fuzz(mutated_json(SHOWN))
def test_the_output_of_terraform_show(content: bytes) -> None:
    with a_file("state.json", content) as path, suppress(AwsprovError):
        assert convert(read_terraform(path), "demo", "us-east-1", path.parent).text


@fuzz(mutated_json(OPENAPI))
def test_an_openapi_document(content: bytes) -> None:
    api = resource("aws_api_gateway_rest_api.open", {"id": "x", "name": "x", "body": content.decode(errors="replace")})
    shown = {**SHOWN, "values": {"root_module": {"resources": [*EVERYTHING, api]}}}
    with a_file("state.json", json.dumps(shown).encode()) as path, suppress(AwsprovError):
        assert convert(read_terraform(path), "demo", "us-east-1", path.parent).text


@fuzz(mutated(b"import numpy\nfrom a.b import c\n\ndef handler(event, context):\n    return 1\n", TEXT_WORDS))
def test_a_handler(content: bytes) -> None:
    with a_file("app.py", content) as path:
        assert isinstance(imported_modules(path.parent, "app.handler"), list)
