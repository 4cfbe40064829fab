"""What the doctor sees on moto: each thing that keeps a stack from being made, and that the look makes nothing."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from awsprov.aws.client import Aws
from awsprov.config.loader import load
from awsprov.config.models import Config
from awsprov.doctor import CHECKS, CheckResult, account, raise_failures, run_checks, simulation
from awsprov.doctor.quotas import VPCS, _quota_of
from awsprov.errors import AwsprovError, CredentialsError, UsageError
from awsprov.stack.declaration import declare_stack
from tests.core import moto_cloud
from tests.core.moto_cloud import Moto, on_moto


@dataclass
class Patient:
    """A configuration and the clients that it is looked at with."""

    moto: Moto
    aws: Aws

    def config(self) -> Config:
        self.moto.engine()  # writes the file
        return load(self.moto.root / "config.yaml")

    def look(self, *, only_refusing: bool = False) -> dict[str, CheckResult]:
        """What each check says."""
        config = self.config()
        self.aws.clear_cache()
        found = run_checks(self.aws, config, declare_stack(config, "auto"), only_refusing=only_refusing)
        return {check.name: finding for check, finding in found}

    def states(self) -> dict[str, str]:
        return {name: finding.state for name, finding in self.look().items()}


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Patient]:
    with on_moto(tmp_path) as moto:
        monkeypatch.setattr(Aws, "address", lambda _: "203.0.113.7")
        moto.sent.clear()
        yield Patient(moto, moto.aws())


def test_all_is_well_on_an_empty_account(patient: Patient) -> None:
    assert {name for name, state in patient.states().items() if state not in ("ok", "skip")} == set()
    assert list(patient.look()) == [check.name for check in CHECKS]


def test_the_look_makes_nothing(patient: Patient) -> None:
    patient.look()
    assert patient.aws.mutations == 0
    changing = {name for name in patient.moto.sent if not name.startswith(("Describe", "Get", "List", "Simulate"))}
    assert changing == {"CreateInternetGateway", "AllocateAddress"}
    assert all(call["DryRun"] is True for name in changing for call in patient.moto.sent[name])


def test_without_credentials_there_is_one_failure_and_nothing_else_is_tried(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_: Aws) -> str:
        raise NoCredentialsError

    monkeypatch.setattr(Aws, "caller", property(nobody))
    (finding,) = patient.look(only_refusing=True).values()
    assert (finding.state, finding.error) == ("fail", CredentialsError)
    assert "aws configure" in finding.remedy


@pytest.mark.parametrize(("seconds", "state"), [(0, "ok"), (30, "ok"), (200, "warn"), (-4000, "warn")])
def test_the_clock_is_compared_with_that_of_aws(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, seconds: int, state: str
) -> None:
    date = formatdate(time.time() + seconds, usegmt=True)
    told: Any = {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    monkeypatch.setattr(patient.aws.sts, "get_caller_identity", lambda: told)
    config = patient.config()
    assert account.clock(patient.aws, config, declare_stack(config, "auto")).state == state


def test_a_region_that_is_not_enabled_fails(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"Regions": [{"RegionName": "us-east-1", "OptInStatus": "not-opted-in"}]}
    monkeypatch.setattr(patient.aws.ec2, "describe_regions", lambda **_: told)
    assert patient.look()["region"].error is UsageError


def test_a_dry_run_that_is_denied_names_the_action(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": ""}}, "AllocateAddress")

    monkeypatch.setattr(patient.aws.ec2, "allocate_address", denied)
    finding = patient.look()["permissions"]
    assert (finding.state, finding.error) == ("fail", CredentialsError)
    assert "may not call ec2:AllocateAddress." in finding.message
    assert "awsprov policy" in finding.remedy


def test_what_may_not_be_looked_at_is_no_failure(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, "DescribeRegions")

    monkeypatch.setattr(patient.aws.ec2, "describe_regions", denied)
    assert patient.look()["region"].state == "warn"


def test_a_full_quota_fails_when_it_is_the_account_s_own(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        patient.aws.ec2.create_vpc(CidrBlock=f"10.{n + 1}.0.0/16")
    monkeypatch.setattr(patient.aws.quotas, "get_service_quota", lambda **_: {"Quota": {"Value": 5.0}})
    finding = patient.look()["VPCs"]
    assert (finding.state, finding.message) == ("fail", "5 of 5 VPCs in use, 1 more wanted")
    assert "L-F678F1CE" in finding.remedy


def test_a_default_quota_only_warns(patient: Patient) -> None:
    def unknown(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "NoSuchResourceException", "Message": ""}}, "GetServiceQuota")

    patient.aws.quotas.get_service_quota = unknown  # type: ignore[method-assign, assignment]
    assert VPCS.judge(patient.aws, 5, 1).state == "warn"
    assert VPCS.judge(patient.aws, 4, 1).state == "ok"
    assert VPCS.judge(patient.aws, 9, 0).state == "ok"  # what stands needs no room
    del patient.aws.quotas.get_service_quota


@pytest.mark.parametrize(
    ("kind", "code"), [("t3.small", "L-1216C47A"), ("g5.xlarge", "L-DB2E81BA"), ("p4d.24xlarge", "L-417A185B")]
)
def test_a_family_has_its_own_quota(kind: str, code: str) -> None:
    quota = _quota_of(kind)
    assert quota
    assert quota.code == code


def test_a_family_without_a_known_quota_is_left_out(patient: Patient) -> None:
    patient.moto.machine = "hpc7a.12xlarge"
    assert patient.look()["vCPUs"].state == "skip"


def test_another_architecture_or_an_unknown_type_fails(patient: Patient) -> None:
    patient.moto.machine = "t4g.small"
    finding = patient.look()["instance type"]
    assert finding.message == "t4g.small is arm64, and `libraries.architecture` is x86_64."
    patient.moto.machine = "t9.small"
    assert "There is no instance type 't9.small'" in patient.look()["instance type"].message


def test_too_few_zones_fail(patient: Patient) -> None:
    patient.moto.machine = "t9.small"
    assert "in 0 zones" in patient.look()["zones"].message


def test_an_overlapping_network_is_told(patient: Patient) -> None:
    other = patient.aws.ec2.create_vpc(CidrBlock="10.0.128.0/20")["Vpc"]["VpcId"]
    finding = patient.look()["address range"]
    assert (finding.state, finding.message) == ("warn", f"10.0.0.0/16 overlaps with {other} (10.0.128.0/20)")


@pytest.mark.parametrize(
    ("given", "state"), [("203.0.113.0/24", "ok"), ("198.51.100.0/24", "fail"), ("0.0.0.0/0", "warn")]
)
def test_ssh_must_be_open_to_this_machine(patient: Patient, given: str, state: str) -> None:
    config = patient.config()
    builder = config.builder.model_copy(update={"ssh_from": type(config.network.cidr)(given)})
    config = config.model_copy(update={"builder": builder})
    found = dict(run_checks(patient.aws, config, declare_stack(config, given)))
    assert next(finding.state for check, finding in found.items() if check.name == "SSH") == state


def test_failures_before_an_up_are_one_error_of_the_first_kind(patient: Patient) -> None:
    bad = [
        (CHECKS[0], CheckResult("fail", "one", "Do this.", UsageError)),
        (CHECKS[1], CheckResult("fail", "two", "Do this.")),
    ]
    with pytest.raises(UsageError) as raised:
        raise_failures([(CHECKS[2], CheckResult("warn", "three", "Or that.")), *bad])
    assert raised.value.why == "credentials: one\nclock: two"
    assert raised.value.remedy == "Do this."
    raise_failures([(CHECKS[0], CheckResult("warn", ""))])


def test_an_answer_to_a_dry_run_is_a_mistake_of_ours() -> None:
    with pytest.raises(AwsprovError, match="A dry run was not one"):
        account._refused(dict)


def test_this_machine_is_looked_at_too(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("awsprov.doctor.machine.ENOUGH", 1 << 62)
    found = patient.look()
    assert (found["disk"].state, found["ssh client"].state, found["Python"].state) == ("warn", "warn", "ok")
    assert "GB free at " in found["disk"].message
    assert found["ssh client"].remedy == "Install OpenSSH's client."
    assert {"disk", "ssh client", "Python"} & set(patient.look(only_refusing=True)) == set()


# ---- rights, by simulation


USER = "arn:aws:iam::123456789012:user/ci"


def test_what_iam_would_not_allow_is_named(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Aws, "caller", USER)
    monkeypatch.setattr(moto_cloud, "FORBIDDEN", {"iam:PassRole", "ec2:CreateVpc"})
    found = patient.look()["rights"]
    assert (found.state, found.message) == ("warn", "IAM does not allow ec2:CreateVpc, iam:PassRole")
    assert "awsprov policy" in found.remedy


def test_each_statement_is_tried_on_resources_and_under_its_conditions(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Aws, "caller", USER)
    assert patient.look()["rights"].state == "ok"
    asked = patient.moto.sent["SimulatePrincipalPolicy"]
    assert {call["PolicySourceArn"] for call in asked} == {USER}
    roles = next(call for call in asked if "iam:CreateRole" in call["ActionNames"])
    assert roles["ResourceArns"] == ["arn:aws:iam::123456789012:role/awsprov/demo/0"]
    made = next(call for call in asked if "ec2:CreateVpc" in call["ActionNames"])
    context = {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in made["ContextEntries"]}
    assert context == {"aws:RequestTag/awsprov:stack": ["demo"]}
    assert not any("*" in arn for call in asked for arn in call["ResourceArns"] if arn != "*")


def test_who_may_not_simulate_is_told_and_nothing_fails(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        denied = {
            "Error": {"Code": "AccessDenied", "Message": "not authorized to perform: iam:SimulatePrincipalPolicy"}
        }
        raise ClientError(denied, "SimulatePrincipalPolicy")  # type: ignore[arg-type]

    monkeypatch.setattr(Aws, "caller", USER)
    monkeypatch.setattr(simulation, "_denied", refuse)
    assert patient.look()["rights"].state in ("warn", "skip")


@pytest.mark.parametrize(
    ("caller", "source"),
    [
        (USER, USER),
        ("arn:aws:sts::123456789012:assumed-role/ci/job-1", "arn:aws:iam::123456789012:role/ci"),
        ("arn:aws-cn:sts::123456789012:assumed-role/ci/a@b", "arn:aws-cn:iam::123456789012:role/ci"),
    ],
)
def test_a_session_is_simulated_as_its_role(caller: str, source: str) -> None:
    assert simulation.principal(caller) == source
