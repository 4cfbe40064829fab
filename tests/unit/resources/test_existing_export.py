"""Exports of a stack on an existing network and file system: they refer to these, and never import them."""

import json
import re
from typing import Any

import hcl2
import pytest
from cfnlint.api import lint

from awsprov.cloudformation.export import TemplateExport
from awsprov.cloudformation.export import export as cloudformation
from awsprov.terraform.export import TerraformExport
from awsprov.terraform.export import export as terraform
from awsprov.terraform.expressions import Expression
from tests.unit.resources import test_existing_file_system
from tests.unit.resources.test_existing_file_system import Place

pytestmark = pytest.mark.thorough  # creates a whole stack on moto
place = test_existing_file_system.place  # the fixture


def exports(place: Place) -> tuple[TerraformExport, TemplateExport]:
    engine = place.moto.engine()
    engine.up(engine.plan())
    return terraform(engine.stack, engine.aws), cloudformation(engine.stack, engine.aws)


def test_what_exists_already_is_referred_to_and_not_imported(place: Place) -> None:
    files, template = exports(place)
    theirs = (place.system, place.theirs.vpc, place.theirs.public, *place.theirs.private, place.theirs.group)
    check_terraform(files, theirs)
    check_cloudformation(template, place, theirs)


def check_terraform(files: TerraformExport, theirs: tuple[str, ...]) -> None:
    imports = files.files["imports.tf"].decode()
    assert not [id_ for id_ in theirs if id_ in imports]
    found = {each.address: each.arguments for each in files.resources}
    data = {each.address for each in files.resources if each.mode == "data"}
    assert {id_ for address in data for id_ in found[address].values() if id_} == set(theirs)
    group = Expression("data.aws_security_group.existing_security_group_1.id")
    for arguments in (found["aws_instance.builder"], found["aws_lambda_function.predict"]["vpc_config"][0]):
        groups = arguments.get("vpc_security_group_ids") or arguments["security_group_ids"]
        assert group in groups
    points = [arguments for address, arguments in found.items() if address.startswith("aws_efs_access_point.")]
    system = Expression("data.aws_efs_file_system.existing_file_system.id")
    assert [each["file_system_id"] for each in points] == [system, system]
    texts = [content.decode() for name, content in files.files.items() if name.endswith(".tf")]
    assert all(hcl2.loads(text) for text in texts)
    referred = set(re.findall(r"\bdata\.aws_[a-z_]+\.\w+", "".join(texts)))
    assert referred <= data


def check_cloudformation(template: TemplateExport, place: Place, theirs: tuple[str, ...]) -> None:
    imported = json.loads(template.files["resources-to-import.json"])
    assert not [id_ for id_ in theirs if id_ in str([each["ResourceIdentifier"] for each in imported])]
    resources: dict[str, Any] = json.loads(template.files["template.json"])["Resources"]
    assert not {each["Type"] for each in resources.values()} & {"AWS::EFS::FileSystem", "AWS::EFS::MountTarget"}
    assert place.theirs.group in resources["Builder"]["Properties"]["NetworkInterfaces"][0]["GroupSet"]
    assert place.theirs.group in resources["Predict"]["Properties"]["VpcConfig"]["SecurityGroupIds"]
    points = [each for each in resources.values() if each["Type"] == "AWS::EFS::AccessPoint"]
    assert {each["Properties"]["FileSystemId"] for each in points} == {place.system}
    matches = lint(template.files["template.json"].decode(), regions=["us-east-1"])
    assert [f"{match.rule.id} {match.message}" for match in matches] == []
