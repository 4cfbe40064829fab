"""Libraries and files on EFS: functions import what is locked; only unused environments can be deleted."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from awsprov.errors import AwsprovError
from awsprov.resources.compute.builder import USER
from awsprov.resources.compute.instances import IMAGE_PARAMETER
from awsprov.ssh.client import Shell
from awsprov.ssh.login import SshTarget
from tests.e2e.projects import LIBRARY, Client, Project, wheel

pytestmark = pytest.mark.xdist_group("libraries")

PACKAGE = LIBRARY.replace("_", "-")
READS_FILES = """
import os, pathlib
def lambda_handler(event, context):
    place = pathlib.Path(os.environ["AWSPROV_FILES"])
    found = {path.relative_to(place).as_posix(): path.read_text() for path in place.rglob("*") if path.is_file()}
    import awsprov_demo_library
    return {"files": found, "at": str(place), "library": awsprov_demo_library.VERSION}
"""


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A deployed stack, with libraries and files."""
    created = make_project("libraries")
    (created.home / "lambda_src" / "lambda_function.py").write_text(READS_FILES)
    (created.home / "model" / "deep").mkdir(parents=True)
    (created.home / "model" / "deep" / "weights.txt").write_text("one")
    created.edit('python: "3.12"}', 'python: "3.12", files: model}')
    created.run("up", "--yes")
    return created


def environments(project: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.json("libs", "list")["environments"]
    return found


def answer(project: Project) -> Any:
    return json.loads(project.run("invoke").stdout)


def require(project: Project, version: str) -> None:
    requirements = project.home / "lambda_src" / "requirements.txt"
    before = requirements.read_text().rpartition("==")[0]
    requirements.write_text(f"{before}=={version}\n")
    project.run("lock")


def test_the_lock_is_written_by_the_first_up_and_names_no_place(project: Project) -> None:
    lock = (project.state_dir / "libraries.libraries.lock").read_text()
    assert f"{PACKAGE}==1.0" in lock
    assert "--hash=sha256:" in lock
    assert str(project.home) not in lock
    project.run("lock", "--check")


def test_a_second_machine_mounts_them_as_the_command_says(project: Project, client: Client) -> None:
    found = project.json("libs", "mount")
    ec2, iam, recorded = client("ec2"), client("iam"), project.state()["resources"]
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="notebook", AssumeRolePolicyDocument=_policy(trust))
    iam.create_instance_profile(InstanceProfileName="notebook")
    iam.add_role_to_instance_profile(InstanceProfileName="notebook", RoleName="notebook")
    instance = ec2.run_instances(
        ImageId=client("ssm").get_parameter(Name=IMAGE_PARAMETER.format(architecture="x86_64"))["Parameter"]["Value"],
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        KeyName=recorded["key-pair"]["id"],
        IamInstanceProfile={"Name": "notebook"},
        NetworkInterfaces=[
            {
                "DeviceIndex": 0,
                "SubnetId": recorded["public-subnet-1"]["id"],
                "Groups": [found["security_group"]],
                "AssociatePublicIpAddress": True,
            }
        ],
    )["Instances"][0]["InstanceId"]
    try:
        with _session(project, ec2, instance) as shell:
            home = {"sudo mkdir -p /mnt/efs": "mkdir -p ~/efs"}  # the local cloud has no root
            install, prepare, mount = (
                home.get(each, each).replace(" /mnt/efs", " ~/efs") for each in found["commands"]
            )
            assert [shell.run(each).status for each in (install, prepare)] == [0, 0]
            assert shell.run(mount).status  # its role is not allowed yet
            iam.put_role_policy(RoleName="notebook", PolicyName="mount", PolicyDocument=_policy(found["statement"]))
            assert shell.run(mount.replace(",iam", "")).status
            assert shell.run(mount).status == 0
            (environment,) = (each for each in environments(project) if each["kind"] == "libraries")
            assert shell.run(f"ls ~/efs/envs/{environment['name']}/{LIBRARY}/__init__.py").status == 0
    finally:
        ec2.terminate_instances(InstanceIds=[instance])


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _session(project: Project, ec2: Any, instance: str) -> Shell:
    """Open an SSH session with an instance, with the builder's key."""
    console = ec2.get_console_output(InstanceId=instance, Latest=True)["Output"]
    key = console.split("-----BEGIN SSH HOST KEY KEYS-----\n")[-1].splitlines()[0]
    about = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    port = next(int(tag["Value"]) for tag in about["Tags"] if tag["Key"] == "awsprov:ssh-port")
    target = SshTarget(instance, about["PublicIpAddress"], port, (key,))
    private = project.state_dir / "keys" / f"{project.name}.pem"
    return Shell.open(target, USER, private, lambda: AwsprovError("no session"))


def test_the_function_finds_its_files(project: Project) -> None:
    response = answer(project)
    assert response["files"] == {"deep/weights.txt": "one"}
    (files,) = (each["name"] for each in environments(project) if each["kind"] == "files")
    assert response["at"].endswith(f"/envs/{files}/files")


