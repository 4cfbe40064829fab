"""`export terraform`, judged by Terraform's AWS provider, which reads the local cloud without any code of ours."""

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from awsprov import local
from awsprov.terraform.ignored import IGNORED
from awsprov.terraform.reader import read_terraform
from tests.e2e.projects import Client, Project
from tests.e2e.terraform import TerraformDirectory, require_terraform

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(1800)]

Inventory = Callable[[str], dict[str, list[str]]]
HANDWRITTEN = Path(__file__).parent / "handwritten" / "main.tf"
SENTINEL = "value-of-a-variable"
SECOND = """\
  second:
    source: lambda_src
    handler: lambda_function.lambda_handler
    concurrency: 3
    routes: ["ANY /other/{proxy+}", "GET /items/{id}"]
    secrets: {TOKEN: ssm:/token}
    secrets_at: deploy
"""
BODY = """\
  third:
    source: lambda_src
    handler: lambda_function.lambda_handler
    timeout: 10
    payload: body
    errors: {404: "not found.*"}
    event: {id: path.id, body: body}
    routes: ["POST /third/{id}"]
"""
REST = "api: {auth: api_key, cors_origin: 'https://example.com'}"
HTTP = "api: {type: http, auth: jwt, cors_origin: '*', jwt: {issuer: 'https://issuer.example.com', audience: [a, b]}}"


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return require_terraform(tmp_path_factory.mktemp("terraform"))


@dataclass
class Exported:
    """A stack, and the directory that was written for it."""

    project: Project
    files: TerraformDirectory
    imports: int

    @property
    def text(self) -> str:
        return "".join(path.read_text() for path in self.files.path.glob("*.tf"))


def exported(project: Project, variables: dict[str, str]) -> Exported:
    """Create the stack, and export it; the variables of the functions get values that are not theirs."""
    running = local.find(project.state_dir / "local")
    assert running
    project.edit("{LEVEL: low}", f"{{LEVEL: {SENTINEL}}}")
    project.run("up", "--yes")
    directory = project.home / "infra"
    document = project.json("export", "terraform", str(directory))
    files = TerraformDirectory(directory, {**running.environment(), **variables})
    assert SENTINEL not in "".join(path.read_text(errors="replace") for path in directory.iterdir())
    for name, block in re.findall(r'variable "(\w+)" \{(.*?)\n\}', (directory / "variables.tf").read_text(), re.DOTALL):
        values = dict.fromkeys(re.findall(r"(\w+) += string", block), "not the value")
        (directory / f"{name}.auto.tfvars.json").write_text(json.dumps({name: values}))
    files.init()
    return Exported(project, files, document["imports"])


@pytest.fixture(scope="module")
def small(make_project: Callable[[str], Project], variables: dict[str, str]) -> Exported:
    return exported(make_project("small"), variables)


def test_the_files_are_formatted_and_a_plan_imports_everything_and_changes_nothing(small: Exported) -> None:
    small.files.run("fmt", "-check", "-diff")
    plan = small.files.plan()
    assert (len(plan.imported), plan.changed) == (small.imports, {})
    assert small.imports > 40
    written = read_terraform(small.files.path).resources
    assert sum(not each.is_data for each in written) == small.imports


def test_a_directory_with_files_is_not_overwritten(small: Exported) -> None:
    refused = small.project.run("export", "terraform", str(small.files.path), exits=8)
    assert "is not empty; nothing was written" in refused.stderr


def test_a_stack_that_differs_from_its_configuration_is_not_exported(small: Exported, tmp_path: Path) -> None:
    small.project.edit("memory: 256", "memory: 512")
    refused = small.project.run("export", "terraform", str(tmp_path / "new"), exits=8)
    small.project.edit("memory: 512", "memory: 256")
    assert "`up` would change answer" in refused.stderr
    assert not (tmp_path / "new").exists()


def import_and_delete(stack: Exported, inventory: Inventory) -> None:
    """Import a stack, find nothing to change, and delete it."""
    plan = stack.files.plan()
    assert (len(plan.imported), plan.changed) == (stack.imports, {})
    assert "0 added, 0 changed, 0 destroyed" in stack.files.apply()
    again = stack.files.plan()
    assert (again.imported, again.changed) == (set(), {})
    assert f"{stack.imports} destroyed" in stack.files.destroy()
    assert inventory(stack.project.name) == {}


