"""The address from which functions call out: the stack's own, or one that exists and is kept."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from awsprov.config.loader import load
from awsprov.diagram.model import diagram, resource_states
from awsprov.errors import UsageError
from awsprov.iam.policies import policy_statements
from awsprov.operations.outbound import outbound_addresses, outbound_line
from tests.unit.moto_cloud import on_moto, refreshed
from tests.unit.stack.test_pause import engine_when

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto


def test_an_existing_address_is_used_and_kept(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        ec2: Any = boto3.client("ec2", "us-east-1")
        mine = ec2.allocate_address(Domain="vpc")
        moto.nat = f"single, address: {mine['AllocationId']}"
        moto.engine().up()
        engine = moto.engine()
        assert engine.plan().empty
        resources: Any = refreshed(engine)
        assert resources["nat-gateway-1"].read(engine.aws)["address"] == mine["AllocationId"]
        assert [each["AllocationId"] for each in ec2.describe_addresses()["Addresses"]] == [mine["AllocationId"]]
        assert outbound_addresses(engine.stack, engine.aws) == [mine["PublicIp"]]
        config = load(tmp_path / "config.yaml")
        picture = diagram(engine.stack, config, resource_states(engine.stack, engine.aws))
        (gateway,) = (node for zone in picture.zones for node in zone.subnets[0].nodes if node.key == "nat-gateway-1")
        assert mine["PublicIp"] in gateway.lines
        arn = f"arn:aws:ec2:us-east-1:123456789012:elastic-ip/{mine['AllocationId']}"
        statements = policy_statements(config, ["up"], "123456789012")
        assert {"Effect": "Allow", "Action": ["ec2:CreateNatGateway"], "Resource": arn} in statements
        moto.engine().down()
        assert [each["AllocationId"] for each in ec2.describe_addresses()["Addresses"]] == [mine["AllocationId"]]


def test_an_address_that_does_not_exist_is_an_error_before_anything_is_created(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="single, address: eipalloc-0123456789abcdef0") as moto:
        with pytest.raises(UsageError, match="does not exist in us-east-1"):
            moto.engine().plan()
        assert moto.aws().mutations == 0


def test_the_stack_s_own_address_is_shown(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        moto.engine().up()
        engine = moto.engine()
        engine.refresh()
        (address,) = outbound_addresses(engine.stack, engine.aws)
        assert outbound_line([address]) == f"The functions call out from {address}."
        assert outbound_line([]) == ""


@pytest.mark.parametrize("nat", ["per-zone", "none"])
def test_an_address_is_for_one_gateway(tmp_path: Path, nat: str) -> None:
    with (
        on_moto(tmp_path, nat=f"{nat}, address: eipalloc-0123456789abcdef0") as moto,
        pytest.raises(UsageError, match="has one error") as caught,
    ):
        moto.write_config()
    assert "use `nat: single`" in caught.value.why


def test_an_address_that_exists_already_is_used_again_after_a_pause(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        ec2: Any = moto.aws().ec2
        mine = ec2.allocate_address(Domain="vpc")
        moto.nat = f"single, address: {mine['AllocationId']}"
        moto.engine().up()
        engine_when(moto, paused=True).apply_pause()
        assert [each["PublicIp"] for each in ec2.describe_addresses()["Addresses"]] == [mine["PublicIp"]]
        engine_when(moto, paused=False).apply_pause()
        engine = moto.engine()
        assert all(change.action == "keep" for change in engine.plan().changes)
        assert outbound_addresses(engine.stack, engine.aws) == [mine["PublicIp"]]
