"""Writing Terraform files: the language, the table of resources, and the files of a stack."""

import re
from collections.abc import Iterator
from pathlib import Path

import hcl2
import pytest

from awsprov.stack.declaration import KINDS
from awsprov.terraform.export import TerraformExport, export
from awsprov.terraform.expressions import Expression, Json, template, written
from awsprov.terraform.ignored import IGNORED
from awsprov.terraform.reader import read_terraform
from awsprov.terraform.rows.row import identifier
from awsprov.terraform.table import AREAS, NOT_IN_TERRAFORM, ROWS
from awsprov.terraform.writer import Comment, block
from tests.unit.moto_cloud import REST, on_moto

HTTP = "type: http, auth: jwt, cors_origin: '*', jwt: {issuer: 'https://issuer.example.com', audience: [a, b]}"
KEY = "auth: api_key, cors_origin: 'https://example.com'"
_REFERENCE = re.compile(r"\b(?:data\.)?(aws_[a-z0-9_]+)\.(\w+)")


# ---- the language


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (5.0, "5"),
        (0.5, "0.5"),
        ([], "[]"),
        (["a"], '["a"]'),
        (["a", "b"], '[\n  "a",\n  "b",\n]'),
        ({}, "{}"),
        ({"a": 1, "awsprov:name": "b"}, '{\n  a              = 1\n  "awsprov:name" = "b"\n}'),
        ('say "${x}" %{y}\n', r'"say \"$${x}\" %%{y}\n"'),
        (Expression("aws_vpc.vpc.id"), "aws_vpc.vpc.id"),
        (template("a/", Expression("b.c")), '"a/${b.c}"'),
        (Json({"a": [1]}), "jsonencode({\n  a = [1]\n})"),
    ],
)
def test_a_value_is_written_like_terraform_fmt_does_it(value: object, text: str) -> None:
    assert written(value) == text


@pytest.mark.parametrize("text", ["plain", 'a "quote"', "back\\slash", "two\nlines", "${not} an %{expression}", "ü"])
def test_a_text_is_the_same_after_it_was_read_again(text: str) -> None:
    document = hcl2.loads(block("locals", {"text": text}) + "\n", serialization_options=_PLAIN)
    read = document["locals"][0]["text"]
    assert read.replace("$${", "${").replace("%%{", "%{") == text  # python-hcl2 keeps the escapes of expressions


_PLAIN = hcl2.SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)


def test_a_block_has_its_short_arguments_first_and_its_nested_blocks_last() -> None:
    values = {
        "rule": [{"a": 1}, {"a": 2}],
        "tags": {"Name": "x"},
        "id": "y",
        "missing": None,
        "lifecycle": [{"ignore_changes": [Comment("It is not returned.", "id")]}],
    }
    assert (
        block('resource "t" "n"', values)
        == """\
resource "t" "n" {
  id = "y"

  tags = {
    Name = "x"
  }

  rule {
    a = 1
  }

  rule {
    a = 2
  }

  lifecycle {
    ignore_changes = [
      # It is not returned.
      id,
    ]
  }
}"""
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [("public-subnet-1", "public_subnet_1"), ("path /items/{id}", "path_items_id"), ("2nd", "_2nd"), ("ANY /", "any")],
)
def test_a_name_becomes_an_identifier(name: str, expected: str) -> None:
    assert identifier(name) == expected


# ---- the table


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_class_of_resources_has_a_row_or_a_reason(kind: type) -> None:
    assert (kind in ROWS) != (kind in NOT_IN_TERRAFORM), "add a row in awsprov/terraform/rows, or a reason in table.py"


def test_the_table_has_no_other_classes_and_each_once() -> None:
    in_areas = [kind for tables in AREAS.values() for rows in tables for kind in rows]
    assert len(in_areas) == len(ROWS)
    assert {*in_areas, *NOT_IN_TERRAFORM} == set(KINDS)


# ---- the files of a stack


STACKS = [
    (KEY, "single"),
    *(
        pytest.param(each, marks=pytest.mark.thorough)
        for each in ((HTTP, "per-zone"), (REST, "none"), (HTTP, "instance"))
    ),
]


@pytest.fixture(scope="module", params=STACKS, ids=str)
def written_stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TerraformExport]:
    api, nat = request.param
    with on_moto(tmp_path_factory.mktemp("moto") / "project", api=api, nat=nat) as moto:
        engine = moto.engine()
        engine.up(engine.plan())
        yield export(engine.stack, moto.aws())


@pytest.fixture
def directory(written_stack: TerraformExport, tmp_path: Path) -> Path:
    for name, content in written_stack.files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_the_files_are_read_and_each_reference_has_its_block(written_stack: TerraformExport, directory: Path) -> None:
    found = read_terraform(directory)
    declared = {(each.type, each.name) for each in found.resources}
    assert len(found.resources) == len(declared) == len(written_stack.resources)
    text = "".join(path.read_text() for path in directory.glob("*.tf"))
    assert set(_REFERENCE.findall(text)) == declared  # each is imported, and nothing else is referred to


def test_everything_is_imported_once(written_stack: TerraformExport) -> None:
    imports = written_stack.files["imports.tf"].decode()
    assert imports.count("import {") == len(written_stack.resources)
    assert all(f"to = {each.address}\n" in imports for each in written_stack.resources)
    assert all(each.import_id and "None" not in each.import_id for each in written_stack.resources)


def test_no_id_of_another_resource_is_an_argument(written_stack: TerraformExport) -> None:
    text = "".join(
        content.decode()
        for name, content in written_stack.files.items()
        if name.endswith(".tf") and name != "imports.tf"
    )
    by_aws = {each.import_id for each in written_stack.resources if each.import_id not in written(each.arguments)}
    assert by_aws
    assert not {each for each in by_aws if each in text}


def test_no_value_of_a_variable_is_written_and_its_name_is(written_stack: TerraformExport) -> None:
    assert not any(b"hunter22" in content for content in written_stack.files.values())
    variables = written_stack.files["variables.tf"].decode()
    assert "PASSWORD" in variables
    assert variables.count("sensitive") == variables.count("variable ") == 2
    assert "default" not in variables


def test_the_readme_names_what_is_not_in_terraform_and_every_ignored_argument(written_stack: TerraformExport) -> None:
    readme = written_stack.files["README.md"].decode()
    for word in ("libraries", "start pack", "network interfaces", "bundles", "predict.zip"):
        assert word in readme
    types = {each.type for each in written_stack.resources}
    for kind, arguments in IGNORED.items():
        for name, reason in arguments.items():
            assert (f"| `{kind}` | `{name}` | {reason} |" in readme) == (kind in types)
