"""Plans: what they show, and that a saved plan is carried out exactly or refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.projects import Client, Project

pytestmark = pytest.mark.xdist_group("plans")


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A deployed stack; without a NAT gateway, to be quick."""
    created = make_project("plans")
    created.config.write_text(created.config.read_text().replace("low}", "hush-hush}") + "network: {nat: none}\n")
    return created


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tonight.plan"


def sections(shown: str) -> dict[str, list[str]]:
    """The lines of each section."""
    found: dict[str, list[str]] = {}
    for line in shown.split("\n\n", maxsplit=1)[0].splitlines():
        if line.startswith(" "):
            found[list(found)[-1]].append(line.strip())
        else:
            found[line] = []
    return found


def last(shown: str) -> str:
    return shown.splitlines()[-1]


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def saved(project: Project, file: Path, *arguments: str) -> str:
    return project.run("plan", "--out", str(file), *arguments).stdout


def stale(project: Project, file: Path) -> str:
    """Why the plan is refused; nothing was changed."""
    before = project.state() if (project.state_dir / "plans.local.json").exists() else None
    refused = project.run("up", str(file), exits=8)
    assert "The plan is stale; nothing was changed." in refused.stderr
    assert (project.state() if before else None) == before
    return next(line for line in refused.stderr.splitlines() if "Changed since it was saved" in line)


def test_the_first_plan_is_shown_by_section_and_carried_out_from_its_file(project: Project, file: Path) -> None:
    assert "function answer" in saved(project, file)  # a summary; -v lists every resource
    shown = saved(project, file, "-v")
    found = sections(shown)
    assert list(found)[-2:] == ["permissions", "code and libraries"]
    assert any(line.startswith("+ vpc") and line.endswith("cidr 10.0.0.0/16") for line in found["network"])
    assert "+ Allow elasticfilesystem:ClientMount, elasticfilesystem:ClientWrite" in found["permissions"]
    assert "+ POST /answer may call answer" in found["permissions"]
    assert "+ awsprov-demo-library 1.0" in found["code and libraries"]
    assert "hush-hush" not in shown + file.read_text()  # a variable's value
    assert "0 to update, 0 to replace, 0 to delete. About $" in last(shown)
    assert "Expected time: " in last(shown)
    assert file.stat().st_mode & 0o777 == 0o600
    done = project.run("up", str(file))  # without a question
    assert "Done" in done.stderr
    assert last(project.run("plan").stdout) == "No changes. The stack matches config.yaml."


def test_a_plan_is_done_once_and_refused_when_it_is_done_already(project: Project, file: Path) -> None:
    edit(project.config, "memory: 256", "memory: 300")
    assert "memory: 256 → 300" in saved(project, file)
    project.run("up", str(file))
    assert "answer" in stale(project, file)


def test_what_changes_after_the_plan_makes_it_stale(project: Project, client: Client, file: Path) -> None:
    edit(project.config, "memory: 300", "memory: 320")
    saved(project, file)
    edit(project.config, "memory: 320", "memory: 340")
    assert "answer" in stale(project, file)
    edit(project.config, "memory: 340", "memory: 320")
    handler = project.home / "lambda_src" / "lambda_function.py"
    edit(handler, '"answering"', '"answering to"')
    assert "answer" in stale(project, file)
    edit(handler, '"answering to"', '"answering"')
    edit(project.config, "{LEVEL: hush-hush}", "{LEVEL: other}")
    stale(project, file)
    edit(project.config, "{LEVEL: other}", "{LEVEL: hush-hush}")
    (group,) = client("ec2").describe_security_groups(
        GroupIds=[project.state()["resources"]["builder-security-group"]["id"]]
    )["SecurityGroups"]
    client("ec2").revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    assert "builder-security-group" in stale(project, file)
    client("ec2").authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    project.run("up", str(file))


def test_a_variable_s_value_alone_makes_a_plan_stale(project: Project, file: Path) -> None:
    edit(project.config, "{LEVEL: hush-hush}", "{LEVEL: middle}")
    saved(project, file)
    edit(project.config, "{LEVEL: middle}", "{LEVEL: high}")
    assert "values of variables" in stale(project, file)
    edit(project.config, "{LEVEL: high}", "{LEVEL: middle}")
    project.run("up", str(file))
    assert json.loads(project.run("invoke").stdout)["level"] == "middle"


