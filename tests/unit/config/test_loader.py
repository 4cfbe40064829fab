"""Valid values of config.yaml are used; errors are reported together, with their lines, before anything else."""

import itertools
import re
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from awsprov.config.loader import load
from awsprov.config.models import Config
from awsprov.config.network import LARGEST_VPC, SMALLEST_VPC, NetworkConfig
from awsprov.errors import UsageError
from tests.unit.conftest import PLAIN, Project

ROOT = Path(__file__).parents[3]


def problems(project: Project, text: str, stage: str = "") -> str:
    """Return the error of a configuration."""
    with pytest.raises(UsageError) as caught:
        load(project.write(text), stage)
    return caught.value.why


def test_a_small_configuration_is_enough(project: Project) -> None:
    config = load(project.config)
    assert (config.name, config.region, config.stack) == ("demo", "us-east-1", "demo")
    assert config.functions["predict"].all_variables == {"LEVEL": "INFO"}
    assert config.state_dir == project.root / ".awsprov"
    assert config.private_key.is_relative_to(project.root)


def test_paths_are_taken_from_the_file_s_own_directory(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    config = load(project.config)
    assert config.libraries.requirements == project.root / "requirements.txt"
    assert config.functions["predict"].source == project.root / "src"


# ---- the repository's own


def keys_of(model: type[BaseModel]) -> set[str]:
    """The names of all fields of a model and of the models in it."""
    found = set()
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        found.add(name)
        inner = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for part in inner:
            if isinstance(part, type) and issubclass(part, BaseModel):
                found |= keys_of(part)
    return found


def test_the_repository_s_configuration_is_valid() -> None:
    assert load(ROOT / "config.yaml").functions
    assert load(ROOT / "config.yaml", "prod").network.nat == "per-zone"


def test_the_repository_s_configuration_mentions_every_key() -> None:
    text = (ROOT / "config.yaml").read_text()
    missing = [key for key in keys_of(Config) if not re.search(rf"\b{key}:", text)]
    assert missing == []


def test_the_defaults_that_the_repository_s_configuration_shows_are_the_real_ones() -> None:
    shown, real = load(ROOT / "config.yaml"), NetworkConfig()
    assert shown.network == real
    assert (shown.builder.instance_type, shown.builder.when_idle) == ("t3.small", "stop")
    assert shown.functions["similarity"].memory == 1024
    assert (shown.api.type, shown.api.auth, shown.api.throttle.rate) == ("rest", "iam", 50)


# ---- stages


def test_a_stage_overrides_the_common_keys_and_nothing_else(project: Project) -> None:
    text = f"{PLAIN}network: {{zones: 3, nat: none}}\nstages: {{prod: {{network: {{nat: per-zone}}}}}}\n"
    base, prod = load(project.write(text)), load(project.config, "prod")
    assert (base.network.nat, base.network.zones, base.stack) == ("none", 3, "demo")
    assert (prod.network.nat, prod.network.zones, prod.stack) == ("per-zone", 3, "demo-prod")


def test_an_unknown_stage_is_an_error_that_lists_the_known_ones(project: Project) -> None:
    assert "prod" in problems(project, f"{PLAIN}stages: {{prod: {{}}}}\n", "prdo")
    assert "none" in problems(project, PLAIN, "prod")


# ---- the handler


@pytest.mark.parametrize(
    "code",
    [
        "def handler(event, context): ...",
        "@synchronous\nasync def handler(event, context): ...",
        "async def handler(event, context): ...\nhandler = synchronous(handler)",
        "class handler: ...",
        "handler = print",
        "handler: object = print",
        "from os import getcwd as handler",
        "try:\n    from os import getcwd as handler\nexcept ImportError:\n    handler = None",
        "if True:\n    def handler(event, context): ...",
        "handler = None\nif True:\n    from os import getcwd as handler",
    ],
)
def test_whatever_makes_the_name_known_is_a_handler(project: Project, code: str) -> None:
    (project.root / "src" / "app.py").write_text(code)
    assert load(project.config)


def test_a_handler_that_lambda_does_not_await_is_an_error(project: Project) -> None:
    (project.root / "src" / "app.py").write_text("async def handler(event, context): ...")
    assert "config.yaml:8:14: `functions.predict.handler`: 'handler' is an `async` function" in problems(project, PLAIN)


@pytest.mark.parametrize("code", ["handler = 3", "handler: dict = {}", "def handler(e, c): ...\nhandler = f'{1}'"])
def test_a_handler_that_lambda_cannot_call_is_an_error(project: Project, code: str) -> None:
    (project.root / "src" / "app.py").write_text(code)
    assert "config.yaml:8:14: `functions.predict.handler`: 'handler' is a value, which Lambda cannot call" in problems(
        project, PLAIN
    )


def test_a_name_inside_a_function_is_no_handler(project: Project) -> None:
    (project.root / "src" / "app.py").write_text("def other():\n    def handler(): ...\n")
    assert "has no 'handler'; it has other" in problems(project, PLAIN)


def test_a_handler_that_is_not_python_is_an_error(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("awsprov.config.handler.is_own", lambda _: True)
    (project.root / "src" / "app.py").write_text("def handler(")
    assert "src/app.py:1:12: not valid Python" in problems(project, PLAIN)


def test_the_handler_s_module_is_read_and_never_run(project: Project) -> None:
    witness = project.root / "it-ran"
    (project.root / "src" / "app.py").write_text(f"open({str(witness)!r}, 'w')\ndef handler(): ...\n")
    load(project.config)
    assert not witness.exists()


# ---- variables


@pytest.mark.parametrize(
    "written",
    ["0755", "01234", "3.10", "1_000", "12:30:45", "1:20", "on", "off", "yes", "NO", "True", "1e3", "0x1F", "0b11",
     ".5", "+1", "2020-01-02", "2020-13-45", ".inf", "007", "~x", "null-ish"],
)  # fmt: skip
@pytest.mark.parametrize("where", ["variables: {{VALUE: {}}}", "variables:\n      VALUE: {}"])
def test_a_variable_is_what_is_written(project: Project, written: str, where: str) -> None:
    text = PLAIN.replace("variables: {LEVEL: INFO}", where.format(written))
    assert load(project.write(text)).functions["predict"].variables == {"VALUE": written}
    staged = f"{PLAIN}stages:\n  prod:\n    functions:\n      predict:\n        variables: {{LEVEL: {written}}}\n"
    assert load(project.write(staged), "prod").functions["predict"].variables == {"LEVEL": written}


def test_quotes_and_blocks_are_yaml_s_in_variables(project: Project) -> None:
    lines = "variables:\n      AA: '1'\n      BB: \"x\\n\"\n      CC: |\n        two\n        lines\n      DD: ''"
    variables = load(project.write(PLAIN.replace("variables: {LEVEL: INFO}", lines))).functions["predict"].variables
    assert variables == {"AA": "1", "BB": "x\n", "CC": "two\nlines\n", "DD": ""}


@pytest.mark.parametrize("empty", ["", "~", "null"])
def test_a_variable_without_a_value_is_an_error(project: Project, empty: str) -> None:
    assert "variables.LEVEL" in problems(project, PLAIN.replace("LEVEL: INFO", f"LEVEL: {empty}"))


def test_the_env_file_takes_precedence_and_reads_no_variable_of_this_machine(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME_SECRET", "leaked")
    (project.root / ".env").write_text("LEVEL=DEBUG\nURL=http://$HOME_SECRET/${HOME_SECRET}\nEMPTY=\n")
    config = load(project.write(PLAIN.replace("routes:", "env_file: .env\n    routes:")))
    assert config.functions["predict"].all_variables == {
        "LEVEL": "DEBUG",
        "URL": "http://$HOME_SECRET/${HOME_SECRET}",
        "EMPTY": "",
    }


KEY = "-----BEGIN RSA PRIVATE KEY-----\nhunter22hunter22\nhunter22==\n-----END RSA PRIVATE KEY-----"
WRONG_LINES = {
    "no value": ("hunter22", ".env:2 has no `=`"),
    "a quote that is not closed": ('TOKEN="hunter22', ".env:2 cannot be read"),
    "text after a quote": ("TOKEN='a'hunter22", ".env:2 cannot be read"),
    "a space in the name": ("hunter22 WITH=3", ".env:2 cannot be read"),
    "no name": ("=hunter22", ".env:2 "),
    "a dash in the name": ("hunter22-x=1", ".env:2 does not begin with the name"),
    "base64": ("hunter22/+==", ".env:2 does not begin with the name"),
    "a key without quotes": (f"PRIVATE={KEY}", ".env:2 begins a value over several lines"),
    "blank lines before": ("\n\n# comment\n\nhunter22", ".env:6 has no `=`"),
    "twice": ("TWICE=hunter22\nTWICE=1", ".env:3 sets TWICE again"),
    "reserved": ("AWS_REGION=hunter22", "reserved"),
}


@pytest.mark.parametrize("wrong", WRONG_LINES)
def test_a_line_of_the_env_file_that_cannot_be_read_is_an_error_that_shows_nothing_of_it(
    project: Project, wrong: str
) -> None:
    lines, message = WRONG_LINES[wrong]
    (project.root / ".env").write_text(f"GOOD=hunter22\n{lines}\nLAST=hunter22\n")
    why = problems(project, PLAIN.replace("routes:", "env_file: .env\n    routes:"))
    assert message in why
    assert "hunter22" not in why


@pytest.mark.parametrize("name", ["B", "AWS_REGION", "PYTHONPATH"])
def test_a_variable_of_the_env_file_that_a_function_cannot_have_is_an_error_with_its_line(
    project: Project, name: str
) -> None:
    (project.root / ".env").write_text(f"LEVEL=1\n\n{name}=hunter22\n")
    why = problems(project, PLAIN.replace("routes:", "env_file: .env\n    routes:"))
    assert f".env:3: {name}" in why.replace("'", "")
    assert "hunter22" not in why


def test_an_env_file_that_is_not_utf_8_is_an_error_with_its_line(project: Project) -> None:
    (project.root / ".env").write_bytes("GOOD=1\nNAME=café\n".encode("latin-1"))
    assert ".env:2 is not UTF-8" in problems(project, PLAIN.replace("routes:", "env_file: .env\n    routes:"))


def test_lines_that_others_write_are_read(project: Project) -> None:
    text = f"\ufeffexport AA=1\r\n# c\r\n\r\nBB = 'x y' # c\r\nCC=\"a\\nb\"\r\nDD=a=b==\r\nKEY='{KEY}'\r\n"
    (project.root / ".env").write_text(text, newline="")
    found = load(project.write(PLAIN.replace("routes:", "env_file: .env\n    routes:"))).functions["predict"]
    assert found.all_variables == {"LEVEL": "INFO", "AA": "1", "BB": "x y", "CC": "a\nb", "DD": "a=b==", "KEY": KEY}


def test_no_mistake_elsewhere_reveals_a_variable_s_value(project: Project) -> None:
    text = PLAIN.replace("{LEVEL: INFO}", "\n      PASSWORD: hunter22\n      A: 1").replace("name: demo", "name: X")
    assert "hunter22" not in problems(project, text)


# ---- ranges


@given(
    st.integers(LARGEST_VPC, SMALLEST_VPC),
    st.sampled_from(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]),
    st.integers(1, 6),
    st.data(),
)
def test_subnets_lie_in_the_network_and_never_overlap(size: int, where: str, zones: int, data: Any) -> None:
    whole = IPv4Network(where)
    count = 2 ** (size - whole.prefixlen)
    index = data.draw(st.integers(0, count - 1))
    cidr = IPv4Network((int(whole.network_address) + index * 2 ** (32 - size), size))
    network = NetworkConfig(cidr=cidr, zones=zones)
    blocks = [IPv4Network(block) for block in [*network.public_cidrs, *network.private_cidrs]]
    assert len(network.public_cidrs) == len(network.private_cidrs) == zones
    assert all(block.subnet_of(cidr) and block.prefixlen <= 28 for block in blocks)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(blocks, 2))


@given(st.integers(1, 5))
def test_another_zone_moves_no_subnet(zones: int) -> None:
    few, more = NetworkConfig(zones=zones), NetworkConfig(zones=zones + 1)
    assert more.public_cidrs[:zones] == few.public_cidrs
    assert more.private_cidrs[:zones] == few.private_cidrs


# ---- anything at all

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates()
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
known = st.sampled_from(sorted(keys_of(Config)))


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_ends_in_anything_but_a_configuration_or_an_error_for_a_person(project: Project, text: str) -> None:
    assert outcome(project, text)


@given(st.dictionaries(known, st.recursive(values, lambda v: st.dictionaries(known, v, max_size=3)), max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_of_a_known_key_breaks_it_either(project: Project, document: dict[str, Any]) -> None:
    whole = {**yaml.safe_load(PLAIN), **document}
    assert outcome(project, yaml.safe_dump(whole, allow_unicode=True))


def outcome(project: Project, text: str) -> str:
    """Return the stack's name or the error of its configuration; any other result is a failure."""
    try:
        return load(project.write(text)).stack
    except UsageError as error:
        return error.why
