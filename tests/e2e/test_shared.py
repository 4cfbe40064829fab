"""A stack that two machines share by a bucket: each has a state directory of its own, on one local cloud."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from awsprov import local
from awsprov.paths import LOCAL_PYTHON
from tests.e2e.projects import ONE_OF_EACH, Client, Project, inventory, lay_out

# `up` with a lease of six seconds, which is renewed every second; a call may take two. It prints what it raises.
SHORT = """
import sys
from awsprov import Project
from awsprov.engine.lease import LeaseTimes
from awsprov.errors import AwsprovError
try:
    Project(sys.argv[1], local=True, state_dir=sys.argv[2], lease=LeaseTimes(seconds=6, call=2, heartbeat=1)).up()
except AwsprovError as error:
    print(type(error).__name__, error.what, error.why, error.remedy)
"""
BUCKET, STACK = "team-state", "shared"
PREFIX = f"awsprov/us-east-1/{STACK}/"


@dataclass
class Team:
    """Two machines with the same project."""

    ana: Project
    ben: Project
    client: Client
    cloud: local.RunningCloud

    def objects(self) -> list[str]:
        """Return the names of the stack's objects in the bucket."""
        found = self.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [each["Key"].removeprefix(PREFIX) for each in found]

    def change_code(self, text: str) -> None:
        handler = self.ana.home / "lambda_src" / "lambda_function.py"
        handler.write_text(f"{handler.read_text()}# {text}\n")

    def one_of_each(self) -> bool:
        held = inventory(self.client, STACK)
        held.pop("interfaces", None)
        return {kind: len(ids) for kind, ids in held.items()} == ONE_OF_EACH

    def short(self, machine: Project) -> "subprocess.Popen[str]":
        """Start `up` with a short lease, in its own process group."""
        words = [sys.executable, "-c", SHORT, str(machine.config), str(machine.state_dir)]
        env = {**os.environ, **self.cloud.environment(), LOCAL_PYTHON: self.cloud.resolve_python("3.12")}
        return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)

    def when_called(self, operation: str) -> None:
        """Wait until an operation is called."""
        while operation not in self.cloud.admin_request("GET", "calls")["calls"]:
            time.sleep(0.02)

    def forget_calls(self) -> None:
        self.cloud.admin_request("DELETE", "calls")

    def kill(self, machine: Project, words: tuple[str, ...], operation: str, kind: str = "kill-after") -> None:
        """Run a command whose process group is killed at the first call of an operation."""

        def arm(pid: int) -> None:
            self.cloud.admin_request("POST", "faults", pid=pid, kind=kind, operation=operation, at=1)

        ended = machine.begin(*words, first=arm).end(machine.timeout)
        self.cloud.admin_request("DELETE", "faults")
        assert ended.returncode == -9, ended


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, state_dir: Path, client: Client) -> Team:
    ana = lay_out(tmp_path_factory.mktemp("team"), STACK, state_dir)
    shared = f"shared: s3://{BUCKET}/awsprov\nkeypair: {{public_key: key.pub, private_key: key}}\n"
    ana.config.write_text(ana.config.read_text() + shared)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(ana.home / "key")], check=True)
    other = tmp_path_factory.mktemp("ben")
    (other / "local").symlink_to(state_dir / "local")
    running = local.find(state_dir / "local")
    assert running
    return Team(ana, replace(ana, state_dir=other), client, running)


def test_a_bucket_that_does_not_exist_is_one_error_before_anything_is_created(team: Team) -> None:
    ended = team.ana.run("up", "--yes", exits=2)
    assert f"aws s3 mb s3://{BUCKET}" in ended.stderr
    assert inventory(team.client, STACK) == {}
    rows = {row["name"]: row["status"] for row in team.ana.json("doctor", exits=2)["checks"]}
    assert rows["shared lock"] == "failed"
    team.client("s3").create_bucket(Bucket=BUCKET)
    rows = {row["name"]: row["status"] for row in team.ana.json("doctor")["checks"]}
    assert rows["shared lock"] == "ok"