@pytest.mark.terraform
def test_the_whole_life_of_a_rest_api_with_a_nat_instance_and_the_ignored_arguments(
    make_project: Callable[[str], Project], variables: dict[str, str], client: Client, inventory: Inventory
) -> None:
    client("ssm").put_parameter(Name="/token", Type="SecureString", Value=SENTINEL)
    project = make_project("rest")
    network = "network: {nat: instance, endpoints: [s3, dynamodb]}"
    text = project.config.read_text().replace("stages:", f"{SECOND}{BODY}{REST}\n{network}\nstages:")
    project.config.write_text(text)
    stack = exported(project, variables)
    without = TerraformDirectory(stack.files.path.with_name("without"), stack.files.environment)
    shutil.copytree(stack.files.path, without.path, symlinks=True)
    for path in without.path.glob("*.tf"):
        path.write_text(re.sub(r"ignore_changes = \[.*?\n    \]", "", path.read_text(), flags=re.DOTALL))
    changed = without.plan().changed
    needed = {(address.partition(".")[0], name) for address, found in changed.items() for name in found}
    assert {(kind, name) for kind, names in IGNORED.items() for name in names} - needed == set(), "no longer needed"
    import_and_delete(stack, inventory)


@pytest.mark.terraform
def test_the_whole_life_of_an_http_api_with_a_nat_gateway_in_each_zone_and_an_existing_key_pair(
    make_project: Callable[[str], Project], variables: dict[str, str], client: Client, inventory: Inventory
) -> None:
    project = make_project("http")
    key = project.home / "mine.pem"
    key.touch(mode=0o600)
    key.write_text(client("ec2").create_key_pair(KeyName="mine")["KeyMaterial"])
    client("ssm").put_parameter(Name="/other", Type="SecureString", Value=SENTINEL)
    network = "keypair: {name: mine, private_key: mine.pem}\nnetwork: {nat: per-zone}"
    text = project.config.read_text().replace("stages:", f"{SECOND}{HTTP}\n{network}\nstages:")
    project.config.write_text(text.replace("ssm:/token", "ssm:/other"))
    import_and_delete(exported(project, variables), inventory)
    assert client("ec2").describe_key_pairs(KeyNames=["mine"])["KeyPairs"]


@pytest.mark.terraform
def test_the_whole_life_without_nat_gateway_and_builder_with_an_access_log(
    make_project: Callable[[str], Project], variables: dict[str, str], client: Client, inventory: Inventory
) -> None:
    role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logs"}
    client("apigateway").update_account(patchOperations=[role])
    project = make_project("none")
    more = "network: {nat: none}\nbuilder: {when_idle: terminate}\ntracing: false\nstages:"
    project.config.write_text(project.config.read_text().replace("stages:", more))
    stack = exported(project, variables)
    assert "access_log_settings {" in stack.text
    assert "aws_instance" not in stack.text
    import_and_delete(stack, inventory)


@pytest.mark.terraform
def test_a_stack_that_was_written_by_hand_is_created_does_not_differ_and_is_deleted(
    tmp_path: Path, state_dir: Path, variables: dict[str, str], client: Client
) -> None:
    running = local.find(state_dir / "local")
    assert running
    shutil.copy(HANDWRITTEN, tmp_path)
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as code:
        code.writestr("app.py", "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hello'}\n")
    files = TerraformDirectory(tmp_path, {**running.environment(), **variables})
    files.init()
    assert files.plan().imported == set()
    files.apply()
    assert files.plan().changed == {}
    reply = client("lambda").invoke(FunctionName="handwritten", Qualifier="live", Payload=b"{}")
    assert json.load(reply["Payload"])["body"] == "hello"
    files.destroy()
    mine = [{"Name": "tag:Project", "Values": ["handwritten"]}]
    assert client("ec2").describe_vpcs(Filters=mine)["Vpcs"] == []
    assert client("apigatewayv2").get_apis()["Items"] == []
