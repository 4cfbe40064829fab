"""Writing a CloudFormation template: cfn-lint accepts it, and each resource can be imported by its identifier."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from awsprov.cloudformation.export import TemplateExport, export
from awsprov.cloudformation.table import NOT_IMPORTABLE, NOT_IN_CLOUDFORMATION, ROWS
from awsprov.cloudformation.template import logical_id
from awsprov.stack.declaration import KINDS
from tests.unit.moto_cloud import REST, on_moto

HTTP = "type: http, auth: jwt, cors_origin: '*', jwt: {issuer: 'https://issuer.example.com', audience: [a, b]}"
KEY = "auth: api_key, cors_origin: 'https://example.com'"
STACKS = [
    (KEY, "single"),
    *(
        pytest.param(each, marks=pytest.mark.thorough)
        for each in ((HTTP, "per-zone"), (REST, "none"), (HTTP, "instance"))
    ),
]


def schema(type_: str) -> dict[str, Any]:
    """The schema of a type, as CloudFormation publishes it."""
    return dict(PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema)


@pytest.fixture(scope="module", params=STACKS, ids=str)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemplateExport]:
    api, nat = request.param
    with on_moto(tmp_path_factory.mktemp("moto") / "project", api=api, nat=nat) as moto:
        engine = moto.engine()
        engine.up(engine.plan())
        yield export(engine.stack, moto.aws())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_class_of_resources_has_a_row_or_a_reason(kind: type) -> None:
    assert (kind in ROWS) != (kind in NOT_IN_CLOUDFORMATION), "add a row in awsprov/cloudformation/rows, or a reason"


def test_cfn_lint_accepts_the_template(exported: TemplateExport) -> None:
    matches = lint(exported.files["template.json"].decode(), regions=["us-east-1"])
    found = [f"{match.rule.id} {match.message}" for match in matches]
    assert [each for each in found if not each.startswith("W3010")] == []  # the zones must be those of the subnets


def test_each_identifier_is_the_primary_identifier_of_the_type_and_has_a_value(exported: TemplateExport) -> None:
    for resource in exported.resources:
        wanted = [name.removeprefix("/properties/") for name in schema(resource.type)["primaryIdentifier"]]
        assert sorted(resource.identifier) == sorted(wanted), resource
        assert all(resource.identifier.values()), resource


def test_each_type_in_the_template_can_be_imported(exported: TemplateExport) -> None:
    for resource in exported.resources:
        assert "read" in schema(resource.type)["handlers"], resource.type


@pytest.mark.parametrize("type_", NOT_IMPORTABLE)
def test_what_is_said_to_be_not_importable_is_not(type_: str) -> None:
    assert "read" not in schema(type_)["handlers"], f"{type_} can be imported now: add it to the template"


def test_the_change_set_imports_everything_in_the_template_once(exported: TemplateExport) -> None:
    template = json.loads(exported.files["template.json"])
    imported = json.loads(exported.files["resources-to-import.json"])
    assert [each["LogicalResourceId"] for each in imported] == list(template["Resources"])
    assert all(each["DeletionPolicy"] == "Retain" for each in template["Resources"].values())


def test_no_id_of_another_resource_and_no_value_of_a_variable_is_in_the_template(exported: TemplateExport) -> None:
    template = exported.files["template.json"].decode()
    # `fs-` is in the policy of the file system itself, which cannot refer to itself
    assert not re.findall(r"\b(?:vpc|subnet|sg|rtb|igw|nat|eipalloc|acl)-[0-9a-f]{8,}\"", template)
    assert not any(b"hunter22" in content for content in exported.files.values())
    parameters = json.loads(template)["Parameters"]
    assert parameters["PredictVariablePASSWORD"]["NoEcho"] is True
    assert not any("Default" in parameter for parameter in parameters.values())


@pytest.mark.parametrize(
    ("name", "expected"), [("public-subnet-1", "PublicSubnet1"), ("GET /items/{id}", "GETItemsId"), ("vpc", "Vpc")]
)
def test_a_name_becomes_a_logical_id(name: str, expected: str) -> None:
    assert logical_id(name) == expected