def test_a_killed_up_is_finished_on_another_machine_after_its_lock_was_removed(team: Team) -> None:
    team.kill(team.ana, ("up", "--yes"), "efs:CreateFileSystem")
    assert "lock.json" in team.objects()
    refused = team.ben.run("up", "--yes", exits=5)
    assert "awsprov unlock" in refused.stderr
    assert "Removed" in team.ben.run("unlock", "--yes").stdout
    assert team.ben.json("up", "--yes")["mutations"] > 0
    assert team.one_of_each()
    assert team.objects() == ["state.json"]


def test_a_colleague_needs_no_recover(team: Team) -> None:
    team.change_code("by ana")
    team.ana.run("deploy")
    assert team.ana.json("status")["missing"] == []
    assert json.loads(team.ben.run("history", "--json").stdout.splitlines()[-1])["functions"]["answer"]
    assert team.ana.json("up", "--yes")["mutations"] == 0
    assert team.objects() == ["state.json"]


def test_a_killed_command_is_continued_on_the_same_machine_at_once(team: Team) -> None:
    team.change_code("killed")
    team.kill(team.ana, ("deploy",), "lambda:PublishVersion")
    team.ana.run("deploy")
    assert team.objects() == ["state.json"]


def test_two_jobs_at_once_take_turns(team: Team) -> None:
    team.change_code("two jobs")
    jobs = [machine.begin("deploy") for machine in (team.ana, team.ben)]
    codes = sorted(job.end(200).returncode for job in jobs)
    assert codes in ([0, 0], [0, 5]), codes
    assert team.objects() == ["state.json"]
    team.ana.run("plan", "--detailed-exitcode")
    assert team.one_of_each()


def test_what_is_deleted_on_one_machine_is_deleted_on_the_other(team: Team) -> None:
    team.ben.run("down", "--yes")
    assert team.objects() == []
    assert inventory(team.client, STACK) == {}
    team.ana.run("deploy", exits=6)
    assert team.objects() == []


def test_a_lock_that_is_removed_in_the_middle_stops_its_holder(team: Team) -> None:
    team.forget_calls()
    running = team.short(team.ana)
    team.when_called("ec2:CreateVpc")
    team.client("s3").delete_object(Bucket=BUCKET, Key=f"{PREFIX}lock.json")
    output, _ = running.communicate(timeout=100)
    assert output.startswith("LockedError The shared lock"), output
    assert "removed" in output
    assert inventory(team.client, STACK)
    assert team.objects() in ([], ["state.json"])  # it wrote nothing more


def test_the_lock_of_a_killed_process_is_taken_over_after_its_end(team: Team) -> None:
    team.forget_calls()
    killed = team.short(team.ben)
    team.when_called("s3:PutObject")
    time.sleep(1)  # it has found what the other machine created, or is about to
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    outputs: list[str] = []
    while not outputs or outputs[-1].startswith("LockedError"):
        outputs.append(team.short(team.ana).communicate(timeout=100)[0])
    assert len(outputs) > 1, "it was not locked"
    assert "is free in" in outputs[0]
    assert outputs[-1] == ""
    assert team.one_of_each()


def test_a_bucket_that_is_lost_is_an_error_and_the_next_command_finds_everything(team: Team) -> None:
    s3 = team.client("s3")
    team.change_code("lost bucket")
    team.forget_calls()
    running = team.short(team.ana)
    team.when_called("lambda:UpdateFunctionCode")
    for name in team.objects():
        s3.delete_object(Bucket=BUCKET, Key=PREFIX + name)
    s3.delete_bucket(Bucket=BUCKET)
    output, _ = running.communicate(timeout=100)
    assert output.startswith(("LockedError", "UsageError")), output
    s3.create_bucket(Bucket=BUCKET)
    for machine in (team.ana, team.ben):
        machine.run("up", "--yes")
        assert team.one_of_each()
    team.ben.run("down", "--yes")
    assert inventory(team.client, STACK) == {}
    assert team.objects() == []
