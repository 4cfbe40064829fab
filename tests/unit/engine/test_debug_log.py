"""The debug log: each command leaves its calls and decisions in a file, and no value, secret or token."""

import logging
import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from awsprov.aws.client import Aws
from awsprov.engine.debug_log import LOGS_KEPT, debug_log, stderr_level
from awsprov.errors import PartialError, UsageError
from tests.unit.endpoint import Endpoint
from tests.unit.fakes import refused, small
from tests.unit.moto_cloud import on_moto
from tests.unit.world import World

CANARY = "hunter22"  # the value of a variable in the configuration of on_moto
SECRET = "canary-of-a-secret"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    with debug_log(tmp_path, "up") as path:
        assert path
        yield path


def lines(path: Path, logger: str) -> list[str]:
    return [line for line in path.read_text().splitlines() if f" awsprov.{logger} " in line]


def test_a_run_leaves_calls_with_duration_and_request_id_and_no_value(tmp_path: Path) -> None:
    with on_moto(tmp_path, functions="    secrets: {API_KEY: 'ssm:/key'}\n") as moto:
        moto.aws().ssm.put_parameter(Name="/key", Value=SECRET, Type="SecureString")
        with debug_log(tmp_path, "up") as path:
            engine = moto.engine()
            engine.up()
        assert path
        text = path.read_text()
        tokens = [record.token for record in engine.state.records.values() if record.token]
        private_key = (tmp_path / ".awsprov" / "keys" / "demo.pem").read_text().splitlines()[1]
    assert re.search(r"ec2:CreateVpc attempt 1: 200, request id \S{8,} in \d+\.\d{3} s", text)
    assert re.search(r"awsprov\.engine \[vpc\] vpc created: vpc-", text)
    assert tokens
    for secret in (CANARY, SECRET, private_key, *tokens):
        assert secret not in text


def test_refusals_and_retries_are_logged_with_their_codes(log: Path, aws: Aws, endpoint: Endpoint) -> None:
    endpoint.errors = [("NoSuchEntity", SECRET), ("AccessDenied", SECRET)]
    with pytest.raises(ClientError):
        aws.iam.attach_role_policy(RoleName=CANARY, PolicyArn="arn:aws:iam::aws:policy/x")
    first, second = (line for line in lines(log, "aws") if "iam:AttachRolePolicy" in line)
    assert "attempt 1: 400 NoSuchEntity" in first
    assert "attempt 2: 400 AccessDenied" in second
    assert CANARY not in log.read_text()
    assert SECRET not in log.read_text()


def test_decisions_are_logged_with_names_of_fields_only(log: Path, world: World) -> None:
    world.engine().up()
    world.engine(small(colour=CANARY, size="large")).up()
    text = "\n".join(lines(log, "engine"))
    assert "net created: net-" in text
    assert "disk found by record: disk-" in text
    assert re.search(r"machine: replace (size, colour|colour, size)", text)
    assert "code: replace, because machine is replaced" in text
    world.engine(small(size="large")).up()
    assert "machine updated: colour" in log.read_text()
    assert CANARY not in log.read_text()


def test_a_failure_is_logged_with_its_code_and_what_it_skipped(log: Path, world: World) -> None:
    world.cloud.fails["create net"] = refused("VpcLimitExceeded")
    with pytest.raises(PartialError):
        world.engine().up()
    text = log.read_text()
    assert "net failed: CreateThing VpcLimitExceeded" in text
    assert "machine skipped" in text


def test_only_the_owner_can_read_a_log_and_the_newest_are_kept(tmp_path: Path) -> None:
    paths = []
    for _ in range(LOGS_KEPT + 3):
        with debug_log(tmp_path, "status") as path:
            assert path
            paths.append(path)
    assert sorted((tmp_path / "logs").iterdir()) == paths[3:]
    assert paths[-1].stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "logs").stat().st_mode & 0o777 == 0o700
    assert paths[-1].name.endswith("-status.log")


def test_a_log_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where a directory should be")
    with debug_log(tmp_path, "up") as path:
        assert path is None


def test_a_log_whose_disk_is_full_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with debug_log(tmp_path, "up") as path:
            assert path
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, limits[1]))
            for _ in range(3):
                logging.getLogger("awsprov").info("a record longer than the space that is left")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert capsys.readouterr().err == ""


def test_the_log_is_printed_from_the_requested_level(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with debug_log(tmp_path, "up", logging.INFO) as path:
        logging.getLogger("awsprov.aws").debug("a call")
        logging.getLogger("awsprov.engine").info("a decision")
    logging.getLogger("awsprov.engine").error("after the end")
    shown = capsys.readouterr().err
    assert "a decision" in shown
    assert "a call" not in shown
    assert "after the end" not in shown
    assert path
    assert "a call" in path.read_text()


@pytest.mark.parametrize(
    ("verbose", "variable", "level"),
    [(0, "", None), (1, "", logging.INFO), (2, "", logging.DEBUG), (3, "", logging.DEBUG), (0, "debug", logging.DEBUG),
     (2, "WARNING", logging.WARNING)],
)  # fmt: skip
def test_the_level_is_that_of_the_option_or_the_variable(verbose: int, variable: str, level: int | None) -> None:
    assert stderr_level(verbose, {"AWSPROV_LOG": variable} if variable else {}) == level


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(UsageError, match="AWSPROV_LOG=loud is not a log level") as caught:
        stderr_level(0, {"AWSPROV_LOG": "loud"})
    assert "debug, info, warning, error" in caught.value.remedy