def test_changed_files_are_a_new_environment_and_no_libraries_are_installed(project: Project) -> None:
    (project.home / "model" / "deep" / "weights.txt").write_text("two")
    (change,) = (each for each in project.json("plan")["changes"] if each["name"] == "files")
    assert change["details"] == ["~ deep/weights.txt"]
    diff = project.json("libs", "diff")
    assert (diff["kind"], diff["changes"], diff["files"]["changes"]) == ("libraries", [], ["~ deep/weights.txt"])
    assert project.json("deploy")["changed"] is True
    assert answer(project)["files"] == {"deep/weights.txt": "two"}
    newest, *others = environments(project)
    assert (newest["kind"], newest["files"]) == ("files", 1)
    assert newest["live"] == ["answer"]
    assert newest["versions"] == {"answer": [2]}
    (first,) = (each for each in others if each["kind"] == "files")
    assert (first["live"], first["versions"]) == ([], {"answer": [1]})
    (libraries,) = (each for each in others if each["kind"] == "libraries")
    assert (libraries["live"], libraries["versions"], libraries["packages"]) == (["answer"], {"answer": [1, 2]}, 1)
    assert "Installing collected packages" not in project.run("logs", "--builder").stdout
    newest_release, _ = project.json("history")["functions"]["answer"]
    assert newest_release["changed"] == ["files: deep/weights.txt"]


def test_a_rollback_restores_the_files(project: Project) -> None:
    project.run("rollback")
    assert answer(project)["files"] == {"deep/weights.txt": "one"}
    project.run("rollback", "2")


def test_a_diff_distinguishes_packages_of_the_file_system_and_of_the_lock(project: Project) -> None:
    require(project, "2.0")
    assert project.json("libs", "diff")["changes"] == [f"~ {PACKAGE} 1.0 → 2.0"]
    project.run("deploy")
    newest, *_, first = (each for each in environments(project) if each["kind"] == "libraries")
    assert newest["versions"] == {"answer": [3]}
    assert [each["versions"]["answer"] for each in environments(project) if each["kind"] == "files"] == [[2, 3], [1]]
    found = project.json("libs", "diff", newest["name"][:6], first["name"][:6])
    assert found["changes"] == [f"~ {PACKAGE} 2.0 → 1.0"]


def test_a_missing_environment_is_reported(project: Project) -> None:
    failed = project.run("libs", "diff", "nothing", exits=2)
    assert environments(project)[0]["name"] in failed.stderr


def test_the_import_time_is_shown_by_package(project: Project) -> None:
    project.edit("handler: lambda_function.lambda_handler", "handler: other.lambda_handler")
    source = project.home / "lambda_src" / "other.py"
    source.write_text(f"try:\n    import absent\nexcept ImportError:\n    pass\nimport {LIBRARY}\n{READS_FILES}")
    shown = project.run("libs", "why").stdout
    assert "The import of absent ended early: ModuleNotFoundError" in shown
    assert "`awsprov explain" in shown
    source.write_text(f"import {LIBRARY}\n{READS_FILES}")
    found = project.json("libs", "why")
    assert found["modules"] == [LIBRARY]
    (cost,) = found["packages"]
    assert cost["package"] == LIBRARY
    assert cost["ms"] > 0
    assert cost["bytes"] > 0
    assert sum(part["ms"] for part in found["parts"]) > 0


def test_a_function_that_is_configured_no_more_serves_until_the_next_up_and_keeps_its_environments(
    project: Project,
) -> None:
    used = {each["name"]: each["versions"] for each in environments(project)}
    project.edit("  answer:", "  renamed:")
    assert {each["name"]: each["versions"] for each in environments(project)} == used
    project.edit("  renamed:", "  answer:")


def test_an_environment_is_compared_with_its_manifest(project: Project) -> None:
    (live,) = (each["name"] for each in environments(project) if each["live"] and each["kind"] == "libraries")
    assert project.json("libs", "verify")["environments"][live]["differing"] == 0
    (envs,) = (project.state_dir / "local" / "efs").glob("fs-*/libraries/envs")
    module = envs / live / LIBRARY / "__init__.py"
    before = module.read_text()
    module.chmod(0o644)
    module.write_text("evil")
    found = project.json("libs", "verify", live[:8], exits=7)["environments"][live]
    assert found["differences"] == [f"~ {LIBRARY}/__init__.py: size 4, not {len(before)}"]
    module.write_text(before)
    module.chmod(0o444)
    project.run("libs", "verify")


def test_old_versions_are_deleted_and_the_live_one_is_not(project: Project) -> None:
    assert project.json("history", "--prune", "--keep", "2", "--yes")["versions"] == {"answer": []}
    assert project.json("history", "--prune", "--keep", "1", "--yes")["versions"] == {"answer": ["1"]}
    assert [release["version"] for release in project.json("history")["functions"]["answer"]] == [3, 2]
    answer(project)


def test_pruning_takes_what_no_version_uses_and_nothing_else(project: Project) -> None:
    used = {each["name"] for each in environments(project)}
    unused = {each["name"] for each in environments(project) if not each["versions"]}
    assert len(unused) == 1  # the files of version 1; its libraries are those of version 2
    assert project.json("libs", "prune")["environments"] == []  # the last two of the unused stay
    assert project.json("libs", "prune", "--keep", "0", "--yes")["environments"] == list(unused)
    assert {each["name"] for each in environments(project)} == used - unused
    assert set(project.run("ssh", "--", "ls", "-A", "efs/envs").stdout.split()) == used - unused
    answer(project)


def test_one_more_package_takes_the_others_from_the_last_build(project: Project) -> None:
    wheel(project.home / "wheels", "1.0", name="addition")
    requirements = project.home / "lambda_src" / "requirements.txt"
    requirements.write_text(f"{requirements.read_text()}addition==1.0\n")
    project.run("lock")
    assert "taking 1 of 2 packages from the last build" in project.run("deploy", "-v").stderr
    project.run("libs", "verify")
    answer(project)


def test_down_leaves_nothing(project: Project) -> None:
    assert "0 remain" in project.run("down", "--confirm", "libraries").stdout