def test_replacements_have_their_reasons(project: Project, file: Path) -> None:
    edit(project.config, "network: {nat: none}", "network: {nat: none, cidr: 10.1.0.0/16}")
    found = sections(project.run("plan").stdout)
    assert {"because AWS cannot change its cidr in place", 'cidr: "10.0.0.0/16" → "10.1.0.0/16"'} <= set(
        found["network"]
    )
    assert "because vpc is replaced" in found["network"]
    edit(project.config, ", cidr: 10.1.0.0/16", "")
    shown = saved(project, file, "--replace", "builder")
    assert "because of --replace" in sections(shown)["compute"]
    assert "1 to replace" in last(shown)
    before = project.state()["resources"]["builder"]["id"]
    refused = project.run("up", str(file), "--replace", "vpc", exits=2)
    assert "A saved plan already says what" in refused.stderr
    project.run("up", str(file))
    assert project.state()["resources"]["builder"]["id"] != before


def test_files_and_packages_that_changed_are_named(project: Project) -> None:
    source = project.home / "lambda_src"
    edit(source / "lambda_function.py", '"answering"', '"answering with"')
    (source / "new.py").write_text("NEW = True\n")
    edit(source / "requirements.txt", "==1.0", "==2.0")
    lock = project.state_dir / f"{project.name}.libraries.lock"
    shown = project.run("plan").stdout
    assert "awsprov-demo-library==1.0" in lock.read_text()  # a plan writes nothing
    found = sections(shown)["code and libraries"]
    assert {"~ lambda_function.py", "+ new.py"} <= set(found)
    assert "~ awsprov-demo-library 1.0 → 2.0" in found
    assert "CodeSha" not in shown
    document = project.json("plan")
    details = {change["name"]: change["details"] for change in document["changes"]}
    assert details["answer"] == ["~ lambda_function.py", "+ new.py"]
    assert document["expected_seconds"] > 0
    project.run("up", "--yes")
    (source / "new.py").unlink()
    assert "- new.py" in sections(project.run("plan").stdout)["code and libraries"]
    project.run("deploy")
    project.run("plan", "--detailed-exitcode")


def test_code_that_another_user_released_is_shown(project: Project, client: Client) -> None:
    foreign = client("lambda").get_function_configuration(FunctionName="plans-answer")
    assert foreign
    import io  # for this test alone
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("lambda_function.py", "def lambda_handler(event, context): ...\n")
    client("lambda").update_function_code(FunctionName="plans-answer", ZipFile=buffer.getvalue())
    found = sections(project.run("plan").stdout)["code and libraries"]
    assert "~ the code; the live version was not released from this machine" in found
    project.run("up", "--yes")


def test_permissions_that_were_widened_are_shown_as_statements(project: Project, client: Client) -> None:
    everything: Any = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    client("iam").create_policy_version(
        PolicyArn=project.state()["resources"]["answer-policy"]["id"],
        PolicyDocument=json.dumps(everything),
        SetAsDefault=True,
    )
    found = sections(project.run("plan").stdout)["permissions"]
    assert "- Allow * on *" in found
    assert any(line.startswith("+ Allow elasticfilesystem:ClientMount on arn:aws:") for line in found)
    project.run("up", "--yes")


@pytest.mark.parametrize("content", ["", "{}", "nonsense", '{"schema_version": 1, "key": {}}'])
def test_a_file_that_is_not_a_plan_is_reported(project: Project, file: Path, content: str) -> None:
    file.write_text(content)
    assert "is not a plan" in project.run("up", str(file), exits=2).stderr


def test_a_plan_for_another_stack_or_from_a_newer_awsprov_is_refused(project: Project, file: Path) -> None:
    saved(project, file)
    assert "for another stack" in project.run("up", str(file), "--stage", "other", exits=8).stderr
    document = json.loads(file.read_text())
    file.write_text(json.dumps({**document, "schema_version": 2}))
    assert "newer awsprov" in project.run("up", str(file), exits=8).stderr
