"""The NAT instance: what is created, what a replacement keeps, what it costs, and which commands report its loss."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from awsprov.config.loader import load
from awsprov.diagnose.context import Context
from awsprov.diagnose.outbound import nat_instance
from awsprov.diagram.model import diagram
from awsprov.engine.resource import stub
from awsprov.errors import AwsprovError
from awsprov.iam.policies import policy_statements
from awsprov.operations.outbound import outbound_addresses
from awsprov.pricing.estimate import HOURS, nat_instance_saving, paused_bill, running_bill
from awsprov.pricing.price_table import Prices
from awsprov.resources.compute.nat_instance import NatInstance, NatMachine
from awsprov.stack.declaration import declare_stack
from tests.unit.moto_cloud import Moto, on_moto, refreshed

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

UNITS = {"nat_hour": 1.0, "address_hour": 0.1, "disk_gb_month": HOURS / 8 * 0.01}
PRICES = Prices("us-east-1", "2026-01-01", "a test", UNITS, {"t3.nano": 0.02})


def ec2() -> Any:
    return boto3.client("ec2", "us-east-1")


def default_target(table: str) -> str:
    (found,) = ec2().describe_route_tables(RouteTableIds=[table])["RouteTables"]
    routes = [each for each in found["Routes"] if each.get("DestinationCidrBlock") == "0.0.0.0/0"]
    return str(routes[0].get("NetworkInterfaceId") or routes[0].get("NatGatewayId")) if routes else ""


def addresses(moto: Moto) -> list[str]:
    engine = moto.engine()
    engine.refresh()
    return outbound_addresses(engine.stack, engine.aws)


def test_private_routes_lead_to_an_interface_that_may_forward_and_has_the_address(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="instance") as moto:
        moto.engine().up()
        assert moto.engine().plan().empty
        resources: Any = refreshed(moto.engine())
        interface = resources["nat-interface"]
        assert default_target(resources["private-route-table"].id) == interface.id
        assert interface.read(moto.aws())["source_dest_check"] is False
        launched = next(call for call in moto.sent["RunInstances"] if "KeyName" not in call)
        assert launched["EbsOptimized"] is True
        assert launched["NetworkInterfaces"] == [{"DeviceIndex": 0, "NetworkInterfaceId": interface.id}]
        assert "IamInstanceProfile" not in launched
        assert launched["MetadataOptions"]["HttpTokens"] == "required"
        group = resources["nat-security-group"].read(moto.aws())
        assert (group["ingress"], group["egress"]) == (["tcp/443 10.0.0.0/16"], ["tcp/443 0.0.0.0/0"])
        assert len(addresses(moto)) == 1
        (tmp_path / "state.json").unlink()
        moto.engine().recover()
        assert moto.engine().plan().empty
        assert moto.engine().down().failures == []
        assert ec2().describe_addresses()["Addresses"] == []


def test_a_deleted_instance_is_replaced_behind_the_same_address(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="instance") as moto:
        moto.engine().up()
        before: Any = refreshed(moto.engine())
        was, interface, table = (before[n].id for n in ("nat-instance", "nat-interface", "private-route-table"))
        address = addresses(moto)
        moto.aws().ec2.terminate_instances(InstanceIds=[was])
        context = Context(*gone(moto), "predict")
        with pytest.raises(AwsprovError, match="does not exist: functions have no internet access") as caught:
            nat_instance(context)
        assert "behind the same address" in caught.value.remedy
        assert [change.resource.name for change in moto.engine().plan().of("create", "change")] == ["nat-instance"]
        moto.engine().up()
        after: Any = refreshed(moto.engine())
        assert after["nat-instance"].id not in ("", was)
        assert (after["nat-interface"].id, default_target(table)) == (interface, interface)
        assert addresses(moto) == address
        assert nat_instance(Context(*gone(moto), "predict")).status == "ok"


def gone(moto: Moto) -> tuple[Any, Any]:
    engine = moto.engine()
    engine.refresh()
    return engine.stack, engine.aws


def test_a_stopped_instance_is_started(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="instance") as moto:
        moto.engine().up()
        resources: Any = refreshed(moto.engine())
        ec2().stop_instances(InstanceIds=[resources["nat-instance"].id])
        with pytest.raises(AwsprovError, match="is stopped: functions have no internet access"):
            nat_instance(Context(*gone(moto), "predict"))
        (change,) = moto.engine().plan().of("change")
        assert change.differences == {"state": ("stopped", "running")}
        moto.engine().up()
        assert moto.engine().plan().empty


def test_a_source_check_that_somebody_switched_on_is_drift(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="instance") as moto:
        moto.engine().up()
        resources: Any = refreshed(moto.engine())
        interface = resources["nat-interface"].id
        ec2().modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": True})
        (change,) = moto.engine().plan().of("change")
        assert change.differences == {"source_dest_check": (True, False)}
        moto.engine().up()
        assert moto.engine().plan().empty


def test_gateway_and_instance_take_over_each_other_s_address(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="single") as moto:
        moto.engine().up()
        address = addresses(moto)
        for nat in ("instance", "single"):
            moto.nat = nat
            moto.engine().up()
            assert addresses(moto) == address
            assert moto.engine().plan().empty
        assert not [name for name in refreshed(moto.engine()) if name.startswith("nat-i")]


def test_an_address_of_one_s_own_is_used_and_kept(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        mine = ec2().allocate_address(Domain="vpc")
        moto.nat = f"instance, address: {mine['AllocationId']}"
        moto.engine().up()
        assert addresses(moto) == [mine["PublicIp"]]
        statements = policy_statements(load(tmp_path / "config.yaml"), ["up"], "123456789012")
        arn = f"arn:aws:ec2:us-east-1:123456789012:elastic-ip/{mine['AllocationId']}"
        assert {"Effect": "Allow", "Action": ["ec2:AssociateAddress"], "Resource": arn} in statements
        moto.engine().down()
        assert [each["AllocationId"] for each in ec2().describe_addresses()["Addresses"]] == [mine["AllocationId"]]


@pytest.mark.parametrize("keeps", [False, True])
def test_pause_deletes_it_and_resume_creates_it_again(tmp_path: Path, keeps: bool) -> None:
    with on_moto(tmp_path, nat="instance") as moto:
        moto.engine().up()
        before = addresses(moto)
        config = load(tmp_path / "config.yaml").model_copy(update={"paused": True, "keeps_addresses": keeps})
        engine = moto.engine()
        engine.stack = declare_stack(config, "203.0.113.7/32")
        engine.apply_pause()
        assert [each["State"]["Name"] for each in nats()] == []
        assert len(ec2().describe_addresses()["Addresses"]) == keeps
        moto.engine().apply_pause()
        assert len(nats()) == 1
        assert moto.engine().plan().empty
        assert (addresses(moto) == before) == keeps or not keeps


def nats() -> list[Any]:
    filters = [{"Name": "tag:awsprov:name", "Values": ["nat-instance"]}]
    found = [i for r in ec2().describe_instances(Filters=filters)["Reservations"] for i in r["Instances"]]
    return [each for each in found if each["State"]["Name"] not in ("terminated", "shutting-down")]


def test_the_cheapest_type_that_the_zone_offers_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with on_moto(tmp_path, nat="instance") as moto:
        engine = moto.engine()
        (machine,) = engine.stack.of(NatMachine)
        for offered, chosen in ((["t3.nano", "t4g.nano"], "t4g.nano"), (["t3.nano"], "t3.nano")):
            response = {"InstanceTypeOfferings": [{"InstanceType": each} for each in offered]}
            monkeypatch.setattr(engine.aws.ec2, "describe_instance_type_offerings", lambda *, r=response, **_: r)
            machine.id = machine.create(engine.aws)
            assert machine.instance_type == chosen
            assert machine.image.startswith("ami-")
        monkeypatch.setattr(
            engine.aws.ec2, "describe_instance_type_offerings", lambda **_: {"InstanceTypeOfferings": []}
        )
        with pytest.raises(AwsprovError, match="offers neither t4g"):
            machine.create(engine.aws)


def test_replacing_the_machine_replaces_the_instance_with_the_newest_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_moto(tmp_path, nat="instance") as moto:
        moto.engine().up()
        before: Any = refreshed(moto.engine())
        newest = ec2().describe_images(Owners=["amazon"])["Images"][-1]["ImageId"]
        monkeypatch.setattr("awsprov.resources.compute.nat_instance.newest_image", lambda *_: newest)
        engine = moto.engine()
        engine.up(engine.plan(["nat-machine"]))
        after: Any = refreshed(moto.engine())
        assert after["nat-instance"].id != before["nat-instance"].id
        assert moto.sent["RunInstances"][-1]["ImageId"] == newest
        assert after["nat-interface"].id == before["nat-interface"].id
        assert moto.engine().plan().empty


def test_a_failure_on_the_console_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with on_moto(tmp_path, nat="instance") as moto:
        console = "boot\nawsprov-nat: failed at line 31\n"
        monkeypatch.setattr("awsprov.resources.compute.nat_instance.console_output", lambda *_: console)
        with pytest.raises(AwsprovError) as caught:
            moto.engine().up()
        assert "awsprov-nat: failed at line 31" in str(caught.value.why)


def test_an_instance_that_ec2_could_not_launch_is_an_error_with_another_way(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        aws = moto.aws()
        image = aws.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        (launched,) = aws.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"]
        instance = stub(NatInstance, "nat-instance", launched["InstanceId"])
        aws.ec2.terminate_instances(InstanceIds=[instance.id])
        with pytest.raises(AwsprovError, match="EC2 ended the NAT instance at its launch") as failed:
            instance.wait_until_running(aws)  # type: ignore[attr-defined]
        assert "network.nat: single" in failed.value.remedy


def test_it_costs_its_hours_and_its_disk_and_less_than_a_gateway(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="instance") as moto:
        engine = moto.engine()
        hours = {charge.name: charge.hour for charge in running_bill(engine.stack, PRICES).charges}
        assert hours["nat-instance"] == pytest.approx(0.03)
        assert hours["nat-elastic-ip-1"] == pytest.approx(0.1)
        assert nat_instance_saving(engine.stack, PRICES) == pytest.approx(0.97)
        assert not [c for c in paused_bill(engine.stack, PRICES).charges if c.name.startswith("nat")]
        moto.nat = "single"
        assert nat_instance_saving(moto.engine().stack, PRICES) is None


def test_it_is_drawn_in_the_public_subnet(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="instance") as moto:
        picture = diagram(moto.engine().stack, load(tmp_path / "config.yaml"), {})
        assert [node.key for node in picture.zones[0].subnets[0].nodes] == ["nat-instance", "builder"]
        ends = [edge.end for edge in picture.edges if edge.start.startswith("private-subnet-")]
        assert ends.count("nat-instance") == 2


def test_its_policy_is_printed_only_with_it(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        for nat, granted in (("single", False), ("instance", True)):
            moto.nat = nat
            moto.write_config()
            statements = policy_statements(load(tmp_path / "config.yaml"), ["up"], "123456789012")
            actions = {action for each in statements for action in each["Action"]}
            assert ("ec2:AssociateAddress" in actions) == granted


def test_the_builder_and_the_instance_are_not_confused(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="instance") as moto:
        moto.engine().up()
        resources = refreshed(moto.engine())
        assert NatInstance.owned(moto.aws()) == {"nat-instance": [resources["nat-instance"].id]}
        assert type(resources["builder"]).owned(moto.aws()) == {"builder": [resources["builder"].id]}
