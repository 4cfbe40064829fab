"""Errors in config.yaml are reported together, each with its line, before anything else happens."""

import re
from pathlib import Path

import pytest

from awsprov.config.loader import load
from awsprov.config.variables import LAMBDA_VARIABLES
from awsprov.errors import UsageError
from tests.unit.conftest import PLAIN, Project


def problems(project: Project, text: str, stage: str = "") -> str:
    """Return the error of a configuration."""
    with pytest.raises(UsageError) as caught:
        load(project.write(text), stage)
    return caught.value.why


# ---- what bad input gets

BAD: list[tuple[str, str, str]] = [  # in PLAIN: old text, new text, message
    ("name: demo", "name: Demo", r"config.yaml:1:7: `name`"),
    ("name: demo", "name: 1demo", r"config.yaml:1:7: `name`"),
    ("name: demo", f"name: {'a' * 25}", r"config.yaml:1:7: `name`"),
    ("name: demo", "nmae: demo", r"config.yaml:1:1: unknown key `nmae`; did you mean `name`\?"),
    (
        "name: demo",
        "name: [demo]",
        r"config.yaml:1:7: `name` is a list, \[demo\]; it must be up to 24 lowercase letters",
    ),
    ("name: demo\n", "", r"config.yaml:1:1: `name` is missing: up to 24"),
    ("region: us-east-1", "region: 7", r"config.yaml:2:9: `region`"),
    ("region: us-east-1", "region: us-east-1\nstate_dir: /tmp", r"config.yaml:3:1: unknown key `state_dir`"),
    ("region: us-east-1", "region: us-east-1\nstage: prod", r"config.yaml:3:1: unknown key `stage`"),
    *(
        ("region: us-east-1", f"region: us-east-1\nshared: {wrong}", r"config.yaml:3:9: `shared`")
        for wrong in (
            "team-state",
            "s3:/team-state",
            "s3://",
            "s3://Team",
            "s3://ab",
            "s3://team//x",
            "s3://team/a b",
            "[]",
        )
    ),
    (
        "handler: app.handler",
        "handler: app.handler\n    canary: 0% 5m",
        r"`functions.*canary` is `0% 5m`; it should be a percentage",
    ),
    ("requirements.txt", "requirements.txt\n  files: nowhere", r"`libraries.files`: there is no directory"),
    ("requirements.txt", "nowhere.txt", r"config.yaml:4:17: `libraries.requirements`: there is no file"),
    ("requirements.txt", "src", r"config.yaml:4:17: .*src is a directory, not a file"),
    ("requirements.txt", "~nobody-of-that-name/x", r"config.yaml:4:17: `libraries.requirements`"),
    ("requirements.txt", f"{'a' * 5000}", r"config.yaml:4:17: `libraries.requirements`"),
    ("requirements.txt", '"a\\0b"', r"config.yaml:4:17: `libraries.requirements`"),
    (
        "requirements.txt",
        'requirements.txt\n  python: "3.8"',
        r'config.yaml:5:11: `libraries.python` is `"3.8"`; it must be one of "3.12", "3.13" or "3.14"',
    ),
    ("requirements.txt", 'requirements.txt\n  python: "3.15"', r"cannot be 3.15: Lambda has it, but Amazon Linux 2023"),
    ("requirements.txt", "requirements.txt\n  python: 3.12", r"config.yaml:5:11: `libraries.python`"),
    ("source: src", "source: src/app.py", r"config.yaml:7:13: .*app.py is a file; name its directory"),
    ("source: src", "source: nowhere", r"config.yaml:7:13: `functions.predict.source`: there is no directory"),
    (
        "handler: app.handler",
        "handler: app.hand",
        r"config.yaml:8:14: .*app.py has no 'hand'; did you mean `handler`\?",
    ),
    ("handler: app.handler", "handler: nope.handler", r"config.yaml:8:14: .*there is no file .*nope.py"),
    ("handler: app.handler", "handler: handler", r"config.yaml:8:14: .*should be a module and a function"),
    ("handler: app.handler", "handler: app.", r"config.yaml:8:14: .*should be a module and a function"),
    ("handler:", "handlr:", r"config.yaml:8:5: unknown key `handlr`; did you mean `handler`\?"),
    ("LEVEL: INFO", "AWS_REGION: x", r"config.yaml:9:17: .*AWS_REGION is reserved by Lambda"),
    ("LEVEL: INFO", "AWS_LAMBDA_WHATEVER: x", r"is reserved by Lambda"),
    ("LEVEL: INFO", "PYTHONPATH: x", r"PYTHONPATH is set by awsprov"),
    ("LEVEL: INFO", "A: x", r"'A' is not a valid variable name"),
    ("LEVEL: INFO", "MY-LEVEL: x", r"'MY-LEVEL' is not a valid variable name"),
    ("LEVEL: INFO", "LEVEL: [1]", r"config.yaml:9:24: `functions.predict.variables.LEVEL`"),
    (
        "LEVEL: INFO",
        f"LEVEL: {'x' * 4100}",
        r"config.yaml:7:5: `predict`: its variables take 42\d\d bytes as JSON.*4096",
    ),
    ("routes:", "memory: 64\n    routes:", r"config.yaml:10:13: `functions.predict.memory` .*128"),
    (
        "routes:",
        "memory: 99999\n    routes:",
        r"config.yaml:10:13: `functions.predict.memory` .*32768, as in `memory: 1024`. Source: Botocore's model",
    ),
    (
        "routes:",
        "timeout: 1801\n    routes:",
        r"config.yaml:10:14: .*timeout` .*1800, as in `timeout: 29`. Source: Botocore's documentation",
    ),
    (
        "routes:",
        "timeout: soon\n    routes:",
        r"config.yaml:10:14: `functions.predict.timeout` is `soon`; it must be a whole number from 1 to 1800",
    ),
    ("routes:", "log_days: 4\n    routes:", r"config.yaml:10:15: `functions.predict.log_days`"),
    ("routes:", "secrets: {DB_KEY: nope}\n    routes:", r"config.yaml:10:23: .*should be `ssm:/name"),
    ("routes:", "secrets: {LEVEL: ssm:/x}\n    routes:", r"has LEVEL, which is also a variable"),
    ("routes:", "env_file: .env\n    routes:", r"config.yaml:10:15: .*there is no file"),
    ("POST /predict", "predict", r"config.yaml:10:14: .*should be a method and a path"),
    ("POST /predict", "FETCH /predict", r"should be a method and a path"),
    ("POST /predict", "POST /predict, POST /predict", r"config.yaml:10:29: `POST /predict` already invokes `predict`"),
    (
        "POST /predict",
        "'GET /i/{a}', 'GET /i/{b}/x'",
        r"config.yaml:10:28: .*another route has \{a\} in the place of \{b\}",
    ),
    ("POST /predict", "'GET /i/{a}', 'GET /i/{proxy+}'", r"another route has \{a\} in the place of \{proxy\+\}"),
    (
        "routes: [POST /predict]",
        "routes: ['GET /i/{a}', 'GET /i/{b}']\napi: {type: http}",
        r"config.yaml:10:28: .*another route has \{a\} in the place of \{b\}",
    ),
    ("functions:", "function:", r"unknown key `function`; did you mean `functions`\?"),
    (
        "libraries:",
        "network: {cidr: 10.0.0.0/25}\nlibraries:",
        r"config.yaml:3:17: `network.cidr` is too small: it is divided",
    ),
    ("libraries:", "network: {cidr: 10.0.0.0/8}\nlibraries:", r"config.yaml:3:17: `network.cidr` is too large: a VPC"),
    ("libraries:", "network: {cidr: 8.8.0.0/16}\nlibraries:", r"`network.cidr` is not a private range"),
    ("libraries:", "network: {cidr: 10.0.0.1/16}\nlibraries:", r"config.yaml:3:17: `network.cidr`"),
    ("libraries:", "network: {zones: 0}\nlibraries:", r"config.yaml:3:18: `network.zones`"),
    (
        "libraries:",
        "network: {nat: two}\nlibraries:",
        r"config.yaml:3:16: `network.nat` is `two`; it must be one of single, per-zone, instance or none, "
        r"as in `nat: single`",
    ),
    ("libraries:", "network: single\nlibraries:", r"config.yaml:3:10: `network`"),
    ("libraries:", "keypair: {public_key: nope}\nlibraries:", r"config.yaml:3:23: .*there is no file"),
    ("libraries:", "keypair: {private_key: config.yaml}\nlibraries:", r"config.yaml:3:24: .*needs `name`"),
    (
        "libraries:",
        "api: {type: http, auth: api_key}\nlibraries:",
        r"config.yaml:3:25: .*cannot be api_key for http",
    ),
    (
        "libraries:",
        "api: {auth: jwt}\nlibraries:",
        r"config.yaml:3:13: .*cannot be jwt for rest APIs",
    ),
    ("libraries:", "api: {type: http, auth: jwt}\nlibraries:", r"config.yaml:3:25: .*must name the issuer"),
    ("libraries:", "api: {cors_origin: nowhere}\nlibraries:", r"config.yaml:3:20: `api.cors_origin`"),
    ("libraries:", "api: {throttle: {rate: 0}}\nlibraries:", r"config.yaml:3:24: `api.throttle.rate`"),
    (
        "libraries:",
        "roles: {boundary: 'arn:aws-us-gov:iam::123456789012:policy/b'}\nlibraries:",
        r"config.yaml:3:19: .*us-east-1 is in the partition aws",
    ),
    ("libraries:", "builder: {ssh_from: nowhere}\nlibraries:", r"config.yaml:3:21: `builder.ssh_from"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD)
def test_each_error_has_its_position(project: Project, old: str, new: str, message: str) -> None:
    assert old in PLAIN
    assert re.search(message, problems(project, PLAIN.replace(old, new, 1)))


def test_all_errors_are_reported_together_in_the_order_of_the_file_with_their_text(project: Project) -> None:
    text = PLAIN.replace("name: demo", "name: Demo").replace("app.handler", "app.nope").replace("LEVEL", "AWS_REGION")
    lines = problems(project, text.replace("source: src", "source: src\n    memroy: 1024")).splitlines()
    assert [line.split(": ")[0] for line in lines if not line.startswith(" ")] == [
        "config.yaml:1:7",
        "config.yaml:8:5",
        "config.yaml:9:14",
        "config.yaml:10:17",
    ]
    assert lines[1] == "    name: Demo"
    assert lines[3] == "    memroy: 1024"


def test_the_documentation_shows_the_errors_that_are_reported(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
    shown = re.findall(r"^│   (.*)", page.partition("config.yaml has 6 errors.")[2].partition("```")[0], re.MULTILINE)
    (tmp_path / "lambda_src").mkdir()
    (tmp_path / "lambda_src" / "lambda_function.py").write_text("def lambda_handler(event, context): ...\n")
    quoted = [line.removeprefix("    ") for line in shown if line.startswith("    ")]
    function = ["functions:", "  prices:", "    source: lambda_src", *(f"    {line}" for line in quoted[2:])]
    (tmp_path / "config.yaml").write_text("\n".join(["name: prices", "region: eu-west-1", *quoted[:2], *function, ""]))
    with pytest.raises(UsageError) as caught:
        load(tmp_path / "config.yaml")
    assert caught.value.why.replace(str(tmp_path), "/home/ana/prices").splitlines() == shown


def test_names_that_would_be_too_long_are_errors_with_their_sum(project: Project) -> None:
    name, function = "n" * 24, "f" * 24
    text = PLAIN.replace("name: demo", f"name: {name}").replace("  predict:", f"  {function}:")
    load(project.write(text))  # 24 + 24 + 4 + 2 = 54
    text += "  other-function: {source: src, handler: app.handler}\n  fn: {source: src, handler: app.handler}\n"
    load(project.write(f"{text}stages: {{production: {{}}}}\n"))
    message = problems(project, f"{text}stages: {{production: {{}}}}\n", "production")
    assert (
        f"config.yaml:6:3: `{function}`: the name of its role, {name}-production-{function}-role, would have "
        in message
    )
    assert "24 (`name`) + 10 (stage) + 24 (function) + 4 (`role`) + 3 (hyphens) = 65 characters" in message
    assert "`other-function`" not in message  # 24 + 10 + 14 + 4 + 3 = 55
    both = problems(project, f"{text}stages: {{{'s' * 20}: {{}}}}\n", "s" * 20)
    assert "config has 2 errors" not in both
    assert both.count("IAM allows 64") == 2  # but not for `fn`


def test_an_error_of_a_stage_has_its_position_in_the_stage(project: Project) -> None:
    text = f"{PLAIN}network: {{cidr: 10.0.0.0/16}}\nstages:\n  prod: {{network: {{cidr: 10.0.0.0/8}}}}\n"
    assert "config.yaml:13:26: `network.cidr` is too large" in problems(project, text, "prod")


def test_an_unknown_key_of_a_stage_has_its_position_in_the_stage(project: Project) -> None:
    text = f"{PLAIN}stages:\n  prod: {{network: {{nta: none}}}}\n"
    message = problems(project, text, "prod")
    assert "config.yaml:12:20: unknown key `nta`; did you mean `nat`?" in message


@pytest.mark.parametrize(
    ("content", "expected"),
    [("", "is empty"), ("# nothing\n", "is empty"), ("[]", "must be keys"), ("7", "must be keys"), ("text", "must be")],
)
def test_a_file_that_is_not_a_mapping_is_an_error(project: Project, content: str, expected: str) -> None:
    assert expected in problems(project, content)


def test_a_missing_file_leads_to_init(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read") as caught:
        load(tmp_path / "config.yaml")
    assert "awsprov init" in caught.value.remedy


@pytest.mark.parametrize("name", sorted(LAMBDA_VARIABLES))
def test_no_reserved_name_is_accepted(project: Project, name: str) -> None:
    assert f"{name} is reserved by Lambda" in problems(project, PLAIN.replace("LEVEL: INFO", f"{name}: x"))
