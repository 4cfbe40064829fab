"""The checks of `doctor` on moto: each problem that keeps a stack from being created is found; nothing is created."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from awsprov.aws.client import Aws
from awsprov.aws.local_endpoint import LocalEndpoint
from awsprov.config.loader import load
from awsprov.config.models import Config
from awsprov.doctor import CHECKS, account, machine, quotas, raise_failures, run_checks, simulation
from awsprov.doctor.quotas import VPCS, _quota_of
from awsprov.doctor.region import WITHOUT_MOUNTS, ssh_access
from awsprov.errors import AwsprovError, CredentialsError, UsageError
from awsprov.operations.checks import CheckResult
from awsprov.stack.declaration import declare_stack
from tests.unit import moto_cloud
from tests.unit.moto_cloud import Moto, on_moto

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto


@dataclass
class Checkup:
    """A configuration and the clients that check it."""

    moto: Moto
    aws: Aws

    def config(self) -> Config:
        self.moto.engine()  # writes the file
        return load(self.moto.root / "config.yaml")

    def results(self, *, only_failing: bool = False) -> dict[str, CheckResult]:
        """Run the checks; the result of each by its name."""
        config = self.config()
        self.aws.clear_cache()
        found = run_checks(self.aws, config, declare_stack(config, "auto"), only_failing=only_failing)
        return {result.name: result for result in found}

    def statuses(self) -> dict[str, str]:
        return {name: result.status for name, result in self.results().items()}


@pytest.fixture
def checkup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkup]:
    with on_moto(tmp_path) as moto:
        monkeypatch.setattr(Aws, "address", lambda _: "203.0.113.7")
        moto.sent.clear()
        yield Checkup(moto, moto.aws())


def test_no_check_fails_on_an_empty_account(checkup: Checkup) -> None:
    assert {name for name, status in checkup.statuses().items() if status not in ("ok", "skipped")} == set()
    names = list(checkup.results())
    assert names == [check.name for check in CHECKS if check.name in names]
    assert not {"existing resources", "existing roles", "existing subnets", "gateway endpoints", "shared lock"} & set(
        names
    )


def test_the_checks_create_nothing(checkup: Checkup) -> None:
    checkup.results()
    assert checkup.aws.mutations == 0
    changing = {name for name in checkup.moto.sent if not name.startswith(("Describe", "Get", "List", "Simulate"))}
    assert changing == {"CreateInternetGateway", "AllocateAddress"}
    assert all(call["DryRun"] is True for name in changing for call in checkup.moto.sent[name])


def test_without_credentials_there_is_one_failure_and_no_other_check_runs(
    checkup: Checkup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_credentials(_: Aws) -> str:
        raise NoCredentialsError

    monkeypatch.setattr(Aws, "caller", property(no_credentials))
    (result,) = checkup.results(only_failing=True).values()
    assert (result.status, result.error) == ("failed", CredentialsError)
    assert "aws configure" in result.remedy


@pytest.mark.parametrize(("seconds", "status"), [(0, "ok"), (30, "ok"), (200, "warning"), (-4000, "warning")])
def test_the_clock_is_compared_with_that_of_aws(
    checkup: Checkup, monkeypatch: pytest.MonkeyPatch, seconds: int, status: str
) -> None:
    date = formatdate(time.time() + seconds, usegmt=True)
    response: Any = {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    monkeypatch.setattr(checkup.aws.sts, "get_caller_identity", lambda: response)
    config = checkup.config()
    assert account.clock(checkup.aws, config, declare_stack(config, "auto")).status == status


def test_a_region_that_is_not_enabled_fails(checkup: Checkup, monkeypatch: pytest.MonkeyPatch) -> None:
    response = {"Regions": [{"RegionName": "us-east-1", "OptInStatus": "not-opted-in"}]}
    monkeypatch.setattr(checkup.aws.ec2, "describe_regions", lambda **_: response)
    assert checkup.results()["region"].error is UsageError


def test_a_dry_run_that_is_denied_names_the_action(checkup: Checkup, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": ""}}, "AllocateAddress")

    monkeypatch.setattr(checkup.aws.ec2, "allocate_address", denied)
    result = checkup.results()["EC2 dry runs"]
    assert (result.status, result.error) == ("failed", CredentialsError)
    assert "may not call ec2:AllocateAddress." in result.message
    assert "awsprov policy" in result.remedy


def test_a_check_that_is_denied_is_a_warning(checkup: Checkup, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, "DescribeRegions")

    monkeypatch.setattr(checkup.aws.ec2, "describe_regions", denied)
    assert checkup.results()["region"].status == "warning"


def test_a_full_quota_fails_when_it_is_the_account_s_own(checkup: Checkup, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        checkup.aws.ec2.create_vpc(CidrBlock=f"10.{n + 1}.0.0/16")
    monkeypatch.setattr(checkup.aws.quotas, "get_service_quota", lambda **_: {"Quota": {"Value": 5.0}})
    result = checkup.results()["VPCs"]
    assert (result.status, result.message) == ("failed", "5 of 5 VPCs in use, 1 more needed")
    assert "L-F678F1CE" in result.remedy


def test_a_longer_timeout_of_the_api_needs_a_quota(checkup: Checkup, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checkup.results()["API timeout"].status == "ok"
    checkup.moto.api = "timeout: 120"
    for value, status in ((29_000.0, "failed"), (120_000.0, "ok")):
        monkeypatch.setattr(checkup.aws.quotas, "get_service_quota", lambda _v=value, **_: {"Quota": {"Value": _v}})
        result = quotas.integration_timeout(checkup.aws, checkup.config(), declare_stack(checkup.config(), "auto"))
        assert result.status == status
    monkeypatch.undo()
    assert "--quota-code L-E5AE38E3 --desired-value 120000" in checkup.results()["API timeout"].remedy


def test_memory_that_a_new_account_may_not_give_is_a_warning(checkup: Checkup, monkeypatch: pytest.MonkeyPatch) -> None:
    checkup.moto.functions = "  third: {source: src, handler: app.handler, memory: 4096}\n"
    assert checkup.results()["function memory"].status == "ok"  # an account with a usual concurrency is not new
    monkeypatch.setattr(moto_cloud, "ROOM", 10)
    result = checkup.results()["function memory"]
    assert (result.status, result.message) == ("warning", "4096 MB; a new account may allow 3008 MB")


def test_a_region_where_functions_cannot_mount_is_a_warning(checkup: Checkup, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checkup.results()["file systems"].status == "ok"
    monkeypatch.setattr(checkup.aws, "region", "ca-west-1")
    result = checkup.results()["file systems"]
    assert (result.status, result.message) == ("warning", "Lambda may not support file systems in ca-west-1")
    assert "choose another `region`" in result.remedy


@pytest.mark.parametrize("region", WITHOUT_MOUNTS)
def test_the_regions_of_that_warning_exist(region: str) -> None:
    assert region in boto3.Session().get_available_regions("lambda")


def test_a_default_quota_only_warns(checkup: Checkup) -> None:
    def unknown(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "NoSuchResourceException", "Message": ""}}, "GetServiceQuota")

    checkup.aws.quotas.get_service_quota = unknown  # type: ignore[method-assign, assignment]
    assert VPCS.check(checkup.aws, 5, 1).status == "warning"
    assert VPCS.check(checkup.aws, 4, 1).status == "ok"
    assert VPCS.check(checkup.aws, 9, 0).status == "ok"  # what exists needs no room
    del checkup.aws.quotas.get_service_quota


@pytest.mark.parametrize(
    ("kind", "code"), [("t3.small", "L-1216C47A"), ("g5.xlarge", "L-DB2E81BA"), ("p4d.24xlarge", "L-417A185B")]
)
def test_a_family_has_its_own_quota(kind: str, code: str) -> None:
    quota = _quota_of(kind)
    assert quota
    assert quota.code == code


def test_a_family_without_a_known_quota_is_left_out(checkup: Checkup) -> None:
    checkup.moto.machine = "hpc7a.12xlarge"
    assert checkup.results()["vCPUs"].status == "skipped"


def test_an_instance_without_cpu_options_counts_with_the_vcpus_of_its_type(checkup: Checkup) -> None:
    image = checkup.aws.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    checkup.aws.ec2.run_instances(ImageId=image, InstanceType="t3.xlarge", MinCount=1, MaxCount=1)
    (running,) = checkup.aws.ec2.describe_instances()["Reservations"][0]["Instances"]
    assert "CpuOptions" not in running
    assert checkup.results()["vCPUs"].message.startswith("4 of 5 vCPUs")


def test_another_architecture_or_an_unknown_type_fails(checkup: Checkup) -> None:
    checkup.moto.machine = "t4g.small"
    result = checkup.results()["instance type"]
    assert result.message == "t4g.small is arm64, but `libraries.architecture` is x86_64."
    checkup.moto.machine = "t9.small"
    assert "There is no instance type 't9.small'" in checkup.results()["instance type"].message


def test_too_few_zones_fail(checkup: Checkup) -> None:
    checkup.moto.machine = "t9.small"
    assert "in 0 zones" in checkup.results()["zones"].message


def test_an_overlapping_vpc_is_a_warning(checkup: Checkup) -> None:
    other = checkup.aws.ec2.create_vpc(CidrBlock="10.0.128.0/20")["Vpc"]["VpcId"]
    result = checkup.results()["VPC range"]
    assert (result.status, result.message) == ("warning", f"10.0.0.0/16 overlaps {other} (10.0.128.0/20)")


@pytest.mark.parametrize(
    ("allowed", "status"), [("203.0.113.0/24", "ok"), ("198.51.100.0/24", "failed"), ("0.0.0.0/0", "warning")]
)
def test_ssh_must_be_open_to_this_machine(checkup: Checkup, allowed: str, status: str) -> None:
    config = checkup.config()
    builder = config.builder.model_copy(update={"ssh_from": type(config.network.cidr)(allowed)})
    config = config.model_copy(update={"builder": builder})
    found = {result.name: result.status for result in run_checks(checkup.aws, config, declare_stack(config, allowed))}
    assert found["SSH access"] == status


def test_the_local_cloud_admits_this_machine_whatever_range_the_project_has(
    checkup: Checkup, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = checkup.config()
    builder = config.builder.model_copy(update={"ssh_from": type(config.network.cidr)("198.51.100.0/24")})
    config = config.model_copy(update={"builder": builder})
    aws = checkup.aws
    monkeypatch.setattr(aws, "local", LocalEndpoint("http://127.0.0.1:1", "key", "secret", "3.12"))
    result = ssh_access(aws, config, declare_stack(config, "198.51.100.0/24"))
    assert (result.status, result.message) == ("ok", "from this machine; on AWS from 198.51.100.0/24")


def test_failures_before_an_up_are_one_error_of_the_first_kind(checkup: Checkup) -> None:
    failed = [
        CheckResult("failed", "one", "Do this.", UsageError, "credentials"),
        CheckResult("failed", "two", "Do this.", name="clock"),
    ]
    with pytest.raises(UsageError) as raised:
        raise_failures([CheckResult("warning", "three", "Or that.", name="region"), *failed])
    assert raised.value.why == "credentials: one\nclock: two"
    assert raised.value.remedy == "Do this."
    raise_failures([CheckResult("warning")])


def test_a_dry_run_that_was_executed_is_an_error() -> None:
    with pytest.raises(AwsprovError, match="A dry run was executed"):
        account._refused(dict)


def test_this_machine_is_checked_too(checkup: Checkup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(machine, "MIN_FREE", 1 << 62)
    found = checkup.results()
    statuses = {name: found[name].status for name in ("disk space", "ssh client", "Python")}
    assert statuses == {"disk space": "warning", "ssh client": "warning", "Python": "ok"}
    assert "GB free at " in found["disk space"].message
    assert found["disk space"].remedy == f"Delete files until {(1 << 62) // 1024**2} MB are free."
    assert found["ssh client"].remedy == "Install the OpenSSH client."
    assert {"disk space", "ssh client", "Python"} & set(checkup.results(only_failing=True)) == set()


# ---- the bucket of `shared`


@pytest.fixture
def shared(checkup: Checkup) -> Checkup:
    checkup.aws.s3.create_bucket(Bucket="team-state")
    checkup.moto.more = "\nshared: s3://team-state/awsprov\n"
    return checkup


def test_a_bucket_that_can_be_written_passes_and_gets_no_object(shared: Checkup) -> None:
    assert shared.results()["shared lock"].status == "ok"
    assert "Contents" not in shared.aws.s3.list_objects_v2(Bucket="team-state")


@pytest.mark.parametrize("operation", ["put_object", "delete_object"])
def test_a_bucket_that_can_only_be_read_fails(shared: Checkup, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, operation)

    monkeypatch.setattr(shared.aws.s3, operation, denied)
    result = shared.results(only_failing=True)["shared lock"]
    assert (result.status, result.error) == ("failed", CredentialsError)
    assert "may not use s3://team-state/awsprov/us-east-1/demo" in result.message


# ---- IAM permissions, by simulation


USER = "arn:aws:iam::123456789012:user/ci"


def test_what_iam_would_not_allow_is_named(checkup: Checkup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Aws, "caller", USER)
    monkeypatch.setattr(moto_cloud, "FORBIDDEN", {"iam:PassRole", "ec2:CreateVpc"})
    found = checkup.results()["IAM permissions"]
    assert (found.status, found.message) == ("warning", "IAM does not allow ec2:CreateVpc, iam:PassRole")
    assert "awsprov policy" in found.remedy


def test_each_statement_is_tried_on_resources_and_under_its_conditions(
    checkup: Checkup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Aws, "caller", USER)
    assert checkup.results()["IAM permissions"].status == "ok"
    sent = checkup.moto.sent["SimulatePrincipalPolicy"]
    assert {call["PolicySourceArn"] for call in sent} == {USER}
    roles = next(call for call in sent if "iam:CreateRole" in call["ActionNames"])
    assert roles["ResourceArns"] == ["arn:aws:iam::123456789012:role/awsprov/demo/0"]
    created = next(call for call in sent if "ec2:CreateVpc" in call["ActionNames"])
    context = {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in created["ContextEntries"]}
    assert context == {"aws:RequestTag/awsprov:stack": ["demo"]}
    assert not any("*" in arn for call in sent for arn in call["ResourceArns"] if arn != "*")


def test_a_caller_that_may_not_simulate_gets_no_failure(checkup: Checkup, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        denied = {
            "Error": {"Code": "AccessDenied", "Message": "not authorized to perform: iam:SimulatePrincipalPolicy"}
        }
        raise ClientError(denied, "SimulatePrincipalPolicy")  # type: ignore[arg-type]

    monkeypatch.setattr(Aws, "caller", USER)
    monkeypatch.setattr(simulation, "_denied", refuse)
    assert checkup.results()["IAM permissions"].status in ("warning", "skipped")


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
